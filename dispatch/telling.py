"""Telling riders the news: whom to call next, what each attempt leads to, and the alarm when time runs out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

from mobility.core.booking import Booking, BookingState, Channel, Window
from mobility.core.clock import Instant
from mobility.core.disruption_events import RevisionLapsed, RevisionTold
from mobility.core.events import AlarmCleared, AlarmRaised, Event, PromiseTold
from mobility.core.fold import State
from mobility.core.ids import AlarmId, BookingId
from mobility.core.promise import Promise, PromiseKind, PromiseOutcome, Revision, TellingOutcome
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.supervision import Alarm, AlarmKind

TRIES_BEFORE_ALARM = 3
"""After so many attempts in vain somebody else has to think of another way."""
LAPSE_MS = 86_400_000
"""News that nobody could tell for a day after they were due are news no more."""
_PREFIX = f"{AlarmKind.REVISION_UNTOLD.value}:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """News that somebody has to tell a rider."""

    news_id: str
    """Names this very news: whoever tells it says so, and newer news are not taken as told."""
    booking: Booking
    revision: Revision
    pickup: Window | None
    """The pickup as it was told last; ``None`` once the rider is aboard, for whom it is past."""
    arrival: Window | None
    """The arrival as it was told last."""
    is_overdue: bool


def news_id(revision: Revision) -> str:
    """Return the name of what a revision says, the same however often it was tried to be told."""
    return blake2b(repr(replace(revision, tries=0)).encode(), digest_size=6).hexdigest()


def call_list(state: State, now: Instant) -> tuple[Call, ...]:
    """Return all news that nobody told yet, the most urgent first."""
    due = sorted(open_news(state).values(), key=lambda each: (each.tell_by, each.booking_id))
    return tuple(_call(state, revision, now) for revision in due)


def call_of(state: State, booking_id: BookingId, now: Instant) -> Call | None:
    """Return the news of one ride, ``None`` where there are none."""
    revision = open_news(state).get(booking_id)
    return None if revision is None else _call(state, revision, now)


def open_news(state: State) -> dict[BookingId, Revision]:
    """Return the news that somebody still has to be told: whoever is aboard needs no other pickup any more.

    Who sits in a vehicle that does not reach the destination has to know that even so.
    """
    aboard = {each for each in state.revisions if state.bookings[each].state is BookingState.BOARDED}
    return {
        each: news
        for each, news in state.revisions.items()
        if each not in aboard or news.arrival is not None or news.is_withdrawn
    }


def tell(
    state: State,
    now: Instant,
    *,
    booking_id: BookingId,
    channel: Channel,
    outcome: TellingOutcome,
    news: str = "",
    note: str = "",
) -> list[Event] | Refusal:
    """Decide on an attempt to tell a rider the news.

    Once reached, the promises are told anew in the same commit. ``news`` names what was told; without it the newest
    is meant. ``note`` must say nothing about persons: it stays for ever.
    """
    if booking_id not in state.bookings:
        return Refusal(RefusalCode.UNKNOWN_BOOKING)
    revision = open_news(state).get(booking_id)
    if revision is None:
        return Refusal(RefusalCode.ALREADY_TOLD)
    if news and news != news_id(revision):
        return Refusal(RefusalCode.NEWS_CHANGED)
    tried = RevisionTold(booking_id=booking_id, channel=channel, outcome=outcome, note=note)
    if outcome is TellingOutcome.REACHED:
        return [tried, *_told_anew(state, revision, channel), *_cleared(state, [alarm_id(booking_id)], now)]
    is_last = revision.tries + 1 >= TRIES_BEFORE_ALARM
    return [tried, *(_raised(state, revision, now) if is_last else [])]


def overdue(state: State, now: Instant) -> list[Event]:
    """Return the alarms to raise for news that should have been told by now, and to clear where they are moot.

    News that are a day over lapse: nothing of them helps anybody any more, and an alarm that nobody can end hides
    others. Empty when nothing changes, so that it may be asked at any time.
    """
    news = open_news(state)
    stale = [ride for ride, each in news.items() if each.tell_by + LAPSE_MS < now]
    late = [each for ride, each in news.items() if each.tell_by < now and ride not in stale]
    ended = [name for name in state.supervised.alarms if _is_moot(state, name)]
    return [
        *(event for revision in late for event in _raised(state, revision, now)),
        *(RevisionLapsed(booking_id=ride) for ride in stale),
        *_cleared(state, [*ended, *(alarm_id(ride) for ride in stale)], now),
    ]


def next_check(state: State, now: Instant) -> Instant | None:
    """Return when ``overdue`` may have something to do next, ``None`` while there are no news."""
    alarms = state.supervised.alarms
    due = [
        each.tell_by + (LAPSE_MS if alarm_id(each.booking_id) in alarms else 0) for each in open_news(state).values()
    ]
    return Instant(max(now, min(due) + 1)) if due else None


def alarm_id(booking_id: BookingId) -> AlarmId:
    """Return the name of the alarm about a ride whose rider knows nothing."""
    return AlarmId(f"{_PREFIX}{booking_id}")


def _call(state: State, revision: Revision, now: Instant) -> Call:
    booking = state.bookings[revision.booking_id]
    is_aboard = booking.state is BookingState.BOARDED
    pickup = state.promises.get((booking.booking_id, PromiseKind.PICKUP))
    arrival = state.promises.get((booking.booking_id, PromiseKind.ARRIVAL))
    return Call(
        news_id=news_id(revision),
        booking=booking,
        revision=revision,
        pickup=None if is_aboard or pickup is None else pickup.window,
        arrival=None if arrival is None else arrival.window,
        is_overdue=revision.tell_by < now,
    )


def _told_anew(state: State, revision: Revision, channel: Channel) -> list[Event]:
    """Return the new promises; a withdrawn ride has none, and what has happened is promised no more."""
    if revision.is_withdrawn:
        return []
    windows = ((PromiseKind.PICKUP, revision.pickup), (PromiseKind.ARRIVAL, revision.arrival))
    known = ((kind, window, state.promises.get((revision.booking_id, kind))) for kind, window in windows)
    return [
        PromiseTold(
            booking_id=revision.booking_id,
            kind=kind,
            window=window,
            channel=channel,
            revision=promise.revision + 1,
            reason=revision.reason.value,
        )
        for kind, window, promise in known
        if window is not None and promise is not None and _is_news(promise, window)
    ]


def _is_news(promise: Promise, window: Window) -> bool:
    return promise.outcome is PromiseOutcome.OPEN and promise.window != window


def _raised(state: State, revision: Revision, now: Instant) -> list[Event]:
    name = alarm_id(revision.booking_id)
    if name in state.supervised.alarms:
        return []
    alarm = Alarm(
        alarm_id=name,
        kind=AlarmKind.REVISION_UNTOLD,
        vehicle_id=revision.vehicle_id,
        raised_at=now,
        detail=str(revision.booking_id),
    )
    return [AlarmRaised(alarm=alarm)]


def _cleared(state: State, names: Sequence[AlarmId], now: Instant) -> list[Event]:
    return [AlarmCleared(alarm_id=name, at=now) for name in names if name in state.supervised.alarms]


def _is_moot(state: State, name: AlarmId) -> bool:
    is_ours = name.startswith(_PREFIX)
    return is_ours and BookingId(name.removeprefix(_PREFIX)) not in open_news(state)
