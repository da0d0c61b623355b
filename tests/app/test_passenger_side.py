"""The server's feed passes the gate before anybody sees it, and what it keeps back is counted."""

import asyncio
import random
from datetime import date
from pathlib import Path

import httpx
from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from mobility.app.references import RandomReferences
from mobility.app.wiring import Wiring, find_region, open_server
from mobility.core.clock import Instant
from mobility.core.service_day import ServiceDay, ServiceTime
from passenger_info.dataset import DatasetKind
from passenger_info.profiles import FULL


class Clock:
    """A clock that stands where the test puts it."""

    def __init__(self, at: Instant) -> None:
        self.at = at

    def now(self) -> Instant:
        return self.at

    async def sleep(self, seconds: float) -> None:
        raise AssertionError(f"nobody sleeps here, not even {seconds} s")


def wiring(folder: Path) -> Wiring:
    region = find_region("ilmenau")
    at = ServiceDay(date(2025, 10, 14), region.zone).at(ServiceTime(10 * 3600))
    return Wiring(
        region=region,
        clock=Clock(at),
        references=RandomReferences(random.Random(1)),
        data_dir=folder,
        is_open=True,
        inline=True,
        signing_secret="x",
        site="https://bus.example.org",
    )


def test_a_cancellation_entered_over_http_passes_the_gate_into_every_feed(tmp_path):
    async def main() -> tuple[dict, float]:
        async with open_server(wiring(tmp_path)) as server:
            transport = httpx.ASGITransport(app=server.http)
            async with httpx.AsyncClient(transport=transport, base_url="http://server.invalid") as http:
                trip = {"trip_id": "D-out-mofr-1107", "start_date": "2025-10-14"}
                body = {"kind": "cancel", "trips": [trip], "reason": "Es fehlt Personal."}
                made = await http.post("/api/v1/line/changes", json=body, headers={"Idempotency-Key": "k1"})
                assert made.status_code == 201
                feed = (await http.get("/gtfs-rt/all.json")).json()
                for kind in DatasetKind:
                    assert (await http.get(f"/gtfs-rt/{kind}.pb")).status_code == 200
            return feed, server.passengers.readings()["feed_refused_total"]

    feed, refused = asyncio.run(main())
    cancelled = [e for e in feed["entity"] if e.get("trip_update", {}).get("trip", {}).get("trip_id")]
    assert [e["trip_update"]["trip"]["schedule_relationship"] for e in cancelled] == ["CANCELED"]
    assert refused == 0


def test_the_gate_of_the_server_keeps_back_what_names_no_trip_of_its_timetable(tmp_path):
    async def main() -> tuple[bool, float]:
        async with open_server(wiring(tmp_path)) as server:
            entity = gtfs_realtime.FeedEntity(id="trip:20251014:ghost")
            entity.trip_update.trip.trip_id = "ghost"
            entity.trip_update.trip.schedule_relationship = gtfs_realtime.TripDescriptor.CANCELED
            entity.trip_update.timestamp = server.info.clock.now() // 1000
            passed = server.passengers.gates.of_entities(FULL).may_publish(entity, server.info.clock.now())
            return passed, server.passengers.readings()["feed_refused_total"]

    assert asyncio.run(main()) == (False, 1)
