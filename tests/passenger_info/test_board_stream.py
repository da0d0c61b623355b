"""Boards beside the push hub: an open page is told the topics of its platforms, and only where there is a stream."""

import asyncio
from dataclasses import replace
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI

from gtfs.timetable import Timetable
from mobility.app.web.language import LanguageMiddleware
from mobility.app.web.templating import page_templates
from mobility.core.alert import AlertEffect, AlertSeverity, AlertText
from mobility.core.clock import shifted
from mobility.core.connection import Connection, ConnectionDecision
from mobility.core.events import ConnectionDecided, ConnectionPlanned, Envelope, Event
from mobility.core.ids import ConnectionId, LineChangeId, StopId, TripId, VehicleId
from mobility.core.line_change import LineChange, LineChangeKind
from mobility.core.line_events import AlertPublished, LineChanged, LineChangeEnded
from mobility.core.vehicle import TripRef
from passenger_info.edge.routes import router
from tests.passenger_info.board_scene import alert
from tests.passenger_info.day import ONE_HOUR, Drive, at, run_on, timetable_of
from tests.passenger_info.world import World


@pytest.fixture(scope="module")
def timetable(tmp_path_factory: pytest.TempPathFactory) -> Timetable:
    return timetable_of(ONE_HOUR, tmp_path_factory.mktemp("feed"))


def board(world: World, query: str = "", *, stop_id: str = "station", **films: str) -> str:
    templates = page_templates(
        clock=world.clock, zone=ZoneInfo("Europe/Berlin"), is_demo=False, room_packages=("passenger_info",)
    )
    app = FastAPI()
    app.include_router(router(world.info, templates, films=films))
    app.add_middleware(LanguageMiddleware)

    async def main() -> str:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return (await client.get(f"/board/{stop_id}{query}")).text

    return asyncio.run(main())


def happened(world: World, *bodies: Event) -> None:
    """Let the ledger say something."""
    envelopes = [
        Envelope(seq=i + 1, recorded_at=world.clock.moment, actor="dispatcher", body=body)
        for i, body in enumerate(bodies)
    ]
    world.info.facts(envelopes)


def aloud(world: World, stop_id: str, language: str = "de") -> str:
    return board(world, f".txt?lang={language}", stop_id=stop_id)


def changed(kind: LineChangeKind, world: World, **fields) -> LineChanged:
    given = {"change_id": LineChangeId("c1"), "kind": kind, "begins": world.clock.moment, "reason": "Baustelle."}
    return LineChanged(change=LineChange(**(given | fields)))


def test_without_a_stream_an_open_page_asks_for_none(timetable: Timetable) -> None:
    assert 'data-events=""' in board(World(timetable, at("07:59")))


def test_a_cancellation_reaches_board_sheet_and_film(timetable: Timetable) -> None:
    world = World(timetable, at("07:59"))
    world.cancel(run_on(timetable, "D1").ref, "Die Straße ist gesperrt.")
    page = board(world, cancelled="/films/faellt-aus")
    assert "Linie D um 08:00 Uhr nach Campus fällt aus. Grund: Die Straße ist gesperrt." in page
    assert 'href="/films/faellt-aus"' in page
    sheet = board(world, "?day=1")
    assert "<em>fällt aus</em>" in sheet
    assert sheet.count('class="sheet__minute"') == 2


def test_an_alert_of_the_stop_stands_on_its_board(timetable: Timetable) -> None:
    world = World(timetable, at("15:00"))
    text = AlertText(language="de", header="Halt verlegt", description="Bitte gehen Sie zum Markt.")
    record = alert("a", AlertEffect.STOP_MOVED, AlertSeverity.WARNING, (text,))
    happened(world, AlertPublished(alert=replace(record.alert, stops=(StopId("station"),))))
    page = board(world)
    assert "Halt verlegt" in page
    assert page.index("Halt verlegt") < page.index("Bitte gehen Sie zum Markt.")
    assert 'aria-label="Haltestelle"' in page


