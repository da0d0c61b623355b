"""Service levels of a day, foreseen or happened, in the vocabulary of fleet simulation (FleetPy, arXiv 2207.14246).

Units stand in the names: ``_frac`` 0..1, ``_s`` seconds, ``_km`` kilometres, ``_kwh``, ``_g`` grams of CO2 equivalent.
A figure without a basis, such as the mean of nothing, is ``None``. Definitions: docs/reference/service-levels.md.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import ceil
from statistics import fmean, median
from typing import Any

from dispatch.day_record import DayRecord, Ride, foreseen, happened
from dispatch.driven import Driven, driven
from dispatch.promise_levels import Standing, standings
from mobility.core.booking import BookingState, WishKind
from mobility.core.events import Envelope
from mobility.core.evidence import Factor
from mobility.core.fold import State
from mobility.core.ids import ServiceAreaId
from mobility.core.plan import DayPlan
from mobility.core.ports import TravelTimes
from mobility.core.service_day import ServiceDay

VAN_ENERGY, GRID, CAR = "van-energy", "grid-electricity", "car"
"""Factors of a region bundle (``factors.toml``) that energy and climate figures need."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A distribution of seconds over rides."""

    mean_s: float | None
    median_s: float | None
    p90_s: float | None
    """Nine of ten rides are at or below it (nearest rank)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    """What was asked for and what came of it."""

    total: int
    """Bookings and refusals; who is refused and asks again counts again."""
    booked: int
    booked_ahead: int
    """Bookings made before the service day began (reservations); the rest is online."""
    served: int
    served_frac: float | None
    """Of all requests."""
    served_ahead_frac: float | None
    """Of the bookings made ahead."""
    served_online_frac: float | None
    """Of the bookings made on the day."""
    refused: Mapping[str, int]
    """By code of the binding constraint."""
    cancelled: int
    no_show: int
    withdrawn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Riding:
    """How it was for riders; over served rides."""

    wait: Spread
    """From the begin of the pickup window told first to being aboard, at least 0."""
    wait_from_wish: Spread
    """From the wished departure to being aboard; only wishes to depart. Earlier than wished is negative."""
    ride: Spread
    """Time aboard."""
    detour: Spread
    """Time aboard beyond the direct ride."""
    relative_detour_frac: float | None
    """Sum of detours over sum of direct ride times."""
    shared_frac: float | None
    """Rides with another party aboard on some stretch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """What it took."""

    vehicles: int
    """Tours with at least one stop."""
    vehicle_km: float
    empty_frac: float | None
    """Of the vehicle kilometres, with nobody but the driver aboard."""
    occupancy_ratio: float | None
    """Person kilometres per vehicle kilometre, empty ones included."""
    saved_distance_frac: float | None
    """What the vehicles drove less than the served rides' direct ways together, as a share of those."""
    revenue_s: float
    """Vehicle time offered to riders: the shifts."""
    rides_per_hour: float | None
    """Of ``revenue_s``: served rides per vehicle revenue hour."""
    utilisation_frac: float | None
    """Share of the shifts spent driving, boarding and alighting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Climate:
    """Energy and CO2 equivalent by the bundle's dated factors; ``None`` where the bundle has no such factor."""

    energy_kwh: float | None
    co2e_kg: float | None
    co2e_g_per_person_km: float | None
    """Over the direct kilometres of the people served, not over the ones they were driven around."""
    car_co2e_kg: float | None
    """What the people served would have caused in cars of average occupancy on their direct ways."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLevels:
    """All service levels of one area and day."""

    day: str
    """ISO date."""
    is_forecast: bool
    requests: Requests
    riding: Riding
    fleet: Fleet
    promises: Mapping[str, int]
    """``made`` and how they stand: kept, revised, broken, untold, released, open."""
    climate: Climate

    def as_json(self) -> dict[str, Any]:
        """Return plain values, floats rounded to four places."""
        values: dict[str, Any] = _rounded(asdict(self))
        return values


def levels_of_day(
    facts: Sequence[Envelope],
    area_id: ServiceAreaId,
    day: ServiceDay,
    travel: TravelTimes,
    factors: Iterable[Factor] = (),
) -> ServiceLevels:
    """Return the service levels of a day that happened, from the ledger's facts."""
    record = happened(facts, area_id, day.date, day.zone)
    return service_levels(record, travel, factors, standings(facts, area_id, day.date, day.zone).values())


def levels_of_plan(
    state: State, plan: DayPlan, zone: str, travel: TravelTimes, factors: Iterable[Factor] = ()
) -> ServiceLevels:
    """Return the service levels that a plan foresees."""
    return service_levels(foreseen(state, plan, zone), travel, factors)


