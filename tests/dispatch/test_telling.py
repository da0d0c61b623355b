"""News are told once, in time, to the right person, in whole sentences; what nobody told becomes an alarm."""

import asyncio
from typing import Any

import pytest

from dispatch import telling
from dispatch.edge.service import Key
from dispatch.outcome import Outcome
from dispatch.telling_texts import RIDE_NEWS, SAY, WHY
from mobility.core.booking import BookingState, Channel
from mobility.core.disruption_events import RevisionTold
from mobility.core.events import AlarmCleared, AlarmRaised, Event, PromiseSettled, PromiseTold
from mobility.core.ids import BookingId, TaskId
from mobility.core.promise import PromiseKind, PromiseOutcome, RevisionReason, TellingOutcome
from mobility.core.refusal import RefusalCode
from tests.dispatch.putting_off import put_off, withdraw
from tests.dispatch.room import ledger_text
from tests.dispatch.small_region import at, bus, region, wish
from tests.dispatch.telling_room import ACTOR, LINKS, Desk, desk


async def upset(*, tell_by: str = "09:30", vehicle: str = "bus") -> tuple[Desk, BookingId]:
    here = desk(region([bus(), bus("reserve")]))
    ride = await here.room.book(wish("B", "D", "10:00"))
    await put_off(here.room, ride.booking.booking_id, 20, tell_by=tell_by, vehicle=vehicle)
    return here, ride.booking.booking_id


async def tried(
    here: Desk, booking_id: BookingId, outcome: str = "reached", *, key: str = "k", **more: object
) -> tuple[int, Any]:
    async with here.http as http:
        answer = await http.post(
            f"/api/v1/tellings/{booking_id}", json={"outcome": outcome, **more}, headers={"Idempotency-Key": key}
        )
    return answer.status_code, answer.json()


async def calls(here: Desk, language: str = "de") -> list[Any]:
    async with here.http as http:
        answer = await http.get("/api/v1/tellings", headers={"accept-language": language})
    found: list[Any] = answer.json()["tellings"]
    return found


def facts(here: Desk, kind: type[Event]) -> list[Any]:
    return [each.body for each in here.room.ledger.read() if isinstance(each.body, kind)]


def test_the_call_list_names_the_most_urgent_first_with_what_to_say() -> None:
    async def story() -> tuple[list[Any], list[Any]]:
        here = desk()
        first = await here.room.book(wish("B", "D", "10:00"), name="Anna Alt")
        second = await here.room.book(wish("E", "G", "11:00"), name="Bert Neu")
        await put_off(here.room, first.booking.booking_id, 20, tell_by="09:45")
        await put_off(here.room, second.booking.booking_id, 20, tell_by="09:15")
        return await calls(here), await calls(here, "en")

    german, english = asyncio.run(story())
    assert [(each["name"], each["phone"]) for each in german] == [("Bert Neu", "03677 1"), ("Anna Alt", "03677 1")]
    assert german[1]["say"] == (
        "Guten Tag, hier ist der Bürgerbus. Ihr Bus kommt heute nicht zwischen 10:00 und 10:15 Uhr, sondern zwischen "
        "10:20 und 10:35 Uhr. Sie sind zwischen 10:23 und 10:43 Uhr am Ziel. Der Bus hat Verspätung. "
        "Wenn Ihnen das nicht passt, können Sie die Fahrt jetzt kostenlos absagen."
    )
    assert english[1]["say"].startswith(
        "Hello, this is the citizen bus. Today your bus does not come between 10:00 and 10:15, but between 10:20"
    )
    assert german[1]["tell_by"] == "2025-10-07T09:45:00+02:00"


def test_being_reached_tells_the_new_windows_in_the_same_commit() -> None:
    async def story() -> tuple[Desk, BookingId, tuple[int, Any]]:
        here, booking_id = await upset()
        return here, booking_id, await tried(here, booking_id)

    here, booking_id, (status, answer) = asyncio.run(story())
    assert (status, answer["is_told"]) == (200, True)
    envelopes = list(here.room.ledger.read())[-3:]
    assert [type(each.body) for each in envelopes] == [RevisionTold, PromiseTold, PromiseTold]
    assert {each.actor for each in envelopes} == {ACTOR}
    promise = here.room.ledger.state.promises[booking_id, PromiseKind.PICKUP]
    assert (promise.revision, promise.window.earliest, promise.channel) == (1, at("10:20"), Channel.PHONE)
    assert envelopes[1].body.reason == "vehicle_late"  # type: ignore[union-attr]  # checked above
    assert here.room.ledger.state.revisions == {}


