"""``on_demand.toml``: the areas of the citizen bus with hours, shifts and rules."""

from collections.abc import Container, Iterable, Mapping
from datetime import date
from urllib.parse import urlsplit

from shapely import Polygon

from mobility.core.ids import DriverRef, ServiceAreaId, StopId, VehicleId
from mobility.core.place import Stop
from mobility.core.region import BookingInfo, ServiceArea, ServiceZone, ShiftRule
from mobility.core.vehicle import VehicleSpec
from mobility.storage.bundle_fields import Fields, unique

_SUBDIVISIONS = ("", *"BB BE BW BY HB HE HH MV NI NW RP SH SL SN ST TH".split())  # noqa: SIM905 - reads better so
_HOUR_S = 3600
_DAY_MIN = 1440
_LONGEST_SHORT_NAME = 12
"""As much as fits on a bus; the limit that GTFS validators warn above."""
_LONGEST_NOTE = 300
_NOTE_LANGUAGES = ("de", "en")


def read_areas(
    top: Fields,
    stops: Mapping[StopId, Stop],
    fleet: Mapping[VehicleId, VehicleSpec],
    *,
    years: Iterable[int] = (),
    lines: Container[str] = (),
) -> tuple[ServiceArea, ...]:
    """Return the service areas; raises ``BadInputError``.

    ``years`` are those whose public holidays feeds have to name; ``lines`` the route ids that an area may not have.
    """
    rows = top.tables("areas")
    unique(rows, "id", lambda row: row.identifier("id"))
    zones = [zone for row in rows for zone in row.tables("zones")]
    unique(zones, "id", lambda zone: zone.identifier("id"))
    for row in rows:
        if row.identifier("id") in lines:
            row.fail("id", "is also the id of a line; in feeds an area is a line of its own")
    for zone in zones:
        if StopId(zone.identifier("id")) in stops:
            zone.fail("id", "is also the id of a stop")
    spoken_of = tuple(years)
    areas = tuple(_area(row, stops, fleet, spoken_of) for row in rows)
    top.close()
    return areas


def _area(
    row: Fields, stops: Mapping[StopId, Stop], fleet: Mapping[VehicleId, VehicleSpec], years: tuple[int, ...]
) -> ServiceArea:
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
        short_name=_short_name(row),
        days_off=_days_off(holidays_of, years),
        booking=_booking(row),
        zones=tuple(_zone(zone) for zone in row.tables("zones")),
    )
    row.close()
    return area


def _short_name(row: Fields) -> str:
    name = row.text("short_name", is_optional=True)
    if len(name) > _LONGEST_SHORT_NAME:
        row.fail("short_name", f"is longer than {_LONGEST_SHORT_NAME} characters")
    return name


def _booking(row: Fields) -> BookingInfo:
    notes = row.mapping("booking_notes")
    for language, note in notes.items():
        if language not in _NOTE_LANGUAGES:
            row.fail("booking_notes", f"{language!r:.20} is none of {', '.join(_NOTE_LANGUAGES)}")
        if not note.strip() or len(note) > _LONGEST_NOTE or not note.isprintable():
            row.fail("booking_notes", f"the note in {language!r} is no text of 1 to {_LONGEST_NOTE} characters")
    return BookingInfo(url=_web(row, "booking_url"), info_url=_web(row, "info_url"), notes=dict(notes))


def _web(row: Fields, name: str) -> str:
    """Return an optional web address, complete with its scheme."""
    url = row.text(name, is_optional=True)
    try:
        parts = urlsplit(url)
    except ValueError:
        row.fail(name, f"{url!r:.60} is no web address")
    if url and (parts.scheme not in {"http", "https"} or not parts.hostname or " " in url):
        row.fail(name, f"{url!r:.60} is no web address like https://www.example.org/")
    return url


def _zone(row: Fields) -> ServiceZone:
    zone = ServiceZone(zone_id=row.identifier("id"), name=row.text("name"), outline=row.places("outline"))
    row.close()
    if len(zone.outline) < 3:  # noqa: PLR2004 - fewer corners enclose nothing
        row.fail("outline", "needs at least three corners")
    if not Polygon([(place.lon_deg, place.lat_deg) for place in zone.outline]).is_valid:
        row.fail("outline", "crosses itself or encloses nothing")
    return zone


def _days_off(subdivision: str, years: tuple[int, ...]) -> frozenset[date]:
    """Return the public holidays of a state; what day a holiday falls on is not the bundle's to say."""
    if not subdivision or not years:
        return frozenset()
    import holidays  # noqa: PLC0415 - a large library, needed by areas with a holiday rule only

    return frozenset(holidays.country_holidays("DE", subdiv=subdivision, years=years))


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
