"""The change of shifts: a vehicle begins its next tour only when the one before has brought it back.

A plan keeps the tours of a vehicle apart, and in time they never touch. Lateness makes them: whoever gets out at 12:39
at the far end of the district can not be driven by a bus that leaves its depot at 12:30.
"""

from dataclasses import replace

from dispatch.feasibility import as_it_comes
from dispatch.lanes import lane_of
from dispatch.quote import Service
from dispatch.route import UNREACHABLE_MS, Drive
from dispatch.tours import Route, route_of
from mobility.core.clock import Instant
from mobility.core.fold import State
from mobility.core.ids import VehicleId
from mobility.core.plan import DayPlan

_SOON_MS = 2_700_000
"""Lateness of a shift that ends later than this may still be made up, and whoever rides after it hears of it in time:
half an hour for the calls, and a quarter of an hour before the pickup, when people leave home."""


def with_shift_changes(service: Service, state: State, plan: DayPlan, now: Instant) -> DayPlan:
    """Return the plan whose tours wait for their vehicle where the tour before them brings it back too late."""
    tours = list(plan.tours)
    back_ms: dict[VehicleId, int] = {}
    for position in sorted(range(len(tours)), key=lambda k: tours[k].shift.span.earliest):
        tour = tours[position]
        vehicle_id = tour.shift.vehicle_id
        free_ms = back_ms.get(vehicle_id, 0)
        if tour.tasks and tour.done == 0 and tour.out_from is None and free_ms > (tour.held_until or 0):
            lane = lane_of(service, state, position, replace(tour, held_until=Instant(free_ms)), now)
            tours[position] = tour = tour if lane is None else lane.tour()
        if tour.tasks:
            route = route_of(tour, service.fleet[vehicle_id], state.bookings, now, service.drive)
            is_soon = tour.shift.span.latest <= now + _SOON_MS
            back_ms[vehicle_id] = _back_ms(route, service.drive) if is_soon else 0
    return replace(plan, tours=tuple(tours))


def _back_ms(route: Route, drive: Drive) -> int:
    """Return when a vehicle that drives on as it comes is back at its depot, if that is after its shift, else 0."""
    tour = route.tour
    if tour.out_from is not None:
        return 0
    place, ready_ms = route.duty.start, _ready_ms(route) if not route.visits else 0
    if route.visits:
        last = route.visits[-1]
        place, ready_ms = last.stop_id, as_it_comes(route.duty, route.visits, drive)[-1] + last.service_ms
    takes_ms = drive(place, tour.shift.depot)
    back_ms = ready_ms + takes_ms
    return back_ms if takes_ms < UNREACHABLE_MS and back_ms > tour.shift.span.latest else 0


def _ready_ms(route: Route) -> int:
    """Return when a vehicle with nothing left to do was ready to drive home."""
    last = route.tour.tasks[route.passed - 1]
    service_ms = 0 if route.passed <= route.tour.done else round(last.service_s * 1000)
    return max(last.begin + service_ms, route.tour.held_until or 0)
