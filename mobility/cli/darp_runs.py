"""One solved benchmark file: read, solved within a budget, checked by code that shares nothing with the solver."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dispatch.darp.check import check
from dispatch.darp.cordeau import Instance, parse_instance
from dispatch.darp.problem import Budget, Iterations
from dispatch.edge.cpu_budget import CpuSeconds, cpu_s
from dispatch.edge.kernel_cache import drop_stale_kernels


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How long to search: either processor time or a count, and the seed."""

    time_limit_s: float | None = None
    iterations: int | None = None
    seed: int = 0

    def budget(self) -> Budget:
        """Return the budget; one of processor time counts from now."""
        if self.iterations is not None:
            return Iterations(self.iterations)
        return CpuSeconds(self.time_limit_s or 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What came of one search, in plain values."""

    instance: str
    seed: int
    cost: float
    lower_bound_cost: float | None
    routes: list[list[int]]
    """In the file's node numbers; vehicles that stay in the depot are left out."""
    unserved: list[dict[str, Any]]
    iterations: int
    cpu_s: float
    """Solving and checking; importing and compiling apart."""
    jit_s: float
    faults: list[str]
    """What the independent check found."""

    def as_json(self) -> dict[str, Any]:
        """Return the object the command prints."""
        bound = {} if self.lower_bound_cost is None else {"lower_bound": self.lower_bound_cost}
        return {
            "instance": self.instance,
            "cost": self.cost,
            **bound,
            "routes": self.routes,
            "unserved": self.unserved,
            "cpu_s": round(self.cpu_s, 3),
            "jit_s": round(self.jit_s, 3),
            "iterations": self.iterations,
            "seed": self.seed,
            "valid": not self.faults,
            "faults": self.faults,
        }


def read(path: Path) -> tuple[bytes, Instance]:
    """Return a file and its instance; raises ``BadInputError`` with file and line, or ``OSError``."""
    content = path.read_bytes()
    return content, parse_instance(content, str(path))


def run(path: Path, effort: Effort) -> Run:
    """Solve and check one file."""
    content, instance = read(path)
    jit_s = _warmed_s()
    begin_s = cpu_s()
    from dispatch.darp.solve import solve  # noqa: PLC0415 - brings numba; compiled before the budget began

    solution = solve(instance.problem, effort.budget(), seed=effort.seed)
    routes = [route for route in instance.nodes(solution.routes) if route]
    numbers = [ride + 1 for ride in solution.unserved]
    verdict = check(content.decode("utf-8-sig"), routes, unserved=numbers, cost=solution.cost)
    return Run(
        instance=path.stem,
        seed=effort.seed,
        cost=solution.cost,
        lower_bound_cost=solution.lower_bound,
        routes=routes,
        unserved=[_left_out(instance, ride) for ride in solution.unserved],
        iterations=solution.iterations,
        cpu_s=cpu_s() - begin_s,
        jit_s=jit_s,
        faults=[f"{fault.rule}: {fault.detail}" for fault in verdict.faults],
    )


def _warmed_s() -> float:
    """Import and compile the solver; return what that took."""
    begin_s = cpu_s()
    drop_stale_kernels()
    from dispatch.darp.solve import warm  # noqa: PLC0415 - a second of import, counted as what it is

    warm()
    return cpu_s() - begin_s


def _left_out(instance: Instance, ride: int) -> dict[str, Any]:
    """Name a request that is not served, and what forbids it; ``None`` where the search merely found no place."""
    violation = instance.impossible.get(ride)
    requests = instance.problem.rides
    return {
        "request": ride + 1,
        "nodes": [ride + 1, ride + 1 + requests],
        "constraint": None if violation is None else str(violation.constraint),
    }
