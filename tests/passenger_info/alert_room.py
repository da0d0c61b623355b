"""An alerts desk over a small line, and its pages behind an HTTP client."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from fastapi import FastAPI
from starlette.requests import Request

from gtfs.timetable import Timetable
from mobility.app.problems import install_problem_handlers
from mobility.app.web.assets import HAND_WRITTEN
from mobility.app.web.language import LanguageMiddleware
from mobility.app.web.templating import page_templates
from mobility.core.alert import Alert, AlertCause, AlertEffect, AlertPeriod, AlertSeverity, AlertText
from mobility.core.ids import AlertId, LineChangeId, RouteId, TripId
from mobility.core.line_change import LineChange, LineChangeKind
from mobility.core.line_events import LineChanged
from mobility.core.vehicle import TripRef
from passenger_info.edge.alert_api import alert_router
from passenger_info.edge.alert_pages import alert_pages_router
from passenger_info.edge.alert_service import AlertDesk
from tests.fakes.clock import SettableClock
from tests.fakes.ledger import MemoryLedger
from tests.fakes.references import CountingReferences
from tests.passenger_info.day import DAY, ONE_HOUR, ZONE, at, timetable_of

STYLES = [HAND_WRITTEN / name for name in ("style.css", "board.css", "line.css")]
EXTRA = TripRef(TripId("D1+0840"), DAY)


@dataclass
class AlertRoom:
    """A desk with its clock and its ledger."""

    timetable: Timetable
    clock: SettableClock
    ledger: MemoryLedger
    desk: AlertDesk
    is_staff: bool = True

    def http(self) -> httpx.AsyncClient:
        templates = page_templates(
            clock=self.clock, zone=ZoneInfo(ZONE), is_demo=False, room_packages=("passenger_info",), region_name="Ort"
        )
        app = FastAPI()
        install_problem_handlers(app, templates)

        def is_staff(_request: Request) -> bool:
            return self.is_staff

        app.include_router(alert_router(self.desk, is_staff))
        app.include_router(alert_pages_router(self.desk, templates))
        app.add_middleware(LanguageMiddleware)
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://server.invalid")

    async def add_extra(self) -> None:
        """Let D1 run once more at 08:40."""
        change = LineChange(
            change_id=LineChangeId("extra-1"),
            kind=LineChangeKind.EXTRA,
            begins=self.clock.now(),
            trips=(EXTRA,),
            pattern_of=TripId("D1"),
            departs=at("08:40"),
        )
        await self.ledger.submit(lambda _state, _now: [LineChanged(change=change)], actor="dispatcher")


def alert_room(folder: Path, clock: str = "07:40") -> AlertRoom:
    """A fresh desk over line D with trips at 8:00, 8:15 (back) and 9:00."""
    timetable, time = timetable_of(ONE_HOUR, folder), SettableClock(at(clock))
    ledger = MemoryLedger(time)
    desk = AlertDesk(timetable=timetable, ledger=ledger, clock=time, references=CountingReferences())
    return AlertRoom(timetable, time, ledger, desk)


def text(language: str = "de", header: str = "Linie D fällt aus", description: str = "Grund: Streik.") -> AlertText:
    """A text of an alert."""
    return AlertText(language=language, header=header, description=description)


def alert(**more: Any) -> Alert:
    """An alert about line D."""
    usual: dict[str, Any] = {
        "alert_id": AlertId("a1"),
        "cause": AlertCause.STRIKE,
        "effect": AlertEffect.NO_SERVICE,
        "severity": AlertSeverity.SEVERE,
        "communication": AlertPeriod(None, None),
        "impact": (),
        "texts": (text(),),
        "routes": (RouteId("D"),),
    }
    return Alert(**{**usual, **more})


def body(**more: object) -> Mapping[str, object]:
    """The alert as machines send it."""
    usual: dict[str, object] = {
        "cause": "strike",
        "effect": "no_service",
        "severity": "severe",
        "texts": [{"language": "de", "header": "Linie D fällt aus", "description": "Grund: Streik."}],
        "routes": ["D"],
    }
    return {**usual, **more}
