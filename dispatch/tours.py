"""From a published tour to a route that may still change, and back: done, assumed, frozen and open tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain

from dispatch.feasibility import as_it_comes
from dispatch.route import Drive, Duty, Visit
from mobility.core.booking import Booking, Load, Window
from mobility.core.clock import Instant
from mobility.core.ids import BookingId, DriverRef, ServiceAreaId, StopId, VehicleId
from mobility.core.plan import DayPlan, Shift, Task, TaskKind, Tour
from mobility.core.region import ServiceArea, ShiftRule
from mobility.core.roster import Roster
from mobility.core.service_day import ServiceDay
from mobility.core.vehicle import VehicleSpec

FREEZE_MS = 300_000
"""Whoever is fetched next is not overtaken once the vehicle must leave within five minutes."""
ASSUMED_DONE_MS = 1_200_000
"""A task without a report is taken as done as planned after 20 minutes: drivers with paper report nothing."""
RESERVE_MS = 120_000
"""Plans keep this much (and the service time) clear of a promise's end, at most half the window."""


@dataclass(frozen=True, slots=True)
class Route:
    """A tour as insertion and planner see it at one moment."""

    tour: Tour
    passed: int
    """The first so many tasks of the tour are done or assumed done."""
    duty: Duty
    visits: tuple[Visit, ...]
    """One for each task that is still to come, in order."""
    frozen: int
    """The first so many visits stay where they are."""

    @property
    def is_out(self) -> bool:
        """Whether the vehicle takes no new ride: broken down or without a driver."""
        return self.tour.out_from is not None


Rosters = Mapping[tuple[ServiceAreaId, date], Roster]
"""Published rosters by area and first day."""


def empty_plan(
    area: ServiceArea, day: ServiceDay, fleet: Mapping[VehicleId, VehicleSpec], rosters: Rosters | None = None
) -> DayPlan:
    """Return version 0 of a day: the shifts of bookable vehicles without a task.

    A shift's driver is the roster's, or the rule's where no roster names one.
    """
    rules = sorted(area.shifts, key=lambda rule: (rule.vehicle_id, rule.starts))
    shifts = [
        Shift(
            vehicle_id=rule.vehicle_id,
            driver=rostered(rule, area.area_id, day.date, rosters or {}) or rule.driver,
            span=Window(day.at(rule.starts), day.at(rule.ends)),
            depot=rule.depot,
        )
        for rule in rules
        if fleet[rule.vehicle_id].is_bookable
    ]
    return DayPlan(area_id=area.area_id, day=day.date, version=0, tours=tuple(Tour(shift=shift) for shift in shifts))


def rostered(rule: ShiftRule, area_id: ServiceAreaId, day: date, rosters: Rosters) -> DriverRef | None:
    """Return who drives a shift by the newest roster that covers the day, ``None`` where it names nobody."""
    covering = (r for r in rosters.values() if r.area_id == area_id and r.first <= day <= r.last)
    newest = max(covering, key=lambda roster: roster.first, default=None)
    return None if newest is None else newest.driver_of(day, rule.vehicle_id, rule.starts)


def with_drivers(plan: DayPlan, area: ServiceArea, day: ServiceDay, rosters: Rosters) -> DayPlan:
    """Return the plan with the roster's drivers in the shifts that still have their rule's.

    A roster may come after the first booking of a day. A driver whom a repair put in stays.
    """
    named = {
        (rule.vehicle_id, day.at(rule.starts), rule.driver): rostered(rule, area.area_id, day.date, rosters)
        for rule in area.shifts
    }

    def driven(tour: Tour) -> Tour:
        shift = tour.shift
        driver = named.get((shift.vehicle_id, shift.span.earliest, shift.driver))
        return tour if driver in (None, shift.driver) else replace(tour, shift=replace(shift, driver=driver))

    return replace(plan, tours=tuple(driven(tour) for tour in plan.tours))


