"""A route of a problem as the plain-Python feasibility check reads it: the oracle of the fast one, and its voice.

The check counts in whole milliseconds; a problem's time unit is taken as ``scale`` of them. With whole times and a
scale of 1 both answer the same question; otherwise the twin's times are rounded.
"""

from collections.abc import Sequence
from math import isinf

from dispatch.darp.problem import ANYWHERE, NONE, Problem
from dispatch.feasibility import schedule
from dispatch.route import ANYWHERE as ON_THE_SPOT
from dispatch.route import Duty, Schedule, Violation, Visit
from mobility.core.booking import Load
from mobility.core.errors import BadInputError
from mobility.core.ids import BookingId, StopId

MOST_DIMENSIONS = 4
"""Seats, wheelchair places, prams, luggage: what the plain check knows."""
_NEVER_MS = 10**18
"""Stands for "no limit" in a window."""


class Twin:
    """A problem seen through the plain check."""

    def __init__(self, problem: Problem, *, scale: int = 1, slack_ms: int = 0) -> None:
        """Take a time unit as ``scale`` ms and widen every limit by ``slack_ms``.

        Raises ``BadInputError`` for more capacity dimensions than the plain check knows.
        """
        found = problem.capacity.shape[1]
        if found > MOST_DIMENSIONS:
            raise BadInputError(f"{found} dimensions, expected at most {MOST_DIMENSIONS}", field="capacity")
        self._problem, self._scale, self._slack_ms = problem, scale, slack_ms
        self._drive_ms = [[self._ms(time) for time in row] for row in problem.time.tolist()]
        self._length_m: list[list[float]] = problem.length.tolist()
        ends = (problem.pickup.tolist(), problem.dropoff.tolist())
        self._ride = {stop: ride for stops in ends for ride, stop in enumerate(stops) if stop != NONE}
        self._visits: dict[tuple[int, int], Visit] = {}

    def schedule(self, vehicle: int, stops: Sequence[int]) -> Schedule | Violation:
        """Return the times of a route in milliseconds, or the first constraint that makes it impossible."""
        return schedule(self.duty(vehicle), self.visits(vehicle, stops), self.drive, self.metres)

    def duty(self, vehicle: int) -> Duty:
        """Return what a vehicle may do; capacity dimensions are seats, wheelchair places, prams and luggage."""
        problem = self._problem
        room = _load(problem.capacity[vehicle].tolist())
        longest = float(problem.duration[vehicle])
        return Duty(
            start=_stop_id(int(problem.start[vehicle])),
            leave_ms=self._ms(problem.leave[vehicle]),
            depot=_stop_id(int(problem.end[vehicle])),
            back_ms=self._ms(problem.back[vehicle]) + self._slack_ms,
            seats=room.seats,
            wheelchair_places=room.wheelchairs,
            seats_lost=0,  # the loads of each kind hold it already
            aboard=_load(problem.aboard[vehicle].tolist()),
            prams=room.prams,
            luggage=room.luggage,
            longest_ms=None if isinf(longest) else self._ms(longest) + self._slack_ms,
            reach_m=float(problem.reach[vehicle]),
        )

    def visits(self, vehicle: int, stops: Sequence[int]) -> list[Visit]:
        """Return what happens at each stop of a route."""
        kind = int(self._problem.kind[vehicle])
        return [self._visits.get((kind, stop)) or self._visit(kind, stop) for stop in stops]

    def drive(self, origin: StopId, destination: StopId) -> int:
        """Return the driving time between two places in milliseconds."""
        return self._drive_ms[int(origin)][int(destination)]

    def metres(self, origin: StopId, destination: StopId) -> float:
        """Return what driving between two places takes from the reach."""
        return self._length_m[int(origin)][int(destination)]

    def _visit(self, kind: int, stop: int) -> Visit:
        problem, ride, place = self._problem, self._ride[stop], int(self._problem.place[stop])
        load = _load(problem.load[kind, stop].tolist())
        visit = self._visits[kind, stop] = Visit(
            BookingId(str(ride)),
            ON_THE_SPOT if place == ANYWHERE else _stop_id(place),
            stop == int(problem.pickup[ride]),
            self._ms(problem.earliest[stop]) - self._slack_ms,
            self._ms(problem.latest[stop]) + self._slack_ms,
            self._ms(problem.service[stop]),
            load.seats,
            load.wheelchairs,
            self._ms(problem.longest[ride]) + self._slack_ms,
            load.prams,
            load.luggage,
        )
        return visit

    def _ms(self, value: float) -> int:
        if isinf(value):
            return _NEVER_MS if value > 0 else -_NEVER_MS
        return round(float(value) * self._scale)


def _load(amounts: Sequence[int]) -> Load:
    return Load(*(*amounts, 0)[:MOST_DIMENSIONS])


def _stop_id(place: int) -> StopId:
    return StopId(str(place))
