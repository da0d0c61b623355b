"""Service rules of an on-demand area: what is refused before any vehicle is looked at."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from mobility.core.arrivals import TripStanding, TripStatus
from mobility.core.booking import Load, Window
from mobility.core.clock import Instant, datetime_at, shifted
from mobility.core.ids import RouteId, StopId, VehicleId
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.region import ServiceArea
from mobility.core.service_day import ServiceDay, format_service_time, service_day_of
from mobility.core.vehicle import VehicleSpec

_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class LineBus:
    """A scheduled direct trip that a rider could take instead."""

    line: str
    """What is written on it, e.g. ``300``."""
    headsign: str
    departure: Instant
    stop_name: str
    arrival: Instant | None = None
    """At the destination, where it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Days on which an area is closed though its weekday is open."""

    public_holidays: AbstractSet[date]


def of_party(area: ServiceArea, load: Load, fleet: Mapping[VehicleId, VehicleSpec]) -> Refusal | None:
    """Refuse a party that no vehicle of the area could ever carry."""
    # In the order of the shifts, so that the same area always gives the same answer.
    specs = [fleet[shift.vehicle_id] for shift in area.shifts if fleet[shift.vehicle_id].is_bookable]
    least = min(load.seats, load.wheelchairs, load.prams, load.luggage)
    if least < 0 or load.seats + load.wheelchairs < 1:
        return Refusal(RefusalCode.INVALID_INPUT, {"detail": "seats + wheelchairs" if least >= 0 else "load"})
    lacking = _too_little_room(load, specs)
    if lacking is not None:
        return Refusal(lacking[0], {"places": lacking[1], "phone": area.phone})
    if any(_fits(load, spec) for spec in specs):
        return None
    seats = max((spec.seats for spec in specs), default=0)
    return Refusal(RefusalCode.PARTY_TOO_LARGE, {"seats": seats, "people": load.seats, "phone": area.phone})


def _too_little_room(load: Load, specs: Sequence[VehicleSpec]) -> tuple[RefusalCode, int] | None:
    """Return what no vehicle has enough of, and how much the best one has."""
    wanted = (
        (RefusalCode.NO_WHEELCHAIR_PLACE, load.wheelchairs, [spec.wheelchair_places for spec in specs]),
        (RefusalCode.NO_PRAM_PLACE, load.prams, [spec.pram_places for spec in specs]),
        (RefusalCode.NO_LUGGAGE_ROOM, load.luggage, [spec.luggage_places for spec in specs]),
    )
    for code, count, places in wanted:
        if count > max(places, default=0):
            return code, max(places, default=0)
    return None


def _fits(load: Load, spec: VehicleSpec) -> bool:
    return (
        load.seats + load.wheelchairs * spec.seats_lost_per_wheelchair <= spec.seats
        and load.wheelchairs <= spec.wheelchair_places
        and load.prams <= spec.pram_places
        and load.luggage <= spec.luggage_places
    )


def of_stops(area: ServiceArea, origin: StopId, destination: StopId, length_m: float) -> Refusal | None:
    """Refuse stops outside the area, one and the same stop, and rides that are too short to drive."""
    served = frozenset(area.stops)
    if origin not in served or destination not in served:
        return Refusal(RefusalCode.OUTSIDE_AREA, {"area": area.name})
    if origin == destination:
        return Refusal(RefusalCode.SAME_STOP)
    if length_m < area.min_distance_m:
        limits = {"distance_m": round(length_m), "min_distance_m": round(area.min_distance_m)}
        return Refusal(RefusalCode.TOO_SHORT, limits)
    return None


def of_notice(area: ServiceArea, wished: Instant, pickup_from: Instant, *, now: Instant, zone: str) -> Refusal | None:
    """Refuse the past, what is too soon and what is too far ahead. Safe for any instant, however absurd."""
    if wished < now:
        return Refusal(RefusalCode.IN_THE_PAST)
    if pickup_from < shifted(now, area.lead_time_s):
        lead_min = round(area.lead_time_s / 60)
        return Refusal(RefusalCode.TOO_LATE_TO_BOOK, {"lead_min": lead_min, "phone": area.phone})
    # Roughly first: a date of the year 99999 can not even be converted.
    is_far = pickup_from > shifted(now, (area.horizon_days + 2) * _DAY_S)
    if is_far or day_of(pickup_from, zone).date > day_of(now, zone).plus(area.horizon_days).date:
        return Refusal(RefusalCode.TOO_FAR_AHEAD, {"days": area.horizon_days})
    return None


def of_day(area: ServiceArea, day: date, calendar: Calendar) -> Refusal | None:
    """Refuse weekdays without service and public holidays."""
    if day.weekday() in area.weekdays and day not in calendar.public_holidays:
        return None
    is_holiday = "holiday" if day in calendar.public_holidays else "weekday"
    return Refusal(RefusalCode.NO_SERVICE_ON_DAY, {"day": f"{day:%d.%m.%Y}", "because": is_holiday})


def of_hours(area: ServiceArea, day: ServiceDay, pickup: Window, arrival: Window) -> Refusal | None:
    """Refuse rides that begin before the service opens or may end after it closes."""
    if day.at(area.opens) <= pickup.earliest and arrival.earliest <= day.at(area.closes):
        return None
    opens, closes = (format_service_time(time)[:5] for time in (area.opens, area.closes))
    return Refusal(RefusalCode.OUTSIDE_HOURS, {"opens": opens, "closes": closes})


def of_line_bus(area: ServiceArea, pickup_from: Instant, buses: Sequence[LineBus], zone: str) -> Refusal | None:
    """Refuse a ride that a scheduled bus offers without transfer at about the same time (no competition)."""
    nearest = line_bus_instead(area, pickup_from, buses)
    if nearest is None:
        return None
    time = f"{datetime_at(nearest.departure, ZoneInfo(zone)):%H:%M}"
    parameters = {"line": nearest.line, "headsign": nearest.headsign, "time": time, "stop": nearest.stop_name}
    return Refusal(RefusalCode.LINE_BUS_RUNS, parameters)


def line_bus_instead(area: ServiceArea, pickup_from: Instant, buses: Sequence[LineBus]) -> LineBus | None:
    """Return the scheduled bus to take instead of a ride at that time: the nearest one within the area's limits."""
    first = shifted(pickup_from, -area.line_bus_before_s)
    last = shifted(pickup_from, area.line_bus_after_s)
    running = (bus for bus in buses if first <= bus.departure <= last)
    return min(running, key=lambda bus: (abs(bus.departure - pickup_from), bus.departure), default=None)


