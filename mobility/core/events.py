"""The closed, versioned union of facts. A fact is never changed; a mistake gets a compensating fact.

Each class carries ``SCHEMA``, its version: a change of fields raises it and adds an upcaster in
``mobility.storage.codec``. Rooms meet here; who adds an event adds it to ``Event`` and to ``mobility.core.fold``.
"""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from mobility.core.booking import Booking, Channel, RideWish, Window
from mobility.core.clock import Instant
from mobility.core.connection import Connection, ConnectionDecision
from mobility.core.disruption_events import Upsetting
from mobility.core.ids import (
    AlarmId,
    BookingId,
    CommandId,
    ConnectionId,
    HazardId,
    ManoeuvreId,
    OccasionId,
    RiderRef,
    ServiceAreaId,
    StopId,
    TourId,
    VehicleId,
)
from mobility.core.line_events import Informing
from mobility.core.plan import DayPlan
from mobility.core.promise import PromiseKind, PromiseOutcome
from mobility.core.refusal import Refusal
from mobility.core.supervision import Alarm, Command, CommandState, Hazard, Manoeuvre, ManoeuvreOutcome, Occasion
from mobility.core.vehicle import DrivingMode, TripRef


@dataclass(frozen=True, slots=True, kw_only=True)
class RideRefused:
    """Somebody asked for a ride and was refused, with the binding constraint."""

    SCHEMA: ClassVar[int] = 3
    wish: RideWish
    channel: Channel
    refusal: Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingMade:
    """A rider accepted an offer. Committed together with its promises and the plan that keeps them."""

    SCHEMA: ClassVar[int] = 3
    booking: Booking


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseTold:
    """A window was told to a rider: first (revision 0) or anew with a reason."""

    SCHEMA: ClassVar[int] = 1
    booking_id: BookingId
    kind: PromiseKind
    window: Window
    channel: Channel
    revision: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseSettled:
    """A promise ended; ``at`` is when what was promised happened."""

    SCHEMA: ClassVar[int] = 1
    booking_id: BookingId
    kind: PromiseKind
    outcome: PromiseOutcome
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPublished:
    """A new version of a day's plan.

    ``cause`` is ``booking``, ``cancellation``, ``improvement``, ``progress``, ``repair:<kind of disruption>``,
    ``undo``, ``connection`` or ``roster``.
    """

    SCHEMA: ClassVar[int] = 2
    plan: DayPlan
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingCancelled:
    """A booking was cancelled."""

    SCHEMA: ClassVar[int] = 1
    booking_id: BookingId
    channel: Channel
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RiderBoarded:
    """The driver reported that a rider boarded."""

    SCHEMA: ClassVar[int] = 1
    booking_id: BookingId
    vehicle_id: VehicleId
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class RiderAlighted:
    """The driver reported that a rider left the vehicle at the destination."""

    SCHEMA: ClassVar[int] = 1
    booking_id: BookingId
    vehicle_id: VehicleId
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class RiderNoShow:
    """The vehicle was there in the promised window and the rider was not."""

    SCHEMA: ClassVar[int] = 1
    booking_id: BookingId
    vehicle_id: VehicleId
    at: Instant


