"""The open part of a day as arrays for the search kernels: tours as vehicles, visits as stops, frozen ones as heads."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dispatch.darp.problem import NONE, Floats, Integers, Problem
from dispatch.route import RIDING_SHARE, Drive, Visit
from dispatch.tours import Route
from mobility.core.booking import Load
from mobility.core.ids import BookingId, StopId, VehicleId

PENALTY_MS = 1e11
"""What a ride left out costs: more than any day. Every ride was promised, so such an answer is never published."""
_DIMENSIONS = 4
"""Seats, wheelchair places, prams, luggage."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DayProblem:
    """A problem in milliseconds and what its numbers stand for."""

    problem: Problem
    visits: tuple[Visit, ...]
    """One for each stop."""
    present: tuple[tuple[int, ...], ...]
    """The stops of each route in their present order, the frozen head first."""
    origin_ms: int
    """Times of the problem count from here."""
    place: Mapping[StopId, int]
    """Where each stop is in the matrix."""
    vehicle_ids: tuple[VehicleId, ...]
    lost_of: tuple[int, ...]
    """Seats that a wheelchair folds away in a vehicle of each kind."""

    @property
    def is_worth_solving(self) -> bool:
        """Whether there is anything to exchange."""
        frozen = sum(len(head) for head in self.problem.head)
        return len(self.visits) - frozen > 2  # noqa: PLR2004 - one ride alone is where insertion put it


def day_problem(routes: Sequence[Route], drive: Drive, places: Sequence[StopId] = ()) -> DayProblem:
    """Return the problem of some tours; ``places`` names further stops that its matrix shall hold."""
    visits = tuple(visit for route in routes for visit in route.visits)
    first = np.cumsum([0, *(len(route.visits) for route in routes)]).tolist()
    duties = [route.duty for route in routes]
    named = dict.fromkeys(
        [*(duty.start for duty in duties), *(duty.depot for duty in duties), *(v.stop_id for v in visits), *places]
    )
    table = _Table(
        routes=routes,
        visits=visits,
        present=tuple(tuple(range(a, b)) for a, b in pairwise(first)),
        place={stop_id: k for k, stop_id in enumerate(named)},
        origin_ms=min((duty.leave_ms for duty in duties), default=0),
        kinds={lost: k for k, lost in enumerate(dict.fromkeys(duty.seats_lost for duty in duties))},
    )
    return DayProblem(
        problem=_problem(table, _matrix(named, drive)),
        visits=visits,
        present=table.present,
        origin_ms=table.origin_ms,
        place=table.place,
        vehicle_ids=tuple(route.tour.shift.vehicle_id for route in routes),
        lost_of=tuple(table.kinds),
    )


