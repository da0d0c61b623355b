"""What a driver reports: boarded, alighted, not there. Each settles promises and moves the plan on."""

from dataclasses import replace
from enum import StrEnum

from dispatch.booking import located, moved, published, released, replanned
from dispatch.quote import Service
from mobility.core.booking import Booking, BookingState, Load
from mobility.core.clock import Instant
from mobility.core.events import Event, PromiseSettled, RiderAlighted, RiderBoarded, RiderNoShow
from mobility.core.fold import State
from mobility.core.ids import BookingId, TaskId, VehicleId
from mobility.core.plan import DayPlan, Task, TaskKind, Tour
from mobility.core.promise import PromiseKind, PromiseOutcome
from mobility.core.refusal import Refusal, RefusalCode

CLOCK_LEEWAY_MS = 60_000
"""A tablet's clock may be so far ahead of ours."""


class Outcome(StrEnum):
    """What happened at a task."""

    BOARDED = "boarded"
    ALIGHTED = "alighted"
    NO_SHOW = "no_show"


_TARGET = {
    Outcome.BOARDED: (BookingState.BOARDED, TaskKind.PICKUP),
    Outcome.ALIGHTED: (BookingState.COMPLETED, TaskKind.DROPOFF),
    Outcome.NO_SHOW: (BookingState.NO_SHOW, TaskKind.PICKUP),
}
"""The state a booking goes to, and the kind of task it is reported at."""


def report(
    service: Service,
    state: State,
    now: Instant,
    *,
    vehicle_id: VehicleId,
    task_id: TaskId,
    outcome: Outcome,
    at: Instant,
) -> list[Event] | Refusal:
    """Decide on a driver's report of what happened at ``at``; drivers may do tasks in another order than planned."""
    if at > now + CLOCK_LEEWAY_MS:
        return Refusal(RefusalCode.INVALID_INPUT, {"detail": "at"})
    booking_id = BookingId(str(task_id).rpartition(":")[0])
    target, kind = _TARGET[outcome]
    if str(task_id) != f"{booking_id}:{kind.value}":
        known = booking_id in state.bookings
        return Refusal(RefusalCode.INVALID_INPUT, {"detail": "outcome"}) if known else _unknown()
    booking = moved(state, booking_id, target)
    if isinstance(booking, Refusal):
        return booking
    place = located(state, booking_id)
    if place is None or place[0].tours[place[1]].shift.vehicle_id != vehicle_id:
        return _unknown()
    happened = Instant(min(at, now))
    if outcome is Outcome.NO_SHOW and happened < state.promises[booking_id, PromiseKind.PICKUP].window.earliest:
        # Nobody can miss a bus that came before the time that was promised.
        return Refusal(RefusalCode.WRONG_STATE, {"state": "before_window"})
    plan = _progressed(service, state, place, task_id=task_id, outcome=outcome, at=happened, now=now)
    facts = _facts(state, booking, vehicle_id, outcome, happened)
    return [*facts, *published(service, state, plan, "progress")]


def _unknown() -> Refusal:
    return Refusal(RefusalCode.UNKNOWN_BOOKING)


def _facts(state: State, booking: Booking, vehicle_id: VehicleId, outcome: Outcome, at: Instant) -> list[Event]:
    booking_id = booking.booking_id
    match outcome:
        case Outcome.BOARDED:
            boarded = RiderBoarded(booking_id=booking_id, vehicle_id=vehicle_id, at=at)
            return [boarded, _settled(state, booking_id, PromiseKind.PICKUP, at)]
        case Outcome.ALIGHTED:
            alighted = RiderAlighted(booking_id=booking_id, vehicle_id=vehicle_id, at=at)
            return [alighted, _settled(state, booking_id, PromiseKind.ARRIVAL, at)]
        case Outcome.NO_SHOW:
            return [RiderNoShow(booking_id=booking_id, vehicle_id=vehicle_id, at=at), *released(booking_id, at)]


def _settled(state: State, booking_id: BookingId, kind: PromiseKind, at: Instant) -> PromiseSettled:
    is_kept = state.promises[booking_id, kind].window.holds(at)
    outcome = PromiseOutcome.KEPT if is_kept else PromiseOutcome.BROKEN
    return PromiseSettled(booking_id=booking_id, kind=kind, outcome=outcome, at=at)


def _progressed(
    service: Service,
    state: State,
    place: tuple[DayPlan, int],
    *,
    task_id: TaskId,
    outcome: Outcome,
    at: Instant,
    now: Instant,
) -> DayPlan:
    """Return the plan with the task done at ``at`` and the rest timed anew."""
    plan, position = place
    tour = _done(plan.tours[position], task_id, at)
    if outcome is Outcome.NO_SHOW:
        tour = _left_behind(tour, task_id)
    tours = (*plan.tours[:position], tour, *plan.tours[position + 1 :])
    return replanned(service, state, replace(plan, tours=tours), position, now)


def _done(tour: Tour, task_id: TaskId, at: Instant) -> Tour:
    """Return the tour with one task moved to the end of the done ones, begun at the time of the report."""
    task = next(task for task in tour.tasks if task.task_id == task_id)
    others = [other for other in tour.tasks if other.task_id != task_id]
    others.insert(tour.done, replace(task, begin=at))
    return replace(tour, tasks=tuple(others), done=tour.done + 1)


def _left_behind(tour: Tour, task_id: TaskId) -> Tour:
    """Return the tour in which nobody boarded at the task: no load, no drop-off."""

    def kept(task: Task) -> Task:
        return replace(task, load=Load(0)) if task.task_id == task_id else task

    booking_id = next(task.booking_id for task in tour.tasks if task.task_id == task_id)
    tasks = (task for task in tour.tasks if task.booking_id != booking_id or task.task_id == task_id)
    return replace(tour, tasks=tuple(kept(task) for task in tasks))
