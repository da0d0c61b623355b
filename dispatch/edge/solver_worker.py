"""The solver's own process: reads problems from standard input, writes routes to standard output, until it ends.

A message is its length and a pickle. A length of 0 asks to come to an end with the problem at hand: a newer one waits.
"""

import pickle
import select
import struct
import sys
from enum import StrEnum
from typing import BinaryIO

from dispatch.darp.problem import Budget, Problem, Routes

HEADER = struct.Struct(">I")
"""Length of the pickle that follows."""


class Method(StrEnum):
    """What searches."""

    SEARCH = "search"
    """Large neighbourhood search with set partitioning."""
    LIBRARY = "library"
    """OR-Tools' routing library: for small days."""


Request = tuple[Method, Problem, Routes, float]
"""What to do, from which routes on, for how many seconds of processor time; ``None`` only warms up."""


class Hurried:
    """A budget that is spent as soon as something new can be read."""

    def __init__(self, budget: Budget, source: BinaryIO) -> None:
        """Spend ``budget`` until ``source`` has something to read."""
        self._budget = budget
        self._source = source

    @property
    def is_counted(self) -> bool:
        """False: when something comes in is chance."""
        return False

    def spent(self, iterations: int) -> float:
        """Return the share that is used up."""
        is_asked = bool(select.select([self._source], [], [], 0)[0])
        return 1.0 if is_asked else self._budget.spent(iterations)


def solved(method: Method, problem: Problem, present: Routes, budget: Budget) -> Routes | None:
    """Return better routes, ``None`` where a ride would be left out. Loads what it needs on first use."""
    if method is Method.LIBRARY:
        from dispatch.darp.routing_library import solve_by_library  # noqa: PLC0415 - half a second of import

        found = solve_by_library(problem, budget, start=present)
    else:
        from dispatch.darp.solve import solve  # noqa: PLC0415 - loads the compiled kernels

        found = solve(problem, budget, start=present, prove=False)
    return None if found.unserved else found.routes


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer one problem after the other; returns when ``source`` ends or nobody reads ``sink`` any more."""
    from dispatch.edge.cpu_budget import CpuSeconds  # noqa: PLC0415 - the parent imports this file for its names only

    while len(head := _read(source, HEADER.size)) == HEADER.size:
        (size,) = HEADER.unpack(head)
        if size == 0:
            continue
        request: Request | None = pickle.loads(_read(source, size))  # noqa: S301 - written by our parent process
        routes = None
        if request is None:
            _warm()
        else:
            method, problem, present, limit_s = request
            routes = solved(method, problem, present, Hurried(CpuSeconds(limit_s), source))
        answer = pickle.dumps(routes)
        try:
            sink.write(HEADER.pack(len(answer)) + answer)
            sink.flush()
        except BrokenPipeError:
            return


def _warm() -> None:
    from dispatch.edge.kernel_cache import drop_stale_kernels  # noqa: PLC0415 - the parent needs none of this

    drop_stale_kernels()
    from dispatch.darp.solve import warm  # noqa: PLC0415 - loads the compiled kernels

    warm()


def _read(source: BinaryIO, size: int) -> bytes:
    """Return ``size`` bytes, fewer where the source ends."""
    found = b""
    while len(found) < size and (more := source.read(size - len(found))):
        found += more
    return found


if __name__ == "__main__":
    # Unbuffered: what waits to be read can be seen, and nothing is left to be flushed into a closed pipe at the end.
    with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as requests:
        serve(requests, open(sys.stdout.fileno(), "wb", buffering=0, closefd=False))  # noqa: SIM115
