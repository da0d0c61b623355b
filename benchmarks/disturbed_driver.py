"""One line vehicle on a disturbed day: it serves its trips stop by stop, and can drive one as it might have gone."""

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date
from math import exp
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.disturbances import DISTURBANCES, SCENARIO
from gtfs.timetable import Trip
from mobility.core.clock import Instant, shifted
from mobility.core.geo import LatLon, distance_m
from mobility.core.ids import VehicleId
from mobility.core.road_weather import RoadWeather
from mobility.core.service_day import ServiceDay
from mobility.core.vehicle import Doors, DrivingMode, ServiceKind, TripRef
from sim.boarding import Passenger, dwell_s, exchange
from sim.chance import Chance
from sim.leg import Leg, LegPlanner
from sim.line_demand import LineDemand, Train
from sim.track import Track

if TYPE_CHECKING:
    from benchmarks.disturbed_days import Town

_LOG_ON_S = 300
_PREPARE_S = 600
_CLOSE_S = 3.0
_GRID_M = 25.0
_SAME_PLACE_M = 15.0
_HOP_MPS = 4.0
_Key = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a vehicle's day: standing at a place, or a leg, from ``begins`` to ``ends``."""

    begins: Instant
    ends: Instant
    place: LatLon | Leg
    doors: Doors
    mode: DrivingMode
    trip: TripRef | None
    passengers: int


@dataclass(frozen=True, slots=True)
class Weather:
    """What the road is like in a span, and when somebody says so."""

    begins: Instant
    weather: RoadWeather
    slower_frac: float
    reported_at: Instant


class Crossroads(NamedTuple):
    """A moment from which a trip can be driven again: before its first stop is served (-1), or as ``i`` is left."""

    trip: Trip
    i: int
    at: Instant
    state: "Driver"


def hold_until(train: Train, departure: Instant, limit_s: float) -> Instant | None:
    """Return until when a trip waits for a train, ``None`` where it need not or must not."""
    ready = shifted(train.riders_at_stop, 20)
    if train.delay_s <= 0 or ready <= departure or ready > shifted(departure, limit_s):
        return None
    return ready


