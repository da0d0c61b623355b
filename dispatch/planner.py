"""Re-optimising the rest of a day: the problem a solver gets, and whether its answer may be published."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dispatch.feasibility import schedule
from dispatch.quote import Service
from dispatch.route import Drive, Duty, Schedule, Violation, Visit
from dispatch.tours import FREEZE_MS, Route, retimed, route_of, with_tours
from mobility.core.clock import Instant
from mobility.core.fold import State
from mobility.core.ids import StopId
from mobility.core.plan import DayPlan, Task

LEAST_GAIN_FRAC = 0.01
"""A new plan must be at least so much cheaper: drivers and riders are not unsettled for nothing."""


@dataclass(frozen=True, slots=True)
class Stop:
    """One open visit as the solver sees it: its place in the matrix and the vehicles that may serve it."""

    visit: Visit
    place: int
    pickup: int | None
    """Index of the stop where its rider boards; ``None`` for pickups and for riders who are aboard."""
    only_vehicle: int | None
    """The vehicle that carries the rider already."""


@dataclass(frozen=True, slots=True)
class Problem:
    """The open part of a day in plain values, so that it can be sent to another process."""

    duties: tuple[Duty, ...]
    """One per tour; it starts where the frozen part ends."""
    starts: tuple[int, ...]
    depots: tuple[int, ...]
    stops: tuple[Stop, ...]
    routes: tuple[tuple[int, ...], ...]
    """The present order: indices of stops, one tuple per tour."""
    matrix_ms: tuple[tuple[int, ...], ...]
    """Driving times between places, shape (p, p)."""

    @property
    def is_worth_solving(self) -> bool:
        """Whether there is anything to exchange."""
        return len(self.stops) > 2  # noqa: PLR2004 - one ride alone is where insertion put it


@dataclass(frozen=True, slots=True)
class Draft:
    """A plan being re-optimised: the routes at the moment of the snapshot and the solver's problem."""

    plan: DayPlan
    routes: tuple[Route, ...]
    problem: Problem


Solution = Sequence[Sequence[int]]
"""For each tour the indices of its stops in order."""


def draft(service: Service, state: State, plan: DayPlan, now: Instant, *, freeze_ms: int = FREEZE_MS) -> Draft:
    """Return the open part of a plan at ``now``: passed and frozen tasks are pinned, riders aboard stay aboard.

    ``freeze_ms`` has to cover the time until the answer is published.
    """
    routes = tuple(
        route_of(tour, service.fleet[tour.shift.vehicle_id], state.bookings, now, service.drive, freeze_ms=freeze_ms)
        for tour in plan.tours
    )
    return Draft(plan, routes, _problem(routes, service.drive))


def improved(service: Service, draft_now: Draft, solution: Solution) -> DayPlan | None:
    """Return the next plan version, or ``None`` when it would break a constraint or gains too little.

    ``draft_now`` is made anew from the newest state: the solver's answer is only an order of stops, every time and
    every promise in it is checked here.
    """
    if not _covers(draft_now.problem, solution):
        return None
    before = _schedules(service.drive, [(route.duty, route.visits) for route in draft_now.routes])
    orders = [_order(route, draft_now, chosen) for route, chosen in zip(draft_now.routes, solution, strict=True)]
    visits = [tuple(visit for visit, _ in order) for order in orders]
    after = _schedules(
        service.drive, [(route.duty, whole) for route, whole in zip(draft_now.routes, visits, strict=True)]
    )
    if before is None or after is None or _cost_ms(after) > _cost_ms(before) * (1 - LEAST_GAIN_FRAC):
        return None
    changed = {
        k: retimed(route, [task for _, task in order], times.begin_ms)
        for k, (route, order, times) in enumerate(zip(draft_now.routes, orders, after, strict=True))
    }
    return with_tours(draft_now.plan, changed)


def cost_ms(service: Service, draft_now: Draft) -> int | None:
    """Return driving plus waiting of the open part, ``None`` when a tour can not be driven in time any more."""
    schedules = _schedules(service.drive, [(route.duty, route.visits) for route in draft_now.routes])
    return None if schedules is None else _cost_ms(schedules)


