"""Solvers behind one protocol: in the same process without a clock, or in a worker process that may be killed."""

import asyncio
import contextlib
import pickle
import sys
from collections.abc import Sequence
from typing import Protocol

import structlog

from dispatch.edge.solver_worker import HEADER
from dispatch.planner import Problem

_log = structlog.get_logger()


class Solver(Protocol):
    """Improves a plan. Never raises for a problem it can not solve."""

    async def solve(self, problem: Problem) -> Sequence[Sequence[int]] | None:
        """Return the stops of each tour in a better order, ``None`` when there is none or the solver failed."""
        ...

    async def close(self) -> None:
        """Free what it holds; idempotent."""
        ...


class InlineSolver:
    """Solves at once in the calling process, to the first local optimum: no wall time, same answer every time."""

    async def solve(self, problem: Problem) -> Sequence[Sequence[int]] | None:
        """Return a locally optimal plan; blocks the event loop for the milliseconds it takes."""
        from dispatch.routing import Effort, solve  # noqa: PLC0415 - half a second of import, only when solving

        return solve(problem, Effort())

    async def close(self) -> None:
        """Hold nothing, free nothing."""


class ProcessSolver:
    """Keeps one worker process. A worker that dies or is silent too long is killed; the next problem gets a new one."""

    def __init__(self, *, time_limit_s: float = 2.0, patience_s: float = 10.0) -> None:
        """Search ``time_limit_s`` per problem; kill the worker ``patience_s`` after that."""
        self._time_limit_ms = round(time_limit_s * 1000)
        self._deadline_s = time_limit_s + patience_s
        self._worker: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self.failures = 0
        """How many problems were lost to a dead or silent worker."""

    async def solve(self, problem: Problem) -> Sequence[Sequence[int]] | None:
        """Return the worker's answer, ``None`` when it failed; the event loop goes on meanwhile."""
        async with self._turn:
            try:
                return await asyncio.wait_for(self._asked(problem), self._deadline_s)
            except (TimeoutError, OSError, EOFError) as fault:
                self.failures += 1
                _log.warning("solver worker lost", fault=type(fault).__name__)
                await self._kill()
                return None

    async def close(self) -> None:
        """End the worker."""
        await self._kill()

    @property
    def worker_pid(self) -> int | None:
        """Process id of the worker, ``None`` while there is none."""
        return self._worker.pid if self._worker is not None else None

    async def _asked(self, problem: Problem) -> Sequence[Sequence[int]] | None:
        worker = self._worker or await self._started()
        assert worker.stdin is not None  # noqa: S101 - both are pipes
        assert worker.stdout is not None  # noqa: S101
        body = pickle.dumps((problem, self._time_limit_ms))
        worker.stdin.write(HEADER.pack(len(body)) + body)
        await worker.stdin.drain()
        (size,) = HEADER.unpack(await worker.stdout.readexactly(HEADER.size))
        answer: list[list[int]] | None = pickle.loads(await worker.stdout.readexactly(size))  # noqa: S301 - our child
        return answer

    async def _started(self) -> asyncio.subprocess.Process:
        # A fresh interpreter, as multiprocessing's spawn, but with pipes that asyncio can wait for.
        pipe = asyncio.subprocess.PIPE
        command = (sys.executable, "-m", "dispatch.edge.solver_worker")
        self._worker = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
        return self._worker

    async def _kill(self) -> None:
        worker, self._worker = self._worker, None
        if worker is None:
            return
        with contextlib.suppress(ProcessLookupError):
            worker.kill()
        # Reads the pipe to its end, so that no transport outlives the loop.
        await worker.communicate()
