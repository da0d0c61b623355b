"""The citizen bus waits for a late feeder while it costs the others little and breaks nothing; people may overrule."""

import asyncio
from collections.abc import Awaitable, Callable
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response

from dispatch.connection_windows import connected
from dispatch.edge.connection_desk import Connections
from dispatch.edge.connection_routes import connection_router
from dispatch.edge.ride_pages import ride_router
from dispatch.edge.service import Key
from dispatch.promise import broken_by
from mobility.app.problems import install_problem_handlers
from mobility.app.web.language import LanguageMiddleware
from mobility.app.web.templating import page_templates
from mobility.core.booking import Channel, RideWish
from mobility.core.connection import Connection, ConnectionDecision
from mobility.core.events import ConnectionDecided, FeederDelayReported
from mobility.core.ids import BookingId, ConnectionId
from mobility.core.plan import TaskKind
from mobility.core.promise import PromiseKind, RevisionReason
from mobility.core.vehicle import TripRef
from tests.dispatch.journeys import TRAIN, Statuses, journey, trip, with_a_line
from tests.dispatch.putting_off import put_off
from tests.dispatch.room import Room, room
from tests.dispatch.small_region import ZONE, at, wish
from tests.dispatch.telling_room import LINKS


class Desk:
    """A room with a line, the connection service on it, and its routes."""

    def __init__(self) -> None:
        self.room: Room = room(with_a_line())
        self.statuses = Statuses()
        self.role: str | None = None
        self.connections = Connections(self.room.dispatch, self.room.ledger, self.statuses)

    async def book(self, ride: RideWish) -> BookingId:
        fitting = connected(self.room.dispatch.region, ride)
        assert isinstance(fitting, RideWish)
        booked = await self.room.book(fitting)
        await self.connections.plan_rides()
        return booked.booking.booking_id

    async def page(self, booking_id: BookingId) -> str:
        async with self._http() as http:
            return unescape((await http.get(LINKS.link(booking_id))).text)

    async def post(self, connection_id: str, what: str, key: str = "k", **body: object) -> tuple[int, Any]:
        async with self._http() as http:
            path = "/api/v1/connections" + (f"/{connection_id}/{what}" if what else "")
            if not what:
                return 200, (await http.get(path)).json()
            answer = await http.post(path, json=body, headers={"Idempotency-Key": key})
            return answer.status_code, answer.json()

    def _http(self) -> httpx.AsyncClient:
        templates = page_templates(
            clock=self.room.clock, zone=ZoneInfo(ZONE), is_demo=False, room_packages=("dispatch",), region_name="Dorf"
        )
        app = FastAPI()
        install_problem_handlers(app, templates)
        app.include_router(connection_router(self.room.dispatch, self.connections, LINKS))
        app.add_middleware(LanguageMiddleware)
        app.include_router(ride_router(self.room.dispatch, templates, LINKS))

        @app.middleware("http")
        async def somebody(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
            request.state.role = self.role
            return await call_next(request)

        return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test")

    def connection(self, name: str) -> Connection:
        return self.room.ledger.state.connections[ConnectionId(name)]

    def begin(self, booking_id: BookingId, kind: TaskKind = TaskKind.PICKUP) -> int:
        (plan,) = self.room.ledger.state.plans.values()
        tasks = [task for tour in plan.tours for task in tour.tasks]
        return next(task.begin for task in tasks if (task.booking_id, task.kind) == (booking_id, kind))

    def decisions(self) -> list[ConnectionDecided]:
        return [e.body for e in self.room.ledger.read() if isinstance(e.body, ConnectionDecided)]

    def breaks_nothing(self) -> bool:
        state = self.room.ledger.state
        return all(broken_by(state, plan) == () for plan in state.plans.values())


def play(story: Callable[[Desk], Awaitable[None]]) -> Desk:
    async def main() -> Desk:
        here = Desk()
        await story(here)
        return here

    return asyncio.run(main())


async def a_fed_ride(here: Desk, after: TripRef | None = None) -> BookingId:
    """Fetched at C between 09:06 and 09:21."""
    return await here.book(journey("C", "G", "09:00", after=after or trip("d-09")))


async def somebody_later(here: Desk, clock: str = "09:16") -> BookingId:
    """Fetched at H by the same bus, after it has brought the first rider to G."""
    return (await here.room.book(wish("H", "F", clock))).booking.booking_id


def test_a_booked_ride_after_a_trip_is_a_planned_connection() -> None:
    async def story(here: Desk) -> None:
        booking_id = await a_fed_ride(here)
        connection = here.connection(f"{booking_id}-after")
        assert (connection.feeder_arrival, connection.departure) == (at("09:04"), at("09:06"))
        assert (connection.trip, connection.feeder_trip, connection.hold_limit_s) == (None, trip("d-09"), 900.0)
        _, answer = await here.post("", "")
        assert [row["reference"] for row in answer["rides"]] == [booking_id]
        assert [row["feeder"] for row in answer["connections"]] == ["RB 46 aus Erfurt"]
        await here.room.dispatch.cancel(booking_id, Channel.PHONE, Key(value="c", fingerprint="c"))
        _, answer = await here.post("", "")
        assert answer["rides"] == []

    play(story)


def test_the_bus_waits_within_the_window_that_was_promised() -> None:
    async def story(here: Desk) -> None:
        booking_id = await a_fed_ride(here)
        other = await somebody_later(here)
        before = here.begin(other, TaskKind.DROPOFF)
        status, answer = await here.post(f"{booking_id}-after", "feeder-delay", delay_s=300.0)
        assert (status, answer["decision"]) == (200, "hold")
        assert answer["hold_until"] == "2025-10-07T09:11:00+02:00"
        assert here.begin(booking_id) >= at("09:11")
        assert answer["cost_person_s"] == max(0, here.begin(other, TaskKind.DROPOFF) - before) / 1000
        assert answer["go_cost_person_s"] == 3600.0
        assert here.breaks_nothing()
        assert here.room.ledger.state.revisions == {}, "the promised window still holds: nobody has to be called"

    play(story)


def test_the_bus_goes_where_waiting_would_break_a_promise_to_somebody_else() -> None:
    async def story(here: Desk) -> None:
        booking_id = await a_fed_ride(here)
        await somebody_later(here)
        planned = here.begin(booking_id)
        _, answer = await here.post(f"{booking_id}-after", "feeder-delay", delay_s=840.0)
        assert (answer["decision"], answer["hold_until"]) == ("go", None)
        assert here.begin(booking_id) == planned
        assert here.breaks_nothing()

    play(story)


def test_a_dispatcher_who_accepts_it_makes_the_bus_wait_and_the_others_are_to_be_told() -> None:
    async def story(here: Desk) -> None:
        booking_id = await a_fed_ride(here)
        other = await somebody_later(here)
        await here.post(f"{booking_id}-after", "feeder-delay", delay_s=840.0)
        decision = {"decision": "hold", "reason": "letzter Bus für die Familie"}
        status, answer = await here.post(f"{booking_id}-after", "decision", "k1", **decision)
        assert (status, answer["code"]) == (409, "hold_breaks_promises")
        status, answer = await here.post(f"{booking_id}-after", "decision", "k2", **decision, accepts_revisions=True)
        assert (status, answer["decision"]) == (200, "hold")
        assert answer["overruled_because"] == "letzter Bus für die Familie"
        state = here.room.ledger.state
        revision = state.revisions[other]
        assert revision.reason is RevisionReason.CONNECTION
        assert revision.pickup is not None
        assert revision.pickup.holds(here.begin(other))  # type: ignore[arg-type]  # an instant is a number
        assert here.breaks_nothing(), "what is binding now is what the plan keeps"
        assert not state.promises[other, PromiseKind.PICKUP].window.holds(here.begin(other))  # type: ignore[arg-type]
        assert revision.tell_by <= state.promises[other, PromiseKind.PICKUP].window.earliest

    play(story)


def test_nobody_makes_the_bus_wait_longer_than_was_promised() -> None:
    async def story(here: Desk) -> None:
        booking_id = await a_fed_ride(here)
        _, answer = await here.post(f"{booking_id}-after", "feeder-delay", delay_s=1200.0)
        assert answer["decision"] == "go"
        status, answer = await here.post(
            f"{booking_id}-after", "decision", "k1", decision="hold", reason="bitte", accepts_revisions=True
        )
        assert (status, answer["code"]) == (409, "beyond_hold_limit")
        assert "15 Minuten" in answer["detail"]

    play(story)


def test_the_bus_goes_at_its_old_time_once_the_feeder_is_on_time_again() -> None:
    async def story(here: Desk) -> None:
        booking_id = await a_fed_ride(here)
        planned = here.begin(booking_id)
        await here.post(f"{booking_id}-after", "feeder-delay", "k1", delay_s=300.0)
        assert here.begin(booking_id) > planned
        _, answer = await here.post(f"{booking_id}-after", "feeder-delay", "k2", delay_s=0.0)
        assert answer["decision"] == "go"
        assert here.begin(booking_id) == planned

    play(story)


def test_a_delay_for_a_ride_that_was_cancelled_is_noted_and_holds_nothing() -> None:
    async def story(here: Desk) -> None:
        booking_id = await a_fed_ride(here)
        await here.room.dispatch.cancel(booking_id, Channel.PHONE, Key(value="c", fingerprint="c"))
        _, answer = await here.post(f"{booking_id}-after", "feeder-delay", delay_s=300.0)
        assert answer["decision"] == "go"

    play(story)


def test_the_delay_of_a_line_trip_comes_from_the_feed_and_is_decided_once() -> None:
    async def story(here: Desk) -> None:
        booking_id = await a_fed_ride(here)
        here.statuses.delay_s = 240.0
        assert await here.connections.look() == 1
        assert await here.connections.look() == 0, "nothing new"
        assert here.connection(f"{booking_id}-after").decision is ConnectionDecision.HOLD
        here.statuses.delay_s = 270.0
        assert await here.connections.look() == 0, "half a minute more changes nothing"
        reported = [e.body for e in here.room.ledger.read() if isinstance(e.body, FeederDelayReported)]
        assert [(each.delay_s, each.channel) for each in reported] == [(240.0, Channel.API)]

    play(story)


def test_one_late_train_is_late_for_everybody_who_comes_with_it() -> None:
    async def story(here: Desk) -> None:
        booking_id = await here.book(journey("A", "G", "09:00", after=TRAIN))
        _, answer = await here.post("rb46-0810-2025-10-07", "feeder-delay", delay_s=480.0)
        assert answer["decision"] == "hold"
        ride = here.connection(f"{booking_id}-after")
        assert (ride.feeder_delay_s, ride.decision) == (480.0, ConnectionDecision.HOLD)
        assert here.begin(booking_id) >= at("09:01")

    play(story)


def test_a_line_trip_waits_for_the_bus_that_brings_a_rider_late() -> None:
    async def story(here: Desk) -> None:
        booking_id = await here.book(journey("F", "A", "09:00", before=trip("d-10")))
        connection = here.connection(f"{booking_id}-before")
        arrival = here.room.ledger.state.promises[booking_id, PromiseKind.ARRIVAL].window
        assert connection.trip == trip("d-10")
        assert (connection.feeder_arrival, connection.departure) == (arrival.latest, at("10:00"))
        assert await here.connections.look() == 0, "as planned the bus is in time"
        slack_s = (connection.departure - connection.feeder_arrival) / 1000 - connection.transfer_s
        _, answer = await here.post(f"{booking_id}-before", "feeder-delay", delay_s=slack_s + 120.0, aboard=4)
        assert (answer["decision"], answer["cost_person_s"]) == ("hold", 480.0)
        assert answer["go_cost_person_s"] == 3600.0, "no later departure is known"

    play(story)


def test_going_costs_the_wait_for_the_next_departure() -> None:
    async def story(here: Desk) -> None:
        booking_id = await here.book(journey("F", "A", "08:00", before=trip("d-09")))
        connection = here.connection(f"{booking_id}-before")
        slack_s = (connection.departure - connection.feeder_arrival) / 1000 - connection.transfer_s
        _, answer = await here.post(
            f"{booking_id}-before", "feeder-delay", delay_s=slack_s + 60.0, transferring=2, waiting=1
        )
        assert (answer["decision"], answer["cost_person_s"], answer["go_cost_person_s"]) == ("hold", 60.0, 7200.0)

    play(story)


def test_a_dispatcher_lets_a_line_trip_go_and_says_why() -> None:
    async def story(here: Desk) -> None:
        await here.post("rb46-0810-2025-10-07", "feeder-delay", delay_s=480.0)
        status, answer = await here.post("rb46-0810-2025-10-07", "decision", "k1", decision="go", reason="Schulbus")
        assert (status, answer["decision"], answer["overruled_because"]) == (200, "go", "Schulbus")
        assert "Schulbus" not in answer["reason"], "the public reads the reason, not the dispatcher's words"
        status, answer = await here.post("rb46-0810-2025-10-07", "decision", "k2", decision="hold", reason="doch")
        assert (status, answer["decision"]) == (200, "hold")
        assert len(here.decisions()) == 3

    play(story)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"decision": "hold", "reason": "  "}, 422),
        ({"decision": "planned", "reason": "x"}, 422),
        ({"decision": "hold", "reason": "pünktlich"}, 422),
        ({"reason": "x"}, 422),
    ],
)
def test_what_is_no_decision_is_refused(body: dict[str, str], status: int) -> None:
    async def story(here: Desk) -> None:
        found, _ = await here.post("rb46-0810-2025-10-07", "decision", **body)
        assert found == status
        unknown, _ = await here.post("nothing", "decision", decision="go", reason="x")
        assert unknown == 404

    play(story)


