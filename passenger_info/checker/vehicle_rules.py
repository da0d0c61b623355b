"""Rules about where a vehicle is: E026, E027, E028, E029; and its carriages: S052.

Source: rules of the GTFS Realtime Validator; GTFS-realtime reference, "Position" and "CarriageDetails".
"""

from collections.abc import Sequence

from passenger_info.checker.case import NONE, VehicleCase
from passenger_info.checker.reading import PositionRead

_POLE_DEG = 90.0
_HALF_WORLD_DEG = 180.0
_CIRCLE_DEG = 360.0


def _place(position: PositionRead | None) -> tuple[float, float] | None:
    """Return longitude and latitude of a position on Earth."""
    if position is None or position.lat_deg is None or position.lon_deg is None:
        return None
    is_outside = abs(position.lat_deg) > _POLE_DEG or abs(position.lon_deg) > _HALF_WORLD_DEG
    return None if is_outside else (position.lon_deg, position.lat_deg)


def no_place_on_earth(case: VehicleCase) -> Sequence[str]:
    """E026: latitude and longitude are there and within bounds."""
    position = case.vehicle.position
    if position is None or _place(position) is not None:
        return NONE
    return (f"({position.lat_deg}, {position.lon_deg}) is no position on Earth",)


def no_bearing(case: VehicleCase) -> Sequence[str]:
    """E027: a bearing is 0 to 360 degrees."""
    position = case.vehicle.position
    if position is None or position.bearing_deg is None:
        return NONE
    is_wrong = position.bearing_deg < 0 or position.bearing_deg > _CIRCLE_DEG
    return (f"bearing {position.bearing_deg} is not within 0 and 360",) if is_wrong else NONE


def outside_coverage(case: VehicleCase) -> Sequence[str]:
    """E028: no further than a mile outside the area that the static feed covers."""
    place = _place(case.vehicle.position)
    if place is None or case.known.covered.holds(*place):
        return NONE
    return (f"({place[1]}, {place[0]}) is outside the covered area",)


def far_from_shape(case: VehicleCase) -> Sequence[str]:
    """E029: no further than 200 m from the trip's shape, unless an alert tells of a detour."""
    place = _place(case.vehicle.position)
    if place is None or case.static is None or not case.known.covered.holds(*place):
        return NONE
    if case.known.buffers.holds(case.static, *place) or case.is_detoured:
        return NONE
    return (f"({place[1]}, {place[0]}) is far from the trip's shape",)


def carriages_not_counted(case: VehicleCase) -> Sequence[str]:
    """S052: carriages are counted 1, 2, 3 from the front."""
    carriages = case.vehicle.carriages
    is_right = carriages == tuple(range(1, len(carriages) + 1))
    return NONE if is_right else (f"carriage_sequences are {list(carriages)}",)
