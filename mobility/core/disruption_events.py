"""Facts of upset days and of rosters: a part of the closed union in ``mobility.core.events``."""

from dataclasses import dataclass
from typing import ClassVar

from mobility.core.booking import Channel, Load
from mobility.core.clock import Instant
from mobility.core.disruption import Disruption
from mobility.core.ids import BookingId, DisruptionId, VehicleId
from mobility.core.promise import Revision, TellingOutcome
from mobility.core.roster import Roster


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionDue:
    """A published repair changes what a rider was told; somebody has to tell it. Replaces an older one of the ride."""

    SCHEMA: ClassVar[int] = 1
    revision: Revision


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionTold:
    """Somebody tried to tell a rider the news; once reached, the promises are told anew in the same commit."""

    SCHEMA: ClassVar[int] = 1
    booking_id: BookingId
    channel: Channel
    outcome: TellingOutcome
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionLapsed:
    """News that nobody has told need not be told any more: what was told before stands again."""

    SCHEMA: ClassVar[int] = 1
    booking_id: BookingId


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingWithdrawn:
    """The operator can not give a ride that was promised."""

    SCHEMA: ClassVar[int] = 1
    booking_id: BookingId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingChanged:
    """A party turned out to be another than was booked."""

    SCHEMA: ClassVar[int] = 1
    booking_id: BookingId
    load: Load


@dataclass(frozen=True, slots=True, kw_only=True)
class RiderTransferred:
    """A rider aboard changed from a broken vehicle to another one."""

    SCHEMA: ClassVar[int] = 1
    booking_id: BookingId
    from_vehicle: VehicleId
    to_vehicle: VehicleId
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class DisruptionReported:
    """Something upset a plan."""

    SCHEMA: ClassVar[int] = 1
    disruption: Disruption


@dataclass(frozen=True, slots=True, kw_only=True)
class DisruptionEnded:
    """A disruption is over."""

    SCHEMA: ClassVar[int] = 1
    disruption_id: DisruptionId
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterPublished:
    """A version of a period's roster."""

    SCHEMA: ClassVar[int] = 1
    roster: Roster
    cause: str


Upsetting = (
    BookingWithdrawn
    | BookingChanged
    | RiderTransferred
    | RevisionDue
    | RevisionTold
    | RevisionLapsed
    | DisruptionReported
    | DisruptionEnded
    | RosterPublished
)
"""All of them."""