def planned_window(window: Window, service_s: float) -> Window:
    """Return the part of a promised window that plans may use; the rest absorbs what goes wrong on the road."""
    reserve_ms = min(RESERVE_MS + round(service_s * 1000), (window.latest - window.earliest) // 2)
    return Window(window.earliest, Instant(window.latest - reserve_ms))


def route_of(
    tour: Tour,
    spec: VehicleSpec,
    bookings: Mapping[BookingId, Booking],
    now: Instant,
    drive: Drive,
    *,
    freeze_ms: int = FREEZE_MS,
) -> Route:
    """Return what of a tour is still open at ``now``; whoever must be left for within ``freeze_ms`` is frozen.

    Visits that are late already get their expected begin as limit: a new ride may not make them later still. A
    vehicle that is held leaves no earlier than it can; of one that is out everything is frozen.
    """
    passed = _passed(tour, now)
    pending = tour.tasks[passed:]
    place, ready_ms = _stand(tour, passed)
    frozen = len(pending) if tour.out_from is not None else _frozen(pending, place, now + freeze_ms, drive)
    # A vehicle on its way left long ago; a standing one can leave now at the earliest.
    leave_ms = max(ready_ms if frozen else max(ready_ms, now), tour.held_until or 0)
    visits = _visits(tour, passed, bookings, now)
    duty = Duty(
        start=place,
        leave_ms=leave_ms,
        depot=tour.shift.depot,
        back_ms=tour.shift.span.latest,
        seats=spec.seats,
        wheelchair_places=spec.wheelchair_places,
        seats_lost=spec.seats_lost_per_wheelchair,
        aboard=_aboard(tour.tasks[:passed]),
        prams=spec.pram_places,
        luggage=spec.luggage_places,
    )
    return Route(tour, passed, *_eased(duty, visits, drive), frozen)


def retimed(route: Route, tasks: Sequence[Task], begins_ms: Sequence[int]) -> Tour:
    """Return the tour with its passed tasks kept and ``tasks`` after them, beginning at ``begins_ms``."""
    timed = (replace(task, begin=Instant(begin)) for task, begin in zip(tasks, begins_ms, strict=True))
    return replace(route.tour, tasks=tuple(chain(route.tour.tasks[: route.passed], timed)))


def with_tours(plan: DayPlan, changed: Mapping[int, Tour]) -> DayPlan:
    """Return the next version of a plan with the tours at some positions replaced."""
    tours = tuple(changed.get(k, tour) for k, tour in enumerate(plan.tours))
    return replace(plan, tours=tours, version=plan.version + 1)


def plan_of(
    plans: Mapping[tuple[ServiceAreaId, date], DayPlan],
    area: ServiceArea,
    day: ServiceDay,
    fleet: Mapping[VehicleId, VehicleSpec],
    rosters: Rosters | None = None,
) -> DayPlan:
    """Return the published plan of a day, or the empty one, with the drivers of the roster."""
    plan = plans.get((area.area_id, day.date))
    if plan is None:
        return empty_plan(area, day, fleet, rosters)
    return with_drivers(plan, area, day, rosters) if rosters else plan


def visit_of(task: Task, max_ride_ms: int, *, not_before_ms: int = 0, not_after_ms: int | None = None) -> Visit:
    """Return the visit of a task within its planned window, narrowed where the present or a ride aboard demands it."""
    window = planned_window(task.window, task.service_s)
    return Visit(
        task.booking_id,
        task.stop_id,
        task.kind is TaskKind.PICKUP,
        max(window.earliest, not_before_ms),
        window.latest if not_after_ms is None else min(window.latest, not_after_ms),
        round(task.service_s * 1000),
        task.load.seats,
        task.load.wheelchairs,
        max_ride_ms,
        task.load.prams,
        task.load.luggage,
    )


def _passed(tour: Tour, now: Instant) -> int:
    # A vehicle that is out does nothing any more, reported or not.
    until_ms = min(now - ASSUMED_DONE_MS, tour.out_from or now)
    passed = tour.done
    while passed < len(tour.tasks) and tour.tasks[passed].begin < until_ms:
        passed += 1
    return passed


def _stand(tour: Tour, passed: int) -> tuple[StopId, int]:
    """Return where the vehicle is, or last was, and when it was ready to leave."""
    if passed == 0:
        return tour.shift.depot, tour.shift.span.earliest
    last = tour.tasks[passed - 1]
    # The begin of a reported task is the moment of the report, which comes after boarding.
    service_ms = 0 if passed <= tour.done else round(last.service_s * 1000)
    return last.stop_id, max(last.begin + service_ms, tour.shift.span.earliest)


def _frozen(pending: Sequence[Task], place: StopId, until_ms: int, drive: Drive) -> int:
    frozen = 0
    for task in pending:
        if task.begin - drive(place, task.stop_id) > until_ms:
            break
        frozen, place = frozen + 1, task.stop_id
    return frozen


def _visits(tour: Tour, passed: int, bookings: Mapping[BookingId, Booking], now: Instant) -> tuple[Visit, ...]:
    """Return the visits to come; who is aboard already must leave within the longest ride."""
    boarded_ms = {
        task.booking_id: task.begin + (0 if k < tour.done else round(task.service_s * 1000))
        for k, task in enumerate(tour.tasks[:passed])
    }
    visits: list[Visit] = []
    for task in tour.tasks[passed:]:
        ride_ms = round(bookings[task.booking_id].max_ride_s * 1000)
        start_ms = boarded_ms.get(task.booking_id)
        limit_ms = None if start_ms is None else start_ms + ride_ms
        visits.append(visit_of(task, ride_ms, not_before_ms=now, not_after_ms=limit_ms))
    return tuple(visits)


def _aboard(passed: Sequence[Task]) -> Load:
    load = Load(0)
    for task in passed:
        load = load + task.load
    return load


def _eased(duty: Duty, visits: tuple[Visit, ...], drive: Drive) -> tuple[Duty, tuple[Visit, ...]]:
    """Return duty and visits whose limits hold what is late already."""
    begins_ms = as_it_comes(duty, visits, drive)
    if not visits:
        return duty, visits
    late = next((k for k, visit in enumerate(visits) if begins_ms[k] > visit.latest_ms), len(visits))
    end_ms = begins_ms[-1] + visits[-1].service_ms + drive(visits[-1].stop_id, duty.depot)
    punctual = replace(duty, back_ms=max(duty.back_ms, end_ms))
    return punctual, visits if late == len(visits) else _late_from(late, visits, begins_ms)


def _late_from(late: int, visits: Sequence[Visit], begins_ms: Sequence[int]) -> tuple[Visit, ...]:
    """Return the visits with the limits of those from ``late`` on widened to what is going to happen."""
    pickups = {v.booking_id: k for k, v in enumerate(visits) if v.is_pickup}
    eased = list(visits)
    for k in range(late, len(visits)):
        start = pickups.get(visits[k].booking_id, k)
        ride_ms = max(visits[k].max_ride_ms, begins_ms[k] - begins_ms[start] - visits[start].service_ms)
        eased[k] = replace(eased[k], latest_ms=max(visits[k].latest_ms, begins_ms[k]), max_ride_ms=ride_ms)
        eased[start] = replace(eased[start], max_ride_ms=max(eased[start].max_ride_ms, ride_ms))
    return tuple(eased)
