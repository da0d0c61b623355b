"""What a driver reports: boarded, alighted, not there. Each settles promises and moves the plan on."""

from dataclasses import dataclass, replace
from enum import StrEnum

from dispatch.booking import moved, published, released, replanned
from dispatch.quote import Service
from dispatch.rescue import is_transfer, transferred
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Report:
    """What a driver says."""

    vehicle_id: VehicleId
    task_id: TaskId
    outcome: Outcome
    at: Instant

    @property
    def booking_id(self) -> BookingId:
        return BookingId(str(self.task_id).rpartition(":")[0])


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
    told = _Report(vehicle_id=vehicle_id, task_id=task_id, outcome=outcome, at=Instant(min(at, now)))
    if told.booking_id not in state.bookings:
        return Refusal(RefusalCode.UNKNOWN_BOOKING)
    facts = _fetched(state, told) if is_transfer(task_id) else _happened(state, told)
    if isinstance(facts, Refusal):
        return facts
    place = _carried(state, told) or _taken_over(state, told)
    if place is None:
        # Who got out although no vehicle was to bring them there any more has got out.
        is_nobodys = not any(_has_open(tour, task_id) for plan in state.plans.values() for tour in plan.tours)
        is_out = told.outcome is Outcome.ALIGHTED and is_nobodys
        return facts if is_out else Refusal(RefusalCode.UNKNOWN_BOOKING)
    plan = _progressed(service, state, place, told, now)
    return [*facts, *published(service, state, plan, "progress")]


def _happened(state: State, told: _Report) -> list[Event] | Refusal:
    """Return the facts of an ordinary task's report, or why they can not be."""
    target, kind = _TARGET[told.outcome]
    if str(told.task_id) != f"{told.booking_id}:{kind.value}":
        return Refusal(RefusalCode.INVALID_INPUT, {"detail": "outcome"})
    booking = moved(state, told.booking_id, target)
    if isinstance(booking, Refusal):
        return booking
    promise = state.promises[told.booking_id, PromiseKind.PICKUP]
    if told.outcome is Outcome.NO_SHOW and told.at < promise.window.earliest:
        # Nobody can miss a bus that came before the time that was promised.
        return Refusal(RefusalCode.WRONG_STATE, {"state": "before_window"})
    return _facts(state, booking, told)


def _fetched(state: State, told: _Report) -> list[Event] | Refusal:
    """Return the facts of riders fetched from a broken vehicle: nothing else can be reported there, and only once."""
    if told.outcome is not Outcome.BOARDED:
        return Refusal(RefusalCode.INVALID_INPUT, {"detail": "outcome"})
    place = _carried(state, told)
    tour = place[0].tours[place[1]] if place is not None else None
    is_done = tour is not None and any(task.task_id == told.task_id for task in tour.tasks[: tour.done])
    standing = state.bookings[told.booking_id].state
    if is_done or standing not in (BookingState.PROMISED, BookingState.BOARDED):
        return Refusal(RefusalCode.WRONG_STATE, {"state": standing.value})
    return transferred(state, told.booking_id, to_vehicle=told.vehicle_id, at=told.at)


def _carried(state: State, told: _Report) -> tuple[DayPlan, int] | None:
    """Return the plan and the position of the vehicle's tour that holds the task."""
    for plan in state.plans.values():
        for position, tour in enumerate(plan.tours):
            is_hers = tour.shift.vehicle_id == told.vehicle_id
            if is_hers and any(task.task_id == told.task_id for task in tour.tasks):
                return plan, position
    return None


