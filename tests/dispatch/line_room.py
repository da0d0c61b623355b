"""The street village with a line, its line desk, and its pages behind an HTTP client."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from fastapi import FastAPI

from dispatch.edge.line_pages import PATH, line_pages_router
from dispatch.edge.line_routes import line_router
from dispatch.edge.line_service import LineDesk
from gtfs.from_region import timetable_of
from gtfs.timetable import Timetable
from mobility.app.problems import install_problem_handlers
from mobility.app.web.assets import HAND_WRITTEN
from mobility.app.web.language import LanguageMiddleware
from mobility.app.web.templating import page_templates
from mobility.core.arrivals import TripStatus
from mobility.core.geo import LatLon
from mobility.core.ids import BlockId, StopId, TripId, VehicleId
from mobility.core.region import LinePattern, LineTrip, Region
from mobility.core.service_day import ServiceTime
from mobility.core.vehicle import ServiceKind, TripRef, VehicleSpec
from tests.dispatch.journeys import Statuses, trip, with_a_line
from tests.dispatch.small_region import DAY, ZONE, at, bus
from tests.fakes.clock import SettableClock
from tests.fakes.ledger import MemoryLedger
from tests.fakes.references import CountingReferences


def shuttle(name: str, *, has_ramp: bool = True) -> VehicleSpec:
    """A vehicle of lines."""
    return replace(bus(name), kind=ServiceKind.SHUTTLE, has_ramp=has_ramp)


def line_region() -> Region:
    """Line D out at 9, 10, 11 by shuttle one, and back at 9:30 by shuttle two; a citizen bus that is not for lines."""
    village = with_a_line((bus("bus"),))
    (line,) = village.lines
    (out,) = line.patterns
    # The drawn line passes all three stops.
    path = tuple(village.stops[stop].place for stop in out.stops)
    back = LinePattern(
        pattern_id="q",
        headsign="Bahnhof",
        direction=1,
        stops=out.stops[::-1],
        arrival_s=out.arrival_s,
        departure_s=out.departure_s,
        fastest_s=out.fastest_s,
        path=path[::-1],
    )
    trips = (
        *(_trip(f"d-{hour:02d}", "p", hour * 3600, "b") for hour in (9, 10, 11)),
        _trip("r-0930", "q", 9 * 3600 + 1800, "c"),
        _trip("r-1002", "q", 10 * 3600 + 120, "c"),
    )
    fleet = [*village.fleet.values(), shuttle("one"), shuttle("two", has_ramp=False), shuttle("spare")]
    stops = {name: replace(stop, is_line_stop=name in "ABCDE") for name, stop in village.stops.items()}
    return replace(
        village,
        lines=(replace(line, patterns=(replace(out, path=path), back), trips=trips),),
        fleet={spec.vehicle_id: spec for spec in fleet},
        blocks={BlockId("b"): VehicleId("one"), BlockId("c"): VehicleId("two")},
        stops=stops,
    )


def _trip(name: str, pattern: str, start: int, block: str) -> LineTrip:
    return LineTrip(
        trip_id=TripId(name),
        pattern_id=pattern,
        calendar_id="wk",
        start=ServiceTime(start),
        block_id=BlockId(block),
    )


class Running(Statuses):
    """The ``TripStatuses`` port: these trips have a vehicle that has left so many calls."""

    def __init__(self) -> None:
        super().__init__()
        self.left: dict[TripRef, int] = {}

    def running(self) -> Sequence[TripStatus]:
        found = []
        for ref, count in self.left.items():
            status = self.status(ref)
            assert status is not None
            calls = tuple(replace(call, has_departed=k < count) for k, call in enumerate(status.calls))
            found.append(replace(status, calls=calls))
        return found


@dataclass
class LineRoom:
    """A desk with its clock, its ledger and the page on it."""

    region: Region
    timetable: Timetable
    clock: SettableClock
    ledger: MemoryLedger
    statuses: Running
    desk: LineDesk

    def http(self) -> httpx.AsyncClient:
        templates = page_templates(
            clock=self.clock, zone=ZoneInfo(ZONE), is_demo=False, room_packages=("dispatch",), region_name="Dorf"
        )
        app = FastAPI()
        install_problem_handlers(app, templates)
        app.include_router(line_router(self.desk))
        app.include_router(line_pages_router(self.desk, templates))
        app.add_middleware(LanguageMiddleware)
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://server.invalid")


def line_room(clock: str = "08:00") -> LineRoom:
    """A fresh desk."""
    region = line_region()
    timetable, time, statuses = timetable_of(region), SettableClock(at(clock)), Running()
    ledger = MemoryLedger(time)
    desk = LineDesk(
        region=region,
        timetable=timetable,
        ledger=ledger,
        clock=time,
        references=CountingReferences(),
        statuses=statuses,
    )
    return LineRoom(region, timetable, time, ledger, statuses, desk)


def named(name: str) -> dict[str, str]:
    """A trip of the day as the interface names it."""
    return {"trip_id": name, "start_date": DAY.date.isoformat()}


def place_of(room: LineRoom, stop: str, *, east_m: float = 0.0) -> LatLon:
    """The place of a stop, moved to the east."""
    place = room.region.stops[StopId(stop)].place
    return LatLon(place.lat_deg, place.lon_deg + east_m / 70_500)


async def asked(http: httpx.AsyncClient, key: str, body: Mapping[str, Any]) -> httpx.Response:
    """The answer to one change."""
    return await http.post("/api/v1/line/changes", json=dict(body), headers={"idempotency-key": key})


async def page_of(http: httpx.AsyncClient, query: str = "", language: str = "de") -> str:
    """The page as text."""
    answer = await http.get(f"{PATH}{query}", headers={"accept-language": language})
    assert answer.status_code == 200, answer.text
    return unescape(answer.text)


STYLES = [HAND_WRITTEN / "style.css", HAND_WRITTEN / "line.css"]
__all__ = ["STYLES", "LineRoom", "asked", "line_region", "line_room", "named", "page_of", "place_of", "trip"]