def line_buses(
    statuses: Sequence[TripStatus], origin: StopId, names: Mapping[RouteId, str], stop_name: str
) -> tuple[LineBus, ...]:
    """Return the direct trips that a rider can count on; a cancelled one is no reason to refuse a ride."""
    buses: list[LineBus] = []
    for status in statuses:
        call = next((call for call in status.calls if call.stop_id == origin), None)
        call = call or next(iter(status.calls), None)
        if call is not None and status.standing is not TripStanding.CANCELLED:
            line = names.get(status.route_id, str(status.route_id))
            there = status.calls[-1].scheduled_arrival if len(status.calls) > 1 else None
            buses.append(LineBus(line, status.headsign, call.scheduled_departure, stop_name, there))
    return tuple(buses)


def service_days(area: ServiceArea, calendar: Calendar, today: date, *, days: int) -> tuple[date, ...]:
    """Return the days with service among ``days`` days from ``today`` on."""
    ahead = (today + timedelta(days=k) for k in range(days))
    return tuple(day for day in ahead if of_day(area, day, calendar) is None)


def day_of(pickup_from: Instant, zone: str) -> ServiceDay:
    """Return the service day a pickup belongs to; only for instants that ``of_notice`` let pass."""
    return service_day_of(pickup_from, zone)
