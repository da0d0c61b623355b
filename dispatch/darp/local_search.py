"""Descent: no ride is better placed elsewhere, no two related ones change routes, no two routes change tails.

A ride taken out goes back where it is cheapest (``insertion.Board``), so moving a pickup or a drop-off alone within its
route is one of the moves of its ride.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import combinations

from dispatch.darp.evaluate import evaluate
from dispatch.darp.insertion import Board, Place
from dispatch.darp.problem import NONE, Integers, Problem, Routes

PARTNERS = 6
"""Of the rides most related to a ride, those that may change routes with it."""
LEAST_GAIN = 1e-6
"""What a move has to save: above rounding, so that the descent ends."""

Stops = tuple[int, ...]


def descend(problem: Problem, routes: Routes, near: Integers) -> tuple[Stops, ...]:
    """Return routes that none of the moves makes cheaper; ``near`` lists for each ride all, most related first.

    Takes every move that saves something as it comes, until there is none. The routes have to be feasible.
    """
    descent = _Descent(problem, routes)
    # A sum, as ``any`` would begin anew after every move that saves something.
    while sum(descent.takes(move) for move in descent.moves(near)):
        pass
    return descent.board.routes


class _Descent:
    """A board, what each of its routes costs and where each ride is."""

    def __init__(self, problem: Problem, routes: Routes) -> None:
        self.problem = problem
        self.board = Board(problem, routes)
        self.costs = [self._cost(vehicle, stops) for vehicle, stops in enumerate(self.board.routes)]
        ends = zip(problem.pickup.tolist(), problem.dropoff.tolist(), strict=True)
        self.ends = [{stop for stop in pair if stop != NONE} for pair in ends]
        self.ride = {stop: ride for ride, stops in enumerate(self.ends) for stop in stops}
        frozen = {stop for head in problem.head for stop in head}
        self.movable = [bool(stops - frozen) for stops in self.ends]
        self.frozen = frozen

    def moves(self, near: Integers) -> Iterator[Callable[[], bool]]:
        """Yield every move; each says whether it led to another plan, which is not cheaper in any case."""
        for ride in filter(self.movable.__getitem__, range(self.problem.rides)):
            yield partial(self._moved, ride)
        for one, other in combinations(range(self.problem.vehicles), 2):
            yield from self._crossings(one, other)
        for ride in filter(self.movable.__getitem__, range(self.problem.rides)):
            for partner in [other for other in near[ride].tolist() if other != ride and self.movable[other]][:PARTNERS]:
                yield partial(self._exchanged, ride, partner)

    def takes(self, move: Callable[[], bool]) -> bool:
        """Make a move where it saves something; return whether it did."""
        before, costs = self.board.routes, list(self.costs)
        if move() and sum(self.costs) < sum(costs) - LEAST_GAIN:
            return True
        for vehicle, stops in enumerate(before):
            if self.board.routes[vehicle] != stops:
                self.board.replace(vehicle, stops)
        self.costs = costs
        return False

    def _moved(self, ride: int) -> bool:
        """Put a ride where it is cheapest."""
        vehicle = self._vehicle(ride)
        if vehicle is None or not self._lifted(vehicle, ride):
            return False
        place = self.board.best(ride)
        return place is not None and self._put(ride, place)

    def _exchanged(self, ride: int, partner: int) -> bool:
        """Let two rides change routes."""
        one, other = self._vehicle(ride), self._vehicle(partner)
        if one is None or other is None or one == other:
            return False
        if not (self._lifted(one, ride) and self._lifted(other, partner)):
            return False
        for mover, vehicle in ((ride, other), (partner, one)):
            place = self.board.best(mover)
            # Elsewhere than in the other's route is a move of its own.
            if place is None or place.vehicle != vehicle or not self._put(mover, place):
                return False
        return True

    def _crossings(self, one: int, other: int) -> Iterator[Callable[[], bool]]:
        """Yield the exchanges of tails behind moments with nobody aboard (Potvin & Rousseau 1995)."""
        first, second = self.board.routes[one], self.board.routes[other]
        for i in self._empty_at(one):
            for j in self._empty_at(other):
                if (i, j) != (len(first), len(second)):
                    changed = {one: (*first[:i], *second[j:]), other: (*second[:j], *first[i:])}
                    before = {one: first, other: second}
                    yield partial(self._changed, before, changed)

    def _changed(self, before: dict[int, Stops], changed: dict[int, Stops]) -> bool:
        """Take routes over, unless they are based on others than there are now."""
        if any(self.board.routes[vehicle] != stops for vehicle, stops in before.items()):
            return False
        timings = {vehicle: evaluate(self.problem, vehicle, stops) for vehicle, stops in changed.items()}
        if any(timing is None for timing in timings.values()):
            return False
        return all(self._replaced(vehicle, stops) for vehicle, stops in changed.items())

    def _empty_at(self, vehicle: int) -> list[int]:
        """Return after how many stops, none of them frozen, a vehicle has brought home all whom it fetched."""
        aboard: set[int] = set()
        found, least = [], len(self.problem.head[vehicle])
        for k, stop in enumerate((*self.board.routes[vehicle], NONE)):
            if not aboard and k >= least:
                found.append(k)
            ride = self.ride.get(stop, NONE)
            aboard ^= {ride} if ride != NONE and len(self.ends[ride]) > 1 else set()
        return found

    def _vehicle(self, ride: int) -> int | None:
        stops = self.ends[ride] - self.frozen
        return next((v for v, route in enumerate(self.board.routes) if not stops.isdisjoint(route)), None)

    def _lifted(self, vehicle: int, ride: int) -> bool:
        gone = self.ends[ride] - self.frozen
        return self._replaced(vehicle, tuple(stop for stop in self.board.routes[vehicle] if stop not in gone))

    def _put(self, ride: int, place: Place) -> bool:
        self.board.insert(ride, place)
        self.costs[place.vehicle] += place.extra_cost
        return True

    def _replaced(self, vehicle: int, stops: Stops) -> bool:
        """Give a vehicle another route; return whether it can drive it, a ride short of its drop-off included."""
        timing = evaluate(self.problem, vehicle, stops)
        if timing is None:
            return False
        self.board.replace(vehicle, stops)
        self.costs[vehicle] = timing.cost
        return True

    def _cost(self, vehicle: int, stops: Sequence[int]) -> float:
        timing = evaluate(self.problem, vehicle, stops)
        return 0.0 if timing is None else timing.cost
