"""The best that anybody could predict: one who knows how the disturbed days are made drives each trip on many times.

It knows the driving model, its parameters and all that lasts: signals, roadworks, weather, the pace of the hour and of
the day, trains, who is aboard and where they get off. Of the present it knows more than anybody can: the pace of the
drive under way, how long its present stand still lasts, how long roadworks will stop it, and all of a stop that has
begun, but not how late a driver will start. To know more never makes a median worse, so that no predictor's mean error
can be expected to lie below that of its medians.
"""

from typing import Self

from benchmarks.disturbances import SCENARIO
from benchmarks.disturbed_driver import Crossroads, Driver
from gtfs.timetable import Trip
from mobility.core.clock import Instant
from mobility.core.ids import TripId
from sim.chance import Chance
from sim.leg import Leg
from sim.line_demand import LineDemand

_TRIES = 60
_NEXT_TRY = 1_000_000_007
_BEHIND_M = 1.0


class Knowing(Driver):
    """A driver who repeats what had happened by ``seen`` and draws anew what was open then."""

    seen: Instant
    true: Driver
    reached_m: float
    """Where the vehicle was then."""
    fresh: Chance
    fresh_demand: LineDemand

    @classmethod
    def at(cls, crossroads: Crossroads, true: Driver, seen: Instant, reached_m: float, salt: int) -> Self:
        """Return one who stands at a crossroads that ``true`` came through."""
        one = cls.__new__(cls)
        one.__dict__.update(crossroads.state.__dict__)
        one.seen, one.true, one.reached_m = seen, true, reached_m
        one.pieces, one.crossroads, one.arrivals = [], [], {}
        one.draw_anew(true.town.seed * 100_003 + salt)
        return one

    def draw_anew(self, seed: int) -> None:
        """Take other dice for what is open."""
        self.fresh = self.chance = Chance(seed)
        self.fresh_demand = self.demand = LineDemand(demand=self.town.demand, scenario=SCENARIO, chance=self.fresh)

    def serve_first(self, trip: Trip) -> None:
        """Serve the first stop and leave it, later than ``seen``."""
        before = dict(self.__dict__)
        for k in range(_TRIES):
            self.__dict__.update(before)
            self.draw_anew(self.fresh.seed + _NEXT_TRY * k)
            super().serve_first(trip)
            if self.now > self.seen:
                break

    def _serve(self, trip: Trip, i: int, not_before: Instant) -> None:
        if self.now <= self.seen:
            self.chance, self.demand = self.true.chance, self.true.demand
        super()._serve(trip, i, not_before)
        self.chance, self.demand = self.fresh, self.fresh_demand

    def _drive(self, trip: Trip, i: int, key: tuple[str | int, ...]) -> None:
        if self.now <= self.seen:
            self.chance = self.true.chance
        super()._drive(trip, i, key)
        self.chance = self.fresh

    def _interruptions(self, trip: Trip, i: int, key: tuple[str | int, ...]) -> list[tuple[float, float, bool]]:
        found = super()._interruptions(trip, i, key)
        if self.now > self.seen:
            return found
        true, self.chance = self.chance, self.fresh
        other = super()._interruptions(trip, i, key)
        self.chance = true
        works, other_works = (list(self.works(trip, i, key, chance)) for chance in (true, self.fresh))
        kept_m = self.reached_m + _BEHIND_M
        behind = [each for each in found if each[0] <= kept_m or each in works]
        return sorted(behind + [each for each in other if each[0] > kept_m and each not in other_works])


def driven_on(driver: Driver, trip_id: TripId, seen: Instant, drives: int) -> list[dict[int, Instant]]:
    """Return when the calls ahead of ``driver`` at ``seen`` would be reached on so many drives of its trip."""
    crossroads = [each for each in driver.crossroads if each.trip.trip_id == trip_id]
    last = next((each for each in reversed(crossroads) if each.at <= seen), crossroads[0])
    reached_m = _reached_m(driver, seen)
    found = []
    for salt in range(drives):
        one = Knowing.at(last, driver, seen, reached_m, salt)
        if last.i < 0:
            one.serve_first(last.trip)
        one.finish(last.trip, max(last.i, 0) + 1)
        found.append({i: at for (_, i), at in one.arrivals.items()})
    return found


def _reached_m(driver: Driver, at: Instant) -> float:
    """Return the chainage at which a vehicle really was, on the way it drove last."""
    for piece in reversed(driver.pieces):
        if piece.begins <= at and isinstance(piece.place, Leg):
            return piece.place.drive.at((at - piece.begins) / 1000).chainage_m
    return 0.0
