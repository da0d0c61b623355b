"""Rides that no vehicle can serve even when it serves nothing else, and the constraint that forbids it."""

from dispatch.darp.problem import NONE, Problem
from dispatch.darp.twin import Twin
from dispatch.route import Violation, nearer

_SCALE, _SLACK = 10**9, 1000
"""A millionth of the problem's time unit decides nothing, and rounding is finer."""


def violations_alone(problem: Problem) -> dict[int, Violation]:
    """Return, for each ride that no vehicle can serve, what stands against it in the vehicle nearest to it.

    Frozen heads are left out: they only make it harder. Rides without two stops (riders aboard, breaks) count as
    possible.
    """
    twin, vehicles = Twin(problem, scale=_SCALE, slack_ms=_SLACK), _unlike(problem)
    ends = zip(problem.pickup.tolist(), problem.dropoff.tolist(), strict=True)
    found = ((ride, _nearest(twin, vehicles, stops)) for ride, stops in enumerate(ends) if NONE not in stops)
    return {ride: violation for ride, violation in found if violation is not None}


def _nearest(twin: Twin, vehicles: list[int], stops: tuple[int, int]) -> Violation | None:
    nearest: Violation | None = None
    for vehicle in vehicles:
        found = twin.schedule(vehicle, stops)
        if not isinstance(found, Violation):
            return None
        nearest = nearer(nearest, found)
    return nearest


def _unlike(problem: Problem) -> list[int]:
    """Return one vehicle of each sort."""
    names = ("start", "end", "leave", "back", "duration", "reach", "kind")
    sorts: dict[tuple[object, ...], int] = {}
    for vehicle in range(problem.vehicles):
        own = tuple(getattr(problem, name)[vehicle].item() for name in names)
        loads = (*problem.capacity[vehicle].tolist(), *problem.aboard[vehicle].tolist())
        sorts.setdefault((*own, *loads), vehicle)
    return list(sorts.values())
