"""``on_demand.toml``: the areas of the citizen bus with hours, shifts and rules."""

from collections.abc import Mapping

from mobility.core.ids import DriverRef, ServiceAreaId, StopId, VehicleId
from mobility.core.place import Stop
from mobility.core.region import ServiceArea, ShiftRule
from mobility.core.vehicle import VehicleSpec
from mobility.storage.bundle_fields import Fields, unique

_SUBDIVISIONS = ("", *"BB BE BW BY HB HE HH MV NI NW RP SH SL SN ST TH".split())  # noqa: SIM905 - reads better so
_HOUR_S = 3600
_DAY_MIN = 1440


def read_areas(
    top: Fields, stops: Mapping[StopId, Stop], fleet: Mapping[VehicleId, VehicleSpec]
) -> tuple[ServiceArea, ...]:
    """Return the service areas; raises ``BadInputError``."""
    rows = top.tables("areas")
    unique(rows, "id", lambda row: row.identifier("id"))
    areas = tuple(_area(row, stops, fleet) for row in rows)
    top.close()
    return areas


def _area(row: Fields, stops: Mapping[StopId, Stop], fleet: Mapping[VehicleId, VehicleSpec]) -> ServiceArea:
    area_stops = _stops(row, stops)
    holidays_of = row.text("holidays_of", is_optional=True)
    if holidays_of not in _SUBDIVISIONS:
        row.fail("holidays_of", f"{holidays_of!r:.20} is no federal state; use {', '.join(_SUBDIVISIONS[1:])}")
    opens, closes = row.clock("opens"), row.clock("closes")
    if closes <= opens:
        row.fail("closes", "lies not after opens")
    area = ServiceArea(
        area_id=ServiceAreaId(row.identifier("id")),
        name=row.text("name"),
        stops=area_stops,
        weekdays=row.weekdays("weekdays"),
        holidays_of=holidays_of,
        opens=opens,
        closes=closes,
        shifts=tuple(_shift(shift, area_stops, fleet) for shift in row.tables("shifts")),
        lead_time_s=row.number("lead_time_min", low=0, high=14 * _DAY_MIN) * 60,
        horizon_days=row.whole("horizon_days", low=0, high=366),
        pickup_window_s=row.number("pickup_window_min", low=1, high=240) * 60,
        arrival_window_s=row.number("arrival_window_min", low=1, high=240) * 60,
        max_ride_factor=row.number("max_ride_factor", low=1, high=10),
        max_ride_offset_s=row.number("max_ride_offset_min", low=0, high=240) * 60,
        boarding_s=row.number("boarding_s", low=0, high=_HOUR_S),
        wheelchair_boarding_s=row.number("wheelchair_boarding_s", low=0, high=_HOUR_S),
        min_distance_m=row.number("min_distance_m", low=0, high=100_000),
        line_bus_before_s=row.number("line_bus_before_min", low=0, high=_DAY_MIN) * 60,
        line_bus_after_s=row.number("line_bus_after_min", low=0, high=_DAY_MIN) * 60,
        fare_cent=row.whole("fare_cent", low=0, high=100_000),
        phone=row.text("phone"),
    )
    row.close()
    return area


def _stops(row: Fields, stops: Mapping[StopId, Stop]) -> tuple[StopId, ...]:
    found = tuple(StopId(stop) for stop in row.texts("stops"))
    if len(found) < 2:  # noqa: PLR2004 - a ride goes from one stop to another
        row.fail("stops", "an area needs at least two stops")
    if len(set(found)) < len(found):
        row.fail("stops", "names a stop twice")
    for stop in found:
        if stop not in stops:
            row.fail("stops", f"{stop!r:.60} is an unknown stop")
        if not stops[stop].is_meeting_point:
            row.fail("stops", f"{stop} is no meeting point in stops.csv")
    return found


def _shift(row: Fields, area_stops: tuple[StopId, ...], fleet: Mapping[VehicleId, VehicleSpec]) -> ShiftRule:
    shift = ShiftRule(
        vehicle_id=VehicleId(row.one_of("vehicle", fleet)),
        driver=DriverRef(row.identifier("driver")),
        starts=row.clock("starts"),
        ends=row.clock("ends"),
        depot=StopId(row.one_of("depot", area_stops)),
    )
    if shift.ends <= shift.starts:
        row.fail("ends", "lies not after starts")
    row.close()
    return shift
