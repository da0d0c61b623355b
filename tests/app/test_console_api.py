"""The control room's stream says at once what is, then what changes, and never falls silent."""

import asyncio
import json
from pathlib import Path
from typing import Any

from starlette.requests import Request

from mobility.app import console_api
from mobility.app.console_api import _changes
from mobility.app.fleet_view import FleetView
from mobility.core.clock import Instant, shifted
from mobility.core.geo import LatLon
from mobility.core.ids import BootId, VehicleId
from mobility.core.vehicle import DrivingMode, Sample, VehicleState
from sim.edge.loop import run_virtual
from tests.app.server import ilmenau


class Fleet:
    """Vehicle states that a test sets, and no trips."""

    def __init__(self) -> None:
        self.states: dict[VehicleId, VehicleState] = {}

    def latest(self) -> dict[VehicleId, VehicleState]:
        return self.states

    def subscribe(self, listener: object) -> None:
        pass

    def running(self) -> list[Any]:
        return []

    def status(self, trip: object) -> None:
        return None

    def report(self, vehicle: str, at: Instant, lat_deg: float = 50.68) -> None:
        sample = Sample(
            vehicle_id=VehicleId(vehicle),
            boot_id=BootId("b"),
            seq=1,
            device_time=at,
            place=LatLon(lat_deg, 10.92),
            mode=DrivingMode.ASSISTED,
        )
        self.states[sample.vehicle_id] = VehicleState(sample=sample, as_of=at, received_at=at)


async def always_connected() -> dict[str, str]:
    await asyncio.sleep(1e9)
    return {"type": "http.disconnect"}


def test_a_snapshot_comes_first_then_news_then_a_sign_of_life(tmp_path: Path) -> None:
    async def scene() -> list[tuple[str, Any]]:
        async with ilmenau(tmp_path) as (_, _, clock):
            fleet = Fleet()
            fleet.report("shuttle-1", clock.now())
            fleet.report("shuttle-2", clock.now())
            view = FleetView(vehicles=fleet, trips=fleet, specs={}, route_names={}, stop_names={}, zone="Europe/Berlin")
            request = Request({"type": "http", "headers": []}, always_connected)
            stream = _changes(request, view, clock, 1.0)
            events = [await anext(stream)]
            fleet.report("shuttle-2", shifted(clock.now(), 0.2), lat_deg=50.69)
            events += [await anext(stream), await anext(stream)]
            return [parsed(event) for event in events]

    snapshot, news, quiet = run_virtual(scene())
    assert snapshot == ("snapshot", ["shuttle-1", "shuttle-2"])
    assert news == ("vehicles", ["shuttle-2"])
    assert quiet == ("vehicles", [])


def parsed(event: bytes) -> tuple[str, list[str]]:
    name, data = event.decode().strip().splitlines()
    return name.removeprefix("event: "), [v["vehicle_id"] for v in json.loads(data.removeprefix("data: "))["vehicles"]]


def test_the_stream_is_faster_than_a_vehicle() -> None:
    """Samples come every second; a stream as slow as that would show them up to two seconds old, which is stale."""
    assert console_api._PERIOD_S <= 0.5
