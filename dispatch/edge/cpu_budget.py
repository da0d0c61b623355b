"""A search budget in seconds of processor time, the process's own and that of its children."""

import os
import time


def cpu_s() -> float:
    """Return the processor time this process and the children it has waited for have used, in seconds."""
    times = os.times()
    # process_time is finer than the clock ticks of os.times, which alone knows the children.
    return time.process_time() + times.children_user + times.children_system


class CpuSeconds:
    """A ``Budget`` of processor time: independent of other work on the machine, but not of the machine."""

    def __init__(self, limit_s: float) -> None:
        """Start to count now; ``limit_s`` must be above 0, raises ``ValueError``."""
        if not limit_s > 0:  # also refuses NaN
            msg = f"a budget needs more than 0 s, found {limit_s}"
            raise ValueError(msg)
        self._limit_s = limit_s
        self._begin_s = cpu_s()

    @property
    def is_counted(self) -> bool:
        """False: how many iterations fit depends on the machine."""
        return False

    @property
    def used_s(self) -> float:
        """Processor time since the begin, in seconds."""
        return cpu_s() - self._begin_s

    def spent(self, iterations: int) -> float:  # noqa: ARG002 - the protocol's other budgets count them
        """Return the share of the limit that is used up."""
        return min(self.used_s / self._limit_s, 1.0)
