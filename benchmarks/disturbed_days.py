"""Disturbed days of a region's line vehicles: the simulator's driving model, and every disturbance of a frozen file.

What disturbs, how much and on whose authority stands in ``disturbances.toml``. A seed is a town of its own: where its
signals stand, and all its days. Vehicles, drives, boarding, riders and trains are those of ``sim``; there is no server
and no event loop, so that a day costs seconds.
"""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from benchmarks.disturbances import DISTURBANCES, SCENARIO
from benchmarks.disturbed_driver import Driver, Piece, Weather, hold_until
from gtfs.timetable import Timetable, Trip
from mobility.core.clock import Instant, shifted
from mobility.core.connection import Connection, ConnectionDecision
from mobility.core.demand import Demand
from mobility.core.events import ConnectionDecided, ConnectionPlanned, Envelope
from mobility.core.geo import XY, LatLon
from mobility.core.ids import BootId
from mobility.core.line_events import RoadWeatherReported
from mobility.core.region import Region
from mobility.core.road_weather import RoadWeather, WeatherReport
from mobility.core.service_day import ServiceDay
from mobility.core.vehicle import Sample, TripRef, VehicleState
from sim.chance import Chance
from sim.leg import Leg
from sim.line_demand import LineDemand, Train
from sim.radio import Coverage
from sim.track import Track, track_of_line


@dataclass(frozen=True, slots=True)
class Delivery:
    """Something that reaches the server at an instant: a vehicle state or a fact."""

    at: Instant
    body: VehicleState | Envelope


@dataclass(frozen=True)
class Town:
    """A region whose days are disturbed; all randomness hangs on ``seed``."""

    region: Region
    demand: Demand
    timetable: Timetable
    seed: int
    every_s: float = 1.0
    """Seconds between two samples of a vehicle."""
    lines: frozenset[str] = frozenset()
    """Only these lines; empty: all."""
    _tracks: dict[int, tuple[object, Track]] = field(default_factory=dict)

    @cached_property
    def chance(self) -> Chance:
        """The town's dice."""
        return Chance(self.seed)

    @cached_property
    def errors(self) -> Sequence[XY]:
        """Return positioning errors, a small table: a draw for every sample would cost too much."""
        sd_m = DISTURBANCES["positions"]["deviation_m"]
        draw = self.chance.normal
        return [XY(draw(0.0, sd_m, k, "east"), draw(0.0, sd_m, k, "north")) for k in range(1024)]

    @cached_property
    def coverage(self) -> Coverage:
        """Where there is radio."""
        return Coverage(self.demand.radio_gaps)

    def track(self, trip: Trip) -> Track:
        """Return the drawn way of a trip."""
        known = self._tracks.get(id(trip.pattern))
        if known is None:
            known = (trip.pattern, track_of_line(trip.pattern.line, self.timetable.frame))
            self._tracks[id(trip.pattern)] = known
        return known[1]

    def deliveries(self, day: date, driven: list[Driver] | None = None) -> Iterator[Delivery]:
        """Yield a day's states and facts as they reach the server; ``driven`` is given the drivers."""
        driven = [] if driven is None else driven
        weather = self.weather(day)
        trains = LineDemand(demand=self.demand, scenario=SCENARIO, chance=self.chance).trains(
            self.region, self.timetable, day
        )
        streams: list[Iterator[Delivery]] = [iter(sorted(self._facts(day, weather, trains), key=lambda d: d.at))]
        for block_id, vehicle_id in self.region.blocks.items():
            trips = [t for t in self.timetable.block(block_id, day) if not self.lines or t.route_id in self.lines]
            if trips:
                driver = Driver(self, day, vehicle_id, weather, trains)
                driver.drive(trips)
                driven.append(driver)
                streams.append(_samples(self, driver))
        yield from heapq.merge(*streams, key=lambda delivery: delivery.at)

    def weather(self, day: date) -> Sequence[Weather]:
        """Return the day's weather, spell by spell."""
        table, chance, start = DISTURBANCES["weather"], self.chance, ServiceDay(day, self.region.zone).start
        found = []
        for k in range(10):
            key = (day.isoformat(), k, "weather")
            share, begins = chance.share(*key), shifted(start, k * table["spell_s"])
            word, span = RoadWeather.DRY, (0.0, 0.0)
            for name, wet in (("wet", RoadWeather.WET), ("snow", RoadWeather.SNOW), ("fog", RoadWeather.FOG)):
                if 0 <= share < table[f"{name}_share"]:
                    word, span = wet, table[f"{name}_frac"]
                share -= table[f"{name}_share"]
            told_at = shifted(begins, chance.between(*table["reported_after_s"], *key, "told"))
            found.append(Weather(begins, word, chance.between(*span, *key, "frac"), told_at))
        return found

    def _facts(self, day: date, weather: Sequence[Weather], trains: Sequence[Train]) -> Iterator[Delivery]:
        service_day, planned = ServiceDay(day, self.region.zone), {c.connection_id: c for c in self.region.connections}
        for spell in weather:
            yield _fact(spell.reported_at, RoadWeatherReported(report=WeatherReport(spell.weather, spell.begins)))
        for train in trains:
            rule, trip = planned[train.connection_id], self.timetable.trips[train.trip_id]
            departure = service_day.at(trip.departure[train.call_index])
            connection = Connection(
                connection_id=train.connection_id,
                feeder=rule.feeder,
                feeder_arrival=train.scheduled,
                trip=TripRef(train.trip_id, day),
                stop_id=rule.stop_id,
                departure=departure,
                transfer_s=rule.transfer_s,
                hold_limit_s=rule.hold_limit_s,
            )
            yield _fact(service_day.at(4 * 3600), ConnectionPlanned(connection=connection))
            until = hold_until(train, departure, rule.hold_limit_s)
            if until is not None:
                told_at = shifted(train.scheduled, -SCENARIO.trains.known_before_s)
                yield _fact(told_at, _held(train, until))


