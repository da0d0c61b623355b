"""Taking the last published repair back: the former order, as far as the world has not moved on.

What was done or has become imminent since stays in its vehicle, rides booked since stay where they are, everything
else returns to its former tour and order. All told windows must hold again; news that nobody told lapse, and riders who
know of another vehicle are told of the former one. Refused with the reason where that is not possible.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from dispatch.booking import published
from dispatch.lanes import Lane, lane_of
from dispatch.news import REASON_OF, News, news_of, promise_of
from dispatch.promise import keeps
from dispatch.quote import Service
from dispatch.rescue import is_transfer
from dispatch.tours import route_of
from dispatch.what_if import without_news
from mobility.core.clock import Instant
from mobility.core.disruption import DisruptionKind
from mobility.core.disruption_events import (
    BookingChanged,
    BookingWithdrawn,
    DisruptionEnded,
    DisruptionReported,
    RevisionDue,
    RevisionLapsed,
)
from mobility.core.events import Envelope, Event, PlanPublished, RiderNoShow
from mobility.core.fold import State
from mobility.core.ids import BookingId, DisruptionId, ServiceAreaId, VehicleId
from mobility.core.plan import DayPlan, Task, TaskKind, Tour
from mobility.core.promise import Revision
from mobility.core.refusal import Refusal, RefusalCode

PlanKey = tuple[ServiceAreaId, date]
"""Of which area and day a plan is."""
REPAIR = "repair:"
"""Causes of published repairs begin so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repaired:
    """A repair as it was published."""

    before: DayPlan
    after: DayPlan
    kind: DisruptionKind
    reported: DisruptionId | None
    """The disruption that became a fact in the same commit."""
    withdrawn: int
    """Rides that were withdrawn by it."""
    has_happened: bool
    """Whether it told what nobody can undo: who was not there, who came with more."""


def repaired(envelopes: Sequence[Envelope], plans: Mapping[PlanKey, DayPlan]) -> Repaired | None:
    """Return the repair that a commit published, ``None`` for any other; ``plans`` are those before it."""
    bodies = [envelope.body for envelope in envelopes]
    for body in bodies:
        if not isinstance(body, PlanPublished) or not body.cause.startswith(REPAIR):
            continue
        before = plans.get((body.plan.area_id, body.plan.day))
        if before is None:
            return None
        return Repaired(
            before=before,
            after=body.plan,
            kind=DisruptionKind(body.cause.removeprefix(REPAIR)),
            reported=next((b.disruption.disruption_id for b in bodies if isinstance(b, DisruptionReported)), None),
            withdrawn=sum(isinstance(each, BookingWithdrawn) for each in bodies),
            has_happened=any(isinstance(each, RiderNoShow | BookingChanged) for each in bodies),
        )
    return None


def undone(service: Service, state: State, last: Repaired | None, now: Instant) -> list[Event] | Refusal:
    """Return the facts that take a repair back, or why that can not be."""
    denied = _denied(state, last)
    if denied is not None or last is None:
        return denied or Refusal(RefusalCode.NOTHING_TO_UNDO)
    current = state.plans[last.after.area_id, last.after.day]
    if [_shift(tour) for tour in current.tours] != [_shift(tour) for tour in last.before.tours]:
        return Refusal(RefusalCode.PLAN_CHANGED)
    world = _World(service, state, last, current, now)
    lanes = [lane_of(service, state, k, world.restored(k), now) for k in range(len(current.tours))]
    broken = sum(1 if lane is None else len(_broken(lane)) for lane in lanes)
    if broken:
        return Refusal(RefusalCode.UNDO_BREAKS_PROMISES, {"rides": broken})
    tours = tuple(lane.tour() for lane in lanes if lane is not None)
    return _facts(service, state, last, (current, replace(current, tours=tours, version=current.version + 1)), now)


def _denied(state: State, last: Repaired | None) -> Refusal | None:
    if last is None or state.plans.get((last.after.area_id, last.after.day)) is None:
        return Refusal(RefusalCode.NOTHING_TO_UNDO)
    if last.withdrawn:
        return Refusal(RefusalCode.WITHDRAWN_FOR_GOOD, {"rides": last.withdrawn})
    return Refusal(RefusalCode.ALREADY_HAPPENED) if last.has_happened else None