class Driver:
    """Drives one block of one day; ``pieces`` grows as the day goes on."""

    def __init__(
        self, town: "Town", day: date, vehicle_id: VehicleId, weather: Sequence[Weather], trains: Sequence[Train]
    ) -> None:
        """Take the day as it is for all: weather and trains."""
        self.town, self.day, self.vehicle_id, self.weather = town, day, vehicle_id, weather
        self.spec = town.region.fleet[vehicle_id]
        self.is_shuttle = self.spec.kind is ServiceKind.SHUTTLE
        self.planner = LegPlanner(self.spec)
        self.chance = town.chance
        self.demand = LineDemand(demand=town.demand, scenario=SCENARIO, chance=town.chance)
        self.trains = {(t.trip_id, t.call_index): t for t in trains}
        self.limits = {c.connection_id: c.hold_limit_s for c in town.region.connections}
        self.now = Instant(0)
        self.pieces: list[Piece] = []
        self.crossroads: list[Crossroads] = []
        self.arrivals: dict[tuple[TripRef, int], Instant] = {}
        self.aboard: tuple[Passenger, ...] = ()
        self.trip: TripRef | None = None
        self.doors, self.by_hand_until, self.is_by_hand = Doors.CLOSED, Instant(0), False
        self.place: LatLon | None = None

    # --- the day

    def drive(self, trips: Sequence[Trip]) -> None:
        """Drive the trips in order, and stand for two minutes at the end."""
        for trip in trips:
            self._trip(trip)
        self.trip, self.doors = None, Doors.CLOSED
        self._stand(shifted(self.now, 120))

    def _trip(self, trip: Trip) -> None:
        service_day = ServiceDay(self.day, self.town.region.zone)
        leaves = [service_day.at(t) for t in trip.departure]
        key = (trip.trip_id, self.day.isoformat())
        start = self.town.track(trip).at(trip.pattern.stop_chainage_m[0])[0]
        self.trip = None
        if self.place is None:
            self.now = shifted(leaves[0], -_PREPARE_S)
        elif distance_m(self.place, start) > _SAME_PLACE_M:
            self._hop(start)
        self.place = start
        self._stand(shifted(leaves[0], -_LOG_ON_S))
        self.trip = TripRef(trip.trip_id, self.day)
        self.is_by_hand = self._drives_by_hand(key)
        table = DISTURBANCES["starts"]
        opens = max(shifted(self.now, table["layover_s"] - 25), shifted(leaves[0], -120))
        self._stand(opens)
        self._may_differ(trip, -1)
        self.serve_first(trip)
        self.finish(trip, 1)

    def serve_first(self, trip: Trip) -> None:
        """Serve the first stop and leave it."""
        late_s = self._late_s((trip.trip_id, self.day.isoformat()))
        self._serve(trip, 0, shifted(self._due(trip, 0), late_s))

    def finish(self, trip: Trip, call_index: int) -> None:
        """Drive from the call before ``call_index`` to the end of the trip."""
        last = trip.call_count - 1
        for i in range(call_index, last + 1):
            self._may_differ(trip, i - 1)
            self._drive(trip, i, (trip.trip_id, self.day.isoformat(), i))
            self.arrivals[TripRef(trip.trip_id, self.day), i] = self.now
            if i < last:
                self._serve(trip, i, self._due(trip, i))
        self._exchange(trip, last, self.demand.walk_up(trip, self.day, last))
        self.doors = Doors.CLOSED

    def _may_differ(self, trip: Trip, i: int) -> None:
        self.crossroads.append(Crossroads(trip, i, self.now, copy(self)))

    def _late_s(self, key: tuple[str, ...]) -> float:
        table, chance = DISTURBANCES["starts"], self.chance
        share = chance.share(*key, "start")
        if share < table["prompt_share"]:
            return chance.exponential(table["prompt_mean_s"], *key, "start late")
        span = table["late_s"] if share < table["prompt_share"] + table["late_share"] else table["very_late_s"]
        return chance.between(*span, *key, "start late")

    def _drives_by_hand(self, key: tuple[str, ...]) -> bool:
        table, word = DISTURBANCES["by_hand_trips"], self._weather().weather
        share = {RoadWeather.SNOW: table["snow_share"], RoadWeather.FOG: table["fog_share"]}.get(word, table["share"])
        return self.is_shuttle and self.chance.happens(share, *key, "by hand")

    # --- stops

    def _serve(self, trip: Trip, i: int, not_before: Instant) -> None:
        self._exchange(trip, i, self.demand.walk_up(trip, self.day, i))
        train = self.trains.get((trip.trip_id, i))
        if train is not None:
            until = hold_until(train, self._due(trip, i), self.limits[train.connection_id])
            self._stand(max(not_before, until or self.now))
            if train.riders_at_stop <= self.now:
                self._exchange(trip, i, train.riders)
        self._stand(shifted(not_before, -_CLOSE_S))
        self.doors = Doors.CLOSED
        hesitates_s = min(self.chance.exponential(2.0, trip.trip_id, self.day.isoformat(), i, "go"), 15.0)
        self._stand(shifted(self.now, _CLOSE_S + hesitates_s))

    def _due(self, trip: Trip, i: int) -> Instant:
        return ServiceDay(self.day, self.town.region.zone).at(trip.departure[i])

    def _exchange(self, trip: Trip, i: int, waiting: Sequence[Passenger]) -> None:
        table, chance = DISTURBANCES["dwell"], self.chance
        key = (trip.trip_id, self.day.isoformat(), i, len(waiting), "dwell")
        happened = exchange(self.aboard, waiting, call_index=i, spec=self.spec)
        rule, people = SCENARIO.dwell, happened.boarded + happened.alighted - happened.ramps
        open_s = dwell_s(happened, rule, deviation=0.0) - happened.ramps * rule.ramp_s
        open_s *= exp(chance.normal(0.0, table["log_deviation"], *key))
        open_s += sum(
            table["encumbered_s"] for k in range(people) if chance.happens(table["encumbered_share"], *key, k, "slow")
        )
        ramp_s = 0.0
        for k in range(happened.ramps):
            ramp_s += table["ramp_mean_s"] * exp(chance.normal(0.0, table["ramp_log_deviation"], *key, k, "ramp"))
        if chance.happens(table["unscheduled_share"], *key, "asks"):
            open_s += chance.exponential(table["unscheduled_mean_s"], *key, "asks for")
        self.doors = Doors.RAMP_OUT if ramp_s > 0 else Doors.OPEN
        self._stand(shifted(self.now, (open_s + ramp_s) / 2))
        self.aboard = happened.aboard
        self._stand(shifted(self.now, (open_s + ramp_s) / 2))
        self.doors = Doors.OPEN

    # --- drives

    def _drive(self, trip: Trip, i: int, key: _Key) -> None:
        chain, track = trip.pattern.stop_chainage_m, self.town.track(trip)
        from_m, to_m = chain[i - 1], chain[i]
        if to_m <= from_m:
            return
        base_s = (
            float(trip.fastest_s[i]) if trip.fastest_s is not None else float(trip.arrival[i] - trip.departure[i - 1])
        )
        wanted_s = base_s * self._pace(key)
        here_m = from_m
        for place_m, stands_s, is_take_over in self._interruptions(trip, i, key):
            if not here_m + _GRID_M <= place_m <= to_m - _GRID_M:
                continue
            self._move(track, here_m, place_m, wanted_s * (place_m - here_m) / (to_m - from_m))
            if is_take_over:
                hand_s = self.chance.between(*DISTURBANCES["take_overs"]["by_hand_s"], *key, "hand")
                self.by_hand_until = shifted(self.now, stands_s + hand_s)
            self.place = track.at(place_m)[0]
            self._stand(shifted(self.now, stands_s))
            here_m = place_m
        self._move(track, here_m, to_m, wanted_s * (to_m - here_m) / (to_m - from_m))
        self.place = track.at(to_m)[0]

    def _pace(self, key: _Key) -> float:
        table, chance = DISTURBANCES["running"], self.town.chance
        start = ServiceDay(self.day, self.town.region.zone).start
        service_s = (self.now - start) / 1000
        extra = table["mean_frac"] + self._weather().slower_frac
        extra += chance.normal(0.0, table["hour_deviation_frac"], "hour", self.now // 3_600_000)
        extra += chance.normal(0.0, table["day_deviation_frac"], "day", self.day.isoformat())
        extra += table["peak_frac"] if any(a <= service_s < b for a, b in table["peaks"]) else 0.0
        own = exp(self.chance.normal(0.0, table["drive_deviation_frac"], *key, "pace"))
        return (1 + extra) * own

    def _interruptions(self, trip: Trip, i: int, key: _Key) -> list[tuple[float, float, bool]]:
        """Return where a drive stops, for how long, and whether the attendant takes over; in the order of places."""
        lasting, chance, found = self.town.chance, self.chance, list[tuple[float, float, bool]]()
        from_m, to_m = trip.pattern.stop_chainage_m[i - 1 : i + 1]
        ends = (trip.pattern.stops[i - 1], trip.pattern.stops[i])

        def somewhere(*purpose: str) -> float:
            return _on_grid(from_m + chance.between(0.1, 0.9, *key, *purpose) * (to_m - from_m), from_m)

        signal = DISTURBANCES["signals"]
        if lasting.happens(signal["share_of_segments"], *ends, "signal"):
            place_m = _on_grid(from_m + lasting.between(0.2, 0.8, *ends, "signal at") * (to_m - from_m), from_m)
            red_s = signal["red_share"] * lasting.between(*signal["cycle_s"], *ends, "cycle")
            if chance.happens(signal["red_share"], *key, "red"):
                found.append((place_m, chance.between(0.0, red_s, *key, "red for"), False))
        found.extend(self.works(trip, i, key, chance))
        found.extend(self._sudden(trip, i, key, somewhere))
        return sorted(found)

    def works(self, trip: Trip, i: int, key: _Key, chance: Chance) -> Iterator[tuple[float, float, bool]]:
        """Yield where roadworks stop a drive and for how long, if there are any."""
        table, lasting = DISTURBANCES["roadworks"], self.town.chance
        day_key = (trip.pattern.stops[i - 1], trip.pattern.stops[i], self.day.isoformat())
        if lasting.happens(table["share_of_segments"], *day_key, "works"):
            from_m, to_m = trip.pattern.stop_chainage_m[i - 1 : i + 1]
            place_m = _on_grid(from_m + chance.between(0.1, 0.9, *key, "works") * (to_m - from_m), from_m)
            usual_s = lasting.between(*table["extra_s"], *day_key, "works for")
            yield place_m, usual_s * chance.between(0.5, 1.5, *key, "works"), False

    def _sudden(
        self, trip: Trip, i: int, key: _Key, somewhere: Callable[..., float]
    ) -> Iterator[tuple[float, float, bool]]:
        chance, chain = self.chance, trip.pattern.stop_chainage_m
        km = (chain[i] - chain[i - 1]) / 1000
        if self.is_shuttle and not self.is_by_hand:
            table, word = DISTURBANCES["take_overs"], self._weather().weather
            factor = {RoadWeather.WET: table["rain_factor"], RoadWeather.SNOW: table["snow_factor"]}.get(word, 1.0)
            for k in range(chance.poisson(table["per_km"] * factor * km, *key, "take-overs")):
                stands_s = table["stand_median_s"] * exp(chance.normal(0.0, table["stand_log_deviation"], *key, k, "t"))
                yield somewhere("take-over", str(k)), min(stands_s, table["longest_s"]), True
        else:
            table = DISTURBANCES["obstacles"]
            for k in range(chance.poisson(table["per_km"] * km, *key, "obstacles")):
                stands_s = chance.exponential(table["mean_s"], *key, k, "obstacle")
                yield somewhere("obstacle", str(k)), min(stands_s, table["longest_s"]), False
        table = DISTURBANCES["incidents"]
        hours = (trip.arrival[i] - trip.departure[i - 1]) / 3600
        if chance.happens(table["per_vehicle_hour"] * hours, *key, "incident"):
            yield somewhere("incident"), chance.between(*table["lasts_s"], *key, "incident for"), False

    def _weather(self) -> Weather:
        return next((w for w in reversed(self.weather) if w.begins <= self.now), self.weather[0])

    # --- pieces and samples

    def _stand(self, until: Instant) -> None:
        if until > self.now and self.place is not None:
            self._add(until, self.place)

    def _move(self, track: Track, from_m: float, to_m: float, wanted_s: float) -> None:
        is_by_hand = self.is_shuttle and (self.is_by_hand or self.now < self.by_hand_until)
        pace = DISTURBANCES["by_hand_trips"]["pace"] if is_by_hand else 1.0
        leg = self.planner.between(track, from_m, to_m, wanted_s=wanted_s * pace)
        self._add(shifted(self.now, leg.duration_s), leg)

    def _hop(self, place: LatLon) -> None:
        """Go to the next platform, off service."""
        here = self.place or place
        self._add(shifted(self.now, distance_m(here, place) / _HOP_MPS), here)

    def _add(self, ends: Instant, place: LatLon | Leg) -> None:
        mode = DrivingMode.MANUAL
        if self.is_shuttle and not self.is_by_hand and self.now >= self.by_hand_until:
            mode = DrivingMode.ASSISTED
        piece = Piece(self.now, ends, place, self.doors, mode, self.trip, len(self.aboard))
        self.pieces.append(piece)
        self.now = ends


def _on_grid(place_m: float, from_m: float) -> float:
    return from_m + round((place_m - from_m) / _GRID_M) * _GRID_M
