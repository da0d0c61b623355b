"""Watching promises: whom a vehicle will reach too late, as far as reports and its position tell."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from dispatch.feasibility import as_it_comes
from dispatch.promise import happens, is_sure
from dispatch.quote import Service
from dispatch.route import Drive
from dispatch.tours import Route, route_of
from mobility.core.clock import Instant
from mobility.core.fold import State
from mobility.core.ids import BookingId, StopId, VehicleId
from mobility.core.plan import DayPlan, TaskKind

Ahead = Mapping[VehicleId, Mapping[StopId, int]]
"""Driving time in milliseconds from where a vehicle is now to stops, for vehicles whose position is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lateness:
    """A task that will be done after its promised window, or so near its end that nobody can be sure."""

    booking_id: BookingId
    kind: TaskKind
    stop_id: StopId
    latest: Instant
    """End of the window."""
    expected: Instant
    """When the rider will have boarded, or alighted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtRisk:
    """A vehicle that will be late for somebody."""

    vehicle_id: VehicleId
    late: tuple[Lateness, ...]
    """In the order of the tour."""
    held_until: Instant
    """As if it could leave its last stop only then: what a repair has to reckon with."""
    delay_s: float
    """How much later than planned that is, 0 where it is not."""


def at_risk(service: Service, state: State, plan: DayPlan, now: Instant, ahead: Ahead) -> tuple[AtRisk, ...]:
    """Return the vehicles that will break a promise when they drive on as planned.

    A position makes the expectation later, never earlier: a vehicle that stands at its depot is not on its way yet.
    """
    found: list[AtRisk] = []
    for tour in plan.tours:
        vehicle_id = tour.shift.vehicle_id
        if tour.out_from is not None and tour.out_from <= now:
            continue
        route = route_of(tour, service.fleet[vehicle_id], state.bookings, now, service.drive)
        leave_ms = _leaves_ms(route, ahead.get(vehicle_id, {}), now, service.drive)
        late = _late(route, leave_ms, service.drive)
        if late:
            found.append(
                AtRisk(
                    vehicle_id=vehicle_id,
                    late=late,
                    held_until=Instant(leave_ms),
                    delay_s=_delay_s(route, leave_ms, service.drive),
                )
            )
    return tuple(found)


def _leaves_ms(route: Route, ahead: Mapping[StopId, int], now: Instant, drive: Drive) -> int:
    """Return when the vehicle must have left its last stop to arrive when its position lets it arrive."""
    if not route.visits or not route.frozen:
        return route.duty.leave_ms
    first = route.visits[0].stop_id
    arrives_ms = now + ahead.get(first, 0)
    return max(route.duty.leave_ms, arrives_ms - drive(route.duty.start, first))


def _delay_s(route: Route, leave_ms: int, drive: Drive) -> float:
    """Return how much later the vehicle leaves its last stop than its next task needs as it is planned."""
    following = route.tour.tasks[route.passed]
    planned_ms = following.begin - drive(route.duty.start, following.stop_id)
    return max(leave_ms - planned_ms, 0) / 1000


def _late(route: Route, leave_ms: int, drive: Drive) -> tuple[Lateness, ...]:
    begins_ms = as_it_comes(replace(route.duty, leave_ms=leave_ms), route.visits, drive)
    planned = route.tour.tasks[route.passed :]
    tasks = (replace(task, begin=Instant(begin_ms)) for task, begin_ms in zip(planned, begins_ms, strict=True))
    return tuple(
        Lateness(
            booking_id=task.booking_id,
            kind=task.kind,
            stop_id=task.stop_id,
            latest=task.window.latest,
            expected=happens(task),
        )
        for task in tasks
        if not is_sure(task, task.window)
    )