def service_levels(
    record: DayRecord, travel: TravelTimes, factors: Iterable[Factor] = (), promised: Iterable[Standing] = ()
) -> ServiceLevels:
    """Return the service levels of a day. Distances and driving times are those of ``travel`` between the stops."""
    served = [ride for ride in record.rides if ride.is_served]
    way = driven(record.tours, travel)
    return ServiceLevels(
        day=record.day.isoformat(),
        is_forecast=record.is_forecast,
        requests=_requests(record),
        riding=_riding(served, way),
        fleet=_fleet(served, way, travel),
        promises=_promises(promised),
        climate=_climate(served, way, travel, {factor.factor_id: factor.value for factor in factors}),
    )


def _requests(record: DayRecord) -> Requests:
    rides, states = record.rides, Counter(ride.booking.state for ride in record.rides)
    ahead = [ride for ride in rides if ride.is_ahead]
    online = [ride for ride in rides if not ride.is_ahead]
    total = len(rides) + sum(record.refused.values())
    return Requests(
        total=total,
        booked=len(rides),
        booked_ahead=len(ahead),
        served=_served(rides),
        served_frac=_ratio(_served(rides), total),
        served_ahead_frac=_ratio(_served(ahead), len(ahead)),
        served_online_frac=_ratio(_served(online), len(online)),
        refused=dict(sorted(record.refused.items())),
        cancelled=states[BookingState.CANCELLED],
        no_show=states[BookingState.NO_SHOW],
        withdrawn=states[BookingState.WITHDRAWN],
    )


def _riding(served: Sequence[Ride], way: Driven) -> Riding:
    aboard = [(ride.boarded_at or 0, ride.alighted_at or 0, ride) for ride in served]
    rides_s = [(alighted - boarded) / 1000 for boarded, alighted, _ in aboard]
    directs_s = [ride.booking.direct_time_s for ride in served]
    detours_s = [ride_s - direct_s for ride_s, direct_s in zip(rides_s, directs_s, strict=True)]
    departures = [(b - r.booking.wish.at) / 1000 for b, _, r in aboard if r.booking.wish.kind is WishKind.DEPART]
    return Riding(
        wait=_spread([max(boarded - ride.told.earliest, 0) / 1000 for boarded, _, ride in aboard]),
        wait_from_wish=_spread(departures),
        ride=_spread(rides_s),
        detour=_spread(detours_s),
        relative_detour_frac=_ratio(sum(detours_s), sum(directs_s)),
        shared_frac=_ratio(sum(ride.booking.booking_id in way.shared for ride in served), len(served)),
    )


def _fleet(served: Sequence[Ride], way: Driven, travel: TravelTimes) -> Fleet:
    direct_m = sum(_direct_m(ride, travel) for ride in served)
    return Fleet(
        vehicles=way.vehicles,
        vehicle_km=way.vehicle_m / 1000,
        empty_frac=_ratio(way.empty_m, way.vehicle_m),
        occupancy_ratio=_ratio(way.person_m, way.vehicle_m),
        saved_distance_frac=_ratio(direct_m - way.vehicle_m, direct_m),
        revenue_s=way.shift_s,
        rides_per_hour=_ratio(len(served), way.shift_s / 3600),
        utilisation_frac=_ratio(way.busy_s, way.shift_s),
    )


def _climate(served: Sequence[Ride], way: Driven, travel: TravelTimes, factors: Mapping[str, float]) -> Climate:
    person_km = sum(_people(ride) * _direct_m(ride, travel) for ride in served) / 1000
    van_wh_per_km, grid_g_per_kwh, car_g_per_pkm = (factors.get(name) for name in (VAN_ENERGY, GRID, CAR))
    energy_kwh = None if van_wh_per_km is None else way.vehicle_m / 1000 * van_wh_per_km / 1000
    co2e_kg = None if energy_kwh is None or grid_g_per_kwh is None else energy_kwh * grid_g_per_kwh / 1000
    return Climate(
        energy_kwh=energy_kwh,
        co2e_kg=co2e_kg,
        co2e_g_per_person_km=None if co2e_kg is None else _ratio(co2e_kg * 1000, person_km),
        car_co2e_kg=None if car_g_per_pkm is None else person_km * car_g_per_pkm / 1000,
    )


def _promises(promised: Iterable[Standing]) -> Mapping[str, int]:
    counted = Counter(promised)
    return {"made": counted.total()} | {standing.value: counted[standing] for standing in Standing}


def _direct_m(ride: Ride, travel: TravelTimes) -> float:
    wish = ride.booking.wish
    return travel.metres(wish.origin, wish.destination)


def _people(ride: Ride) -> int:
    load = ride.booking.wish.load
    return load.seats + load.wheelchairs


def _served(rides: Iterable[Ride]) -> int:
    return sum(ride.is_served for ride in rides)


def _ratio(value: float, scale: float) -> float | None:
    return value / scale if scale else None


def _spread(values_s: Sequence[float]) -> Spread:
    if not values_s:
        return Spread(mean_s=None, median_s=None, p90_s=None)
    ordered = sorted(values_s)
    return Spread(mean_s=fmean(ordered), median_s=median(ordered), p90_s=ordered[ceil(0.9 * len(ordered)) - 1])


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    return round(value, 4) if isinstance(value, float) else value
