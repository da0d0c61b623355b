"""Whatever happens in whatever order: nobody is told twice, nothing breaks silently, no alarm is lost or left over."""

import asyncio

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from dispatch import telling
from dispatch.edge.repairs import Repairs
from dispatch.edge.service import Key
from dispatch.edge.tellings import Attempt
from dispatch.promise import PromiseBook, broken_by
from mobility.core.booking import BookingState, Channel
from mobility.core.disruption import Disruption, DisruptionKind
from mobility.core.ids import BookingId, DisruptionId, VehicleId
from mobility.core.promise import PromiseKind, TellingOutcome
from mobility.core.refusal import Refusal, RefusalCode
from tests.dispatch.small_region import AREA, DAY, wish
from tests.dispatch.telling_room import desk

_CLOCKS = ("09:00", "10:00", "11:00", "13:00")


class Telling(RuleBasedStateMachine):
    """A dispatcher, riders and repairs at work on one day."""

    rides = Bundle("rides")

    def __init__(self) -> None:
        super().__init__()
        self.desk = desk()
        self.repairs = Repairs(dispatch=self.desk.room.dispatch, ledger=self.desk.room.ledger)
        self.count = 0

    def _key(self) -> Key:
        self.count += 1
        return Key(value=str(self.count), fingerprint=str(self.count))

    @rule(target=rides, clock=st.sampled_from(_CLOCKS), origin=st.sampled_from("BCD"))
    def book(self, clock: str, origin: str) -> BookingId:
        async def story() -> BookingId:
            here = self.desk.room
            offers = await here.offers(wish(origin, "F", clock))
            if not offers:
                return BookingId("")
            ride = await here.accept(offers[0].offer_id)
            return BookingId("") if isinstance(ride, Refusal) else ride.booking.booking_id

        return asyncio.run(story())

    @rule(minutes=st.integers(1, 90), choice=st.integers(0, 3))
    def bus_is_late(self, minutes: int, choice: int) -> None:
        here = self.desk.room
        late = Disruption(
            disruption_id=DisruptionId(f"late-{self.count}"),
            kind=DisruptionKind.VEHICLE_LATE,
            area_id=AREA,
            day=DAY.date,
            begins=here.clock.now(),
            vehicle_id=VehicleId("bus"),
            delay_s=60.0 * minutes,
        )

        async def story() -> None:
            draft = await self.repairs.what_if(late)
            if not isinstance(draft, Refusal) and draft.proposals:
                chosen = draft.proposals[choice % len(draft.proposals)]
                await self.repairs.publish(draft.draft_id, chosen.name, self._key(), "dispatcher")

        asyncio.run(story())

    @rule()
    def undo(self) -> None:
        asyncio.run(self.repairs.undo(self._key(), "dispatcher"))

    @rule(ride=rides, outcome=st.sampled_from(TellingOutcome), cancels=st.booleans(), knows_newest=st.booleans())
    def tell(self, ride: BookingId, outcome: TellingOutcome, *, cancels: bool, knows_newest: bool) -> None:
        call = self.desk.tellings.call_of(ride)
        before = self.desk.room.ledger.state
        attempt = Attempt(
            booking_id=ride,
            channel=Channel.PHONE,
            outcome=outcome,
            news="" if call is None or not knows_newest else call.news_id,
            cancels=cancels and outcome is TellingOutcome.REACHED and self._is_promised(ride),
        )
        refusal = asyncio.run(self.desk.tellings.tell(attempt, "dispatcher", self._key()))
        if ride not in before.bookings:
            assert refusal == Refusal(RefusalCode.UNKNOWN_BOOKING)
        elif call is None:
            assert refusal == Refusal(RefusalCode.ALREADY_TOLD)
        else:
            assert refusal is None
            is_known = self.desk.tellings.call_of(ride) is None
            assert is_known is (outcome is TellingOutcome.REACHED)

    @rule(ride=consumes(rides))
    def cancel(self, ride: BookingId) -> None:
        asyncio.run(self.desk.room.dispatch.cancel(ride, Channel.WEB, self._key()))

    @rule(minutes=st.integers(0, 20))
    def wait(self, minutes: int) -> None:
        self.desk.room.clock.advance(60.0 * minutes)

    @rule()
    def look(self) -> None:
        here = self.desk
        asyncio.run(here.tellings.look())
        state, now = here.room.ledger.state, here.room.clock.now()
        news, alarms = telling.open_news(state), state.supervised.alarms
        assert all(telling.alarm_id(ride) in alarms for ride, each in news.items() if each.tell_by < now)
        assert all(telling.alarm_id(ride) in {telling.alarm_id(each) for each in news} for ride in _rides(alarms))

    @invariant()
    def nothing_breaks_silently(self) -> None:
        state = self.desk.room.ledger.state
        assert all(broken_by(state, plan) == () for plan in state.plans.values())

    @invariant()
    def each_telling_counts_one(self) -> None:
        book = PromiseBook(self.desk.room.ledger.read())
        for ride in self.desk.room.ledger.state.bookings:
            for kind in PromiseKind:
                chain = [each.revision for each in book.told(ride) if each.kind is kind]
                assert chain == list(range(len(chain)))

    def _is_promised(self, ride: BookingId) -> bool:
        booking = self.desk.room.ledger.state.bookings.get(ride)
        return booking is not None and booking.state is BookingState.PROMISED


def _rides(alarms: object) -> list[BookingId]:
    assert isinstance(alarms, dict)
    return [BookingId(str(name).partition(":")[2]) for name in alarms]


Telling.TestCase.settings = settings(max_examples=15, stateful_step_count=12, deadline=None)
TestTelling = Telling.TestCase


def test_the_machine_is_the_one_that_runs() -> None:
    assert TestTelling is Telling.TestCase
