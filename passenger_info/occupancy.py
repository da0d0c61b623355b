"""How full a vehicle is, in the words of GTFS-realtime and in the three steps German law asks for.

Steps: Mobilitätsdatenverordnung, annex: less than 50 %, 50 to 75 %, more than 75 % of the places. States:
GTFS-realtime reference, "OccupancyStatus".
"""

from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from mobility.core.arrivals import OccupancyStep
from mobility.core.vehicle import DrivingMode, Sample, ServiceKind, VehicleSpec

_LOW_FRAC, _MEDIUM_FRAC = 0.5, 0.75
_STANDING_FRAC, _CRUSHED_FRAC = 1.5, 2.0
"""Riders per seat up to which a line bus has standing room, and up to which riders are crushed; assumed, because a
vehicle's specification says nothing of standing room."""

OccupancyState = gtfs_realtime.VehiclePosition.OccupancyStatus
"""The enumeration of the reference, "OccupancyStatus"."""


def occupancy_step(passengers: int | None, seats: int) -> OccupancyStep | None:
    """Return the legal step of ``passengers`` on ``seats``, ``None`` where the load or the seats are not known."""
    if passengers is None or passengers < 0 or seats <= 0:
        return None
    share = passengers / seats
    if share < _LOW_FRAC:
        return OccupancyStep.LOW
    return OccupancyStep.MEDIUM if share <= _MEDIUM_FRAC else OccupancyStep.HIGH


def step_of(sample: Sample, spec: VehicleSpec | None) -> OccupancyStep | None:
    """Return the legal step of a vehicle as its newest sample says; riders in wheelchairs take their folded seats."""
    if spec is None or sample.passengers is None:
        return None
    return occupancy_step(_taken(sample.passengers, sample.wheelchairs, spec), spec.seats)


def occupancy_status(sample: Sample, spec: VehicleSpec | None) -> tuple[OccupancyState, int | None]:
    """Return the state of GTFS-realtime and the taken share in percent, ``None`` where the load is not known.

    Nobody stands in a shuttle or a citizen bus: they are full when their seats are. A vehicle that has stopped itself
    in a minimal-risk condition takes nobody.
    """
    if sample.mode is DrivingMode.MINIMAL_RISK:
        return gtfs_realtime.VehiclePosition.NOT_ACCEPTING_PASSENGERS, None
    passengers = sample.passengers
    if spec is None or spec.seats <= 0 or passengers is None or passengers < 0:
        return gtfs_realtime.VehiclePosition.NO_DATA_AVAILABLE, None
    taken = _taken(passengers, sample.wheelchairs, spec)
    share = taken / spec.seats
    return status_of_share(share, may_stand=spec.kind is ServiceKind.LINE_BUS), round(100 * share)


def status_of_share(share_frac: float, *, may_stand: bool) -> OccupancyState:
    """Return the state for a share of taken seats (1 = all); at half of them few are left, as in the legal steps."""
    states = gtfs_realtime.VehiclePosition
    if share_frac <= 0:
        return states.EMPTY
    if share_frac < _LOW_FRAC:
        return states.MANY_SEATS_AVAILABLE
    if share_frac < 1:
        return states.FEW_SEATS_AVAILABLE
    if not may_stand:
        return states.FULL
    if share_frac < _STANDING_FRAC:
        return states.STANDING_ROOM_ONLY
    return states.CRUSHED_STANDING_ROOM_ONLY if share_frac < _CRUSHED_FRAC else states.FULL


def _taken(passengers: int, wheelchairs: int | None, spec: VehicleSpec) -> int:
    """Return how many seats are taken or folded away; a rider in a wheelchair is one of the passengers."""
    chairs = min(max(wheelchairs or 0, 0), passengers)
    return passengers - chairs + chairs * max(1, spec.seats_lost_per_wheelchair)
