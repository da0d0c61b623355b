"""The telling service: open news with who is to be called and what to say, attempts as facts, the alarm in time."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never
from zoneinfo import ZoneInfo

from dispatch import booking as bookings
from dispatch import telling
from dispatch.edge.service import Dispatch, Key
from dispatch.promise import Told, told
from dispatch.telling import Call
from dispatch.telling_texts import SAY, news, spoken
from mobility.core.booking import Channel
from mobility.core.clock import Instant, datetime_at
from mobility.core.dates import long_date
from mobility.core.events import Envelope, Event
from mobility.core.fold import State, fold
from mobility.core.ids import BookingId
from mobility.core.ports import Committed, Ledger
from mobility.core.promise import TellingOutcome
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.service_day import service_day_of

_LONGEST_NAP_S = 60.0
"""News may come at any time; so often it is looked whether they were told, while there are any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallToMake:
    """One row of the call list; name and phone come from the vault and go nowhere but to staff."""

    call: Call
    name: str
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """An attempt to tell a rider the news, as a person reports it."""

    booking_id: BookingId
    channel: Channel
    outcome: TellingOutcome
    news: str = ""
    """Name of the news that were told; empty for the newest."""
    cancels: bool = False
    """Whether the rider, having been told, cancels the ride."""


class Tellings:
    """News that riders have to be told. All state lies in the ledger."""

    def __init__(self, dispatch: Dispatch, ledger: Ledger) -> None:
        """Tell riders of ``dispatch``; the facts go to ``ledger``."""
        self._dispatch = dispatch
        self._ledger = ledger
        self._zone = ZoneInfo(dispatch.region.zone)
        self._changed = asyncio.Event()
        ledger.subscribe(self._noted)

    async def calls(self) -> Sequence[CallToMake]:
        """Return whom to tell what, the most urgent first."""
        found: list[CallToMake] = []
        for call in telling.call_list(self._ledger.state, self._dispatch.clock.now()):
            person = await self._dispatch.person(call.booking.rider)
            found.append(
                CallToMake(call=call, name=person.name if person else "", phone=person.phone if person else "")
            )
        return found

    def call_of(self, booking_id: BookingId) -> Call | None:
        """Return the news of one ride, ``None`` where there are none."""
        return telling.call_of(self._ledger.state, booking_id, self._dispatch.clock.now())

    def told(self, booking_id: BookingId) -> Sequence[Told]:
        """Return everything that was ever told for a ride, in order; reads the whole ledger."""
        return told(self._ledger.read(), booking_id)

    def news(self, call: Call, language: str) -> Sequence[str]:
        """Return what has changed, as sentences."""
        day, vehicle = self._day(call, language), self._vehicle(call)
        return news(call, language, clock=self._clock, day=day, vehicle=vehicle)

    def spoken(self, call: Call, language: str) -> str:
        """Return the message to read aloud on the phone."""
        day, vehicle = self._day(call, language), self._vehicle(call)
        return spoken(call, language, clock=self._clock, day=day, vehicle=vehicle)

    async def tell(self, attempt: Attempt, actor: str, key: Key) -> Refusal | None:
        """Take an attempt; ``None`` when it was accepted. With ``cancels`` the ride ends in the same commit."""
        done = await self._ledger.submit(
            lambda state, now: self._decided(attempt, state, now),
            actor=actor,
            idempotency_key=key.value,
            fingerprint=key.fingerprint,
        )
        return done if isinstance(done, Refusal) else None

    async def run(self) -> None:
        """Raise and clear the alarm about news that nobody told, until cancelled."""
        while True:
            await self.look()
            due = telling.next_check(self._ledger.state, self._dispatch.clock.now())
            if due is None:
                await self._changed.wait()
                self._changed.clear()
            else:
                wait_s = (due - self._dispatch.clock.now()) / 1000
                await self._dispatch.clock.sleep(max(0.001, min(_LONGEST_NAP_S, wait_s)))

    async def look(self) -> bool:
        """Raise and clear what is due now; return whether anything was."""
        if not telling.overdue(self._ledger.state, self._dispatch.clock.now()):
            return False
        done = await self._ledger.submit(telling.overdue, actor="telling")
        return isinstance(done, Committed) and bool(done.envelopes)

    def _decided(self, attempt: Attempt, state: State, now: Instant) -> list[Event] | Refusal:
        facts = telling.tell(
            state,
            now,
            booking_id=attempt.booking_id,
            channel=attempt.channel,
            outcome=attempt.outcome,
            news=attempt.news,
        )
        if isinstance(facts, Refusal) or not attempt.cancels:
            return facts
        match attempt.outcome:
            case TellingOutcome.REACHED:
                ended = self._cancelled(attempt, _after(state, facts, now), now)
                return ended if isinstance(ended, Refusal) else [*facts, *ended]
            case TellingOutcome.LEFT_MESSAGE | TellingOutcome.NOT_REACHED:
                return Refusal(RefusalCode.INVALID_INPUT, {"detail": "cancels"})
            case _:
                assert_never(attempt.outcome)

    def _cancelled(self, attempt: Attempt, state: State, now: Instant) -> list[Event] | Refusal:
        service = self._dispatch.service(state.bookings[attempt.booking_id].wish.area_id, state)
        return bookings.cancel(
            service, state, now, booking_id=attempt.booking_id, channel=attempt.channel, reason="news"
        )

    def _noted(self, _envelopes: Sequence[Envelope]) -> None:
        state = self._ledger.state
        if state.revisions or state.supervised.alarms:
            self._changed.set()

    def _clock(self, at: Instant) -> str:
        return f"{datetime_at(at, self._zone):%H:%M}"

    def _day(self, call: Call, language: str) -> str:
        window = call.pickup or call.arrival
        today = self._dispatch.today
        if window is None or (day := service_day_of(window.earliest, today.zone)) == today:
            return SAY[language]["today"]
        return SAY[language]["on"].format(day=long_date(day.date, language))

    def _vehicle(self, call: Call) -> str:
        vehicle_id = call.revision.vehicle_id
        if call.revision.is_withdrawn or vehicle_id == call.booking.vehicle_id:
            return ""
        return self._dispatch.region.fleet[vehicle_id].label


def _after(state: State, facts: Sequence[Event], now: Instant) -> State:
    """Return the state as it will be after facts of the same commit."""
    return fold(state, (Envelope(seq=state.seq + n, recorded_at=now, actor="", body=e) for n, e in enumerate(facts, 1)))
