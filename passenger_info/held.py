"""What the ledger says about the day: cancelled trips, holds, changes of the line, tours, alerts, the weather."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from mobility.core.alert import AlertRecord
from mobility.core.clock import Instant
from mobility.core.connection import Connection, ConnectionDecision
from mobility.core.events import (
    ConnectionDecided,
    ConnectionPlanned,
    Envelope,
    FeederDelayReported,
    PublicTourPublished,
    TripCancelled,
)
from mobility.core.ids import AlertId, ConnectionId, LineChangeId, TourId, TripId, VehicleId
from mobility.core.line_change import OF_VEHICLES, LineChange, LineChangeKind
from mobility.core.line_events import (
    AlertPublished,
    AlertWithdrawn,
    LineChanged,
    LineChangeEnded,
    RoadWeatherReported,
    TripReinstated,
)
from mobility.core.road_weather import WeatherReport
from mobility.core.vehicle import TripRef
from passenger_info.run import TripRun

_NO_HOLDS: Mapping[int, Instant] = {}


@dataclass(frozen=True, slots=True)
class Cancellation:
    """Why a trip will not run, and since when that is known."""

    reason: str
    known_at: Instant


@dataclass(frozen=True, slots=True)
class Hold:
    """A departure that waits."""

    connection: Connection
    until: Instant
    reason: str
    known_at: Instant


@dataclass(frozen=True, slots=True)
class KnownChange:
    """A change of the line, and since when it is known."""

    change: LineChange
    known_at: Instant


@dataclass(frozen=True, slots=True)
class KnownTour:
    """A public tour as it was published last."""

    tour: PublicTourPublished
    known_at: Instant

    @property
    def ref(self) -> TripRef:
        """The tour as a run of a trip of its own."""
        return TripRef(TripId(self.tour.tour_id), self.tour.day)


class News(NamedTuple):
    """What some facts changed, each thing once."""

    trips: list[TripRef]
    vehicles: list[VehicleId]
    alerts: list[AlertId]


@dataclass(slots=True)
class Facts:
    """The day as decided so far."""

    cancelled: dict[TripRef, Cancellation] = field(default_factory=dict)
    holds: dict[TripRef, dict[ConnectionId, Hold]] = field(default_factory=dict)
    connections: dict[ConnectionId, Connection] = field(default_factory=dict)
    changes: dict[LineChangeId, KnownChange] = field(default_factory=dict)
    """In the order they were decided; a later one counts where two contradict."""
    tours: dict[TourId, KnownTour] = field(default_factory=dict)
    alerts: dict[AlertId, AlertRecord] = field(default_factory=dict)
    """All of them, withdrawn ones too."""
    weather: WeatherReport | None = None
    keeps_ended: bool = False
    """Whether a change that ended still counts for trips that had left before: for looking back at a day."""
    revision: int = 0
    """Rises whenever trips may differ from what they were."""
    _of_trip: dict[TripRef, tuple[KnownChange, ...]] = field(default_factory=dict)
    _indexed: int = -1

    def take(self, envelopes: Sequence[Envelope]) -> News:
        """Take over facts in order and return what they change."""
        trips: dict[TripRef, None] = {}
        vehicles: dict[VehicleId, None] = {}
        alerts: dict[AlertId, None] = {}
        for envelope in envelopes:
            match envelope.body:
                case TripCancelled() | TripReinstated():
                    trips[self._run_or_not(envelope.body, envelope.recorded_at)] = None
                case ConnectionPlanned() | ConnectionDecided() | FeederDelayReported():
                    trips.update(dict.fromkeys(self._connect(envelope.body, envelope.recorded_at)))
                case LineChanged() | LineChangeEnded():
                    for change in self._change(envelope.body, envelope.recorded_at):
                        trips.update(dict.fromkeys(change.trips))
                        vehicles.update(dict.fromkeys(() if change.vehicle_id is None else (change.vehicle_id,)))
                case PublicTourPublished() as tour:
                    known = self.tours[tour.tour_id] = KnownTour(tour, envelope.recorded_at)
                    self.revision += 1
                    trips[known.ref] = None
                case AlertPublished() | AlertWithdrawn():
                    alerts[self._alert(envelope.body, envelope.recorded_at)] = None
                case RoadWeatherReported(report=report):
                    self.weather = report
                case _:
                    pass
        return News(list(trips), list(vehicles), list(alerts))

    def _run_or_not(self, event: TripCancelled | TripReinstated, at: Instant) -> TripRef:
        if isinstance(event, TripCancelled):
            self.cancelled[event.trip] = Cancellation(event.reason, at)
        else:
            self.cancelled.pop(event.trip, None)
        return event.trip

    def _change(self, event: LineChanged | LineChangeEnded, at: Instant) -> list[LineChange]:
        self.revision += 1
        change_id = event.change.change_id if isinstance(event, LineChanged) else event.change_id
        before = self.changes.get(change_id)
        touched = [] if before is None else [before.change]
        if isinstance(event, LineChanged):
            self.changes.pop(change_id, None)
            self.changes[change_id] = KnownChange(event.change, at)
            return [*touched, event.change]
        if before is not None and self.keeps_ended:
            self.changes[change_id] = KnownChange(replace(before.change, ends=at), before.known_at)
        else:
            self.changes.pop(change_id, None)
        return touched

    def _alert(self, event: AlertPublished | AlertWithdrawn, at: Instant) -> AlertId:
        if isinstance(event, AlertPublished):
            self.alerts[event.alert.alert_id] = AlertRecord(alert=event.alert, published_at=at)
            return event.alert.alert_id
        known = self.alerts.get(event.alert_id)
        if known is not None:
            self.alerts[event.alert_id] = replace(known, withdrawn_at=at, withdrawn_because=event.reason)
        return event.alert_id

    def _connect(
        self, event: ConnectionPlanned | ConnectionDecided | FeederDelayReported, at: Instant
    ) -> list[TripRef]:
        if isinstance(event, ConnectionPlanned):
            self.connections[event.connection.connection_id] = event.connection
            return []
        known = self.connections.get(event.connection_id)
        if known is None:
            return []
        if isinstance(event, FeederDelayReported):
            self.connections[event.connection_id] = replace(known, feeder_delay_s=event.delay_s)
            return []
        decided = replace(known, decision=event.decision, hold_until=event.hold_until)
        self.connections[event.connection_id] = decided
        return self._decide(event, decided, at)

    def _decide(self, decided: ConnectionDecided, connection: Connection, at: Instant) -> list[TripRef]:
        if connection.trip is None:  # a citizen bus that waits shows in its rider's promise
            return []
        holds = self.holds.setdefault(connection.trip, {})
        holds.pop(decided.connection_id, None)
        if decided.decision is ConnectionDecision.HOLD and decided.hold_until is not None:
            holds[decided.connection_id] = Hold(connection, decided.hold_until, decided.reason, at)
        if not holds:
            del self.holds[connection.trip]
        return [connection.trip]

    def holds_of(self, run: TripRun) -> Mapping[int, Instant]:
        """Return until when departures of a run wait, by call index."""
        holds = self.holds.get(run.ref)
        if not holds:
            return _NO_HOLDS
        until: dict[int, Instant] = {}
        for hold in holds.values():
            for i, stop_id in enumerate(run.trip.pattern.stops):
                if stop_id == hold.connection.stop_id:
                    until[i] = max(hold.until, until.get(i, hold.until))
        return until

    def reason_of(self, trip: TripRef) -> str:
        """Return why a trip waits, empty where it does not."""
        return "; ".join(hold.reason for hold in self.holds.get(trip, {}).values() if hold.reason)

    def changes_of(self, trip: TripRef) -> tuple[KnownChange, ...]:
        """Return the changes that name a trip, in the order they were decided."""
        return self._changed_trips().get(trip, ()) if self.changes else ()

    def tour(self, trip: TripRef) -> KnownTour | None:
        """Return the public tour that a run is, ``None`` for any other run and for a tour without calls."""
        known = self.tours.get(TourId(trip.trip_id))
        return known if known is not None and known.tour.day == trip.start_date and known.tour.calls else None

    def changed_trips(self) -> list[TripRef]:
        """Return all trips that some change names, and the public tours."""
        tours = [known.ref for known in self.tours.values() if known.tour.calls]
        return [*self._changed_trips(), *(ref for ref in tours if ref not in self._of_trip)]

    def _changed_trips(self) -> dict[TripRef, tuple[KnownChange, ...]]:
        if self._indexed != self.revision:
            self._indexed = self.revision
            self._of_trip = {}
            for known in self.changes.values():
                if known.change.kind not in OF_VEHICLES:
                    for ref in known.change.trips:
                        self._of_trip[ref] = (*self._of_trip.get(ref, ()), known)
        return self._of_trip

    def of_kind(self, trip: TripRef, kind: LineChangeKind) -> KnownChange | None:
        """Return the newest change of a kind that names a trip."""
        changes = self.changes_of(trip)
        return next((known for known in reversed(changes) if known.change.kind is kind), None) if changes else None

    def assigned(self, trip: TripRef) -> VehicleId | None:
        """Return the vehicle that somebody put on a trip, ``None`` where nobody did."""
        known = self.of_kind(trip, LineChangeKind.VEHICLE_ASSIGNED)
        return None if known is None else known.change.vehicle_id

    def is_removed(self, trip: TripRef) -> bool:
        """Return whether nobody shall see a trip."""
        return self.of_kind(trip, LineChangeKind.REMOVED) is not None

    def is_untracked(self, trip: TripRef) -> bool:
        """Return whether a trip runs without anybody seeing where."""
        return self.of_kind(trip, LineChangeKind.UNTRACKED) is not None

    def is_out(self, vehicle_id: VehicleId, at: Instant) -> bool:
        """Return whether a vehicle is said not to run."""
        return any(self._about(vehicle_id, LineChangeKind.VEHICLE_OUT, at))

    def is_ramp_broken(self, vehicle_id: VehicleId, at: Instant) -> bool:
        """Return whether a vehicle can not take wheelchairs though it is built for them."""
        return any(self._about(vehicle_id, LineChangeKind.RAMP_BROKEN, at))

    def _about(self, vehicle_id: VehicleId, kind: LineChangeKind, at: Instant) -> Iterator[bool]:
        for known in self.changes.values():
            change = known.change
            if change.kind is kind and change.vehicle_id == vehicle_id:
                yield change.begins <= at and (change.ends is None or at < change.ends)

    def shown_alerts(self, at: Instant) -> list[AlertRecord]:
        """Return the alerts that riders see at ``at``, the newest wording first."""
        shown = [record for record in self.alerts.values() if record.is_shown(at)]
        return sorted(shown, key=lambda record: (-record.published_at, record.alert.alert_id))

    def forget(self, before_date: str) -> None:
        """Forget facts about service dates (ISO) before ``before_date``; alerts and changes of vehicles stay."""
        for ref in [ref for ref in self.cancelled if ref.start_date.isoformat() < before_date]:
            del self.cancelled[ref]
        for ref in [ref for ref in self.holds if ref.start_date.isoformat() < before_date]:
            del self.holds[ref]
        old = [tour_id for tour_id, known in self.tours.items() if known.tour.day.isoformat() < before_date]
        for tour_id in old:
            del self.tours[tour_id]
        over = [change_id for change_id, known in self.changes.items() if _is_past(known.change, before_date)]
        for change_id in over:
            del self.changes[change_id]
        self.revision += bool(old or over)


def _is_past(change: LineChange, before_date: str) -> bool:
    return bool(change.trips) and all(ref.start_date.isoformat() < before_date for ref in change.trips)
