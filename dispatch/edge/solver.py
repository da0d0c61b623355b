"""Solvers behind one protocol: in the same process counting iterations, or in a worker process that may be killed."""

import asyncio
import contextlib
import pickle
import sys
from collections.abc import Sequence
from typing import Protocol

import structlog

from dispatch.darp.problem import Iterations, Problem, Routes
from dispatch.edge.solver_worker import HEADER, Method, Request, solved

_log = structlog.get_logger()

SLICES_S = (0.1, 2.0)
"""Processor time per look at a plan: a short one whose result is published at once, then a longer one."""
INLINE_ITERATIONS = 300
"""Iterations per look where nobody may wait and every run has to give the same: a simulated day stays cheap."""


class Solver(Protocol):
    """Improves a plan. Never raises for a problem it can not solve."""

    @property
    def slices(self) -> int:
        """How many times to look at a plan after a change, each time with more effort."""
        ...

    @property
    def is_lost(self) -> bool:
        """Whether the last problem got no answer because the worker died or hung."""
        ...

    async def solve(self, problem: Problem, present: Routes, *, number: int = 0) -> Routes | None:
        """Return better routes than ``present``, ``None`` when there are none or the solver failed.

        ``number`` counts the slices from 0.
        """
        ...

    async def warm(self) -> None:
        """Get ready, so that the first problem is answered as fast as any other."""
        ...

    def hurry(self) -> None:
        """End the slice at hand with what was found: something newer waits."""
        ...

    async def close(self) -> None:
        """Free what it holds; idempotent."""
        ...


class InlineSolver:
    """Solves at once in the calling process, counting iterations: no wall time, same answer every time."""

    slices = 1
    is_lost = False

    def __init__(self, *, iterations: int = INLINE_ITERATIONS, method: Method = Method.SEARCH) -> None:
        """Search ``iterations`` per problem."""
        self._iterations = iterations
        self._method = method

    async def solve(self, problem: Problem, present: Routes, *, number: int = 0) -> Routes | None:  # noqa: ARG002 - one slice
        """Return improved routes; blocks the event loop for the milliseconds it takes."""
        return solved(self._method, problem, present, Iterations(self._iterations))

    async def warm(self) -> None:
        """Do nothing: whoever runs inline has no deadline."""

    def hurry(self) -> None:
        """Do nothing: nothing can come in meanwhile."""

    async def close(self) -> None:
        """Hold nothing, free nothing."""


class ProcessSolver:
    """Keeps one worker process. A worker that dies or is silent too long is killed and replaced."""

    def __init__(
        self,
        *,
        slices_s: Sequence[float] = SLICES_S,
        patience_s: float = 10.0,
        start_patience_s: float = 120.0,
        method: Method = Method.SEARCH,
    ) -> None:
        """Search ``slices_s`` of processor time per look at a plan.

        The worker is killed ``patience_s`` after three times that in wall time, a starting one, which may have to
        compile, after ``start_patience_s``.
        """
        self._slices_s = tuple(slices_s)
        self._patience_s = patience_s
        self._start_patience_s = start_patience_s
        self._method = method
        self._worker: asyncio.subprocess.Process | None = None
        self._is_busy = False
        self._turn = asyncio.Lock()
        self.is_lost = False
        self.failures = 0
        """How many requests were lost to a dead or silent worker."""

    @property
    def slices(self) -> int:
        """How many times to look at a plan after a change."""
        return len(self._slices_s)

    @property
    def worker_pid(self) -> int | None:
        """Process id of the worker, ``None`` while there is none."""
        return self._worker.pid if self._worker is not None else None

    async def solve(self, problem: Problem, present: Routes, *, number: int = 0) -> Routes | None:
        """Return the worker's answer, ``None`` when it failed; the event loop goes on meanwhile."""
        limit_s = self._slices_s[min(number, self.slices - 1)]
        async with self._turn:
            if self._worker is None and not await self._ready():
                return None
            return await self._asked((self._method, problem, present, limit_s), 3 * limit_s + self._patience_s)

    async def warm(self) -> None:
        """Start the worker and let it load or compile what it needs; a lost one is replaced."""
        async with self._turn:
            if self._worker is None:
                await self._ready()

    def hurry(self) -> None:
        """Ask the worker to come to an end; without one at work this does nothing."""
        if self._is_busy and self._worker is not None and self._worker.stdin is not None:
            self._worker.stdin.write(HEADER.pack(0))

    async def close(self) -> None:
        """End the worker."""
        await self._kill()

    async def _ready(self) -> bool:
        # A fresh interpreter, as multiprocessing's spawn, but with pipes that asyncio can wait for.
        pipe = asyncio.subprocess.PIPE
        command = (sys.executable, "-m", "dispatch.edge.solver_worker")
        self._worker = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
        await self._asked(None, self._start_patience_s)
        return not self.is_lost

    async def _asked(self, request: Request | None, patience_s: float) -> Routes | None:
        self._is_busy = True
        try:
            answer = await asyncio.wait_for(self._answered(request), patience_s)
        except (TimeoutError, OSError, EOFError) as fault:
            self.failures += 1
            self.is_lost = True
            _log.warning("solver worker lost", fault=type(fault).__name__)
            await self._kill()
            return None
        finally:
            self._is_busy = False
        self.is_lost = False
        return answer

    async def _answered(self, request: Request | None) -> Routes | None:
        worker = self._worker
        assert worker is not None  # noqa: S101 - started before
        assert worker.stdin is not None  # noqa: S101 - both are pipes
        assert worker.stdout is not None  # noqa: S101
        body = pickle.dumps(request)
        worker.stdin.write(HEADER.pack(len(body)) + body)
        await worker.stdin.drain()
        (size,) = HEADER.unpack(await worker.stdout.readexactly(HEADER.size))
        answer: Routes | None = pickle.loads(await worker.stdout.readexactly(size))  # noqa: S301 - our child
        return answer

    async def _kill(self) -> None:
        worker, self._worker = self._worker, None
        if worker is None:
            return
        with contextlib.suppress(ProcessLookupError):
            worker.kill()
        # Reads the pipe to its end, so that no transport outlives the loop.
        await worker.communicate()