@pytest.mark.parametrize("outcome", ["left_message", "not_reached"])
def test_only_being_reached_counts_as_told(outcome: str) -> None:
    async def story() -> tuple[Desk, BookingId]:
        here, booking_id = await upset()
        status, answer = await tried(here, booking_id, outcome)
        assert (status, answer["is_told"]) == (200, False)
        return here, booking_id

    here, booking_id = asyncio.run(story())
    state = here.room.ledger.state
    assert state.revisions[booking_id].tries == 1
    assert state.promises[booking_id, PromiseKind.PICKUP].revision == 0


def test_the_second_of_two_dispatchers_hears_that_it_was_told_already() -> None:
    async def story() -> tuple[int, Any, int]:
        here, booking_id = await upset()
        await tried(here, booking_id, key="mine")
        again, _ = await tried(here, booking_id, key="mine")
        status, answer = await tried(here, booking_id, key="hers")
        return again, answer["code"], status

    assert asyncio.run(story()) == (200, RefusalCode.ALREADY_TOLD.value, 409)


def test_old_news_are_not_taken_as_told_once_there_are_newer_ones() -> None:
    async def story() -> tuple[int, Any, int]:
        here, booking_id = await upset()
        (row,) = await calls(here)
        await put_off(here.room, booking_id, 10)
        old, answer = await tried(here, booking_id, news_id=row["news_id"])
        (row,) = await calls(here)
        new, _ = await tried(here, booking_id, news_id=row["news_id"], key="k2")
        return old, answer["code"], new

    assert asyncio.run(story()) == (409, RefusalCode.NEWS_CHANGED.value, 200)


def test_a_rider_who_was_told_can_cancel_in_the_same_commit() -> None:
    async def story() -> tuple[Desk, BookingId]:
        here, booking_id = await upset()
        status, _ = await tried(here, booking_id, cancels=True)
        assert status == 200
        status, answer = await tried(here, booking_id, "not_reached", key="k2", cancels=True)
        assert (status, answer["code"]) == (409, RefusalCode.ALREADY_TOLD.value)
        return here, booking_id

    here, booking_id = asyncio.run(story())
    state = here.room.ledger.state
    assert state.bookings[booking_id].state is BookingState.CANCELLED
    assert state.promises[booking_id, PromiseKind.PICKUP].outcome is PromiseOutcome.RELEASED
    assert not any(
        task.booking_id == booking_id for plan in state.plans.values() for t in plan.tours for task in t.tasks
    )
    assert len(facts(here, PromiseSettled)) == 2


def test_nobody_cancels_for_a_rider_who_was_not_reached() -> None:
    async def story() -> tuple[int, Any]:
        here, booking_id = await upset()
        return await tried(here, booking_id, "left_message", cancels=True)

    status, answer = asyncio.run(story())
    assert (status, answer["code"]) == (422, RefusalCode.INVALID_INPUT.value)


def test_the_third_attempt_in_vain_raises_an_alarm_that_telling_clears() -> None:
    async def story() -> tuple[Desk, BookingId]:
        here, booking_id = await upset()
        for n in range(3):
            assert telling.alarm_id(booking_id) not in here.room.ledger.state.supervised.alarms
            await tried(here, booking_id, "not_reached", key=str(n))
        assert telling.alarm_id(booking_id) in here.room.ledger.state.supervised.alarms
        await tried(here, booking_id, key="at last")
        return here, booking_id

    here, _ = asyncio.run(story())
    assert here.room.ledger.state.supervised.alarms == {}
    assert (len(facts(here, AlarmRaised)), len(facts(here, AlarmCleared))) == (1, 1)