def _held(train: Train, until: Instant) -> ConnectionDecided:
    return ConnectionDecided(
        connection_id=train.connection_id,
        decision=ConnectionDecision.HOLD,
        hold_until=until,
        cost_person_s=0.0,
        reason="",
    )


def _fact(at: Instant, body: RoadWeatherReported | ConnectionPlanned | ConnectionDecided) -> Delivery:
    return Delivery(at, Envelope(seq=1, recorded_at=at, actor="test", body=body))


def _samples(town: Town, driver: Driver) -> Iterator[Delivery]:
    """Yield a driven day's samples; those of a radio gap come when it is over."""
    step_ms, gaps = round(town.every_s * 1000), _gaps(town, driver)
    seq, held = 0, list[VehicleState]()
    tick = driver.pieces[0].begins
    for piece in driver.pieces:
        while tick < piece.ends:
            place, sample = _sample(town, driver, seq, tick, piece)
            held.append(VehicleState(sample=sample, as_of=tick, received_at=tick))
            seq += 1
            while gaps and gaps[0][1] <= tick:
                gaps.pop(0)
            if town.coverage.covers(place, tick) and not (gaps and gaps[0][0] <= tick):
                yield from (Delivery(tick, state) for state in held)
                held.clear()
            tick = Instant(tick + step_ms)
    yield from (Delivery(tick, state) for state in held)


def _sample(town: Town, driver: Driver, seq: int, tick: Instant, piece: Piece) -> tuple[LatLon, Sample]:
    vehicle_id = driver.vehicle_id
    place, speed_mps, bearing_deg = piece.place, 0.0, None
    if isinstance(place, Leg):
        seen = place.at((tick - piece.begins) / 1000)
        place, speed_mps, bearing_deg = seen.place, seen.speed_mps, seen.bearing_deg
    error = town.errors[(seq * 7919 + len(vehicle_id)) % len(town.errors)]
    return place, Sample(
        vehicle_id=vehicle_id,
        boot_id=BootId(f"{vehicle_id}-{driver.day.isoformat()}"),
        seq=seq,
        device_time=tick,
        place=LatLon(place.lat_deg + error.y_m / 111_195.0, place.lon_deg + error.x_m / 70_440.0),
        speed_mps=speed_mps,
        bearing_deg=bearing_deg,
        mode=piece.mode,
        doors=piece.doors,
        passengers=piece.passengers,
        trip=piece.trip,
    )


def _gaps(town: Town, driver: Driver) -> list[tuple[Instant, Instant]]:
    table, chance = DISTURBANCES["radio"], town.chance
    key, moment = (driver.vehicle_id, driver.day.isoformat(), "radio"), driver.pieces[0].begins
    found: list[tuple[Instant, Instant]] = []
    while moment < driver.now:
        k = len(found)
        moment = shifted(moment, chance.exponential(3600 / table["per_hour"], *key, k))
        ends = shifted(moment, min(chance.exponential(table["mean_s"], *key, k, "for"), table["longest_s"]))
        found.append((moment, ends))
        moment = ends
    return found