def _problem(routes: Sequence[Route], drive: Drive) -> Problem:
    places: dict[StopId, int] = {}
    duties: list[Duty] = []
    stops: list[Stop] = []
    orders: list[tuple[int, ...]] = []
    for vehicle, route in enumerate(routes):
        duty = _after_frozen(route, drive)
        duties.append(duty)
        first = len(stops)
        pickups: dict[str, int] = {}
        for visit in route.visits[route.frozen :]:
            if visit.is_pickup:
                pickups[visit.booking_id] = len(stops)
            pickup = None if visit.is_pickup else pickups.get(visit.booking_id)
            is_aboard = not visit.is_pickup and pickup is None
            place = places.setdefault(visit.stop_id, len(places))
            stops.append(Stop(visit, place, pickup, vehicle if is_aboard else None))
        orders.append(tuple(range(first, len(stops))))
    starts = tuple(places.setdefault(duty.start, len(places)) for duty in duties)
    depots = tuple(places.setdefault(duty.depot, len(places)) for duty in duties)
    matrix_ms = tuple(tuple(drive(a, b) for b in places) for a in places)
    return Problem(tuple(duties), starts, depots, tuple(stops), tuple(orders), matrix_ms)


def _after_frozen(route: Route, drive: Drive) -> Duty:
    """Return the duty that is left when the frozen visits are driven as soon as possible."""
    frozen = route.visits[: route.frozen]
    duty = route.duty
    times = schedule(duty, frozen, drive)
    if not frozen or isinstance(times, Violation):
        return duty
    seats = duty.aboard.seats + sum(visit.seats for visit in frozen)
    wheelchairs = duty.aboard.wheelchairs + sum(visit.wheelchairs for visit in frozen)
    leave_ms = times.begin_ms[-1] + frozen[-1].service_ms
    aboard = replace(duty.aboard, seats=seats, wheelchairs=wheelchairs)
    return replace(duty, start=frozen[-1].stop_id, leave_ms=leave_ms, aboard=aboard)


def _covers(problem: Problem, solution: Solution) -> bool:
    """Return whether every stop is served exactly once, and riders aboard by the vehicle they are in."""
    if len(solution) != len(problem.duties):
        return False
    if sorted(stop for order in solution for stop in order) != list(range(len(problem.stops))):
        return False
    return all(problem.stops[k].only_vehicle in (None, v) for v, order in enumerate(solution) for k in order)


def _order(route: Route, whole: Draft, chosen: Sequence[int]) -> list[tuple[Visit, Task]]:
    """Return visits and tasks of a tour: its frozen ones, then the chosen ones wherever they come from."""
    frozen_tasks = route.tour.tasks[route.passed : route.passed + route.frozen]
    open_tasks = _open_tasks(whole)
    frozen = list(zip(route.visits[: route.frozen], frozen_tasks, strict=True))
    return frozen + [(whole.problem.stops[k].visit, open_tasks[k]) for k in chosen]


def _open_tasks(whole: Draft) -> list[Task]:
    return [task for route in whole.routes for task in route.tour.tasks[route.passed + route.frozen :]]


def _schedules(drive: Drive, routes: Sequence[tuple[Duty, tuple[Visit, ...]]]) -> list[Schedule] | None:
    found: list[Schedule] = []
    for duty, visits in routes:
        times = schedule(duty, visits, drive) if _is_paired(duty, visits) else None
        if not isinstance(times, Schedule):
            return None
        found.append(times)
    return found


def _is_paired(duty: Duty, visits: Sequence[Visit]) -> bool:
    """Return whether no rider leaves before boarding and nobody leaves a vehicle he is not in."""
    place = {(visit.booking_id, visit.is_pickup): k for k, visit in enumerate(visits)}
    pairs = [(place.get((v.booking_id, True)), k) for k, v in enumerate(visits) if not v.is_pickup]
    aboard = sum(-visits[k].seats - visits[k].wheelchairs for pickup, k in pairs if pickup is None)
    # Loads of riders aboard must be those of the duty; a foreign drop-off would make the vehicle lighter than empty.
    return all(pickup is None or pickup < k for pickup, k in pairs) and aboard == _people(duty)


def _people(duty: Duty) -> int:
    return duty.aboard.seats + duty.aboard.wheelchairs


def _cost_ms(schedules: Sequence[Schedule]) -> int:
    return sum(times.cost_ms for times in schedules)