@dataclass(frozen=True, slots=True)
class PublicCall:
    """One public stop of a tour with its planned departure and the seats free after it."""

    stop_id: StopId
    departure: Instant
    seats_free: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicTourPublished:
    """A pooled citizen-bus tour as the public may see it: public stops, times, free seats; nothing about riders."""

    SCHEMA: ClassVar[int] = 1
    area_id: ServiceAreaId
    tour_id: TourId
    day: date
    vehicle_id: VehicleId
    calls: tuple[PublicCall, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionPlanned:
    """A connection of the day was planned."""

    SCHEMA: ClassVar[int] = 2
    connection: Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class FeederDelayReported:
    """A feeder's delay became known, from a feed or by hand; ``channel`` says how."""

    SCHEMA: ClassVar[int] = 1
    connection_id: ConnectionId
    delay_s: float
    channel: Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionDecided:
    """Hold or go, with what either costs: seconds times people."""

    SCHEMA: ClassVar[int] = 2
    connection_id: ConnectionId
    decision: ConnectionDecision
    hold_until: Instant | None
    cost_person_s: float
    """Of holding: for those aboard and those waiting further down the line. Until version 1 of what was decided."""
    reason: str
    go_cost_person_s: float = 0.0
    """Of going: until the next departure, for those who change."""
    overruled_because: str = ""
    """Why a dispatcher decided; empty where the rule did. Not for the public, other than ``reason``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TripCancelled:
    """A line trip will not run."""

    SCHEMA: ClassVar[int] = 1
    trip: TripRef
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrivingModeChanged:
    """A vehicle changed who drives."""

    SCHEMA: ClassVar[int] = 1
    vehicle_id: VehicleId
    before: DrivingMode
    after: DrivingMode
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class RiderErased:
    """A person's data were deleted from the vault."""

    SCHEMA: ClassVar[int] = 1
    rider: RiderRef


@dataclass(frozen=True, slots=True, kw_only=True)
class ManoeuvreAsked:
    """An automated vehicle asked for a decision."""

    SCHEMA: ClassVar[int] = 1
    manoeuvre: Manoeuvre


@dataclass(frozen=True, slots=True, kw_only=True)
class ManoeuvreClosed:
    """A vehicle's request ended; a released one names no command here, the command names its request."""

    SCHEMA: ClassVar[int] = 1
    manoeuvre_id: ManoeuvreId
    outcome: ManoeuvreOutcome
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandProposed:
    """A supervisor commanded what needs a second person; nothing went to the vehicle yet."""

    SCHEMA: ClassVar[int] = 1
    command: Command


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandIssued:
    """A command was signed. These are the bytes as they go to the vehicle (StVG §1g(1) no. 13)."""

    SCHEMA: ClassVar[int] = 1
    command: Command
    """With its counter, ``issued_at`` and ``expires_at``."""
    frame_hex: str
    """The frame as sent, signatures included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandProgressed:
    """The vehicle told where a command stands, or its time ran out."""

    SCHEMA: ClassVar[int] = 1
    command_id: CommandId
    state: CommandState
    reason: str
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class OccasionNoted:
    """An occasion of StVG §1g(2): its data are kept."""

    SCHEMA: ClassVar[int] = 1
    occasion: Occasion


@dataclass(frozen=True, slots=True, kw_only=True)
class OccasionFrozen:
    """A revision of an occasion's data is on disk: its hash stands in the chain, so that a change shows."""

    SCHEMA: ClassVar[int] = 1
    occasion_id: OccasionId
    revision: int
    """From 1."""
    sha256: str
    """Of the revision's bytes, in hex."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRaised:
    """Something needs a person's eye."""

    SCHEMA: ClassVar[int] = 1
    alarm: Alarm


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmCleared:
    """What was alarming is over."""

    SCHEMA: ClassVar[int] = 1
    alarm_id: AlarmId
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardReported:
    """A hazard became known, or news of it."""

    SCHEMA: ClassVar[int] = 1
    hazard: Hazard


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardEnded:
    """A hazard was cancelled or negated by its DENM's termination."""

    SCHEMA: ClassVar[int] = 1
    hazard_id: HazardId
    at: Instant


Event = (
    RideRefused
    | BookingMade
    | PromiseTold
    | PromiseSettled
    | PlanPublished
    | BookingCancelled
    | RiderBoarded
    | RiderAlighted
    | RiderNoShow
    | PublicTourPublished
    | ConnectionPlanned
    | FeederDelayReported
    | ConnectionDecided
    | TripCancelled
    | DrivingModeChanged
    | RiderErased
    | ManoeuvreAsked
    | ManoeuvreClosed
    | CommandProposed
    | CommandIssued
    | CommandProgressed
    | OccasionNoted
    | OccasionFrozen
    | AlarmRaised
    | AlarmCleared
    | HazardReported
    | HazardEnded
    | Upsetting
    | Informing
)
"""Every fact there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A fact as the ledger keeps it. ``seq`` is gapless and starts at 1."""

    seq: int
    recorded_at: Instant
    actor: str
    """Who caused it: ``rider``, ``dispatcher``, ``driver:<ref>``, ``planner``, ``vehicle:<id>``."""
    body: Event
