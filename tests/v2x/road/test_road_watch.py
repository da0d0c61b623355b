"""The watch over the roads: layers over HTTP, hazards of the moment, and a memory longer than the process."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from mobility.core.clock import Instant
from mobility.core.events import Event, HazardEnded, HazardReported
from mobility.core.ids import HazardId
from mobility.core.supervision import Hazard
from tests.fakes.clock import SettableClock
from tests.fakes.ledger import MemoryLedger
from tests.v2x.road.world import T0, crossroads, drive, place
from v2x.edge.road_routes import router
from v2x.edge.road_watch import Layer, RoadWatch
from v2x.extension_codec import extension_of

NETWORK = crossroads()


def watch_of(clock: SettableClock, ledger: MemoryLedger, directory: Path | None = None) -> RoadWatch:
    return RoadWatch(
        clock=clock,
        ledger=ledger,
        network=NETWORK,
        specs={},
        names=(("Mitte", place(0, 0)),),
        directory=directory,
    )


def driven(watch: RoadWatch, count: int) -> RoadWatch:
    for hour in range(count):
        for record in drive(T0 + hour * 3_600_000, rms_mps2=0.9, first_seq=1 + hour * 1000):
            watch.observe(record, extension_of(record.payload))
    return watch


def submit(ledger: MemoryLedger, *events: Event) -> None:
    asyncio.run(ledger.submit(lambda _, __: list(events), actor="test"))


def hazard(name: str, *, cause_code: int = 10, valid_s: int = 600) -> Hazard:
    return Hazard(
        hazard_id=HazardId(name),
        cause_code=cause_code,
        sub_cause_code=0,
        place=place(100, 0),
        detected_at=T0,
        valid_until=Instant(T0 + valid_s * 1000),
        reported_by="4711",
    )


def served(watch: RoadWatch, *paths: str, lights: tuple[dict[str, Any], ...] = ()) -> list[httpx.Response]:
    app = FastAPI()
    app.include_router(router(watch, signals=lambda: list(lights)))

    async def ask() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://x") as client:
            return [await client.get(path) for path in paths]

    return asyncio.run(ask())


def test_layers_and_their_tables_are_told_over_http() -> None:
    clock = SettableClock(T0)
    watch = driven(watch_of(clock, MemoryLedger(clock)), 6)
    known, rough, rows, junctions, unknown = served(
        watch, *(f"/api/v1/road{x}" for x in ("", "/roughness", "/roughness/table", "/junctions/table", "/potholes"))
    )
    assert known.json()["layers"] == {"roughness": len(rough.json()["features"]), "hazards": 0, "junctions": 1}
    assert len(rows.json()["rows"]) == len(rough.json()["features"]) > 4
    assert junctions.json()["rows"][0]["passes"] == 6
    assert unknown.status_code == 422


def test_lights_of_junctions_are_told_beside_the_layers() -> None:
    clock = SettableClock(T0)
    watch = watch_of(clock, MemoryLedger(clock))
    red = {"intersection": 5, "signal_group": 1, "event_state": "stop-And-Remain"}
    told, empty = *served(watch, "/api/v1/road/signals", lights=(red,)), *served(watch, "/api/v1/road/signals")
    assert told.json() == {"rows": [red]}
    assert empty.json() == {"rows": []}


def test_hazards_are_shown_while_they_count() -> None:
    clock = SettableClock(T0)
    ledger = MemoryLedger(clock)
    watch = watch_of(clock, ledger)
    submit(
        ledger,
        HazardReported(hazard=hazard("1:1")),
        HazardReported(hazard=hazard("1:2", cause_code=222, valid_s=60)),
        HazardReported(hazard=hazard("1:3")),
        HazardEnded(hazard_id=HazardId("1:3"), at=T0),
    )
    shown = [feature.properties for feature in watch.layer(Layer.HAZARDS)]
    assert [(each["hazard_id"], each["cause"]) for each in shown] == [
        ("1:1", "obstacle_on_road"),
        ("1:2", "cause_222"),
    ]
    clock.advance(60)
    assert [feature.properties["hazard_id"] for feature in watch.layer(Layer.HAZARDS)] == ["1:1"]
    (response,) = served(watch, "/api/v1/road/hazards")
    assert response.json()["features"][0]["geometry"]["type"] == "Point"


def test_the_survey_outlives_the_process(tmp_path: Path) -> None:
    clock = SettableClock(T0)
    watch = driven(watch_of(clock, MemoryLedger(clock), tmp_path), 6)
    watch.save()
    again = watch_of(clock, MemoryLedger(clock), tmp_path)
    for layer in (Layer.ROUGHNESS, Layer.JUNCTIONS):
        before, after = watch.layer(layer), again.layer(layer)
        assert [each.properties["passes"] for each in after] == [each.properties["passes"] for each in before]
        assert before
    (tmp_path / "survey.json").write_text("{")
    assert watch_of(clock, MemoryLedger(clock), tmp_path).layer(Layer.ROUGHNESS) == []


def test_nothing_is_written_while_nobody_drives(tmp_path: Path) -> None:
    clock = SettableClock(T0)
    watch_of(clock, MemoryLedger(clock), tmp_path / "road").save()
    assert list(tmp_path.iterdir()) == []
