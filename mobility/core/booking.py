"""A booking of the citizen bus, from wish to outcome; all its transitions in one table."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from mobility.core.clock import Instant
from mobility.core.ids import BookingId, RiderRef, ServiceAreaId, StopId, VehicleId
from mobility.core.vehicle import TripRef


class Channel(StrEnum):
    """How a person and the service spoke to each other."""

    PHONE = "phone"
    WEB = "web"
    API = "api"
    DRIVER = "driver"
    SMS = "sms"
    LETTER = "letter"


class WishKind(StrEnum):
    """Whether the wished time is when to leave or when to be there."""

    DEPART = "depart"
    ARRIVE = "arrive"


@dataclass(frozen=True, slots=True)
class Window:
    """A closed span of time."""

    earliest: Instant
    latest: Instant

    def __post_init__(self) -> None:
        """Refuse a span that ends before it starts."""
        if self.latest < self.earliest:
            msg = f"window ends {self.earliest - self.latest} ms before it starts"
            raise ValueError(msg)

    def holds(self, moment: Instant) -> bool:
        """Return whether ``moment`` lies inside, ends included."""
        return self.earliest <= moment <= self.latest


@dataclass(frozen=True, slots=True)
class Load:
    """Space that a party needs: ``seats`` for those who sit, ``wheelchairs`` for those who stay in theirs."""

    seats: int
    wheelchairs: int = 0
    prams: int = 0
    luggage: int = 0
    """Large pieces: walking frames, suitcases."""

    def __add__(self, other: "Load") -> "Load":
        """Return the sum of two loads."""
        return Load(
            self.seats + other.seats,
            self.wheelchairs + other.wheelchairs,
            self.prams + other.prams,
            self.luggage + other.luggage,
        )

    def __neg__(self) -> "Load":
        """Return the load that leaves."""
        return Load(-self.seats, -self.wheelchairs, -self.prams, -self.luggage)


@dataclass(frozen=True, slots=True, kw_only=True)
class RideWish:
    """What a rider asks for. Says nothing about who asks."""

    area_id: ServiceAreaId
    origin: StopId
    destination: StopId
    kind: WishKind
    at: Instant
    load: Load
    after_trip: TripRef | None = None
    """The line trip the rider comes with; a train by its name in the bundle (``TrainConnection.connection_id``)."""
    before_trip: TripRef | None = None
    """The line trip the rider goes on with."""


class BookingState(StrEnum):
    """Where a booking stands."""

    PROMISED = "promised"
    BOARDED = "boarded"
    COMPLETED = "completed"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"
    """By the operator: the ride can not be given, and the rider has to be told."""


TRANSITIONS: Mapping[BookingState, frozenset[BookingState]] = MappingProxyType(
    {
        BookingState.PROMISED: frozenset(
            {BookingState.BOARDED, BookingState.NO_SHOW, BookingState.CANCELLED, BookingState.WITHDRAWN}
        ),
        BookingState.BOARDED: frozenset({BookingState.COMPLETED}),
        BookingState.COMPLETED: frozenset(),
        BookingState.NO_SHOW: frozenset(),
        BookingState.CANCELLED: frozenset(),
        BookingState.WITHDRAWN: frozenset(),
    }
)
"""From each state, the states a booking may go to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """A ride that was promised to somebody."""

    booking_id: BookingId
    rider: RiderRef
    wish: RideWish
    channel: Channel
    vehicle_id: VehicleId
    """The vehicle of the plan at the time of booking; the plan may move it later."""
    fare_cent: int
    direct_time_s: float
    """Ride time without detour; the maximum ride time is derived from it."""
    max_ride_s: float
    made_at: Instant
    state: BookingState = BookingState.PROMISED
    boarded_at: Instant | None = None
    alighted_at: Instant | None = None
