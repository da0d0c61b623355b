"""An offer: two windows, a vehicle, a fare, valid for a while. And how the windows follow from a pickup time."""

from dataclasses import dataclass
from datetime import date
from math import ceil

from dispatch.route import Visit
from dispatch.rules import LineBus
from dispatch.tours import visit_of
from dispatch.walk import Walk
from mobility.core.booking import Booking, Channel, Load, RideWish, Window, WishKind
from mobility.core.clock import Instant
from mobility.core.ids import BookingId, RiderRef, StopId, TaskId, VehicleId
from mobility.core.plan import Task, TaskKind
from mobility.core.refusal import Refusal
from mobility.core.region import ServiceArea

VALID_MS = 600_000
"""An offer stands for ten minutes, if the plan allows."""
FASTEST_FRAC = 0.8
"""No ride takes less than this share of the planned direct time."""
_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What can be promised. Times told to people are whole minutes."""

    offer_id: str
    wish: RideWish
    day: date
    pickup: Window
    arrival: Window
    vehicle_id: VehicleId
    fare_cent: int
    direct_time_s: float
    max_ride_s: float
    valid_until: Instant
    plan_version: int
    """The version it was computed on; an older one is checked again at the time of booking."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """The answer to a wish: offers, or a refusal with alternatives."""

    offers: tuple[Offer, ...] = ()
    refusal: Refusal | None = None
    alternatives: tuple[Offer, ...] = ()
    line_bus: LineBus | None = None
    """The scheduled bus to take instead: the first alternative where one runs."""
    walks: tuple[Walk, Walk] | None = None
    """The ways on foot to the pickup and from the destination, where a place was named instead of a stop."""


def windows(area: ServiceArea, direct_s: float, pickup_from: Instant) -> tuple[Window, Window]:
    """Return pickup and arrival window of a ride that may be fetched from ``pickup_from`` on.

    The arrival window starts at the earliest time the vehicle can possibly be there, so nobody waits aboard.
    """
    start = Instant(pickup_from // _MINUTE_MS * _MINUTE_MS)
    pickup = Window(start, _plus(start, area.pickup_window_s))
    soonest = Instant((start + round(FASTEST_FRAC * direct_s * 1000)) // _MINUTE_MS * _MINUTE_MS)
    return pickup, Window(soonest, _plus(soonest, max(area.arrival_window_s, 0.0)))


def pickup_for(area: ServiceArea, wish: RideWish, direct_s: float) -> Instant:
    """Return the begin of the pickup window that fits a wish best: at the wish, or so that it arrives by it."""
    if wish.kind is WishKind.DEPART:
        return Instant(-(-wish.at // _MINUTE_MS) * _MINUTE_MS)
    back_ms = round((area.arrival_window_s + FASTEST_FRAC * direct_s) * 1000)
    return Instant((wish.at - back_ms) // _MINUTE_MS * _MINUTE_MS)


def max_ride_s(area: ServiceArea, direct_s: float) -> float:
    """Return the longest ride the area's rule allows, seconds between boarding and alighting."""
    return area.max_ride_factor * direct_s + area.max_ride_offset_s


def service_s(area: ServiceArea, load: Load) -> float:
    """Return the time a party needs to board or alight, seconds."""
    return area.boarding_s + load.wheelchairs * area.wheelchair_boarding_s


def fare_cent(area: ServiceArea, load: Load) -> int:
    """Return the fare of a party in cents: each person pays the area's fare."""
    return area.fare_cent * (load.seats + load.wheelchairs)


def tasks_of(
    booking_id: BookingId, wish: RideWish, promised: tuple[Window, Window], service_time_s: float
) -> tuple[Task, Task]:
    """Return pickup and drop-off of a ride, not yet timed: they begin with their windows."""
    ends: tuple[tuple[TaskKind, StopId, Window, Load], ...] = (
        (TaskKind.PICKUP, wish.origin, promised[0], wish.load),
        (TaskKind.DROPOFF, wish.destination, promised[1], -wish.load),
    )
    pickup, dropoff = (
        Task(
            task_id=TaskId(f"{booking_id}:{kind.value}"),
            kind=kind,
            booking_id=booking_id,
            stop_id=stop,
            window=window,
            load=load,
            service_s=service_time_s,
            begin=window.earliest,
        )
        for kind, stop, window, load in ends
    )
    return pickup, dropoff


def visits_of(tasks: tuple[Task, Task], ride_s: float) -> tuple[Visit, Visit]:
    """Return the visits of a new ride whose longest time aboard is ``ride_s``."""
    return visit_of(tasks[0], round(ride_s * 1000)), visit_of(tasks[1], round(ride_s * 1000))


def booking_of(
    offer: Offer, *, booking_id: BookingId, vehicle_id: VehicleId, rider: RiderRef, channel: Channel, made_at: Instant
) -> Booking:
    """Return the booking that an accepted offer becomes."""
    return Booking(
        booking_id=booking_id,
        rider=rider,
        wish=offer.wish,
        channel=channel,
        vehicle_id=vehicle_id,
        fare_cent=offer.fare_cent,
        direct_time_s=offer.direct_time_s,
        max_ride_s=offer.max_ride_s,
        made_at=made_at,
    )


def _plus(moment: Instant, span_s: float) -> Instant:
    return Instant(moment + ceil(span_s) * 1000)
