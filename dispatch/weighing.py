"""From a repaired order of calls to a proposal: its plan, its harm, who is affected and what can be said about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from dispatch.disruption import Upset
from dispatch.harm import Harm
from dispatch.lanes import Lane
from dispatch.news import REASON_OF, harm_to_promises, news_of, promise_of, rewindowed
from dispatch.promise import happens, keeps, outside_ms
from dispatch.proposal import Affected, Answer, Proposal, Reason, ReasonCode
from dispatch.quote import Service
from dispatch.reinsertion import Bench, Ride
from dispatch.rescue import emptied, is_transfer
from mobility.core.clock import Instant
from mobility.core.disruption import Disruption
from mobility.core.ids import BookingId, StopId, VehicleId
from mobility.core.plan import DayPlan, Task, TaskKind, Tour

_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One disruption being repaired."""

    service: Service
    disruption: Disruption
    now: Instant
    before: DayPlan
    """As published."""
    cost_before_ms: int
    upset: Upset
    bench: Bench
    lanes: Mapping[int, Lane]
    """Tours that go on, by their position in the plan, without the rides that are freed."""
    freed: tuple[Ride, ...]
    """Rides whose vehicle does not go on, riders aboard it included."""
    passed: Mapping[int, int]
    """How many tasks of each tour are done or taken as done."""
    cut_off: Mapping[BookingId, StopId] = field(default_factory=dict)
    """Rides that no vehicle can give, with the stop that none reaches."""
    stuck: frozenset[BookingId] = frozenset()
    """Riders aboard whose destination is cut off."""
    touched: frozenset[int] = frozenset()
    """Positions of the tours that the disruption makes late or fuller; of a closed road all."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An order of calls in every lane, and the rides that are in none."""

    lanes: Mapping[int, Lane]
    left: tuple[Ride, ...]
    helper: VehicleId | None = None
    """The vehicle that was meant to help."""


def weighed(case: Case, answer: Answer, candidate: Candidate) -> Proposal:
    """Return the proposal that a candidate makes."""
    plan = _plan(case, candidate)
    cost_ms = sum(lane.times.cost_ms for lane in candidate.lanes.values())
    return proposed(case, answer, plan, left=candidate.left, cost_ms=cost_ms, helper=candidate.helper)


def proposed(
    case: Case,
    answer: Answer,
    plan: DayPlan,
    *,
    left: Sequence[Ride],
    cost_ms: int,
    helper: VehicleId | None = None,
) -> Proposal:
    """Return the proposal of a plan that leaves some rides out."""
    state, now = case.upset.state, case.now
    withdrawn = (*(ride.booking_id for ride in left if not ride.is_aboard), *case.cut_off)
    stranded = (*(ride.booking_id for ride in left if ride.is_aboard), *sorted(case.stuck))
    news = news_of(state, case.before, plan, (*withdrawn, *stranded), reason=REASON_OF[case.disruption.kind], now=now)
    gone = {*withdrawn, *stranded}
    open_tasks = [
        task
        for k, tour in enumerate(plan.tours)
        for task in tour.tasks[case.passed.get(k, tour.done) :]
        if task.booking_id not in gone
    ]
    harm = harm_to_promises(state, open_tasks) + Harm(
        stranded=len(stranded), withdrawn=len(withdrawn), calls=len(news.revisions), cost_ms=cost_ms
    )
    affected = _affected(case, plan, gone)
    return Proposal(
        answer=answer,
        vehicle_id=helper,
        plan=plan,
        cost_before_ms=case.cost_before_ms,
        cost_after_ms=cost_ms,
        harm=harm,
        affected=affected,
        revisions=news.revisions,
        lapsed=news.lapsed,
        withdrawn=withdrawn,
        stranded=stranded,
        reasons=tuple(_reasons(case, (answer, plan), harm, affected)),
        facts=case.upset.facts,
    )


def _plan(case: Case, candidate: Candidate) -> DayPlan:
    fetched = frozenset(
        call.task.booking_id
        for lane in candidate.lanes.values()
        for call in lane.calls
        if is_transfer(call.task.task_id) and lane.route.tour.out_from is None
    )
    area, state = case.service.area, case.upset.state
    stranded = {ride.booking_id for ride in candidate.left if ride.is_aboard}
    tours = list(case.upset.plan.tours)
    for k, tour in enumerate(tours):
        passed = case.passed.get(k, tour.done)
        if k in candidate.lanes:
            driven = _driven(case, candidate.lanes[k])
            tours[k] = driven if driven is case.before.tours[k] else rewindowed(area, state, driven, passed)
        else:
            tours[k] = _halted(tour, passed, stranded, fetched)
    return replace(case.upset.plan, tours=tuple(tours), version=case.before.version + 1)


def _driven(case: Case, lane: Lane) -> Tour:
    """Return a lane's tour; one that the repair leaves alone stays as it was published, to the second."""
    known, timed = case.before.tours[lane.position], lane.tour()
    is_same = [task.task_id for task in timed.tasks] == [task.task_id for task in known.tasks]
    # As published and as the present lets it: a plan on paper is no use when its vehicle is late by now.
    is_kept = all(keeps(task, task.window) for tour in (known, timed) for task in tour.tasks[lane.route.passed :])
    return known if is_same and is_kept and lane.position not in case.touched else timed


