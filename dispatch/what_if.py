"""From a proposal to facts: publishing what was seen, as long as it still holds, and ending a disruption.

A proposal is never published blindly. The writer looks at it again on the newest state: the plan must be the version
it was made for, whatever has happened or has become imminent since must stand in it, and every tour must still be
possible within the windows it names. Then all facts go into one commit.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from dispatch.booking import published
from dispatch.closures import is_active
from dispatch.disruption import OUT, day_plan
from dispatch.lanes import lane_of
from dispatch.promise import keeps
from dispatch.proposal import Answer, Proposal
from dispatch.quote import Service
from dispatch.tours import route_of, with_tours
from mobility.core.booking import Window
from mobility.core.clock import Instant
from mobility.core.disruption import Disruption, DisruptionKind
from mobility.core.disruption_events import (
    BookingWithdrawn,
    DisruptionEnded,
    DisruptionReported,
    RevisionDue,
    RevisionLapsed,
)
from mobility.core.events import Event, PromiseSettled
from mobility.core.fold import State
from mobility.core.ids import BookingId, DisruptionId, DriverRef
from mobility.core.plan import DayPlan, TaskKind, Tour
from mobility.core.promise import PromiseKind, PromiseOutcome, Revision
from mobility.core.refusal import Refusal, RefusalCode

SAME_MS = 300_000
"""Windows that move by no more than this between looking and publishing are what was seen."""
_OVER_AT_ONCE = frozenset({DisruptionKind.NO_SHOW, DisruptionKind.UNANNOUNCED_LOAD})
"""Kinds that are over as soon as somebody decided what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What could be done about a disruption: proposals side by side, made on one plan version. Kept in memory only."""

    draft_id: str
    disruption: Disruption
    is_reported: bool
    """Whether the disruption is a fact already; otherwise publishing makes it one."""
    base_version: int
    made_at: Instant
    expires_at: Instant
    proposals: tuple[Proposal, ...]
    substitute: DriverRef | None = None
    """Who was named to drive where nobody does."""

    def proposal(self, choice: str) -> Proposal | None:
        """Return the proposal of a name."""
        return next((each for each in self.proposals if each.name == choice), None)


def reported(state: State, disruption: Disruption) -> list[Event]:
    """Return the facts that make a disruption known; none when it is."""
    return [] if state.disruptions.get(disruption.disruption_id) == disruption else [_reported(disruption)]


def republished(
    service: Service, state: State, disruption: Disruption, proposal: Proposal, now: Instant
) -> list[Event] | Refusal:
    """Return the facts of a repair, or ``PLAN_CHANGED`` when what was seen can not be done as it was seen any more."""
    plan = _still_holds(service, state, disruption, proposal, now)
    if plan is None:
        return Refusal(RefusalCode.PLAN_CHANGED)
    news = [
        *_announced(state, disruption, proposal, now),
        *proposal.facts,
        *(RevisionDue(revision=_in_time(each, now)) for each in proposal.revisions),
        *(RevisionLapsed(booking_id=each) for each in proposal.lapsed if each in state.revisions),
        *withdrawal(state, proposal, now),
    ]
    known = without_news(state, proposal.lapsed)
    facts = published(service, known, plan, f"repair:{disruption.kind}", news=news, now=now)
    return facts if isinstance(facts, Refusal) else [*news, *facts]


def is_same_answer(seen: Draft, fresh: Draft, choice: str) -> bool:
    """Return whether a choice still means what the dispatcher saw, and at most ``SAME_MS`` later.

    The same vehicles carry the same rides, nobody more is withdrawn, stranded or has to be called; who has been
    served since may be missing.
    """
    before, after = seen.proposal(choice), fresh.proposal(choice)
    if before is None or after is None:
        return False
    carried = {each.booking_id: each.to_vehicle for each in before.affected}
    told = {each.booking_id: each for each in before.revisions}
    return (
        set(after.withdrawn) <= set(before.withdrawn)
        and set(after.stranded) <= set(before.stranded)
        and all(carried.get(each.booking_id, each.from_vehicle) == each.to_vehicle for each in after.affected)
        and all(
            each.booking_id in told
            and told[each.booking_id].is_withdrawn == each.is_withdrawn
            and _is_about(told[each.booking_id].pickup, each.pickup)
            and _is_about(told[each.booking_id].arrival, each.arrival)
            for each in after.revisions
        )
    )


def _is_about(seen: Window | None, fresh: Window | None) -> bool:
    """Return whether a new window is still about the one that was seen; that none is needed any more is fine."""
    if fresh is None:
        return True
    return seen is not None and abs(fresh.earliest - seen.earliest) <= SAME_MS


def withdrawal(state: State, proposal: Proposal, now: Instant) -> list[Event]:
    """Return the facts of rides that can not be given: withdrawn, and their promises broken.

    The promises of riders aboard whose destination nobody reaches are broken too; their ride can not be withdrawn,
    and may end at another stop.
    """
    reasons = {each.booking_id: each.reason for each in proposal.revisions}
    carried = {
        task.booking_id
        for tour in proposal.plan.tours
        for task in tour.tasks[tour.done :]
        if task.kind is TaskKind.PICKUP or task.stop_id == state.bookings[task.booking_id].wish.destination
    }
    facts: list[Event] = []
    for booking_id in (*proposal.withdrawn, *(each for each in proposal.stranded if each not in carried)):
        if booking_id in proposal.withdrawn:
            facts.append(BookingWithdrawn(booking_id=booking_id, reason=reasons[booking_id]))
        facts.extend(
            PromiseSettled(booking_id=booking_id, kind=kind, outcome=PromiseOutcome.BROKEN, at=now)
            for kind in PromiseKind
            if is_open(state, booking_id, kind)
        )
    return facts


def is_open(state: State, booking_id: BookingId, kind: PromiseKind) -> bool:
    """Return whether a promise is still to be kept."""
    promise = state.promises.get((booking_id, kind))
    return promise is not None and promise.outcome is PromiseOutcome.OPEN


def ended(service: Service, state: State, disruption_id: DisruptionId, now: Instant) -> list[Event] | Refusal:
    """Return the facts of a disruption that is over: its vehicle takes riders again, from where it stands."""
    disruption = state.disruptions.get(disruption_id)
    if disruption is None:
        return Refusal(RefusalCode.UNKNOWN_DISRUPTION)
    over = DisruptionEnded(disruption_id=disruption_id, at=now)
    plan = state.plans.get((disruption.area_id, disruption.day))
    if plan is None or disruption.vehicle_id is None:
        return [over]
    others = [
        each
        for each in state.disruptions.values()
        if each is not disruption
        and each.vehicle_id == disruption.vehicle_id
        and each.day == disruption.day
        and is_active(each, now, service.zone)
    ]
    kinds = frozenset(each.kind for each in others)
    freed = {k: _freed(tour, disruption, kinds) for k, tour in enumerate(plan.tours)}
    changed = {k: _timed(service, state, (k, tour), now) for k, tour in freed.items() if tour is not plan.tours[k]}
    if not changed:
        return [over]
    return [over, *published(service, state, with_tours(plan, changed), "progress")]


def without_news(state: State, lapsed: Iterable[BookingId]) -> State:
    """Return the state in which some untold news are no more."""
    gone = set(lapsed)
    return replace(state, revisions={k: each for k, each in state.revisions.items() if k not in gone})


def _freed(tour: Tour, disruption: Disruption, others: frozenset[DisruptionKind]) -> Tour:
    """Return the tour without what the disruption did to it, unless another one does the same."""
    if tour.shift.vehicle_id != disruption.vehicle_id:
        return tour
    if disruption.kind in OUT and tour.out_from is not None and not others & OUT:
        return replace(tour, out_from=None)
    is_late = disruption.kind is DisruptionKind.VEHICLE_LATE and DisruptionKind.VEHICLE_LATE not in others
    return replace(tour, held_until=None) if is_late and tour.held_until is not None else tour


def _timed(service: Service, state: State, placed: tuple[int, Tour], now: Instant) -> Tour:
    position, tour = placed
    lane = None if tour.out_from is not None else lane_of(service, state, position, tour, now)
    return tour if lane is None else lane.tour()


def _announced(state: State, disruption: Disruption, proposal: Proposal, now: Instant) -> list[Event]:
    known = disruption.disruption_id in state.disruptions
    if disruption.kind not in _OVER_AT_ONCE:
        return [] if known else [_reported(disruption)]
    if proposal.answer is Answer.WAIT:
        return []  # nothing has happened yet
    over = DisruptionEnded(disruption_id=disruption.disruption_id, at=now)
    return [over] if known else [_reported(disruption), over]


def _reported(disruption: Disruption) -> DisruptionReported:
    return DisruptionReported(disruption=disruption)


def _in_time(revision: Revision, now: Instant) -> Revision:
    return revision if revision.tell_by >= now else replace(revision, tell_by=now)


def _still_holds(
    service: Service, state: State, disruption: Disruption, proposal: Proposal, now: Instant
) -> DayPlan | None:
    """Return the proposed plan timed as of now, ``None`` when it can not be driven as it was seen."""
    present = day_plan(service, state, disruption)
    if proposal.plan.version != present.version + 1 or len(present.tours) != len(proposal.plan.tours):
        return None
    tours: list[Tour] = []
    for position, (was, will) in enumerate(zip(present.tours, proposal.plan.tours, strict=True)):
        if will.out_from is not None:
            tours.append(will)
            continue
        lane = lane_of(service, state, position, _not_begun(was, will, now), now)
        if lane is None or not _goes_on(service, state, (disruption, proposal), (was, will), now):
            return None
        timed = lane.tour()
        # Who rides too long does so whatever is published; the windows are what riders are told.
        if not all(keeps(task, task.window) for task in timed.tasks[lane.route.passed :]):
            return None
        tours.append(timed)
    return replace(proposal.plan, tours=tuple(tours))


def _not_begun(was: Tour, will: Tour, now: Instant) -> Tour:
    """Return the proposed tour in which nothing counts as done that its vehicle has not been told of yet."""
    known = {task.task_id for task in was.tasks}
    tasks = (t if t.task_id in known else replace(t, begin=max(t.begin, now)) for t in will.tasks)
    return replace(will, tasks=tuple(tasks))


def _goes_on(
    service: Service, state: State, proposed: tuple[Disruption, Proposal], tours: tuple[Tour, Tour], now: Instant
) -> bool:
    """Return whether a proposed tour begins with what the present one has done, and with whom it goes to next."""
    disruption, proposal = proposed
    gone = {each.booking_id for each in proposal.affected if each.to_vehicle is None}
    was, will = tours
    route = route_of(was, service.fleet[was.shift.vehicle_id], state.bookings, now, service.drive)
    is_upset = was.shift.vehicle_id == disruption.vehicle_id or any(
        task.booking_id == disruption.booking_id for task in was.tasks
    )
    fixed = was.done if is_upset else route.passed + route.frozen
    names = [task.task_id for task in was.tasks[:fixed] if task.booking_id not in gone]
    kept = [task.task_id for task in will.tasks if task.booking_id not in gone]
    return kept[: len(names)] == names and will.done >= was.done