def test_news_that_nobody_told_in_time_become_an_alarm_until_they_are_moot() -> None:
    async def story() -> list[tuple[str, int]]:
        here, booking_id = await upset(tell_by="08:10")
        seen: list[tuple[str, int]] = []
        for clock in ("08:09", "08:10", "08:12"):
            here.room.clock.moment = at(clock)
            await here.tellings.look()
            await here.tellings.look()
            seen.append((clock, len(here.room.ledger.state.supervised.alarms)))
        await here.room.dispatch.cancel(booking_id, Channel.PHONE, Key(value="c", fingerprint="c"))
        await here.tellings.look()
        seen.append(("cancelled", len(here.room.ledger.state.supervised.alarms)))
        assert len(facts(here, AlarmRaised)) == 1
        return seen

    assert asyncio.run(story()) == [("08:09", 0), ("08:10", 0), ("08:12", 1), ("cancelled", 0)]


def test_news_that_nobody_could_tell_for_a_day_lapse_with_their_alarm() -> None:
    async def story() -> tuple[int, int, bool]:
        here, _ = await upset(tell_by="09:30")
        here.room.clock.moment = at("09:31")
        await here.tellings.look()
        alarms = len(here.room.ledger.state.supervised.alarms)
        here.room.clock.advance(86_400.0)
        await here.tellings.look()
        state = here.room.ledger.state
        return alarms, len(state.supervised.alarms) + len(state.revisions), await here.tellings.look()

    assert asyncio.run(story()) == (1, 0, False)


def test_the_watch_wakes_for_news_and_raises_the_alarm_when_their_time_has_passed() -> None:
    async def story() -> tuple[int, list[Any], bool]:
        here = desk()
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(here.tellings.run())
            await asyncio.sleep(0)
            is_idle = here.room.clock.now() == at("08:00")
            ride = await here.room.book(wish("B", "D", "10:00"))
            await put_off(here.room, ride.booking.booking_id, tell_by="09:30")
            for _ in range(5):
                await asyncio.sleep(0)
            watch.cancel()
        return here.room.clock.now(), [each.alarm.raised_at for each in facts(here, AlarmRaised)], is_idle

    moment, raised, is_idle = asyncio.run(story())
    assert is_idle, "without news it waits for no time"
    assert raised == [at("09:30") + 1]
    assert moment > at("09:30")


def test_a_rider_aboard_needs_no_other_pickup_but_the_new_arrival() -> None:
    async def story() -> tuple[list[Any], Desk, BookingId]:
        here, booking_id = await upset()
        here.room.clock.moment = at("10:20")
        await here.room.dispatch.report_outcome(
            here.room.ledger.state.bookings[booking_id].vehicle_id,
            TaskId(f"{booking_id}:pickup"),
            Outcome.BOARDED,
            at("10:20"),
            Key(value="b", fingerprint="b"),
        )
        listed = await calls(here)
        await tried(here, booking_id)
        return listed, here, booking_id

    (row,), here, booking_id = asyncio.run(story())
    assert row["told"]["pickup"] is None
    assert "Sie sind nicht zwischen 10:03 und 10:23 Uhr am Ziel, sondern zwischen 10:23 und 10:43 Uhr." in row["say"]
    assert "absagen" not in row["say"]
    promises = here.room.ledger.state.promises
    assert promises[booking_id, PromiseKind.PICKUP].revision == 0, "what has happened is promised no more"
    assert promises[booking_id, PromiseKind.ARRIVAL].revision == 1


def test_the_rider_reads_the_news_first_and_confirms_them_without_a_script() -> None:
    async def story() -> tuple[str, str, Desk, BookingId]:
        here, booking_id = await upset(vehicle="reserve")
        before = await here.page(booking_id)
        (row,) = await calls(here)
        form = {"key": LINKS.key(booking_id), "news": row["news_id"]}
        async with here.http as http:
            first = await http.post(f"/ride/{booking_id}/read", data=form)
            second = await http.post(f"/ride/{booking_id}/read", data=form)
            assert (first.status_code, second.status_code) == (303, 303)
            after = await http.get(first.headers["location"])
        return before, after.text, here, booking_id

    before, after, here, booking_id = asyncio.run(story())
    assert before.index("Ihre Fahrt hat sich geändert") < before.index("Abholung")
    assert "sondern zwischen 10:20 und 10:35 Uhr" in before
    assert "Es kommt ein anderes Fahrzeug: Reserve." in before
    assert "Diese Fahrt absagen" in before
    assert "zwischen 10:20 und 10:35 Uhr" in before.split("summary-list")[1], "no old time in the table"
    assert "Ihre Fahrt hat sich geändert" not in after
    assert "Wir wissen jetzt" in after
    (told,) = facts(here, RevisionTold)
    assert (told.channel, told.outcome) == (Channel.WEB, TellingOutcome.REACHED)
    assert here.room.ledger.state.promises[booking_id, PromiseKind.PICKUP].channel is Channel.WEB