def test_drivers_report_delays_but_do_not_decide() -> None:
    async def story(here: Desk) -> None:
        here.role = "driver"
        status, _ = await here.post("rb46-0810-2025-10-07", "feeder-delay", delay_s=480.0)
        assert status == 200
        status, answer = await here.post("rb46-0810-2025-10-07", "decision", "k1", decision="go", reason="x")
        assert (status, answer["code"]) == (403, "not_your_role")

    play(story)


def test_the_rider_reads_what_waits_and_what_does_not() -> None:
    async def story(here: Desk) -> None:
        booking_id = await a_fed_ride(here)
        assert "Sie kommen mit D Campus, Ankunft 09:04 Uhr." in await here.page(booking_id)
        await here.post(f"{booking_id}-after", "feeder-delay", "k1", delay_s=300.0)
        page = await here.page(booking_id)
        assert "Der Bus wartet bis 09:11 Uhr auf Sie." in page
        assert "Nach jetzigem Stand kommt der Bus um 09:11 Uhr." in page
        await here.post(f"{booking_id}-after", "feeder-delay", "k2", delay_s=1200.0)
        assert "Der Bus kann nicht warten. Bitte rufen Sie uns an." in await here.page(booking_id)
        onward = await here.book(journey("F", "A", "09:00", before=trip("d-10")))
        assert "Weiter geht es mit D um 10:00 Uhr." in await here.page(onward)

    play(story)