def _facts(
    service: Service, state: State, last: Repaired, plans: tuple[DayPlan, DayPlan], now: Instant
) -> list[Event] | Refusal:
    current, restored = plans
    news = _less_moot(last, news_of(state, current, restored, (), reason=REASON_OF[last.kind], now=now), state)
    facts: list[Event] = [
        *(RevisionDue(revision=each) for each in news.revisions),
        *(RevisionLapsed(booking_id=each) for each in news.lapsed),
    ]
    if last.reported in state.disruptions and last.reported is not None:
        facts.append(DisruptionEnded(disruption_id=last.reported, at=now))
    plan = published(service, without_news(state, news.lapsed), restored, "undo", news=facts, now=now)
    return plan if isinstance(plan, Refusal) else [*facts, *plan]


def _less_moot(last: Repaired, news: News, state: State) -> News:
    """Return the news without those that only take back what was never told."""
    known = _vehicles(last.before)
    moot = tuple(each.booking_id for each in news.revisions if _is_moot(each, known, state))
    revisions = tuple(each for each in news.revisions if each.booking_id not in moot)
    return News(revisions=revisions, lapsed=(*news.lapsed, *moot))


def _is_moot(revision: Revision, known: Mapping[BookingId, VehicleId], state: State) -> bool:
    is_untold = revision.booking_id in state.revisions
    same = revision.pickup is None and revision.arrival is None
    return is_untold and same and known.get(revision.booking_id) == revision.vehicle_id


def _vehicles(plan: DayPlan) -> dict[BookingId, VehicleId]:
    dropoffs = ((tour, task) for tour in plan.tours for task in tour.tasks if task.kind is TaskKind.DROPOFF)
    return {task.booking_id: tour.shift.vehicle_id for tour, task in dropoffs}


class _World:
    """What has happened since: tasks that are done or imminent, and rides that therefore stay where they are."""

    def __init__(self, service: Service, state: State, last: Repaired, current: DayPlan, now: Instant) -> None:
        self._state, self._now = state, now
        self._former, self._present = last.before.tours, current.tours
        self._fixed = [_fixed(service, state, tour, now) for tour in current.tours]
        fixed = [task for tasks in self._fixed for task in tasks]
        fixed_ids = {task.task_id for task in fixed}
        self._open = {t.task_id for tour in current.tours for t in tour.tasks if t.task_id not in fixed_ids}
        self._known = {task.task_id for tour in last.before.tours for task in tour.tasks}
        self._transferred = {task.booking_id for task in fixed if is_transfer(task.task_id)}
        self._settled = set(_begun(current, self._fixed))

    def restored(self, position: int) -> Tour:
        """Return a tour in its former order, with what must stay where it is now."""
        former, present, fixed = self._former[position], self._present[position], self._fixed[position]
        back = [t for t in former.tasks if t.task_id in self._open and t.booking_id not in self._settled]
        stay = [task for task in present.tasks[len(fixed) :] if self._stays(task)]
        rest = sorted((*back, *stay), key=lambda task: task.begin)
        loads = {task.task_id: task.load for task in former.tasks}
        # Who has not been fetched out of the broken vehicle is in it again.
        done = (
            t if t.booking_id in self._transferred else replace(t, load=loads.get(t.task_id, t.load)) for t in fixed
        )
        # What is still open has not happened, whenever it was to be.
        ahead = (replace(task, begin=max(task.begin, self._now)) for task in rest)
        tasks = (*done, *(_as_told(self._state, task) for task in ahead))
        return replace(present, shift=former.shift, tasks=tasks, held_until=former.held_until, out_from=former.out_from)

    def _stays(self, task: Task) -> bool:
        is_new = task.task_id not in self._known and not is_transfer(task.task_id)
        return task.booking_id in self._settled or is_new


def _broken(lane: Lane) -> set[BookingId]:
    open_tasks = lane.tour().tasks[lane.route.passed :]
    return {task.booking_id for task in open_tasks if not keeps(task, task.window)}


def _begun(current: DayPlan, fixed: Iterable[tuple[Task, ...]]) -> Iterable[BookingId]:
    """Yield the rides that began in the tour which is to end them now."""
    for tour, tasks in zip(current.tours, fixed, strict=True):
        ends_here = {task.booking_id for task in tour.tasks if task.kind is TaskKind.DROPOFF}
        yield from (task.booking_id for task in tasks if task.booking_id in ends_here)


def _fixed(service: Service, state: State, tour: Tour, now: Instant) -> tuple[Task, ...]:
    route = route_of(tour, service.fleet[tour.shift.vehicle_id], state.bookings, now, service.drive)
    return tour.tasks[: route.passed if tour.out_from is not None else route.passed + route.frozen]


def _as_told(state: State, task: Task) -> Task:
    promise = promise_of(state, task)
    return task if promise is None else replace(task, window=promise.window)


def _shift(tour: Tour) -> tuple[VehicleId, int]:
    return tour.shift.vehicle_id, tour.shift.span.earliest
