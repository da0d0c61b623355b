"""A deterministic asyncio loop in virtual time: nothing ever waits, the clock jumps to the next timer.

Time is counted in whole microseconds, so a day of one-second steps does not drift. There is no socket, no thread and
no executor; code that asks for one gets an error that says so. Same program, same seed, same order of callbacks.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context
from functools import partial
from hashlib import blake2b
from typing import Any, Never, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_US = 1_000_000
_FEW_TIMERS = 64
"""Below this many cancelled timers a rebuild of the heap is not worth its walk."""


class StandstillError(RuntimeError):
    """Every task waits and no timer is set: in virtual time nothing can ever happen again."""


class VirtualLoop(asyncio.BaseEventLoop):
    """An event loop whose ``time()`` starts at 0 and jumps from timer to timer.

    ``order_seed`` decides which of several timers at the same microsecond fires first: 0 keeps the order in which
    they were set, any other value gives another, equally repeatable order.
    """

    # Named for the type checker: both are made by the stock loop.
    _ready: deque[asyncio.Handle]
    _stopping: bool
    _check_closed: Callable[[], None]

    def __init__(self, order_seed: int = 0) -> None:
        """Start at time 0 with nothing to do."""
        super().__init__()
        self._now_us = 0
        self._set_count = 0
        self._cancelled_count = 0
        self._timers: list[tuple[int, int, int, asyncio.TimerHandle]] = []
        self._tie_break: Callable[[int], int] | None = partial(_shuffled, order_seed) if order_seed else None
        self.fired_count = 0
        """Timers fired so far."""

    def time(self) -> float:
        """Return virtual seconds since the loop was made, exact to the microsecond."""
        return self._now_us / _US

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Call ``callback`` in this instant, after all that is to be called already."""
        # Without the stock loop's looks at threads and debugging: a day takes two million of these.
        self._check_closed()
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_at(
        self, when: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Call ``callback`` at virtual time ``when`` in seconds, rounded to a microsecond."""
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        self._set_count = count = self._set_count + 1
        tie = count if self._tie_break is None else self._tie_break(count)
        heapq.heappush(self._timers, (round(when * _US), tie, count, timer))
        return timer

    def run_in_executor(self, executor: object, func: Callable[..., object], *args: object) -> Never:  # noqa: ARG002 - the port's signature
        """Refuse: a thread would end determinism."""
        msg = f"virtual time has no threads, but {getattr(func, '__qualname__', func)!r} asked for an executor"
        raise RuntimeError(msg)

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:  # noqa: ARG002 - the stock loop's signature
        # Called by TimerHandle.cancel; also for timers that have fired, so the count is only an upper bound.
        self._cancelled_count += 1
        if self._cancelled_count > _FEW_TIMERS and self._cancelled_count * 2 > len(self._timers):
            self._timers = [entry for entry in self._timers if not entry[3].cancelled()]
            heapq.heapify(self._timers)
            self._cancelled_count = 0

    def _write_to_self(self) -> None:
        # The stock loop wakes its selector from other threads with this; here nothing ever sleeps.
        pass

    def _run_once(self) -> None:
        ready = self._ready
        if not ready and not self._stopping:
            self._jump()
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle._cancelled:  # noqa: SLF001 - these are the loop's own parts of a handle
                handle._run()  # noqa: SLF001 - as above

    def _jump(self) -> None:
        timers, ready = self._timers, self._ready
        while timers and timers[0][3].cancelled():
            heapq.heappop(timers)
        if not timers:
            raise StandstillError(
                "every task waits and no timer is set; in virtual time a thread or a real socket is never waited for"
            )
        self._now_us = max(self._now_us, timers[0][0])
        while timers and timers[0][0] <= self._now_us:
            ready.append(heapq.heappop(timers)[3])
            self.fired_count += 1


def run_virtual(main: Coroutine[Any, Any, T], *, order_seed: int = 0) -> T:
    """Run ``main`` to its end in a fresh virtual loop and return its result."""
    with asyncio.Runner(loop_factory=partial(VirtualLoop, order_seed)) as runner:
        return runner.run(main)


def _shuffled(seed: int, count: int) -> int:
    return int.from_bytes(blake2b(f"{seed}/{count}".encode(), digest_size=8).digest())
