"""Promises of a plan and of a ride: which ones a plan would break, and all that was ever told for a ride.

Two rules stand here and nowhere else. What is compared with a window is the moment that is reported: the rider has
boarded, or has alighted, which is the begin of the stop and the time it takes (``happens``). And news count as told
when they reached the rider before the window they replace had ended (``is_in_time``): whoever hears at 9:20 that the
bus of 9:10 to 9:25 comes at 9:50 was told. ``Revision.tell_by`` is earlier, and is the aim of the call list.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mobility.core.booking import Channel, Window
from mobility.core.clock import Instant
from mobility.core.disruption_events import RevisionDue, RevisionLapsed
from mobility.core.events import Envelope, Event, PromiseSettled, PromiseTold
from mobility.core.fold import State
from mobility.core.ids import BookingId
from mobility.core.plan import DayPlan, Task, TaskKind
from mobility.core.promise import PromiseKind, PromiseOutcome, Revision

TASK_OF: Mapping[PromiseKind, TaskKind] = {
    PromiseKind.PICKUP: TaskKind.PICKUP,
    PromiseKind.ARRIVAL: TaskKind.DROPOFF,
}
"""The task that keeps each kind of promise."""
RISK_MS = 60_000
"""What is expected in the last minute of its window is no longer sure to be kept."""
_Key = tuple[BookingId, PromiseKind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A promise that a plan would break."""

    booking_id: BookingId
    kind: PromiseKind
    window: Window
    """What is binding: the new window where news are due, else what was told last."""
    planned: Instant | None
    """When the plan would have done it; ``None`` where nobody comes at all."""

    @property
    def outside_ms(self) -> int | None:
        """How far outside the window, ``None`` where nobody comes."""
        return None if self.planned is None else outside_ms(self.window, self.planned)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A window as it was told to a rider."""

    seq: int
    """Number of the fact."""
    told_at: Instant
    kind: PromiseKind
    window: Window
    channel: Channel
    revision: int
    reason: str
    in_time: bool
    """Whether it was told before the window told before it had ended; what was told at the booking always was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How a promise ended, measured against what was told in time."""

    booking_id: BookingId
    kind: PromiseKind
    window: Window
    """The last window that was told in time."""
    is_revised: bool
    """Whether that window was another than the one of the booking."""
    at: Instant | None
    """When what was promised happened, ``None`` while it is open."""
    outcome: PromiseOutcome


def outside_ms(window: Window, moment: Instant) -> int:
    """Return how far ``moment`` lies outside the window: negative before it, positive after it, 0 inside."""
    return min(moment - window.earliest, 0) + max(moment - window.latest, 0)


def happens(task: Task) -> Instant:
    """Return when a task does what was promised, as its driver will report it: the rider is aboard, or has got out."""
    return Instant(task.begin + round(task.service_s * 1000))


def keeps(task: Task, window: Window) -> bool:
    """Return whether a task as it is planned keeps what was promised."""
    return window.holds(happens(task))


def latest_begin_ms(window: Window, service_s: float) -> int:
    """Return the last begin of a stop that is sure to keep a window.

    That is ``RISK_MS`` before the last one that may, at most half of the time there is.
    """
    service_ms = round(service_s * 1000)
    left_ms = window.latest - window.earliest - service_ms
    return max(window.earliest, window.latest - service_ms - max(0, min(RISK_MS, left_ms // 2)))


def is_sure(task: Task, window: Window) -> bool:
    """Return whether a task as it is planned keeps a window with something to spare."""
    return keeps(task, window) and task.begin <= latest_begin_ms(window, task.service_s)


def is_in_time(told_at: Instant, replaced: Window) -> bool:
    """Return whether news reached a rider in time: before the window that they replace had ended."""
    return told_at <= replaced.latest


def binding(state: State, rides: Iterable[BookingId], news: Sequence[Event] = ()) -> dict[_Key, Window]:
    """Return the hard window of each open promise of ``rides``: the new one where news are due, else the last told.

    ``news`` are facts of the commit in preparation: windows they tell, revise or settle count as they will then.
    """
    found: dict[_Key, Window] = {}
    for booking_id in rides:
        found.update((key, window) for key, window in _told_last(state, booking_id))
        if booking_id in state.revisions:
            _take(found, state.revisions[booking_id])
    wanted = {booking_id for booking_id, _ in found}
    for event in news:
        match event:
            case PromiseTold():
                found[event.booking_id, event.kind] = event.window
            case PromiseSettled():
                found.pop((event.booking_id, event.kind), None)
            case RevisionDue(revision=revision):
                _take(found, revision)
            case RevisionLapsed(booking_id=booking_id) if booking_id in wanted:
                found.update((key, window) for key, window in _told_last(state, booking_id) if key in found)
            case _:
                pass
    return found


def broken_by(state: State, plan: DayPlan, news: Sequence[Event] = ()) -> tuple[Broken, ...]:
    """Return every open promise that the plan's tasks would break, in the order of bookings.

    Looked at are the rides of this plan and of the published plan of the same day that it replaces. ``news`` are the
    other facts of the same commit, e.g. ``RevisionDue`` of a repair or what settles a cancelled ride's promises.
    """
    planned = _planned(plan)
    before = state.plans.get((plan.area_id, plan.day))
    known = _planned(before) if before is not None else {}
    rides = dict.fromkeys([booking_id for booking_id, _ in (*known, *planned)])
    windows = binding(state, rides, news)
    found = [
        Broken(
            booking_id=booking_id, kind=kind, window=windows[booking_id, kind], planned=planned.get((booking_id, kind))
        )
        for booking_id in rides
        for kind in PromiseKind
        if (booking_id, kind) in windows
    ]
    return tuple(each for each in found if each.outside_ms != 0)


def newly_broken_by(state: State, plan: DayPlan, news: Sequence[Event] = ()) -> tuple[Broken, ...]:
    """Return the promises that the plan breaks and the published one keeps, or breaks by less.

    What reality has broken already is no reason to refuse a plan that makes it no worse.
    """
    after = broken_by(state, plan, news)
    before = state.plans.get((plan.area_id, plan.day))
    if not after or before is None:
        return after
    known = {(each.booking_id, each.kind): each for each in broken_by(state, before, news)}
    return tuple(each for each in after if _is_worse(each, known.get((each.booking_id, each.kind))))


def told(envelopes: Iterable[Envelope], booking_id: BookingId) -> tuple[Told, ...]:
    """Return everything that was ever told for a ride, in order, from the facts of the ledger."""
    return tuple(PromiseBook(envelopes, only=booking_id).told(booking_id))


class PromiseBook:
    """Reads facts once and answers for every ride: what was told, when, and whether it came true."""

    def __init__(self, envelopes: Iterable[Envelope], *, only: BookingId | None = None) -> None:
        """Read all facts, or those of one ride alone."""
        self._told: dict[_Key, list[Told]] = {}
        self._settled: dict[_Key, tuple[Instant, PromiseOutcome]] = {}
        for envelope in envelopes:
            self._read(envelope, only)

    def told(self, booking_id: BookingId) -> list[Told]:
        """Return what was told for a ride, in order."""
        chains = (self._told.get((booking_id, kind), ()) for kind in PromiseKind)
        return sorted((each for chain in chains for each in chain), key=lambda each: each.seq)

    def kept(self) -> tuple[Kept, ...]:
        """Return how every promise ended, in the order of first telling.

        A promise is broken when what happened lies outside the last window told in time, or when the ride was
        withdrawn; a window told too late counts for nothing.
        """
        return tuple(self._verdict(key, chain) for key, chain in self._told.items())

    def _verdict(self, key: _Key, chain: Sequence[Told]) -> Kept:
        last = next(each for each in reversed(chain) if each.in_time)
        at, outcome = self._settled.get(key, (None, PromiseOutcome.OPEN))
        if at is not None and outcome is PromiseOutcome.KEPT and not last.window.holds(at):
            outcome = PromiseOutcome.BROKEN
        return Kept(
            booking_id=key[0], kind=key[1], window=last.window, is_revised=last.revision > 0, at=at, outcome=outcome
        )

    def _read(self, envelope: Envelope, only: BookingId | None) -> None:
        match envelope.body:
            case PromiseTold() as event if only in (None, event.booking_id):
                chain = self._told.setdefault((event.booking_id, event.kind), [])
                chain.append(_entry(envelope, event, chain))
            case PromiseSettled() as event if only in (None, event.booking_id):
                self._settled[event.booking_id, event.kind] = event.at, event.outcome
            case _:
                pass


def _entry(envelope: Envelope, event: PromiseTold, before: Sequence[Told]) -> Told:
    """Return the entry of a telling; news are measured against the last window that was told in time."""
    standing = next((each.window for each in reversed(before) if each.in_time), None)
    return Told(
        seq=envelope.seq,
        told_at=envelope.recorded_at,
        kind=event.kind,
        window=event.window,
        channel=event.channel,
        revision=event.revision,
        reason=event.reason,
        in_time=standing is None or is_in_time(envelope.recorded_at, standing),
    )


def _planned(plan: DayPlan) -> dict[_Key, Instant]:
    moments: dict[_Key, Instant] = {}
    kinds = {task: promise for promise, task in TASK_OF.items()}
    for tour in plan.tours:
        for task in tour.tasks:
            # Of several pickups of one ride the later ones are transfers, which nobody was promised.
            moments.setdefault((task.booking_id, kinds[task.kind]), happens(task))
    return moments


def _told_last(state: State, booking_id: BookingId) -> list[tuple[_Key, Window]]:
    promises = (state.promises.get((booking_id, kind)) for kind in PromiseKind)
    return [((booking_id, p.kind), p.window) for p in promises if p is not None and p.outcome is PromiseOutcome.OPEN]


def _take(windows: dict[_Key, Window], revision: Revision) -> None:
    for kind, window in ((PromiseKind.PICKUP, revision.pickup), (PromiseKind.ARRIVAL, revision.arrival)):
        if window is not None and (revision.booking_id, kind) in windows:
            windows[revision.booking_id, kind] = window


def _is_worse(after: Broken, before: Broken | None) -> bool:
    if before is None:
        return True
    if after.outside_ms is None or before.outside_ms is None:
        return before.outside_ms is not None
    return abs(after.outside_ms) > abs(before.outside_ms)
