"""Changes of the line service against its timetable, as somebody decided them; cancelled trips are facts of their own.

Which fields of a change are filled follows from its kind.
"""

from dataclasses import dataclass
from enum import StrEnum

from mobility.core.clock import Instant
from mobility.core.geo import LatLon
from mobility.core.ids import LineChangeId, StopId, TripId, VehicleId
from mobility.core.vehicle import TripRef


class LineChangeKind(StrEnum):
    """What differs from the timetable."""

    EXTRA = "extra"
    """A trip beside the timetable: ``pattern_of`` driven once more, leaving at ``departs``; ``trips`` holds its own
    reference, whose trip id no timetable has."""
    DETOUR = "detour"
    """``trips`` leave their way at ``leaves_at`` and come back at ``rejoins_at``."""
    STOPS_CLOSED = "stops_closed"
    """``trips`` do not serve ``stops``."""
    REMOVED = "removed"
    """``trips`` stand in the timetable by mistake; nobody shall see them."""
    VEHICLE_ASSIGNED = "vehicle_assigned"
    """``vehicle_id`` drives ``trips`` instead of the vehicle of their block."""
    VEHICLE_OUT = "vehicle_out"
    """``vehicle_id`` does not run from ``begins`` on."""
    RAMP_BROKEN = "ramp_broken"
    """``vehicle_id`` can not take wheelchairs from ``begins`` on."""
    UNTRACKED = "untracked"
    """``trips`` run, but nobody can see where."""


OF_VEHICLES = frozenset({LineChangeKind.VEHICLE_OUT, LineChangeKind.RAMP_BROKEN})
"""Kinds that name a vehicle and no trips."""


@dataclass(frozen=True, slots=True)
class DetourCall:
    """A stop that is served on a detour only."""

    stop_id: StopId
    drive_s: float
    """Driving time from the stop before, in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChange:
    """One change."""

    change_id: LineChangeId
    kind: LineChangeKind
    begins: Instant
    ends: Instant | None = None
    """``None``: until it is ended."""
    reason: str = ""
    """For riders: a short sentence in German."""
    trips: tuple[TripRef, ...] = ()
    """In order of departure."""
    vehicle_id: VehicleId | None = None
    pattern_of: TripId | None = None
    departs: Instant | None = None
    """From the first stop."""
    stops: tuple[StopId, ...] = ()
    leaves_at: StopId | None = None
    """Last stop served on the usual way."""
    rejoins_at: StopId | None = None
    """First stop served on the usual way again."""
    via: tuple[DetourCall, ...] = ()
    """Stops served in between instead of the usual ones."""
    drive_s: float = 0.0
    """Driving time from the last of ``via`` (without any: from ``leaves_at``) to ``rejoins_at``."""
    path: tuple[LatLon, ...] = ()
    """The way from ``leaves_at`` to ``rejoins_at``, both included."""
