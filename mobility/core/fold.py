"""Folding facts into the state that decisions are made on. Pure: same facts, same state."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from typing import assert_never

from mobility.core.alert import AlertRecord
from mobility.core.booking import Booking, BookingState
from mobility.core.clock import Instant
from mobility.core.connection import Connection
from mobility.core.disruption import Disruption
from mobility.core.disruption_events import (
    BookingChanged,
    BookingWithdrawn,
    DisruptionEnded,
    DisruptionReported,
    RevisionDue,
    RevisionLapsed,
    RevisionTold,
    RiderTransferred,
    RosterPublished,
    Upsetting,
)
from mobility.core.events import (
    AlarmCleared,
    AlarmRaised,
    BookingCancelled,
    BookingMade,
    CommandIssued,
    CommandProgressed,
    CommandProposed,
    ConnectionDecided,
    ConnectionPlanned,
    DrivingModeChanged,
    Envelope,
    Event,
    FeederDelayReported,
    HazardEnded,
    HazardReported,
    ManoeuvreAsked,
    ManoeuvreClosed,
    OccasionFrozen,
    OccasionNoted,
    PlanPublished,
    PromiseSettled,
    PromiseTold,
    PublicTourPublished,
    RiderAlighted,
    RiderBoarded,
    RideRefused,
    RiderErased,
    RiderNoShow,
    TripCancelled,
)
from mobility.core.ids import AlertId, BookingId, ConnectionId, DisruptionId, LineChangeId, ServiceAreaId, TourId
from mobility.core.line_change import LineChange
from mobility.core.line_events import (
    AlertPublished,
    AlertWithdrawn,
    Informing,
    LineChanged,
    LineChangeEnded,
    RoadWeatherReported,
    TripReinstated,
)
from mobility.core.plan import DayPlan
from mobility.core.promise import Promise, PromiseKind, Revision, TellingOutcome
from mobility.core.road_weather import WeatherReport
from mobility.core.roster import Roster
from mobility.core.supervised import SupervisedDraft
from mobility.core.supervision import Supervised
from mobility.core.vehicle import TripRef


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """An immutable snapshot after the fact with number ``seq``."""

    seq: int = 0
    bookings: Mapping[BookingId, Booking] = field(default_factory=dict)
    promises: Mapping[tuple[BookingId, PromiseKind], Promise] = field(default_factory=dict)
    plans: Mapping[tuple[ServiceAreaId, date], DayPlan] = field(default_factory=dict)
    public_tours: Mapping[TourId, PublicTourPublished] = field(default_factory=dict)
    connections: Mapping[ConnectionId, Connection] = field(default_factory=dict)
    cancelled_trips: Mapping[TripRef, str] = field(default_factory=dict)
    """Trip to reason."""
    supervised: Supervised = field(default_factory=Supervised)
    revisions: Mapping[BookingId, Revision] = field(default_factory=dict)
    """News that nobody has told the rider yet."""
    disruptions: Mapping[DisruptionId, Disruption] = field(default_factory=dict)
    """Those that are not over, as far as is known."""
    rosters: Mapping[tuple[ServiceAreaId, date], Roster] = field(default_factory=dict)
    """By area and first day."""
    line_changes: Mapping[LineChangeId, LineChange] = field(default_factory=dict)
    """Those that nobody ended, in the order they were decided."""
    alerts: Mapping[AlertId, AlertRecord] = field(default_factory=dict)
    """All of them, withdrawn ones too."""
    road_weather: WeatherReport | None = None
    """The newest report."""


def fold(state: State, envelopes: Iterable[Envelope]) -> State:
    """Return the state after all ``envelopes`` in order. ``state`` stays as it is; it is copied once, not per fact."""
    draft = _Draft(state)
    for envelope in envelopes:
        draft.take(envelope)
    return draft.state()


def evolve(state: State, envelope: Envelope) -> State:
    """Return the state after one fact."""
    return fold(state, (envelope,))


class _Draft:
    """A state that may still be written to; nobody but ``fold`` ever holds one."""

    def __init__(self, state: State) -> None:
        self.seq = state.seq
        self.bookings = dict(state.bookings)
        self.promises = dict(state.promises)
        self.plans = dict(state.plans)
        self.public_tours = dict(state.public_tours)
        self.connections = dict(state.connections)
        self.cancelled_trips = dict(state.cancelled_trips)
        self._supervised = SupervisedDraft(state.supervised)
        self.revisions = dict(state.revisions)
        self.disruptions = dict(state.disruptions)
        self.rosters = dict(state.rosters)
        self.line_changes = dict(state.line_changes)
        self.alerts = dict(state.alerts)
        self.road_weather = state.road_weather

    @property
    def supervised(self) -> Supervised:
        return self._supervised.snapshot()

    def state(self) -> State:
        return State(**{each.name: getattr(self, each.name) for each in fields(State)})

    def take(self, envelope: Envelope) -> None:  # noqa: C901, PLR0912 - the table of all facts
        self.seq = envelope.seq
        event: Event = envelope.body
        match event:
            case RideRefused() | DrivingModeChanged() | RiderErased():
                pass
            case BookingMade(booking=booking):
                self.bookings[booking.booking_id] = booking
            case PromiseTold():
                self._told(event, envelope.recorded_at)
            case PromiseSettled():
                key = (event.booking_id, event.kind)
                self.promises[key] = replace(self.promises[key], outcome=event.outcome)
            case PlanPublished(plan=plan):
                self.plans[plan.area_id, plan.day] = plan
            case BookingCancelled():
                self._end(event.booking_id, BookingState.CANCELLED)
            case RiderBoarded():
                self._move(event.booking_id, BookingState.BOARDED, boarded_at=event.at)
            case RiderAlighted():
                self._end(event.booking_id, BookingState.COMPLETED, alighted_at=event.at)
            case RiderNoShow():
                self._end(event.booking_id, BookingState.NO_SHOW)
            case PublicTourPublished():
                self.public_tours[event.tour_id] = event
            case ConnectionPlanned(connection=connection):
                self.connections[connection.connection_id] = connection
            case FeederDelayReported():
                delayed = replace(self.connections[event.connection_id], feeder_delay_s=event.delay_s)
                self.connections[event.connection_id] = delayed
            case ConnectionDecided():
                known = self.connections[event.connection_id]
                decided = replace(known, decision=event.decision, hold_until=event.hold_until)
                self.connections[event.connection_id] = decided
            case TripCancelled():
                self.cancelled_trips[event.trip] = event.reason
            case (
                ManoeuvreAsked()
                | ManoeuvreClosed()
                | CommandProposed()
                | CommandIssued()
                | CommandProgressed()
                | OccasionNoted()
                | OccasionFrozen()
                | AlarmRaised()
                | AlarmCleared()
                | HazardReported()
                | HazardEnded()
            ):
                self._supervised.take(event)
            case BookingWithdrawn() | BookingChanged() | RiderTransferred() | RevisionDue():
                self._upset(event)
            case RevisionTold() | RevisionLapsed() | DisruptionReported() | DisruptionEnded() | RosterPublished():
                self._upset(event)
            case TripReinstated() | LineChanged() | LineChangeEnded() | RoadWeatherReported():
                self._inform(event, envelope.recorded_at)
            case AlertPublished() | AlertWithdrawn():
                self._inform(event, envelope.recorded_at)
            case _:
                assert_never(event)

    def _inform(self, event: Informing, recorded_at: Instant) -> None:
        match event:
            case TripReinstated():
                self.cancelled_trips.pop(event.trip, None)
            case LineChanged(change=change):
                self.line_changes[change.change_id] = change
            case LineChangeEnded():
                self.line_changes.pop(event.change_id, None)
            case RoadWeatherReported(report=report):
                self.road_weather = report
            case AlertPublished(alert=alert):
                self.alerts[alert.alert_id] = AlertRecord(alert=alert, published_at=recorded_at)
            case AlertWithdrawn():
                known = self.alerts[event.alert_id]
                self.alerts[event.alert_id] = replace(known, withdrawn_at=recorded_at, withdrawn_because=event.reason)
            case _:
                assert_never(event)

    def _told(self, event: PromiseTold, told_at: Instant) -> None:
        before = self.promises.get((event.booking_id, event.kind))
        self.promises[event.booking_id, event.kind] = Promise(
            booking_id=event.booking_id,
            kind=event.kind,
            window=event.window,
            told_at=told_at,
            channel=event.channel,
            revision=event.revision,
            was_told_late=before is not None and (before.was_told_late or told_at > before.window.latest),
        )

    def _upset(self, event: Upsetting) -> None:
        match event:
            case BookingWithdrawn():
                self._move(event.booking_id, BookingState.WITHDRAWN)
            case BookingChanged():
                booking = self.bookings[event.booking_id]
                self.bookings[event.booking_id] = replace(booking, wish=replace(booking.wish, load=event.load))
            case RiderTransferred():
                booking = self.bookings[event.booking_id]
                self.bookings[event.booking_id] = replace(booking, vehicle_id=event.to_vehicle)
            case RevisionDue(revision=revision):
                self.revisions[revision.booking_id] = revision
            case RevisionTold():
                self._tried(event)
            case RevisionLapsed():
                self.revisions.pop(event.booking_id, None)
            case DisruptionReported(disruption=disruption):
                self.disruptions[disruption.disruption_id] = disruption
            case DisruptionEnded():
                self.disruptions.pop(event.disruption_id, None)
            case RosterPublished(roster=roster):
                self.rosters[roster.area_id, roster.first] = roster
            case _:
                assert_never(event)

    def _tried(self, event: RevisionTold) -> None:
        known = self.revisions.pop(event.booking_id)
        if event.outcome is not TellingOutcome.REACHED:
            self.revisions[event.booking_id] = replace(known, tries=known.tries + 1)

    def _end(self, booking_id: BookingId, state: BookingState, *, alighted_at: Instant | None = None) -> None:
        # Whoever is there, or does not ride any more, need not be told anything.
        self.revisions.pop(booking_id, None)
        self._move(booking_id, state, alighted_at=alighted_at)

    def _move(
        self,
        booking_id: BookingId,
        state: BookingState,
        *,
        boarded_at: Instant | None = None,
        alighted_at: Instant | None = None,
    ) -> None:
        before = self.bookings[booking_id]
        self.bookings[booking_id] = replace(
            before,
            state=state,
            boarded_at=boarded_at or before.boarded_at,
            alighted_at=alighted_at or before.alighted_at,
        )
