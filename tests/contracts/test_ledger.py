"""What every ledger keeps to: the real one with its thread, the real one inline, and the one in memory."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from mobility.core.booking import BookingState
from mobility.core.clock import Instant
from mobility.core.events import Event, RiderBoarded
from mobility.core.fold import State, fold
from mobility.core.ids import BookingId
from mobility.core.ports import Committed, Ledger
from mobility.core.refusal import Refusal, RefusalCode
from mobility.storage.ledger import SqlLedger
from tests.contracts.sample_facts import BUS, START, accept, accepted, one_of_each
from tests.fakes.clock import SettableClock
from tests.fakes.ledger import MemoryLedger

Body = Callable[[Ledger], Awaitable[None]]


@pytest.fixture(params=["memory", "inline", "threaded"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Body], None]:
    """Run an async test body on each kind of ledger."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Ledger]:
        clock = SettableClock(START)
        if request.param == "memory":
            yield MemoryLedger(clock)
            return
        async with SqlLedger.open(tmp_path / "ledger.db", clock=clock, inline=request.param == "inline") as ledger:
            yield ledger

    async def main(body: Body) -> None:
        async with opened() as ledger:
            await body(ledger)

    return lambda body: asyncio.run(main(body))


def refuse(state: State, now: Instant) -> list[Event] | Refusal:
    return Refusal(RefusalCode.NO_SEAT_LEFT, {"seats": 3})


def test_facts_of_a_command_are_numbered_without_gaps_from_one(run):
    async def body(ledger: Ledger) -> None:
        first = await ledger.submit(accept("A"), actor="rider")
        second = await ledger.submit(accept("B"), actor="rider")
        assert isinstance(first, Committed)
        assert isinstance(second, Committed)
        assert [e.seq for e in (*first.envelopes, *second.envelopes)] == [1, 2, 3, 4, 5, 6]
        assert {e.recorded_at for e in first.envelopes} == {START}

    run(body)


def test_the_state_after_a_reply_holds_its_facts(run):
    async def body(ledger: Ledger) -> None:
        reply = await ledger.submit(accept("A"), actor="rider")
        assert isinstance(reply, Committed)
        assert reply.state.seq == 3
        assert ledger.state == reply.state
        assert ledger.state.bookings[BookingId("A")].state is BookingState.PROMISED

    run(body)


def test_a_refusal_is_returned_and_writes_nothing(run):
    async def body(ledger: Ledger) -> None:
        reply = await ledger.submit(refuse, actor="rider", idempotency_key="k")
        assert reply == Refusal(RefusalCode.NO_SEAT_LEFT, {"seats": 3})
        assert list(ledger.read()) == []
        assert ledger.state.seq == 0

    run(body)


def test_a_refused_key_may_be_tried_again(run):
    async def body(ledger: Ledger) -> None:
        await ledger.submit(refuse, actor="rider", idempotency_key="k", fingerprint="f")
        reply = await ledger.submit(accept("A"), actor="rider", idempotency_key="k", fingerprint="f")
        assert isinstance(reply, Committed)
        assert not reply.is_repeat

    run(body)


def test_the_same_key_and_request_returns_the_first_outcome(run):
    async def body(ledger: Ledger) -> None:
        first = await ledger.submit(accept("A"), actor="rider", idempotency_key="k", fingerprint="f")
        again = await ledger.submit(accept("A"), actor="rider", idempotency_key="k", fingerprint="f")
        assert isinstance(first, Committed)
        assert isinstance(again, Committed)
        assert again.is_repeat
        assert again.envelopes == first.envelopes
        assert len(list(ledger.read())) == 3

    run(body)


def test_a_repeat_of_an_outcome_without_facts_is_a_repeat_too(run):
    async def body(ledger: Ledger) -> None:
        await ledger.submit(lambda _s, _n: [], actor="rider", idempotency_key="k", fingerprint="f")
        again = await ledger.submit(accept("A"), actor="rider", idempotency_key="k", fingerprint="f")
        assert isinstance(again, Committed)
        assert again.is_repeat
        assert again.envelopes == ()

    run(body)