def test_a_hold_that_another_plan_has_taken_back_is_decided_anew() -> None:
    async def story(here: Desk) -> None:
        booking_id = await a_fed_ride(here)
        here.statuses.delay_s = 300.0
        await here.connections.look()
        held = here.begin(booking_id)
        assert held >= at("09:11")
        await put_off(here.room, booking_id, -5)
        assert here.begin(booking_id) < at("09:11")
        assert await here.connections.look() == 1
        assert here.begin(booking_id) >= at("09:11")
        assert await here.connections.look() == 0

    play(story)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-600, 2400), min_size=1, max_size=4), st.sampled_from(["09:16", "09:30", "10:00"]))
def test_whatever_the_delays_no_promise_breaks_silently_and_both_costs_are_logged(
    delays: list[int], clock: str
) -> None:
    async def story(here: Desk) -> None:
        booking_id = await a_fed_ride(here)
        await somebody_later(here, clock)
        for n, delay_s in enumerate(delays):
            status, _ = await here.post(f"{booking_id}-after", "feeder-delay", str(n), delay_s=float(delay_s))
            assert status == 200
            assert here.breaks_nothing()
            last = here.decisions()[-1]
            if last.decision is ConnectionDecision.HOLD:
                assert last.cost_person_s <= last.go_cost_person_s
                assert last.hold_until is not None
                assert here.begin(booking_id) >= last.hold_until
        assert here.room.ledger.state.revisions == {}
        assert len(here.decisions()) == len(delays)

    play(story)
