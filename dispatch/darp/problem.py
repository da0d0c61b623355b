"""A dial-a-ride problem as arrays: stops, rides, vehicles and matrices, checked once before anybody searches."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mobility.core.errors import BadInputError

ANYWHERE = -1
"""Place of a stop that is served wherever the vehicle stands: a driver's break."""
NONE = -1
"""No such stop: the pickup of a rider who is aboard already, the drop-off of a break."""

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Problem:
    """What has to be planned. One time unit throughout (minutes for benchmark files, milliseconds for a day).

    ``p`` places, ``s`` stops, ``n`` rides, ``m`` vehicles, ``c`` capacity dimensions, ``k`` kinds of vehicles. A ride
    has a pickup and a drop-off; a rider aboard has only a drop-off, a break only a pickup. Arrays are never written to.
    """

    time: Floats
    """Driving time between places, shape (p, p); need not be symmetric nor obey the triangle inequality."""
    cost: Floats
    """What driving between places costs, shape (p, p)."""
    length: Floats
    """What driving between places takes from a vehicle's ``reach``, shape (p, p)."""
    place: Integers
    """Place of each stop, shape (s,); ``ANYWHERE`` for a break."""
    earliest: Floats
    latest: Floats
    """Service begins in [earliest, latest], shape (s,) each."""
    service: Floats
    """Time a stop takes, shape (s,)."""
    load: Integers
    """What boards (positive) or leaves (negative) at a stop in a vehicle of each kind, shape (k, s, c)."""
    people: Floats
    """Riders who board (positive) or leave, shape (s,): weights of time aboard."""
    pickup: Integers
    dropoff: Integers
    """The two stops of each ride, shape (n,) each; ``NONE`` where there is none."""
    longest: Floats
    """Longest time from end of service at the pickup to begin of service at the drop-off, shape (n,)."""
    allowed: NDArray[np.bool_]
    """Which vehicle may serve a ride, shape (n, m)."""
    penalty: Floats
    """What leaving a ride out costs, shape (n,)."""
    start: Integers
    end: Integers
    """Place where each vehicle starts and where it must end, shape (m,) each."""
    leave: Floats
    """Earliest departure from the start, shape (m,); it may leave later."""
    back: Floats
    """Latest arrival at the end, shape (m,)."""
    duration: Floats
    """Longest time from departure to arrival, shape (m,); ``inf`` for none."""
    reach: Floats
    """Most ``length`` a vehicle can drive (battery), shape (m,); ``inf`` for none."""
    kind: Integers
    """Kind of each vehicle, shape (m,)."""
    capacity: Integers
    """Most that fits in, shape (m, c)."""
    aboard: Integers
    """What is in the vehicle at its start, shape (m, c)."""
    aboard_people: Floats
    """Riders in the vehicle at its start, shape (m,)."""
    head: tuple[tuple[int, ...], ...]
    """For each vehicle the frozen stops at the begin of its route: driven in this order, whatever comes."""
    waiting_weight: float = 0.0
    """Cost of a time unit that a vehicle stands waiting with riders aboard."""
    riding_weight: float = 0.0
    """Cost of a time unit aboard, for each rider."""

    def __post_init__(self) -> None:
        """Refuse shapes that do not fit and numbers that mean nothing; raises ``BadInputError`` by name."""
        for name, shape in _shapes(self).items():
            found = getattr(self, name).shape
            if found != shape:
                raise BadInputError(f"shape {found}, expected {shape}", field=name)
        for name in ("time", "cost", "length", "service", "longest", "penalty", "duration", "reach"):
            _refuse_negative(name, getattr(self, name))
        for name in ("time", "cost", "length"):
            _refuse_unreachable(name, getattr(self, name))
        for name in ("earliest", "latest", "leave", "back", "people", "aboard_people"):
            if np.isnan(getattr(self, name)).any():
                raise BadInputError("not a number (NaN)", field=name)
        if len(self.head) != len(self.start):
            raise BadInputError(
                f"{len(self.head)} heads, expected one for each of {len(self.start)} vehicles", field="head"
            )

    @property
    def stops(self) -> int:
        """Number of stops."""
        return len(self.place)

    @property
    def rides(self) -> int:
        """Number of rides, riders aboard and breaks included."""
        return len(self.pickup)

    @property
    def vehicles(self) -> int:
        """Number of vehicles."""
        return len(self.start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """Routes of all vehicles and what is left out."""

    routes: tuple[tuple[int, ...], ...]
    """For each vehicle its stops in order, frozen head included."""
    unserved: tuple[int, ...]
    """Rides that no route serves, ascending."""
    cost: float
    """Of the routes: driving, waiting and riding; penalties left out."""
    iterations: int = 0
    lower_bound: float | None = None
    """No plan that serves all rides costs less; ``None`` where nothing was proved."""


Routes = Sequence[Sequence[int]]
"""For each vehicle its stops in order."""


class Budget(Protocol):
    """How much effort a search may take. The search itself reads no clock."""

    @property
    def is_counted(self) -> bool:
        """Whether the budget counts iterations, so that everything in the search has to be deterministic."""
        ...

    def spent(self, iterations: int) -> float:
        """Return the share of the budget that is used up after so many iterations: 0 at the begin, 1 at the end."""
        ...


@dataclass(frozen=True, slots=True)
class Iterations:
    """A budget that counts: same seed, same answer, on every machine."""

    limit: int

    @property
    def is_counted(self) -> bool:
        """True."""
        return True

    def spent(self, iterations: int) -> float:
        """Return the share of iterations done."""
        return min(iterations / self.limit, 1.0) if self.limit > 0 else 1.0


def _shapes(problem: Problem) -> dict[str, tuple[int, ...]]:
    p, s, n, m = len(problem.time), len(problem.place), len(problem.pickup), len(problem.start)
    k, c = problem.load.shape[0], problem.capacity.shape[-1]
    return (
        dict.fromkeys(("time", "cost", "length"), (p, p))
        | dict.fromkeys(("place", "earliest", "latest", "service", "people"), (s,))
        | {"load": (k, s, c), "allowed": (n, m), "capacity": (m, c), "aboard": (m, c)}
        | dict.fromkeys(("pickup", "dropoff", "longest", "penalty"), (n,))
        | dict.fromkeys(("start", "end", "leave", "back", "duration", "reach", "kind", "aboard_people"), (m,))
    )


def _refuse_negative(name: str, values: Floats) -> None:
    if np.isnan(values).any():
        raise BadInputError("not a number (NaN)", field=name)
    if (values < 0).any():
        raise BadInputError(f"negative: {values.min()}", field=name)


def _refuse_unreachable(name: str, matrix: Floats) -> None:
    missing = np.argwhere(np.isinf(matrix))
    if len(missing):
        origin, destination = missing[0].tolist()
        raise BadInputError(f"no way from place {origin} to place {destination}", field=name)
