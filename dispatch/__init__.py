"""The citizen bus: quotes, promises, plans, manifests, connections. Knows no wire format of a vehicle.

For researchers, ``from dispatch import CpuSeconds, Iterations, parse_instance, solve, warm`` offers the dial-a-ride
solver; the names are looked up when they are used, so that importing a part of this room costs nothing more.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dispatch.darp.cordeau import Instance, parse_instance
    from dispatch.darp.problem import Iterations, Problem, Solution
    from dispatch.darp.solve import solve, warm
    from dispatch.edge.cpu_budget import CpuSeconds

__all__ = ["CpuSeconds", "Instance", "Iterations", "Problem", "Solution", "parse_instance", "solve", "warm"]

_HOMES = {
    "CpuSeconds": "dispatch.edge.cpu_budget",
    "Instance": "dispatch.darp.cordeau",
    "Iterations": "dispatch.darp.problem",
    "Problem": "dispatch.darp.problem",
    "Solution": "dispatch.darp.problem",
    "parse_instance": "dispatch.darp.cordeau",
    "solve": "dispatch.darp.solve",
    "warm": "dispatch.darp.solve",
}
"""Where each public name lives."""


def __getattr__(name: str) -> Any:
    """Return a public name from its module (PEP 562); raises ``AttributeError`` for any other."""
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Return the public names with what is loaded already."""
    return sorted({*globals(), *__all__})