def test_a_closed_stop_says_so_and_says_so_no_more_when_it_opens(timetable: Timetable) -> None:
    world = World(timetable, at("07:59"))
    ref = run_on(timetable, "D1").ref
    happened(world, changed(LineChangeKind.STOPS_CLOSED, world, trips=(ref,), stops=(StopId("market"),)))
    assert "Linie D um 08:03 Uhr nach Campus hält heute nicht hier. Grund: " in aloud(world, "market")
    assert "Line D at 08:03 for Campus does not stop here today." in aloud(world, "market", "en")
    assert "<em>hält nicht</em>" in board(world, "?day=1", stop_id="market")
    assert "hält heute nicht hier" not in aloud(world, "station")
    happened(world, LineChangeEnded(change_id=LineChangeId("c1"), reason="fertig"))
    assert "hält heute nicht hier" not in aloud(world, "market")


def test_a_detour_names_the_stop_served_instead(timetable: Timetable) -> None:
    world = World(timetable, at("08:59"))
    ref = run_on(timetable, "D3").ref
    detour = changed(
        LineChangeKind.DETOUR,
        world,
        trips=(ref,),
        leaves_at=StopId("station"),
        rejoins_at=StopId("north"),
        drive_s=400.0,
    )
    happened(world, detour)
    assert "Linie D um 09:03 Uhr nach Campus hält heute nicht hier." in aloud(world, "market")
    assert "Ersatz: Haltestelle " in aloud(world, "market")
    assert "Baustelle." in aloud(world, "north")
    assert "hält heute nicht hier" not in aloud(world, "north")


def test_an_extra_trip_stands_among_the_others(timetable: Timetable) -> None:
    world = World(timetable, at("07:59"))
    day = run_on(timetable, "D1").ref.start_date
    extra = changed(
        LineChangeKind.EXTRA,
        world,
        trips=(TripRef(TripId("D1+0820"), day),),
        pattern_of=TripId("D1"),
        departs=at("08:20"),
    )
    happened(world, extra)
    said = aloud(world, "station")
    assert "Linie D fährt um 08:20 Uhr nach Campus." in said
    assert "Diese Fahrt fährt zusätzlich zum Fahrplan." in said
    assert "<em>zusätzlich</em>" in board(world, "?day=1")


def test_a_broken_ramp_is_told_of_the_vehicle_that_really_comes(timetable: Timetable) -> None:
    world = World(timetable, at("07:59"))
    drive = Drive(run_on(timetable, "D1"), timetable, start_late_s=200)
    world.run(drive.states(), until=at("08:02"))
    assert "Dieses Fahrzeug hat eine Rampe." in aloud(world, "station").splitlines()[1]
    happened(world, changed(LineChangeKind.RAMP_BROKEN, world, vehicle_id=VehicleId("shuttle-1")))
    first = aloud(world, "station").splitlines()[1]
    assert "Die Rampe ist defekt. Rollstühle können nicht mitfahren." in first
    assert "Die Rampe ist kaputt." in aloud(world, "station", "de-simple")


def test_a_held_departure_says_which_train_it_waits_for_and_how_long(timetable: Timetable) -> None:
    world = World(timetable, at("07:50"))
    run = run_on(timetable, "D1")
    planned = Connection(
        connection_id=ConnectionId("c"),
        feeder="RB 46 aus Erfurt",
        feeder_arrival=at("07:56"),
        trip=run.ref,
        stop_id=StopId("station"),
        departure=run.departure[0],
        transfer_s=120,
        hold_limit_s=420,
    )
    happened(world, ConnectionPlanned(connection=planned))
    assert "Anschluss vom Zug RB 46 aus Erfurt, Ankunft 07:56 Uhr: wird erreicht." in aloud(world, "station")
    hold = ConnectionDecided(
        connection_id=planned.connection_id,
        decision=ConnectionDecision.HOLD,
        hold_until=shifted(run.departure[0], 300),
        cost_person_s=0.0,
        reason="wartet auf RB 46",
    )
    happened(world, hold)
    assert "Die Fahrt wartet auf den Zug RB 46 aus Erfurt bis 08:05 Uhr." in aloud(world, "station")
    assert "Die Fahrt wartet: wartet" not in aloud(world, "station")