def _halted(tour: Tour, passed: int, stranded: set[BookingId], fetched: frozenset[BookingId]) -> Tour:
    """Return the tour of a vehicle that does not go on: what was done, and the way of those whom nobody fetches."""
    aboard = {task.booking_id for task in tour.tasks[:passed]}
    stay = tuple(task for task in tour.tasks[passed:] if task.booking_id in stranded)
    return emptied(replace(tour, tasks=(*tour.tasks[:passed], *stay)), fetched & frozenset(aboard))


def _affected(case: Case, plan: DayPlan, gone: set[BookingId]) -> tuple[Affected, ...]:
    before, after = _rides(case, case.before), _rides(case, plan)
    found: list[Affected] = []
    for booking_id, (vehicle_id, was) in before.items():
        to_vehicle, will = after.get(booking_id, (None, {}))
        ends = booking_id in gone or to_vehicle is None
        shift = [abs(will[kind] - was[kind]) for kind in was if kind in will]
        if not ends and to_vehicle == vehicle_id and max(shift, default=0) < _MINUTE_MS:
            continue
        found.append(
            Affected(
                booking_id=booking_id,
                is_aboard=TaskKind.PICKUP not in was,
                from_vehicle=vehicle_id,
                to_vehicle=None if ends else to_vehicle,
                pickup_before=was.get(TaskKind.PICKUP),
                pickup_after=None if ends else will.get(TaskKind.PICKUP),
                arrival_before=was[TaskKind.DROPOFF],
                arrival_after=None if ends else will.get(TaskKind.DROPOFF),
            )
        )
    return tuple(found)


def _rides(case: Case, plan: DayPlan) -> dict[BookingId, tuple[VehicleId, dict[TaskKind, Instant]]]:
    """Return vehicle and begins of every ride that is still to end, by the tour with its drop-off."""
    rides: dict[BookingId, tuple[VehicleId, dict[TaskKind, Instant]]] = {}
    for k, tour in enumerate(plan.tours):
        open_tasks = tour.tasks[case.passed.get(k, tour.done) :]
        for task in open_tasks:
            if task.kind is TaskKind.DROPOFF:
                begins = {each.kind: each.begin for each in open_tasks if each.booking_id == task.booking_id}
                rides[task.booking_id] = tour.shift.vehicle_id, begins
    return rides


def _reasons(
    case: Case, proposed_plan: tuple[Answer, DayPlan], harm: Harm, affected: Sequence[Affected]
) -> list[Reason]:
    answer, plan = proposed_plan
    found = [*_fetched(plan)]
    if harm.stranded:
        found.append(Reason(ReasonCode.STRANDED, {"count": harm.stranded}))
    found.extend(Reason(ReasonCode.STOP_CUT_OFF, {"stop": stop}) for stop in dict.fromkeys(case.cut_off.values()))
    unfit = harm.withdrawn - len(case.cut_off)
    if unfit:
        why = ReasonCode.GIVEN_UP if answer is Answer.WITHDRAW else ReasonCode.NO_VEHICLE_FREE
        found.append(Reason(why, {"count": unfit}))
    worst_ms = _worst_ms(case, plan)
    if harm.broken:
        minutes = -(-worst_ms // _MINUTE_MS)
        found.append(Reason(ReasonCode.LATER, {"count": _late_rides(case, plan), "minutes": minutes}))
    moved = sum(each.to_vehicle not in (None, each.from_vehicle) and not each.is_aboard for each in affected)
    if moved:
        found.append(Reason(ReasonCode.OTHER_VEHICLE, {"count": moved}))
    if not (harm.stranded or harm.withdrawn or harm.broken):
        found.append(Reason(ReasonCode.ALL_PROMISES_KEPT))
    if not affected and not case.upset.facts:
        found.append(Reason(ReasonCode.NOTHING_UPSET))
    return found


def _fetched(plan: DayPlan) -> list[Reason]:
    found: list[Reason] = []
    for tour in plan.tours:
        fetches = [task for task in tour.tasks[tour.done :] if is_transfer(task.task_id)]
        if fetches:
            time = min(task.begin for task in fetches)
            people = sum(task.load.seats + task.load.wheelchairs for task in fetches)
            parameters: dict[str, str | int] = {"vehicle": tour.shift.vehicle_id, "count": people, "time": time}
            found.append(Reason(ReasonCode.FETCHED_BY, parameters))
    return found


def _outside(case: Case, plan: DayPlan) -> list[tuple[Task, int]]:
    state = case.upset.state
    found: list[tuple[Task, int]] = []
    for k, tour in enumerate(plan.tours):
        for task in tour.tasks[case.passed.get(k, tour.done) :]:
            promise = promise_of(state, task)
            if promise is not None:
                found.append((task, abs(outside_ms(promise.window, happens(task)))))
    return [(task, over_ms) for task, over_ms in found if over_ms > 0]


def _worst_ms(case: Case, plan: DayPlan) -> int:
    return max((over_ms for _, over_ms in _outside(case, plan)), default=0)


def _late_rides(case: Case, plan: DayPlan) -> int:
    return len({task.booking_id for task, _ in _outside(case, plan)})
