"""A slow, unfair machine that costs no processor time: runs a command and stops each of its processes at random.

``python -m tests.rigs.slow_machine [--share 0.6] [--pause-ms 250] [--seed 1] -- COMMAND ...`` gives back the command's
exit code. A test that reads what is not there yet, or that takes a second for enough, fails here and rarely elsewhere:
``python -m tests.rigs.slow_machine -- python -m pytest tests/wire``.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

_TURN_S = 0.005
_LOOKS_EVERY_S = 0.3
"""So often new processes are looked for."""
_LONGEST = 4
"""No pause is longer than so many times the mean one."""


def family(root: int) -> list[int]:
    """A process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):  # it has just ended
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(folder.name))
    found, waiting = [], [root]
    while waiting:
        found.append(waiting.pop())
        waiting += children.get(found[-1], [])
    return found


class Slowness:
    """Stops processes for a share of the time, each by itself, for pauses of random length."""

    def __init__(self, share: float, pause_s: float, seed: int) -> None:
        self._mean_s = {True: pause_s, False: pause_s * (1 - share) / share}
        self._chance = random.Random(seed)
        self._until_s: dict[int, float] = {}
        self._stopped: set[int] = set()

    def turn(self, processes: Sequence[int], now_s: float) -> None:
        """Stop and continue whose time has come."""
        for process in processes:
            if now_s < self._until_s.get(process, 0.0):
                continue
            is_stopped = process not in self._stopped
            (self._stopped.add if is_stopped else self._stopped.discard)(process)
            mean_s = self._mean_s[is_stopped]
            self._until_s[process] = now_s + min(self._chance.expovariate(1 / mean_s), _LONGEST * mean_s)
            _send(process, signal.SIGSTOP if is_stopped else signal.SIGCONT)


def run(command: Sequence[str], share: float, pause_s: float, seed: int) -> int:
    """Run a command on the slow machine; returns its exit code."""
    slowness = Slowness(share, pause_s, seed)
    with subprocess.Popen(command) as process:
        processes, looked_s = [process.pid], 0.0
        try:
            while process.poll() is None:
                now_s = time.monotonic()
                if now_s - looked_s > _LOOKS_EVERY_S:
                    processes, looked_s = family(process.pid), now_s
                slowness.turn(processes, now_s)
                time.sleep(_TURN_S)
        finally:
            for each in family(process.pid):
                _send(each, signal.SIGCONT)
    return process.returncode


def _send(process: int, what: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, what)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=0.6, help="of the time that each process stands still")
    parser.add_argument("--pause-ms", type=float, default=250.0, help="how long it does so on average")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("command", nargs="+")
    given = parser.parse_args()
    return run(given.command, given.share, given.pause_ms / 1000, given.seed)


if __name__ == "__main__":
    sys.exit(main())
