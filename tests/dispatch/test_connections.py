"""Planned connections, and whether a departure waits."""

import asyncio
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from mobility.core.clock import shifted
from mobility.core.connection import ConnectionDecision
from mobility.core.events import ConnectionDecided, ConnectionPlanned
from mobility.core.geo import LatLon
from mobility.core.ids import BlockId, ConnectionId, RouteId, StopId, TripId
from mobility.core.place import Evidence
from mobility.core.region import Calendar, Line, LinePattern, LineTrip, Region, TrainConnection
from mobility.core.service_day import ServiceTime
from mobility.core.vehicle import ServiceKind
from mobility.storage.codec import EncodedEvent, decode_event
from tests.dispatch.room import Room, client, room
from tests.dispatch.small_region import DAY, at, region

ID = "rb46-0810-2025-10-07"


def with_a_train(weekdays: frozenset[int] = frozenset({0, 1, 2, 3, 4})) -> Region:
    """A train arrives at 08:10; shuttle D leaves stop B at 08:15 and may wait four minutes."""
    calendar = Calendar(calendar_id="wk", weekdays=weekdays, first=date(2025, 1, 1), last=date(2025, 12, 31))
    pattern = LinePattern(
        pattern_id="p",
        headsign="Campus",
        direction=0,
        stops=(StopId("A"), StopId("B")),
        arrival_s=(0, 120),
        departure_s=(0, 180),
        fastest_s=(0, 100),
        path=(LatLon(50.6, 10.9), LatLon(50.61, 10.9)),
    )
    trip = LineTrip(
        trip_id=TripId("d1"),
        pattern_id="p",
        calendar_id="wk",
        start=ServiceTime(8 * 3600 + 12 * 60),
        block_id=BlockId("b"),
    )
    line = Line(
        route_id=RouteId("D"),
        short_name="D",
        long_name="",
        kind=ServiceKind.SHUTTLE,
        colour="000000",
        patterns=(pattern,),
        trips=(trip,),
        evidence=Evidence.ASSUMED,
    )
    train = TrainConnection(
        connection_id=ConnectionId("rb46-0810"),
        feeder="RB 46 aus Erfurt",
        feeder_arrival=ServiceTime(8 * 3600 + 10 * 60),
        trip_id=TripId("d1"),
        stop_id=StopId("B"),
        transfer_s=180.0,
        hold_limit_s=240.0,
    )
    return replace(region(), lines=(line,), calendars={"wk": calendar}, connections=(train,))


async def told(here: Room, delay_s: float, *, key: str = "k", aboard: int = 3, waiting: int = 2) -> Any:
    async with client(here) as http:
        body = {"delay_s": delay_s, "aboard": aboard, "waiting": waiting}
        path = f"/api/v1/connections/{ID}/feeder-delay"
        return (await http.post(path, json=body, headers={"Idempotency-Key": key})).json()


def test_the_connections_of_a_day_become_facts_once() -> None:
    async def story() -> Room:
        here = room(with_a_train())
        await here.dispatch.plan_connections()
        await here.dispatch.plan_connections()
        return here

    here = asyncio.run(story())
    assert len(list(here.ledger.read())) == 1
    connection = here.ledger.state.connections[ConnectionId(ID)]
    assert connection.departure == at("08:15")
    assert connection.feeder_arrival == at("08:10")
    assert connection.decision is ConnectionDecision.PLANNED


def test_a_connection_exists_only_on_days_its_trip_runs() -> None:
    async def story() -> int:
        return len(await room(with_a_train(frozenset({5}))).dispatch.plan_connections())

    assert asyncio.run(story()) == 0


@pytest.mark.parametrize(
    ("delay_s", "decision", "hold_s", "cost", "go_cost"),
    [
        (60.0, "go", None, 0.0, 0.0),
        (120.0, "go", None, 0.0, 0.0),
        (180.0, "hold", 60, 300.0, 3600.0),
        (360.0, "hold", 240, 1200.0, 3600.0),
        (361.0, "go", None, 1205.0, 3600.0),
        (-300.0, "go", None, 0.0, 0.0),
    ],
)
def test_a_departure_waits_for_the_walk_from_the_train_within_its_limit(
    delay_s: float, decision: str, hold_s: int | None, cost: float, go_cost: float
) -> None:
    async def story() -> tuple[Room, Any]:
        here = room(with_a_train())
        return here, await told(here, delay_s)

    here, answer = asyncio.run(story())
    connection = here.ledger.state.connections[ConnectionId(ID)]
    assert answer["decision"] == decision
    assert (answer["cost_person_s"], answer["go_cost_person_s"]) == (cost, go_cost)
    assert connection.feeder_delay_s == delay_s
    expected = None if hold_s is None else shifted(at("08:15"), hold_s)
    assert connection.hold_until == expected


def test_the_dispatcher_reads_what_was_decided() -> None:
    async def story() -> Any:
        here = room(with_a_train())
        await told(here, 180.0)
        async with client(here) as http:
            return (await http.get("/api/v1/connections")).json()

    (row,) = asyncio.run(story())["connections"]
    assert row["decision"] == "hold"
    assert row["hold_until"] == "2025-10-07T08:16:00+02:00"
    assert row["trip"] == {"trip_id": "d1", "start_date": DAY.date.isoformat()}
    assert row["stop_name"] == "Haltestelle B"


def test_a_full_bus_does_not_wait_for_one_person_for_long() -> None:
    async def story() -> Any:
        return await told(room(with_a_train()), 360.0, aboard=30)

    answer = asyncio.run(story())
    assert answer["decision"] == "go"
    assert answer["cost_person_s"] == 240.0 * 32


def test_a_bus_that_has_left_is_not_held() -> None:
    async def story() -> Any:
        return await told(room(with_a_train(), clock="08:16"), 180.0)

    assert asyncio.run(story())["decision"] == "go"


@pytest.mark.parametrize("delay_s", [1e9, "viel", None])
def test_an_absurd_delay_is_refused(delay_s: Any) -> None:
    async def story() -> Any:
        return await told(room(with_a_train()), delay_s)

    assert asyncio.run(story())["code"] == "invalid_input"


def test_facts_of_before_rides_had_connections_are_still_read() -> None:
    decided = b'{"connection_id":"c","cost_person_s":300.0,"decision":"hold","hold_until":5,"reason":"RB 46 +3 min"}'
    known = decode_event(EncodedEvent(kind="connection_decided", schema=1, body=decided))
    assert isinstance(known, ConnectionDecided)
    assert (known.cost_person_s, known.go_cost_person_s, known.overruled_because) == (300.0, 0.0, "")
    planned = (
        b'{"connection":{"connection_id":"c","decision":"planned","departure":2,"feeder":"RB 46","feeder_arrival":1,'
        b'"feeder_delay_s":0.0,"hold_limit_s":240.0,"hold_until":null,"stop_id":"B","transfer_s":180.0,'
        b'"trip":{"start_date":"2025-10-07","trip_id":"d1"}}}'
    )
    before = decode_event(EncodedEvent(kind="connection_planned", schema=1, body=planned))
    assert isinstance(before, ConnectionPlanned)
    assert (before.connection.feeder_trip, before.connection.booking_id) == (None, None)