def with_ride(day: DayProblem, pickup: Visit, dropoff: Visit) -> Problem:
    """Return the problem with one more ride, the last one, that is in no route yet; its stops are known places."""
    base, ends, origin_ms = day.problem, (pickup, dropoff), day.origin_ms
    stops, vehicles = base.stops, base.vehicles

    def more(values: Floats, added: Sequence[float]) -> Floats:
        return np.append(values, np.asarray(added, dtype=values.dtype))

    return replace(
        base,
        place=np.append(base.place, [day.place[visit.stop_id] for visit in ends]),
        earliest=more(base.earliest, [visit.earliest_ms - origin_ms for visit in ends]),
        latest=more(base.latest, [visit.latest_ms - origin_ms for visit in ends]),
        service=more(base.service, [visit.service_ms for visit in ends]),
        load=np.concatenate([base.load, _loads(day.lost_of, ends)], axis=1),
        people=more(base.people, [visit.seats + visit.wheelchairs for visit in ends]),
        pickup=np.append(base.pickup, stops),
        dropoff=np.append(base.dropoff, stops + 1),
        longest=more(base.longest, [pickup.max_ride_ms]),
        allowed=np.vstack([base.allowed, np.ones((1, vehicles), dtype=np.bool_)]),
        penalty=more(base.penalty, [PENALTY_MS]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """What the arrays are made of."""

    routes: Sequence[Route]
    visits: Sequence[Visit]
    present: tuple[tuple[int, ...], ...]
    place: Mapping[StopId, int]
    origin_ms: int
    kinds: Mapping[int, int]
    """Seats lost to a wheelchair to kind of vehicle."""


def _problem(table: _Table, matrix: Floats) -> Problem:
    visits, place, origin_ms = table.visits, table.place, table.origin_ms
    duties = [route.duty for route in table.routes]
    pickup, dropoff, allowed = _rides(table.routes, visits, table.present)
    aboard = [_taken(duty.aboard, duty.seats_lost) for duty in duties]
    room = [(duty.seats, duty.wheelchair_places, duty.prams, duty.luggage) for duty in duties]
    m = len(duties)
    return Problem(
        time=matrix,
        cost=matrix,
        length=np.zeros_like(matrix),
        place=_whole([place[visit.stop_id] for visit in visits]),
        earliest=_floats([visit.earliest_ms - origin_ms for visit in visits]),
        latest=_floats([visit.latest_ms - origin_ms for visit in visits]),
        service=_floats([visit.service_ms for visit in visits]),
        load=_loads(tuple(table.kinds), visits),
        people=_floats([visit.seats + visit.wheelchairs for visit in visits]),
        pickup=pickup,
        dropoff=dropoff,
        longest=_floats([visits[p if p != NONE else d].max_ride_ms for p, d in zip(pickup, dropoff, strict=True)]),
        allowed=allowed,
        penalty=np.full(len(pickup), PENALTY_MS),
        start=_whole([place[duty.start] for duty in duties]),
        end=_whole([place[duty.depot] for duty in duties]),
        leave=_floats([duty.leave_ms - origin_ms for duty in duties]),
        back=_floats([duty.back_ms - origin_ms for duty in duties]),
        duration=_floats([np.inf if duty.longest_ms is None else duty.longest_ms for duty in duties]),
        reach=np.full(m, np.inf),
        kind=_whole([table.kinds[duty.seats_lost] for duty in duties]),
        # What is aboard is aboard, even where it is more than fits: only who boards can be refused.
        capacity=np.maximum(_whole(room), _whole(aboard)).reshape(m, _DIMENSIONS),
        aboard=_whole(aboard).reshape(m, _DIMENSIONS),
        aboard_people=_floats([duty.aboard.seats + duty.aboard.wheelchairs for duty in duties]),
        head=tuple(tuple(order[: route.frozen]) for route, order in zip(table.routes, table.present, strict=True)),
        waiting_weight=1.0,
        riding_weight=1.0 / RIDING_SHARE,
    )


def _rides(
    routes: Sequence[Route], visits: Sequence[Visit], present: Sequence[Sequence[int]]
) -> tuple[Integers, Integers, NDArray[np.bool_]]:
    """Return both stops of each ride and the vehicles it may be in: riders aboard stay where they are."""
    pickup: list[int] = []
    dropoff: list[int] = []
    allowed: list[list[bool]] = []
    for vehicle, order in enumerate(present):
        open_rides: dict[BookingId, int] = {}
        for stop in order:
            visit = visits[stop]
            if visit.is_pickup:
                open_rides[visit.booking_id] = len(pickup)
                pickup.append(stop)
                dropoff.append(NONE)
                allowed.append([True] * len(routes))
            elif visit.booking_id in open_rides:
                dropoff[open_rides[visit.booking_id]] = stop
            else:
                pickup.append(NONE)
                dropoff.append(stop)
                allowed.append([other == vehicle for other in range(len(routes))])
    return _whole(pickup), _whole(dropoff), np.array(allowed, dtype=np.bool_).reshape(len(pickup), len(routes))


def _matrix(named: Iterable[StopId], drive: Drive) -> Floats:
    stops = tuple(named)
    return _floats([[drive(a, b) for b in stops] for a in stops]).reshape(len(stops), len(stops))


def _taken(load: Load, lost: int) -> tuple[int, int, int, int]:
    """Return what a party takes of each dimension in a vehicle where a wheelchair folds ``lost`` seats away."""
    return load.seats + load.wheelchairs * lost, load.wheelchairs, load.prams, load.luggage


def _loads(lost_of: Sequence[int], visits: Sequence[Visit]) -> Integers:
    rows = [[_taken(visit.load, lost) for visit in visits] for lost in lost_of]
    return _whole(rows).reshape(len(lost_of), len(visits), _DIMENSIONS)


def _whole(values: Sequence[object]) -> Integers:
    return np.array(values, dtype=np.int64)


def _floats(values: Sequence[object]) -> Floats:
    return np.array(values, dtype=np.float64)