def _taken_over(state: State, told: _Report) -> tuple[DayPlan, int] | None:
    """Return the plan in which the vehicle carries a ride that was moved to another one while its driver served it.

    What has happened is not refused because a repair was published a minute before. ``None`` where it can not have
    happened: no tour has the task, or the vehicle has no tour then; and nobody stays away from another's vehicle.
    """
    booking_id = told.booking_id
    if told.outcome is Outcome.NO_SHOW or is_transfer(told.task_id):
        return None
    for plan in state.plans.values():
        held = next((k for k, tour in enumerate(plan.tours) if _has_open(tour, told.task_id)), None)
        # Of several shifts the newest that has begun.
        taker = next((k for k in reversed(range(len(plan.tours))) if _drives_at(plan.tours[k], told)), None)
        if held is None or taker is None:
            continue
        loser, winner = plan.tours[held], plan.tours[taker]
        ride = [t for t in loser.tasks[loser.done :] if t.booking_id == booking_id and not is_transfer(t.task_id)]
        # Who was to be fetched out of this vehicle counts as never boarded in it: then nobody leaves it either.
        is_aboard = any(t.booking_id == booking_id and t.load != Load(0) for t in winner.tasks[: winner.done])
        if told.outcome is Outcome.ALIGHTED and not is_aboard:
            ride = [replace(task, load=Load(0)) for task in ride]
        left = (t for k, t in enumerate(loser.tasks) if k < loser.done or t.booking_id != booking_id)
        changed = {
            held: replace(loser, tasks=tuple(left)),
            taker: replace(winner, tasks=(*winner.tasks[: winner.done], *ride, *winner.tasks[winner.done :])),
        }
        return replace(plan, tours=tuple(changed.get(k, tour) for k, tour in enumerate(plan.tours))), taker
    return None


def _has_open(tour: Tour, task_id: TaskId) -> bool:
    return any(task.task_id == task_id for task in tour.tasks[tour.done :])


def _drives_at(tour: Tour, told: _Report) -> bool:
    return tour.shift.vehicle_id == told.vehicle_id and tour.shift.span.earliest <= told.at


def _facts(state: State, booking: Booking, told: _Report) -> list[Event]:
    booking_id, vehicle_id, at = booking.booking_id, told.vehicle_id, told.at
    match told.outcome:
        case Outcome.BOARDED:
            boarded = RiderBoarded(booking_id=booking_id, vehicle_id=vehicle_id, at=at)
            return [boarded, *_settled(state, booking_id, PromiseKind.PICKUP, at)]
        case Outcome.ALIGHTED:
            alighted = RiderAlighted(booking_id=booking_id, vehicle_id=vehicle_id, at=at)
            return [alighted, *_settled(state, booking_id, PromiseKind.ARRIVAL, at)]
        case Outcome.NO_SHOW:
            return [RiderNoShow(booking_id=booking_id, vehicle_id=vehicle_id, at=at), *released(booking_id, at)]


def _settled(state: State, booking_id: BookingId, kind: PromiseKind, at: Instant) -> list[Event]:
    """Return how a promise ends; one that is broken already, as of who got out elsewhere, stays so."""
    promise = state.promises[booking_id, kind]
    if promise.outcome is not PromiseOutcome.OPEN:
        return []
    is_kept = promise.window.holds(at) and not promise.was_told_late
    outcome = PromiseOutcome.KEPT if is_kept else PromiseOutcome.BROKEN
    return [PromiseSettled(booking_id=booking_id, kind=kind, outcome=outcome, at=at)]


def _progressed(service: Service, state: State, place: tuple[DayPlan, int], told: _Report, now: Instant) -> DayPlan:
    """Return the plan with the reported task done and the rest timed anew, in the order it has."""
    plan, position = place
    before = state.plans[plan.area_id, plan.day]
    tour = _done(plan.tours[position], told.task_id, told.at)
    if told.outcome is Outcome.NO_SHOW:
        tour = _left_behind(tour, told.task_id)
    tours = (*plan.tours[:position], tour, *plan.tours[position + 1 :])
    progressed = replanned(service, state, replace(plan, tours=tours), position, now)
    for other, known in enumerate(before.tours):
        if other != position and progressed.tours[other] != known:
            progressed = replanned(service, state, progressed, other, now)
    return replace(progressed, version=before.version + 1)


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
