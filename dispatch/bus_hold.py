"""Hold or go for the citizen bus that waits for a late feeder: what it costs everybody in the tour, whom it breaks.

The promised pickup of the rider who changes says how long the bus may wait. It is held by moving the begin of that
window in the plan; the twin times the tour anew, and the difference is what holding costs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dispatch.booking import located, published
from dispatch.connections import LONGEST_DELAY_S, MISSED_S, Overruling, not_possible, reason_of
from dispatch.feasibility import as_it_comes, schedule
from dispatch.promise import TASK_OF, Broken, binding, newly_broken_by
from dispatch.quote import Service
from dispatch.route import Schedule
from dispatch.tours import retimed, route_of, with_tours
from mobility.core.booking import BookingState, Channel, Window
from mobility.core.clock import Instant, seconds_between, shifted
from mobility.core.connection import Connection, ConnectionDecision
from mobility.core.disruption_events import RevisionDue
from mobility.core.events import ConnectionDecided, Event, FeederDelayReported
from mobility.core.fold import State
from mobility.core.ids import BookingId, ConnectionId
from mobility.core.plan import DayPlan, Task, TaskKind
from mobility.core.promise import PromiseKind, Revision, RevisionReason
from mobility.core.refusal import Refusal, RefusalCode

LEAD_MS = 900_000
"""News are of use until a quarter of an hour before the pickup: then riders leave home."""
_MINUTE_MS = 60_000
_Windows = Mapping[tuple[BookingId, TaskKind], Window]
_MOST_ROUNDS = 8
"""Widening one promise moves the next; after so many rounds the tour is as late as it gets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The plan that waits, and what it means for the others."""

    plan: DayPlan
    cost_person_s: float
    """Later arrivals summed over everybody else in the tour."""
    broken: tuple[Broken, ...]
    """Promises to others that it would break."""
    is_driveable: bool
    """Whether windows, rides and shift still hold in the tour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One delay to be decided on, and what the decision reads."""

    service: Service
    state: State
    now: Instant
    connection: Connection
    booking_id: BookingId
    ready: Instant
    plan: DayPlan
    position: int
    task: Task
    promised: Window
    """The pickup as it is promised now; the bus waits to its end at most."""

    @property
    def wait_s(self) -> float:
        """How long the bus would wait, as it is planned now."""
        return seconds_between(self.task.begin, self.ready)


def hold_or_go_bus(
    service: Service,
    state: State,
    now: Instant,
    *,
    connection_id: ConnectionId,
    delay_s: float,
    channel: Channel,
    overruling: Overruling | None = None,
) -> list[Event] | Refusal:
    """Decide whether the citizen bus waits for a rider whose feeder is late, and publish the plan that waits.

    By rule it waits within the promised window, when that breaks no promise to anybody else and costs the others in
    the tour no more than the rider would lose. A dispatcher who overrules may accept that promises to others are
    revised: each of them becomes news to be told; a tour that can not be driven then is refused all the same.
    """
    connection = state.connections.get(connection_id)
    if connection is None or connection.booking_id is None or connection.trip is not None:
        return Refusal(RefusalCode.UNKNOWN_CONNECTION)
    if not abs(delay_s) <= LONGEST_DELAY_S:  # also refuses NaN
        return Refusal(RefusalCode.INVALID_INPUT, {"detail": "delay_s"})
    reported = FeederDelayReported(connection_id=connection_id, delay_s=delay_s, channel=channel)
    ready = Instant(-(-shifted(connection.feeder_arrival, delay_s + connection.transfer_s) // _MINUTE_MS) * _MINUTE_MS)
    case = _case(service, state, now, connection, ready)
    # Where nobody is to be fetched any more the delay is noted, and nothing waits.
    decided = _noted(connection, delay_s) if case is None else _decided(case, delay_s, overruling)
    return decided if isinstance(decided, Refusal) else [reported, *decided]


def _case(service: Service, state: State, now: Instant, connection: Connection, ready: Instant) -> _Case | None:
    booking_id = connection.booking_id
    booking = None if booking_id is None else state.bookings.get(booking_id)
    if booking_id is None or booking is None or booking.state is not BookingState.PROMISED:
        return None
    place = located(state, booking_id)
    promised = binding(state, (booking_id,)).get((booking_id, PromiseKind.PICKUP))
    if place is None or promised is None:
        return None
    plan, position = place
    task = next(t for t in plan.tours[position].tasks if (t.booking_id, t.kind) == (booking_id, TaskKind.PICKUP))
    return _Case(
        service=service,
        state=state,
        now=now,
        connection=connection,
        booking_id=booking_id,
        ready=ready,
        plan=plan,
        position=position,
        task=task,
        promised=promised,
    )


def _decided(case: _Case, delay_s: float, overruling: Overruling | None) -> list[Event] | Refusal:
    held = _held(case, {}) if case.ready <= case.promised.latest else None
    load = case.state.bookings[case.booking_id].wish.load
    go_cost_s = MISSED_S * (load.seats + load.wheelchairs) if case.wait_s > 0 else 0.0
    is_fine = held is not None and held.is_driveable and not held.broken and held.cost_person_s <= go_cost_s
    decision = ConnectionDecision.HOLD if case.wait_s > 0 and is_fine else ConnectionDecision.GO
    if overruling is not None:
        refusal = _not_possible(case, held, overruling)
        if refusal is not None:
            return refusal
        decision = overruling.decision
    plan = _carried_out(case, decision, held)
    if isinstance(plan, Refusal):
        if overruling is not None:
            return plan
        decision, plan = ConnectionDecision.GO, []
    decided = ConnectionDecided(
        connection_id=case.connection.connection_id,
        decision=decision,
        hold_until=case.ready if decision is ConnectionDecision.HOLD else None,
        cost_person_s=held.cost_person_s if held is not None else 0.0,
        reason=reason_of(case.connection, delay_s),
        go_cost_person_s=go_cost_s,
        overruled_because=overruling.because if overruling else "",
    )
    return [decided, *plan]


def _not_possible(case: _Case, held: Held | None, overruling: Overruling) -> Refusal | None:
    late_s = seconds_between(case.promised.earliest, case.ready) if case.wait_s > 0 else 0.0
    limit_s = seconds_between(case.promised.earliest, case.promised.latest)
    refusal = not_possible(overruling, late_s, limit_s, has_left=False)
    if refusal is not None or overruling.decision is not ConnectionDecision.HOLD or held is None:
        return refusal
    if held.is_driveable and (not held.broken or overruling.accepts_revisions):
        return None
    return Refusal(RefusalCode.HOLD_BREAKS_PROMISES, {"rides": len({each.booking_id for each in held.broken})})


def _held(case: _Case, windows: _Windows) -> Held:
    """Return the plan in which the bus waits, timed by the twin, late or not, and what that costs."""
    plan = _moved(case, windows)
    tour = plan.tours[case.position]
    spec = case.service.fleet[tour.shift.vehicle_id]
    route = route_of(tour, spec, case.state.bookings, case.now, case.service.drive)
    times = schedule(route.duty, route.visits, case.service.drive)
    late_ms = as_it_comes(route.duty, route.visits, case.service.drive)
    begins_ms = times.begin_ms if isinstance(times, Schedule) else late_ms
    waiting = with_tours(plan, {case.position: retimed(route, tour.tasks[route.passed :], begins_ms)})
    broken = newly_broken_by(case.state, waiting, _news(case, windows))
    return Held(
        plan=waiting,
        cost_person_s=_cost_s(case, waiting),
        broken=tuple(each for each in broken if each.booking_id != case.booking_id),
        # The route eases what is late already; what would be worse than it is now must not pass as such.
        is_driveable=_excess_ms(case, waiting) <= _excess_ms(case, case.plan),
    )


def _moved(case: _Case, windows: _Windows) -> DayPlan:
    """Return the plan with the pickup no earlier than ``ready`` and other tasks in revised windows."""
    plan, tour = case.plan, case.plan.tours[case.position]
    own = Window(max(case.promised.earliest, min(case.ready, case.promised.latest)), case.promised.latest)
    changed = {**windows, (case.booking_id, TaskKind.PICKUP): own}
    tasks = tuple(
        replace(task, window=changed.get((task.booking_id, task.kind), task.window)) if k >= tour.done else task
        for k, task in enumerate(tour.tasks)
    )
    tours = (*plan.tours[: case.position], replace(tour, tasks=tasks), *plan.tours[case.position + 1 :])
    return replace(plan, tours=tours)


def _excess_ms(case: _Case, plan: DayPlan) -> int:
    """Return how far rides are longer than allowed and the shift ends late, summed over the tour."""
    tour = plan.tours[case.position]
    left: dict[BookingId, int] = {}
    total_ms, end_ms, place = 0, 0, tour.shift.depot
    for k, task in enumerate(tour.tasks):
        end_ms, place = task.begin + (0 if k < tour.done else round(task.service_s * 1000)), task.stop_id
        if task.kind is TaskKind.PICKUP:
            left.setdefault(task.booking_id, end_ms)
        elif task.booking_id in left:
            limit_ms = round(case.state.bookings[task.booking_id].max_ride_s * 1000)
            total_ms += max(0, task.begin - left[task.booking_id] - limit_ms)
    return total_ms + max(0, end_ms + case.service.drive(place, tour.shift.depot) - tour.shift.span.latest)


def _cost_s(case: _Case, waiting: DayPlan) -> float:
    """Return how much later the others of the tour arrive, summed over people."""
    before = {task.booking_id: task.begin for task in _dropoffs(case.plan, case.position)}
    total_s = 0.0
    for task in _dropoffs(waiting, case.position):
        if task.booking_id != case.booking_id and task.booking_id in before:
            load = case.state.bookings[task.booking_id].wish.load
            later_s = max(0.0, seconds_between(before[task.booking_id], task.begin))
            total_s += later_s * (load.seats + load.wheelchairs)
    return total_s


def _dropoffs(plan: DayPlan, position: int) -> Sequence[Task]:
    tour = plan.tours[position]
    return [task for task in tour.tasks[tour.done :] if task.kind is TaskKind.DROPOFF]


def _carried_out(case: _Case, decision: ConnectionDecision, held: Held | None) -> list[Event] | Refusal:
    """Return the facts of the plan that waits, or of the one that does not wait any more."""
    if decision is ConnectionDecision.HOLD and held is not None:
        plan, windows = _with_revisions(case, held)
        news = _news(case, windows)
        facts = published(case.service, case.state, plan, "connection", news=news, now=case.now)
        return facts if isinstance(facts, Refusal) else [*news, *facts]
    if case.connection.decision is ConnectionDecision.HOLD:
        free = _held(replace(case, ready=case.promised.earliest), {})
        facts = published(case.service, case.state, free.plan, "connection", now=case.now)
        return [] if isinstance(facts, Refusal) else facts
    return []


def _with_revisions(case: _Case, held: Held) -> tuple[DayPlan, _Windows]:
    """Return the waiting plan with every broken promise moved to where the bus will be, and the moved windows."""
    windows: _Windows = {}
    for _ in range(_MOST_ROUNDS):
        if not held.broken:
            break
        moved = {
            (each.booking_id, TASK_OF[each.kind]): _around(each.window, each.planned)
            for each in held.broken
            if each.planned is not None
        }
        windows = {**windows, **moved}
        held = _held(case, windows)
    return held.plan, windows


def _around(window: Window, begin: Instant) -> Window:
    """Return a window as wide as the old one that begins with the minute of ``begin``."""
    start = Instant(begin // _MINUTE_MS * _MINUTE_MS)
    return Window(start, Instant(start + window.latest - window.earliest))


def _news(case: _Case, windows: _Windows) -> list[Event]:
    rides = dict.fromkeys(booking_id for booking_id, _ in windows)
    return [RevisionDue(revision=_revision(case, windows, booking_id)) for booking_id in rides]


def _revision(case: _Case, windows: _Windows, booking_id: BookingId) -> Revision:
    """Return the news of one ride; what older news have changed and nobody told yet stays changed."""
    due = case.state.revisions.get(booking_id)
    pickup = windows.get((booking_id, TaskKind.PICKUP), due.pickup if due else None)
    arrival = windows.get((booking_id, TaskKind.DROPOFF), due.arrival if due else None)
    told = case.state.promises[booking_id, PromiseKind.PICKUP].window
    soonest = min(told.earliest, pickup.earliest if pickup is not None else told.earliest)
    return Revision(
        booking_id=booking_id,
        reason=RevisionReason.CONNECTION,
        tell_by=Instant(max(case.now, soonest - LEAD_MS)),
        vehicle_id=case.plan.tours[case.position].shift.vehicle_id,
        pickup=pickup,
        arrival=arrival,
    )


def _noted(connection: Connection, delay_s: float) -> list[Event]:
    return [
        ConnectionDecided(
            connection_id=connection.connection_id,
            decision=ConnectionDecision.GO,
            hold_until=None,
            cost_person_s=0.0,
            reason=reason_of(connection, delay_s),
        )
    ]
