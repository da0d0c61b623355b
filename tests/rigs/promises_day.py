"""What a day has in store: calls, cancellations, riders who stay away, traffic, breakdowns, drivers who are ill.

All of it follows from a seed and is known to the world alone; the server learns of it as it would in life.
"""

import random
from dataclasses import dataclass
from datetime import timedelta

from mobility.core.booking import WishKind
from mobility.core.clock import Instant
from mobility.core.ids import StopId, VehicleId
from mobility.core.region import Region
from mobility.core.service_day import ServiceDay

_HOUR = 3600
JAM_SHARE = 0.06
"""Drives that end in a jam; assumed, worse than life, as the other shares."""
NO_SHOW_SHARE = 0.05
CANCEL_SHARE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody who asks for a ride."""

    name: str
    at: Instant
    origin: StopId
    destination: StopId
    kind: WishKind
    wished: Instant
    seats: int
    stays_away: bool
    cancels_after_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Blow:
    """Something that upsets the day at an instant."""

    at: Instant
    told_at: Instant
    kind: str
    vehicle_id: VehicleId | None = None
    stop_id: StopId | None = None
    lasts_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DayScript:
    """A whole day."""

    day: ServiceDay
    callers: tuple[Caller, ...]
    blows: tuple[Blow, ...]
    traffic: random.Random
    """Draws the length of each drive and the answer of each telephone, in the order they are asked for."""


def script(region: Region, seed: int, *, callers: int) -> DayScript:
    """Return the day of a seed."""
    chance = random.Random(seed)
    day = ServiceDay(region.scenario_day, region.zone)
    return DayScript(
        day=day,
        callers=tuple(_caller(region, day, chance, number) for number in range(callers)),
        blows=_blows(region, day, chance),
        traffic=random.Random(seed + 1_000_000),
    )


def _caller(region: Region, day: ServiceDay, chance: random.Random, number: int) -> Caller:
    area = region.areas[0]
    origin, destination = chance.sample(area.stops, 2)
    wished_s = chance.randrange(area.opens + _HOUR, area.closes - _HOUR, 300)
    is_ahead = chance.random() < 0.5
    notice_s = timedelta(hours=20).seconds if is_ahead else chance.randrange(2 * _HOUR, 4 * _HOUR, 60)
    return Caller(
        name=f"rider-{number}",
        at=day.at(wished_s - notice_s),
        origin=origin,
        destination=destination,
        kind=WishKind.DEPART if chance.random() < 0.65 else WishKind.ARRIVE,
        wished=day.at(wished_s),
        seats=chance.choice([1, 1, 1, 2]),
        stays_away=chance.random() < NO_SHOW_SHARE,
        cancels_after_s=chance.uniform(600, notice_s) if chance.random() < CANCEL_SHARE else None,
    )


def _blows(region: Region, day: ServiceDay, chance: random.Random) -> tuple[Blow, ...]:
    """Return one or two of: a vehicle stands still, breaks down, a driver is ill, a road is closed."""
    area = region.areas[0]
    vehicles = sorted({shift.vehicle_id for shift in area.shifts})
    blows: list[Blow] = []
    for kind in chance.sample(["stands_still", "breakdown", "driver_missing", "road_closed"], chance.choice([1, 2])):
        at_s = chance.randrange(area.opens + _HOUR, area.closes - 2 * _HOUR)
        told_s = at_s - chance.randrange(_HOUR, 3 * _HOUR) if kind == "driver_missing" else at_s
        blows.append(
            Blow(
                at=day.at(at_s),
                told_at=day.at(told_s),
                kind=kind,
                vehicle_id=None if kind == "road_closed" else chance.choice(vehicles),
                stop_id=chance.choice(area.stops) if kind == "road_closed" else None,
                lasts_s=chance.uniform(600, 2400) if kind == "stands_still" else 2 * _HOUR,
            )
        )
    return tuple(blows)