def test_the_same_key_with_another_request_is_refused(run):
    async def body(ledger: Ledger) -> None:
        await ledger.submit(accept("A"), actor="rider", idempotency_key="k", fingerprint="f")
        reply = await ledger.submit(accept("B"), actor="rider", idempotency_key="k", fingerprint="g")
        assert isinstance(reply, Refusal)
        assert reply.code is RefusalCode.IDEMPOTENCY_MISMATCH

    run(body)


def test_commands_sent_at_once_are_decided_one_after_the_other(run):
    async def body(ledger: Ledger) -> None:
        async with asyncio.TaskGroup() as tasks:
            replies = [tasks.create_task(ledger.submit(accept("A"), actor="rider")) for _ in range(20)]
        committed = [r.result() for r in replies if isinstance(r.result(), Committed)]
        assert len(committed) == 1
        assert len(list(ledger.read())) == 3

    run(body)


def test_a_repeat_sent_at_once_with_its_first_is_one_effect(run):
    async def body(ledger: Ledger) -> None:
        async with asyncio.TaskGroup() as tasks:
            replies = [
                tasks.create_task(ledger.submit(accept("A"), actor="rider", idempotency_key="k")) for _ in range(5)
            ]
        outcomes = [r.result() for r in replies]
        assert sum(isinstance(o, Committed) and not o.is_repeat for o in outcomes) == 1
        assert {o.envelopes for o in outcomes if isinstance(o, Committed)} == {tuple(ledger.read())}

    run(body)


def test_a_fault_of_one_decision_reaches_its_caller_and_nobody_else(run):
    def broken(state: State, now: Instant) -> list[Event] | Refusal:
        raise ZeroDivisionError

    async def outcome(ledger: Ledger, decide) -> object:
        try:
            return await ledger.submit(decide, actor="rider")
        except ZeroDivisionError as error:
            return error

    async def body(ledger: Ledger) -> None:
        async with asyncio.TaskGroup() as tasks:
            replies = [tasks.create_task(outcome(ledger, decide)) for decide in (accept("A"), broken, accept("B"))]
        assert [type(r.result()) for r in replies] == [Committed, ZeroDivisionError, Committed]
        assert len(list(ledger.read())) == 6

    run(body)


def test_a_fact_about_something_unknown_takes_its_whole_command_along(run):
    async def body(ledger: Ledger) -> None:
        boarded = RiderBoarded(booking_id=BookingId("nobody"), vehicle_id=BUS, at=START)
        with pytest.raises(KeyError):
            await ledger.submit(lambda _s, _n: [*accepted("A"), boarded], actor="driver:d-7")
        assert list(ledger.read()) == []
        assert ledger.state == State()
        assert isinstance(await ledger.submit(accept("A"), actor="rider"), Committed)

    run(body)


def test_listeners_hear_each_commit_once_and_in_order(run):
    async def body(ledger: Ledger) -> None:
        heard: list[int] = []
        ledger.subscribe(lambda envelopes: heard.extend(e.seq for e in envelopes))
        async with asyncio.TaskGroup() as tasks:
            for name in "ABCDEFGH":
                tasks.create_task(ledger.submit(accept(name), actor="rider"))
        assert heard == list(range(1, 25))

    run(body)


def test_the_state_is_there_before_listeners_hear_of_it(run):
    async def body(ledger: Ledger) -> None:
        seen: list[int] = []
        ledger.subscribe(lambda _envelopes: seen.append(ledger.state.seq))
        await ledger.submit(accept("A"), actor="rider")
        assert seen == [3]

    run(body)


def test_reading_after_a_number_starts_behind_it(run):
    async def body(ledger: Ledger) -> None:
        await ledger.submit(accept("A"), actor="rider")
        assert [e.seq for e in ledger.read(after_seq=1)] == [2, 3]
        assert list(ledger.read(after_seq=3)) == []

    run(body)


def test_every_kind_of_fact_is_kept_as_it_was(run):
    async def body(ledger: Ledger) -> None:
        reply = await ledger.submit(lambda _s, _n: one_of_each(), actor="dispatcher")
        assert isinstance(reply, Committed)
        kept = list(ledger.read())
        assert [e.body for e in kept] == one_of_each()
        assert fold(State(), kept) == ledger.state

    run(body)
