"""What a rule is shown: one entity as read, the static feed, and the time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from passenger_info.checker.reach import Box, ShapeBuffers
from passenger_info.checker.reading import TripRead, UpdateRead, VehicleRead
from passenger_info.checker.static_view import StaticTrip, StaticView
from passenger_info.checker.walk import Walk

NONE: Sequence[str] = ()
"""No finding."""

_Relationship = gtfs_realtime.TripDescriptor
SCHEDULED: int = _Relationship.SCHEDULED
ADDED: int = _Relationship.ADDED
UNSCHEDULED: int = _Relationship.UNSCHEDULED
CANCELED: int = _Relationship.CANCELED
REPLACEMENT: int = _Relationship.REPLACEMENT
DUPLICATED: int = _Relationship.DUPLICATED
NEW: int = _Relationship.NEW


@dataclass(frozen=True, slots=True)
class Now:
    """The time a message is checked at."""

    at: int
    """The reader's clock, UTC milliseconds."""
    header_s: int
    """The message's header timestamp, POSIX seconds; 0 for none."""


@dataclass(frozen=True, slots=True)
class Known:
    """What stays the same from message to message."""

    view: StaticView
    covered: Box
    buffers: ShapeBuffers = field(default_factory=ShapeBuffers)


@dataclass(slots=True)
class UpdateCase:
    """A trip update."""

    update: UpdateRead
    static: StaticTrip | None
    """Its trip in the static feed, ``None`` where it is not there."""
    walk: Walk
    known: Known
    now: Now

    @property
    def trip(self) -> TripRead:
        """The trip it names."""
        return self.update.trip


@dataclass(slots=True)
class VehicleCase:
    """A vehicle position."""

    vehicle: VehicleRead
    static: StaticTrip | None
    is_detoured: bool
    """Whether an alert says that its trip or line runs on another way today."""
    known: Known
    now: Now


@dataclass(slots=True)
class AlertCase:
    """An alert; alerts are few and small, so rules read the message itself."""

    alert: gtfs_realtime.Alert
    known: Known


@dataclass(slots=True)
class ShapeCase:
    """A drawn line."""

    shape: gtfs_realtime.Shape
    known: Known


UpdateRule = Callable[[UpdateCase], Sequence[str]]
VehicleRule = Callable[[VehicleCase], Sequence[str]]
AlertRule = Callable[[AlertCase], Sequence[str]]
ShapeRule = Callable[[ShapeCase], Sequence[str]]