def test_a_rider_who_confirms_old_news_sees_the_new_ones() -> None:
    async def story() -> tuple[int, str, int]:
        here, booking_id = await upset()
        (row,) = await calls(here)
        await put_off(here.room, booking_id, 15)
        async with here.http as http:
            form = {"key": LINKS.key(booking_id), "news": row["news_id"]}
            answer = await http.post(f"/ride/{booking_id}/read", data=form)
        return answer.status_code, answer.text, len(here.room.ledger.state.revisions)

    status, page, open_news = asyncio.run(story())
    assert (status, open_news) == (409, 1)
    assert "Inzwischen hat sich noch etwas geändert" in page
    assert "10:35" in page


def test_the_page_of_a_withdrawn_ride_says_so_and_offers_another() -> None:
    async def story() -> tuple[str, str, Desk, BookingId, tuple[int, Any]]:
        here = desk()
        ride = await here.room.book(wish("B", "D", "10:00"))
        booking_id = ride.booking.booking_id
        await withdraw(here.room, booking_id)
        pages = await here.page(booking_id), await here.page(booking_id, "en")
        return *pages, here, booking_id, await tried(here, booking_id)

    german, english, here, booking_id, (status, _) = asyncio.run(story())
    assert "Ihre Fahrt heute zwischen 10:00 und 10:15 Uhr können wir leider nicht fahren." in german
    assert "Ein Fahrzeug ist ausgefallen." in german
    assert "Neue Fahrt bestellen" in german
    assert "cannot give you the ride today between 10:00 and 10:15" in english
    assert status == 200
    assert here.room.ledger.state.revisions == {}
    assert here.room.ledger.state.promises[booking_id, PromiseKind.PICKUP].outcome is PromiseOutcome.BROKEN


def test_a_stranger_confirms_nothing_and_a_name_never_reaches_the_ledger() -> None:
    async def story() -> tuple[int, Desk]:
        here, booking_id = await upset()
        async with here.http as http:
            answer = await http.post(f"/ride/{booking_id}/read", data={"key": "guess"})
        await tried(here, booking_id)
        return answer.status_code, here

    status, here = asyncio.run(story())
    assert status == 404
    assert "Erika" not in ledger_text(here.room)
    assert "03677 1" not in ledger_text(here.room)


def test_the_chain_of_what_was_told_is_read_back() -> None:
    async def story() -> tuple[Any, int]:
        here, booking_id = await upset()
        await tried(here, booking_id)
        async with here.http as http:
            chain = await http.get(f"/api/v1/tellings/{booking_id}/told")
            unknown = await http.get("/api/v1/tellings/XXX-XXX/told")
        return chain.json()["told"], unknown.status_code

    chain, unknown = asyncio.run(story())
    assert [(each["kind"], each["revision"], each["in_time"]) for each in chain] == [
        ("pickup", 0, True),
        ("arrival", 0, True),
        ("pickup", 1, True),
        ("arrival", 1, True),
    ]
    assert unknown == 404


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("XXX-XXX", {"outcome": "reached"}, 404),
        ("XXX-XXX", {"outcome": "maybe"}, 422),
        ("XXX-XXX", {"outcome": "reached", "note": "Erika"}, 422),
        ("XXX-XXX", {}, 422),
    ],
)
def test_what_is_no_telling_is_refused(path: str, body: dict[str, str], status: int) -> None:
    async def story() -> int:
        here = desk()
        async with here.http as http:
            answer = await http.post(f"/api/v1/tellings/{path}", json=body, headers={"Idempotency-Key": "k"})
        return answer.status_code

    assert asyncio.run(story()) == status


def test_every_sentence_stands_in_both_languages() -> None:
    for texts in (SAY, RIDE_NEWS):
        assert texts["de"].keys() == texts["en"].keys()
    assert all(set(WHY[language]) == set(RevisionReason) for language in ("de", "en"))
