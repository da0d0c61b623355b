"""What the simulator's people do: phone bookings, train riders, line riders, radio gaps. Nobody else reads this."""

from dataclasses import dataclass

from mobility.core.geo import LatLon
from mobility.core.ids import RouteId, ServiceAreaId, StopId
from mobility.core.service_day import ServiceTime


@dataclass(frozen=True, slots=True, kw_only=True)
class RideFlow:
    """People of an on-demand area who want to go from ``origin`` to ``destination`` within a span of the day."""

    area_id: ServiceAreaId
    origin: StopId
    destination: StopId
    starts: ServiceTime
    ends: ServiceTime
    rides_per_day: float
    """Expected number of wishes a service day (Poisson mean), their time even between ``starts`` and ``ends``."""
    return_frac: float
    """Share of riders who book the way back as well, 0..1."""
    stay_s: float
    """Mean time at the destination before the way back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiderHabits:
    """How riders of the on-demand service book and behave."""

    phone_frac: float
    """Share of bookings by phone; the rest by web."""
    arrive_frac: float
    """Share of wishes that name the arrival, not the departure."""
    lead_min_s: float
    """Shortest time between the call and the wished time."""
    lead_max_s: float
    """Longest time between the call and the wished time."""
    group_weights: tuple[float, ...]
    """Weight of groups of 1, 2, 3, … people; sums to 1."""
    wheelchair_frac: float
    no_show_frac: float
    cancel_frac: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainRiders:
    """People who come with each train at a line's stop and board the next trip there."""

    route_id: RouteId
    stop_id: StopId
    starts: ServiceTime
    ends: ServiceTime
    riders_per_train: float
    """Poisson mean per train that arrives between ``starts`` and ``ends``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRiders:
    """People who board a line at any stop."""

    route_id: RouteId
    starts: ServiceTime
    ends: ServiceTime
    boardings_per_call: float
    """Poisson mean per call (one stop of one trip) in the span."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RadioGap:
    """A circle without mobile radio: a vehicle inside keeps its samples and sends them later."""

    name: str
    centre: LatLon
    radius_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """All of ``demand.toml``. Empty for a region nobody simulates."""

    flows: tuple[RideFlow, ...] = ()
    habits: RiderHabits | None = None
    """None only where there are no flows."""
    train_riders: tuple[TrainRiders, ...] = ()
    line_riders: tuple[LineRiders, ...] = ()
    radio_gaps: tuple[RadioGap, ...] = ()
