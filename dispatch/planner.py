"""Re-optimising the rest of a day: the problem a solver gets, and whether its answer may be published."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from dispatch.darp.problem import Routes
from dispatch.day_problem import DayProblem, day_problem
from dispatch.feasibility import schedule
from dispatch.quote import Service
from dispatch.route import Drive, Duty, Schedule, Visit
from dispatch.tours import FREEZE_MS, Route, retimed, route_of, with_tours
from mobility.core.clock import Instant
from mobility.core.fold import State
from mobility.core.plan import DayPlan, Task

LEAST_GAIN_FRAC = 0.01
"""A new plan must be at least so much cheaper: drivers and riders are not unsettled for nothing."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A plan being re-optimised: its routes at the moment of the snapshot and the solver's problem."""

    plan: DayPlan
    routes: tuple[Route, ...]
    """Of all tours."""
    part: tuple[int, ...]
    """Positions of the tours that take part, one for each vehicle of the problem.

    A tour that is out, or can not be driven as it stands, waits for a repair: it neither gives nor takes.
    """
    day: DayProblem

    @property
    def is_worth_solving(self) -> bool:
        """Whether there is anything to exchange."""
        return self.day.is_worth_solving


def draft(service: Service, state: State, plan: DayPlan, now: Instant, *, freeze_ms: int = FREEZE_MS) -> Draft:
    """Return the open part of a plan at ``now``: passed and frozen tasks are pinned, riders aboard stay aboard.

    ``freeze_ms`` has to cover the time until the answer is published.
    """
    routes = tuple(
        route_of(tour, service.fleet[tour.shift.vehicle_id], state.bookings, now, service.drive, freeze_ms=freeze_ms)
        for tour in plan.tours
    )
    part = tuple(
        k for k, route in enumerate(routes) if not route.is_out and _driven(route.duty, route.visits, service.drive)
    )
    return Draft(plan, routes, part, day_problem([routes[k] for k in part], service.drive))


def improved(service: Service, draft_now: Draft, solution: Routes) -> DayPlan | None:
    """Return the next plan version, or ``None`` when it would break a constraint or gains too little.

    ``draft_now`` is made anew from the newest state: the solver's answer is only an order of stops, every time and
    every promise in it is checked here, by the plain feasibility check.
    """
    if not _covers(draft_now.day, solution):
        return None
    routes = [draft_now.routes[k] for k in draft_now.part]
    visits = [tuple(draft_now.day.visits[stop] for stop in order) for order in solution]
    before = [_driven(route.duty, route.visits, service.drive) for route in routes]
    after = [_driven(route.duty, whole, service.drive) for route, whole in zip(routes, visits, strict=True)]
    cost_before_ms, cost_after_ms = _cost_ms(before), _cost_ms(after)
    if cost_before_ms is None or cost_after_ms is None or cost_after_ms > cost_before_ms * (1 - LEAST_GAIN_FRAC):
        return None
    tasks = _tasks(routes)
    changed = {
        position: retimed(route, [tasks[stop] for stop in order], times.begin_ms)
        for position, route, order, times in zip(draft_now.part, routes, solution, after, strict=True)
        if times is not None
    }
    return with_tours(draft_now.plan, changed)


def cost_ms(service: Service, draft_now: Draft) -> int | None:
    """Return what the open part costs, ``None`` when a tour can not be driven in time any more."""
    return _cost_ms([_driven(route.duty, route.visits, service.drive) for route in draft_now.routes])


def _covers(day: DayProblem, solution: Routes) -> bool:
    """Return whether every stop is served once, frozen ones first, and riders aboard by the vehicle they are in."""
    problem = day.problem
    if len(solution) != problem.vehicles or sorted(chain.from_iterable(solution)) != list(range(problem.stops)):
        return False
    if any(tuple(order[: len(head)]) != head for order, head in zip(solution, problem.head, strict=True)):
        return False
    vehicle_of = {stop: vehicle for vehicle, order in enumerate(solution) for stop in order}
    at = {stop: k for order in solution for k, stop in enumerate(order)}
    for ride, (pickup, dropoff) in enumerate(zip(problem.pickup.tolist(), problem.dropoff.tolist(), strict=True)):
        ends = [stop for stop in (pickup, dropoff) if stop >= 0]
        if len({vehicle_of[stop] for stop in ends}) != 1 or not problem.allowed[ride, vehicle_of[ends[0]]]:
            return False
        if len(ends) > 1 and at[pickup] > at[dropoff]:
            return False
    return True


def _tasks(routes: Sequence[Route]) -> list[Task]:
    """Return the task of each stop of the problem."""
    return [task for route in routes for task in route.tour.tasks[route.passed :]]


def _driven(duty: Duty, visits: Sequence[Visit], drive: Drive) -> Schedule | None:
    times = schedule(duty, visits, drive)
    return times if isinstance(times, Schedule) else None


def _cost_ms(schedules: Sequence[Schedule | None]) -> int | None:
    found = [times.cost_ms for times in schedules if times is not None]
    return sum(found) if len(found) == len(schedules) else None
