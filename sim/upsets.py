"""What goes wrong for the citizen bus on a day: drawn before it begins, known to nobody until it happens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from mobility.core.booking import Window
from mobility.core.clock import Instant, shifted
from mobility.core.ids import ServiceAreaId, StopId, VehicleId
from mobility.core.region import Region
from mobility.core.service_day import ServiceDay
from sim.chance import Chance
from sim.scenario import Upsets

_TOLD_BEFORE_S = 3600.0
"""A driver who is ill calls this long before the shift."""
_CLOSED_S = 3 * 3600.0
_KNOWN_BEFORE_S = 1800.0
"""The police tell of a closed road this long before, on average: half of them are known beforehand."""
CLOSED_RADIUS_M = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """A bus that stands still where it is."""

    vehicle_id: VehicleId
    at: Instant
    lasts_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Illness:
    """A driver who does not come."""

    area_id: ServiceAreaId
    vehicle_id: VehicleId
    told_at: Instant
    shift: Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """A road that is closed next to a stop."""

    area_id: ServiceAreaId
    stop_id: StopId
    told_at: Instant
    span: Window


@dataclass(frozen=True, slots=True, kw_only=True)
class UpsetDay:
    """All upsets of one day."""

    stalls: tuple[Stall, ...] = ()
    illnesses: tuple[Illness, ...] = ()
    closures: tuple[Closure, ...] = ()

    def stall_of(self, vehicle_id: VehicleId, span: Window) -> Stall | None:
        """Return the stall of a vehicle within a span of time."""
        return next((each for each in self.stalls if each.vehicle_id == vehicle_id and span.holds(each.at)), None)

    def is_ill(self, vehicle_id: VehicleId, shift: Window) -> bool:
        """Return whether a shift has no driver."""
        return any(each.vehicle_id == vehicle_id and each.shift == shift for each in self.illnesses)


def upsets_of(region: Region, upsets: Upsets, chance: Chance, day: date) -> UpsetDay:
    """Return what goes wrong on ``day``; each draw stands for itself, so that one more shift changes no other."""
    service_day = ServiceDay(day, region.zone)
    stalls: list[Stall] = []
    illnesses: list[Illness] = []
    closures: list[Closure] = []
    for area in region.areas:
        if day.weekday() not in area.weekdays:
            continue
        for rule in area.shifts:
            shift = Window(service_day.at(rule.starts), service_day.at(rule.ends))
            key = (day.isoformat(), rule.vehicle_id, rule.starts)
            if chance.happens(upsets.ill_share, *key, "ill"):
                told_at = shifted(shift.earliest, -_TOLD_BEFORE_S)
                illnesses.append(
                    Illness(area_id=area.area_id, vehicle_id=rule.vehicle_id, told_at=told_at, shift=shift)
                )
            elif chance.happens(upsets.stall_share, *key, "stall"):
                at = Instant(round(chance.between(shift.earliest, shift.latest, *key, "stall at")))
                lasts_s = chance.between(upsets.stall_least_s, upsets.stall_most_s, *key, "stall for")
                stalls.append(Stall(vehicle_id=rule.vehicle_id, at=at, lasts_s=lasts_s))
        if chance.happens(upsets.closure_share, day.isoformat(), area.area_id, "closure"):
            closures.append(_closure(region, area.area_id, area.stops, chance, service_day))
    return UpsetDay(stalls=tuple(stalls), illnesses=tuple(illnesses), closures=tuple(closures))


def _closure(
    region: Region, area_id: ServiceAreaId, stops: Sequence[StopId], chance: Chance, day: ServiceDay
) -> Closure:
    area = region.area(area_id)
    key = (day.date.isoformat(), area_id, "closure")
    at = Instant(round(chance.between(day.at(area.opens), day.at(area.closes), *key, "at")))
    lead_s = chance.between(-_KNOWN_BEFORE_S, 2 * _KNOWN_BEFORE_S, *key, "lead")
    return Closure(
        area_id=area_id,
        stop_id=chance.pick(stops, *key, "where"),
        told_at=shifted(at, -max(lead_s, 0.0)),
        span=Window(at, shifted(at, _CLOSED_S)),
    )
