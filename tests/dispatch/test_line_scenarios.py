"""The line desk takes every change that the shipped scenarios tell it, at the moment they tell it."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI

from dispatch.edge.line_routes import line_router
from dispatch.edge.line_service import LineDesk
from gtfs.from_region import timetable_of
from mobility.core.clock import Instant, datetime_at
from mobility.core.region import Region
from mobility.core.service_day import ServiceDay
from mobility.storage.bundles import load_region, shipped_region
from sim.edge.line_control import LineControl
from sim.edge.public_api import PublicApi
from sim.edge.scenarios import load_scenario
from sim.scenario import Scenario
from tests.fakes.clock import SettableClock
from tests.fakes.ledger import MemoryLedger
from tests.fakes.references import CountingReferences


class Posted:
    """What the control room of the simulator asks, posted to the desk; what is refused stays known."""

    def __init__(self, http: httpx.AsyncClient, zone: str) -> None:
        self._http = http
        self._zone = ZoneInfo(zone)
        self.refused: list[str] = []

    def iso(self, at: Instant) -> str:
        return datetime_at(at, self._zone).isoformat()

    async def change_line(self, change: Mapping[str, Any], purpose: str) -> str | None:
        answer = await self._post("/changes", change, purpose)
        return str(answer.json()["change_id"]) if answer.is_success else None

    async def end_line_change(self, change_id: str) -> bool:
        return (await self._post(f"/changes/{change_id}/end", {"reason": "Vorbei."}, f"end {change_id}")).is_success

    async def report_weather(self, weather: str, begins: Instant) -> bool:
        body = {"weather": weather, "begins": self.iso(begins)}
        return (await self._post("/weather", body, f"weather {begins}")).is_success

    async def _post(self, path: str, body: Mapping[str, Any], purpose: str) -> httpx.Response:
        key = {"idempotency-key": purpose[:200]}
        answer = await self._http.post(f"/api/v1/line{path}", json=dict(body), headers=key)
        if not answer.is_success:
            self.refused.append(f"{purpose}: {answer.text}")
        return answer


def region_of(scenario: Scenario) -> Region:
    """The region, its calendars as long as the scenario asks for."""
    region = load_region(shipped_region(scenario.region))
    until = scenario.timetable_until
    if until is None:
        return region
    longer = {name: replace(each, last=max(each.last, until)) for name, each in region.calendars.items()}
    return replace(region, calendars=longer)


@pytest.mark.parametrize("name", ["ilmenau-week", "ilmenau-dst-autumn", "ilmenau-dst-spring"])
def test_every_change_of_a_scenario_is_taken(name: str) -> None:
    scenario = load_scenario(name)
    region = region_of(scenario)
    first = scenario.day or region.scenario_day
    days = sorted({upset.day or first for upset in (*scenario.line, *scenario.weather)})
    clock = SettableClock(ServiceDay(days[0], region.zone).start)
    ledger = MemoryLedger(clock)
    desk = LineDesk(
        region=region,
        timetable=timetable_of(region),
        ledger=ledger,
        clock=clock,
        references=CountingReferences(),
    )
    app = FastAPI()
    app.include_router(line_router(desk))

    async def play() -> tuple[Posted, int]:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://server.invalid") as http:
            posted = Posted(http, region.zone)
            control = LineControl(cast("PublicApi", posted), clock)
            for day in days:
                upsets = [upset for upset in scenario.line if (upset.day or first) == day]
                weather = [change for change in scenario.weather if (change.day or first) == day]
                await control.day(ServiceDay(day, region.zone), upsets, weather)
            return posted, control.entered

    posted, entered = asyncio.run(play())
    assert posted.refused == []
    assert entered == len(scenario.line)
    assert ledger.state.seq >= entered
