"""Which entities are published now: a position and an update of one trip always come and go together.

Published are vehicles with fresh evidence on a trip, on its line; vehicles that belong to no fleet we know are passed
on as they are. A trip without a vehicle is not published unless it is cancelled: its schedule says all there is.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from gtfs.timetable import Timetable
from mobility.core.clock import Instant
from mobility.core.ids import TripId, VehicleId
from mobility.core.vehicle import TripRef
from passenger_info.coverage import Coverage
from passenger_info.dataset import DatasetKind
from passenger_info.entities import Entity, cancelled_entity, trip_entity, vehicle_entity
from passenger_info.fleet import Fleet, Tracked
from passenger_info.held import Facts
from passenger_info.identity import trip_entity_id
from passenger_info.predict import Forecast
from passenger_info.run import TripRun
from passenger_info.runs import Runs
from passenger_info.shape_reach import ShapeReach
from passenger_info.standing import is_stale
from passenger_info.track import Track

_CANCELLED_AHEAD_MS = 24 * 3600 * 1000
"""A cancellation is published this long before the trip's departure; longer ones belong into alerts (rule P006)."""


@dataclass(slots=True)
class Feed:
    """Entities of the moment, each serialised once until it changes."""

    timetable: Timetable
    fleet: Fleet
    facts: Facts
    fresh_forecast: Callable[[Tracked, Track, Instant], Forecast]
    _coverage: Coverage = field(init=False)
    _reach: ShapeReach = field(init=False)
    _runs: Runs = field(init=False)
    _vehicles: dict[VehicleId, tuple[object, Track | None, Entity]] = field(default_factory=dict)
    _trips: dict[TripRef, tuple[object, Entity]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Measure the covered area."""
        self._coverage = Coverage(self.timetable)
        self._reach = ShapeReach(self.timetable.frame)
        self._runs = self.fleet.runs

    def entities(self, kind: DatasetKind, at: Instant) -> list[Entity]:
        """Return the entities of a feed in a fixed order: positions by vehicle, updates by trip, cancellations."""
        found: list[Entity] = []
        if kind in (DatasetKind.VEHICLE_POSITIONS, DatasetKind.ALL):
            found.extend(_some(self._position(vehicle, at) for _, vehicle in sorted(self.fleet.vehicles.items())))
        if kind in (DatasetKind.TRIP_UPDATES, DatasetKind.ALL):
            refs = sorted(self.fleet.on_trip, key=_order)
            found.extend(_some(self._update(self.fleet.on_trip[ref], at) for ref in refs))
            found.extend(self._cancellation(run) for run in self._cancelled(at))
        return found

    def entity(self, entity_id: str, at: Instant) -> Entity | None:
        """Return one entity by id, ``None`` where it is not published."""
        kind, _, name = entity_id.partition(":")
        if kind == "vehicle":
            vehicle = self.fleet.vehicles.get(VehicleId(name))
            return None if vehicle is None else self._position(vehicle, at)
        cancelled = next((run for run in self._cancelled(at) if trip_entity_id(run.ref) == entity_id), None)
        if cancelled is not None:
            return self._cancellation(cancelled)
        day, _, trip_id = name.partition(":")
        for ref in _refs(self.fleet.on_trip, TripId(trip_id)):
            if f"{ref.start_date:%Y%m%d}" == day:
                return self._update(self.fleet.on_trip[ref], at)
        return None

    def publishable(self, vehicle: Tracked, at: Instant) -> Track | None:
        """Return the track under which a vehicle is published on its trip, ``None`` where it is not."""
        track = vehicle.track
        if track is None or track.is_done or not track.is_on_route or is_stale(vehicle, at):
            return None
        if track.run.ref in self.facts.cancelled or not self._reach.holds(track, vehicle.state.sample.place):
            return None
        return track

    def _position(self, vehicle: Tracked, at: Instant) -> Entity | None:
        if is_stale(vehicle, at):
            return None
        track = self.publishable(vehicle, at)
        if track is None and (vehicle.spec is not None or not self._is_covered(vehicle)):
            return None
        known = self._vehicles.get(vehicle.vehicle_id)
        if known is not None and known[0] is vehicle.state and known[1] is track:
            return known[2]
        entity = vehicle_entity(vehicle.state, vehicle.spec, track)
        self._vehicles[vehicle.vehicle_id] = (vehicle.state, track, entity)
        return entity

    def _is_covered(self, vehicle: Tracked) -> bool:
        return self._coverage.holds(self.timetable.frame.xy(vehicle.state.sample.place))

    def _update(self, vehicle: Tracked, at: Instant) -> Entity | None:
        track = self.publishable(vehicle, at)
        if track is None:
            return None
        ahead = self.fresh_forecast(vehicle, track, at)
        known = self._trips.get(track.run.ref)
        if known is not None and known[0] is ahead:
            return known[1]
        entity = trip_entity(track, ahead, vehicle.vehicle_id, vehicle.spec)
        self._keep(track.run.ref, ahead, entity)
        return entity

    def _cancelled(self, at: Instant) -> Iterable[TripRun]:
        """Yield cancelled runs worth telling: not over, at most a day ahead, one date of a trip at a time."""
        told: set[TripId] = {ref.trip_id for ref in self.fleet.on_trip if ref not in self.facts.cancelled}
        for ref in sorted(self.facts.cancelled, key=_order):
            run = self._runs.get(ref)
            if run is None or ref.trip_id in told:
                continue
            if run.departure[0] - _CANCELLED_AHEAD_MS <= at <= run.arrival[-1]:
                told.add(ref.trip_id)
                yield run

    def _cancellation(self, run: TripRun) -> Entity:
        cause = self.facts.cancelled[run.ref]
        known = self._trips.get(run.ref)
        if known is not None and known[0] is cause:
            return known[1]
        entity = cancelled_entity(run, cause.known_at)
        self._keep(run.ref, cause, entity)
        return entity

    def _keep(self, ref: TripRef, cause: object, entity: Entity) -> None:
        if len(self._trips) > 2 * (len(self.fleet.on_trip) + len(self.facts.cancelled)) + 100:
            self._trips.clear()
        self._trips[ref] = (cause, entity)


def _order(ref: TripRef) -> tuple[str, str]:
    return (ref.start_date.isoformat(), ref.trip_id)


def _refs(on_trip: Iterable[TripRef], trip_id: TripId) -> list[TripRef]:
    return [ref for ref in on_trip if ref.trip_id == trip_id]


def _some(entities: Iterable[Entity | None]) -> list[Entity]:
    return [entity for entity in entities if entity is not None]
