"""A board of routes that answers quickly, again and again: where would this ride fit best?"""

from dataclasses import dataclass

import numpy as np

from dispatch.darp.arrays import EARLIEST, FIRST, LATEST, Data, Time, arrays
from dispatch.darp.cheapest import NOWHERE, cheapest
from dispatch.darp.compiled import entry
from dispatch.darp.evaluate import is_feasible
from dispatch.darp.problem import NONE, Integers, Problem, Routes
from dispatch.darp.sheet import Sheet, blank, write
from dispatch.darp.times import refresh
from mobility.core.errors import BadInputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A feasible place for a ride."""

    vehicle: int
    pickup_position: int
    """Index of the pickup among the stops after the insertion; ``NONE`` for a rider aboard."""
    dropoff_position: int
    """Index of the drop-off among the stops after the insertion; ``NONE`` for a break."""
    extra_cost: float
    """By how much the route's cost grows."""


class Board:
    """Routes with their slacks prepared. ``problem`` may hold rides that are in no route: those are asked for."""

    def __init__(self, problem: Problem, routes: Routes) -> None:
        """Prepare the slacks; raises ``BadInputError`` for a route that is not feasible as it is."""
        self._problem = problem
        # Own windows: ``best`` narrows them for one question.
        self._data = arrays(problem)._replace(stop=arrays(problem).stop.copy())
        self._sheet = blank(self._data)
        self._routes = [tuple(route) for route in routes]
        for vehicle, stops in enumerate(self._routes):
            self._write(vehicle, stops)

    @property
    def routes(self) -> tuple[tuple[int, ...], ...]:
        """For each vehicle its stops."""
        return tuple(self._routes)

    def best(
        self,
        ride: int,
        *,
        earliest_pickup: Time | None = None,
        latest_pickup: Time | None = None,
        earliest_dropoff: Time | None = None,
        latest_dropoff: Time | None = None,
    ) -> Place | None:
        """Return the cheapest feasible place behind the frozen heads, ``None`` when the ride fits nowhere.

        The four instants stand for the ride's windows in this one question.
        """
        given = (earliest_pickup, latest_pickup, earliest_dropoff, latest_dropoff)
        if given == (None, None, None, None):
            return self._found(ride)
        stops = (int(self._problem.pickup[ride]), int(self._problem.dropoff[ride]))
        kept = self._data.stop[list(stops)].copy()
        try:
            for index, instant in enumerate(given):
                stop, column = stops[index // 2], (EARLIEST, LATEST)[index % 2]
                if stop != NONE:
                    original = (self._problem.earliest, self._problem.latest)[index % 2][stop]
                    self._data.stop[stop, column] = original if instant is None else instant
            return self._found(ride)
        finally:
            for stop, row in zip(stops, kept, strict=True):
                if stop != NONE:
                    self._data.stop[stop] = row

    def insert(self, ride: int, place: Place) -> None:
        """Put a ride where ``best`` found room for it."""
        stops = list(self._routes[place.vehicle])
        if place.pickup_position != NONE:
            stops.insert(place.pickup_position, int(self._problem.pickup[ride]))
        if place.dropoff_position != NONE:
            stops.insert(place.dropoff_position, int(self._problem.dropoff[ride]))
        self.replace(place.vehicle, stops)

    def replace(self, vehicle: int, stops: list[int] | tuple[int, ...]) -> None:
        """Give a vehicle another route; raises ``BadInputError`` when it is not feasible, and changes nothing."""
        self._write(vehicle, tuple(stops))
        self._routes[vehicle] = tuple(stops)

    def _write(self, vehicle: int, stops: tuple[int, ...]) -> None:
        if not is_feasible(self._problem, vehicle, stops):
            raise BadInputError(f"vehicle {vehicle} can not drive {list(stops)}", field="routes")
        _prepare(self._data, self._sheet, vehicle, np.array(stops, dtype=np.int64))

    def _found(self, ride: int) -> Place | None:
        vehicle, behind, dropped, extra_cost = _best(self._data, self._sheet, ride)
        if extra_cost == NOWHERE:
            return None
        is_aboard = self._data.rides[ride, FIRST] != self._problem.pickup[ride]
        return Place(
            vehicle=vehicle,
            pickup_position=NONE if is_aboard else behind,
            dropoff_position=behind if is_aboard else dropped + 1 if dropped != NONE else NONE,
            extra_cost=extra_cost,
        )


@entry
def _prepare(data: Data, sheet: Sheet, vehicle: int, stops: Integers) -> bool:
    """Write a route into the row of its vehicle and refresh it."""
    write(data, sheet, vehicle, vehicle, stops)
    return refresh(data, sheet, vehicle)


@entry
def _best(data: Data, sheet: Sheet, ride: int) -> tuple[int, int, int, float]:
    """Return vehicle, columns of pickup and drop-off and extra cost of the cheapest place in all rows."""
    best_vehicle, best_behind, best_dropped, best_cost = NONE, NONE, NONE, NOWHERE
    for row in range(len(data.fleet)):
        extra_cost, behind, dropped = cheapest(data, sheet, row, ride)
        if extra_cost < best_cost:
            best_vehicle, best_behind, best_dropped, best_cost = row, behind, dropped, extra_cost
    return best_vehicle, best_behind, best_dropped, best_cost
