"""A board in Ilmenau on which every state, note and alert there is can be seen at once; nothing runs behind it."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from zoneinfo import ZoneInfo

from fastapi import FastAPI

from gtfs.from_region import timetable_of
from gtfs.timetable import Timetable
from mobility.app.web.language import LanguageMiddleware
from mobility.app.web.pages import mount_files
from mobility.app.web.templating import page_templates
from mobility.core.alert import (
    Alert,
    AlertCause,
    AlertEffect,
    AlertPeriod,
    AlertRecord,
    AlertSeverity,
    AlertText,
)
from mobility.core.arrivals import Call, OccupancyStep, Prediction, TripStanding, TripStatus
from mobility.core.clock import Instant, shifted
from mobility.core.connection import Connection, ConnectionDecision
from mobility.core.ids import AlertId, BookingId, ConnectionId, RouteId, StopId, TripId, VehicleId
from mobility.core.ports import Departure
from mobility.core.region import Region
from mobility.core.service_day import ServiceDay
from mobility.core.vehicle import TripRef
from mobility.storage.bundles import load_region, shipped_region
from passenger_info.departures import expected
from passenger_info.edge.board_pages import BoardSources, board_router
from passenger_info.run import TripRun, run_of
from tests.fakes.clock import SettableClock

STOP = StopId("busbahnhof")
VIDEOS = {"detour": "/films/umleitung", "cancelled": "https://example.org/faellt-aus"}


@cache
def ilmenau() -> tuple[Region, Timetable]:
    region = load_region(shipped_region("ilmenau"))
    return region, timetable_of(region)


def at(service_s: int) -> Instant:
    """A service time of the region's day, in seconds."""
    region, _ = ilmenau()
    return ServiceDay(region.scenario_day, region.zone).at(service_s)


NOW = 14 * 3600 + 180
"""Three past two, in service seconds."""


def vehicle(status: TripStatus, **changes: object) -> TripStatus:
    return replace(status, vehicle_id=VehicleId("bus-1"), **changes)


def moved(status: TripStatus, delay_s: float) -> TripStatus:
    """The same trip, predicted so much later at each stop."""
    calls = []
    for call in status.calls:
        p50 = shifted(call.scheduled_departure, delay_s)
        calls.append(replace(call, departure=Prediction(p10=shifted(p50, -20), p50=p50, p90=shifted(p50, 40))))
    return replace(status, calls=tuple(calls), delay_s=delay_s)


def with_call(status: TripStatus, index: int, **changes: object) -> TripStatus:
    calls = list(status.calls)
    calls[index] = replace(calls[index], **changes)
    return replace(status, calls=tuple(calls))


class StagedRuns:
    """Which runs call at a stop."""

    def __init__(self, timetable: Timetable) -> None:
        self._timetable = timetable

    def platforms(self, stop_id: StopId) -> Sequence[StopId]:
        return [stop_id]

    def departing(self, stops: Sequence[StopId], earliest: Instant, latest: Instant) -> Sequence[tuple[TripRun, int]]:
        return [
            (run_of(trip, ServiceDay(day, self._timetable.zone)), index)
            for stop_id in stops
            for trip, day, index in self._timetable.departures_between(stop_id, earliest, latest)
        ]


class StagedInfo:
    """What boards ask, answered from a script: ``changes`` by the order of departure at the stop."""

    def __init__(self, clock: SettableClock, *, is_plain: bool = False) -> None:
        _, self.timetable = ilmenau()
        self.clock = clock
        self.runs = StagedRuns(self.timetable)
        self._is_plain = is_plain

    def status_of(self, run: TripRun) -> TripStatus:
        calls = [
            Call(
                stop_id=stop_id,
                stop_sequence=run.trip.stop_sequence[i],
                scheduled_arrival=run.arrival[i],
                scheduled_departure=run.departure[i],
            )
            for i, stop_id in enumerate(run.trip.pattern.stops)
        ]
        return TripStatus(
            trip=run.ref,
            route_id=run.trip.route_id,
            headsign=run.trip.headsign,
            standing=TripStanding.EXPECTED,
            as_of=self.clock.moment,
            calls=tuple(calls),
        )

    def departures(self, stop_id: StopId, *, horizon_s: float) -> Sequence[Departure]:
        now = self.clock.moment
        runs = self.runs.departing([stop_id], now, shifted(now, horizon_s))
        plain = [Departure(status=self.status_of(run), call_index=index) for run, index in runs]
        if self._is_plain or stop_id != STOP or not plain:
            return plain
        rows = [self._staged(i, row) for i, row in enumerate(plain)]
        return sorted([*rows, self._tour(rows[0])], key=expected)

    def _staged(self, i: int, row: Departure) -> Departure:
        status, index, now = row.status, row.call_index, self.clock.moment
        changed = {
            0: lambda: moved(
                vehicle(status, standing=TripStanding.RUNNING, wheelchair=True, occupancy=OccupancyStep.LOW), 0
            ),
            1: lambda: moved(
                vehicle(status, standing=TripStanding.RUNNING, occupancy=OccupancyStep.HIGH, wheelchair=True), 250
            ),
            2: lambda: replace(status, standing=TripStanding.CANCELLED, reason="Die Straße ist gesperrt."),
            3: lambda: vehicle(status, standing=TripStanding.UNKNOWN, as_of=shifted(now, -40)),
            4: lambda: with_call(
                replace(status, note="Umleitung wegen einer Baustelle."),
                index,
                is_skipped=True,
                instead=StopId("homburger-platz"),
            ),
            5: lambda: moved(
                vehicle(
                    status,
                    standing=TripStanding.RUNNING,
                    is_ramp_broken=True,
                    wheelchair=False,
                    occupancy=OccupancyStep.MEDIUM,
                ),
                0,
            ),
            6: lambda: replace(status, is_extra=True),
            8: lambda: with_call(replace(status, note="Umleitung über die Weimarer Straße."), index, is_on_detour=True),
            9: lambda: vehicle(status, wheelchair=False),
        }.get(i)
        return row if changed is None else Departure(status=changed(), call_index=index)

    def _tour(self, row: Departure) -> Departure:
        """A public tour of the citizen bus."""
        leaves = shifted(self.clock.moment, 5400)
        call = Call(stop_id=STOP, stop_sequence=1, scheduled_arrival=leaves, scheduled_departure=leaves)
        status = replace(
            row.status,
            trip=TripRef(TripId("tour-1"), row.status.trip.start_date),
            route_id=RouteId("buergerbus"),
            headsign="Frauenwald Tourist-Information",
            standing=TripStanding.EXPECTED,
            calls=(call,),
            is_extra=True,
            free_seats=3,
            occupancy=None,
            wheelchair=True,
            vehicle_id=None,
        )
        return Departure(status=status, call_index=0)

    def connections_at(self, stop_id: StopId, now: Instant) -> Sequence[Connection]:
        rows = [row for row in self.departures(stop_id, horizon_s=3 * 3600) if row.status.trip.trip_id != "tour-1"]
        if self._is_plain or stop_id != STOP or not rows:
            return []
        late, undecided, missed, private = rows[1], rows[7], rows[9], rows[0]
        return [
            connection(late, delay_s=300, decision=ConnectionDecision.HOLD, hold_s=240),
            connection(undecided, delay_s=900),
            connection(missed, delay_s=900, decision=ConnectionDecision.GO),
            connection(private, delay_s=0, booking=BookingId("ABC")),
        ]


def connection(
    row: Departure,
    *,
    delay_s: float = 0,
    decision: ConnectionDecision = ConnectionDecision.PLANNED,
    hold_s: float | None = None,
    booking: BookingId | None = None,
) -> Connection:
    """A train that arrives five minutes before a departure, and its connection."""
    call = row.status.calls[row.call_index]
    return Connection(
        connection_id=ConnectionId(f"train-{row.status.trip.trip_id}"),
        feeder="RB 46 aus Erfurt",
        feeder_arrival=shifted(call.scheduled_departure, -300),
        trip=row.status.trip,
        stop_id=call.stop_id,
        departure=call.scheduled_departure,
        transfer_s=120,
        hold_limit_s=300,
        feeder_delay_s=delay_s,
        decision=decision,
        hold_until=None if hold_s is None else shifted(call.scheduled_departure, hold_s),
        booking_id=booking,
    )


def alert(
    name: str, effect: AlertEffect, severity: AlertSeverity, texts: tuple[AlertText, ...], *, url: str = ""
) -> AlertRecord:
    """An alert from noon to six."""
    period = AlertPeriod(at(12 * 3600), at(18 * 3600))
    return AlertRecord(
        alert=Alert(
            alert_id=AlertId(name),
            cause=AlertCause.CONSTRUCTION,
            effect=effect,
            severity=severity,
            communication=period,
            impact=(period,),
            texts=texts,
            stops=(STOP,),
            url=url,
        ),
        published_at=at(12 * 3600),
    )


def alerts() -> list[AlertRecord]:
    """A detour in three languages, and a notice that stands in German only."""
    return [
        alert(
            "hint",
            AlertEffect.OTHER_EFFECT,
            AlertSeverity.INFO,
            (AlertText(language="de", header="Markt am Samstag", description="Am Samstag ist Töpfermarkt."),),
        ),
        alert(
            "baustelle",
            AlertEffect.DETOUR,
            AlertSeverity.WARNING,
            (
                AlertText(
                    language="de",
                    header="Umleitung der Linie 300",
                    description="Wegen einer Baustelle fahren die Busse der Linie 300 über die Weimarer Straße.",
                ),
                AlertText(
                    language="en",
                    header="Line 300 takes a detour",
                    description="Because of road works the buses of line 300 use Weimarer Straße.",
                ),
                AlertText(
                    language="de-simple",
                    header="Linie 300 fährt anders",
                    description="Es gibt eine Baustelle. Der Bus fährt einen anderen Weg.",
                ),
            ),
            url="https://example.org/baustelle",
        ),
    ]


def scene_app(
    clock: SettableClock, *, is_plain: bool = False, is_demo: bool = False, more: Sequence[AlertRecord] = ()
) -> FastAPI:
    """The board pages over the scene; ``is_plain`` is a day on which nothing differs from the timetable.

    ``more`` are alerts beside those of the scene.
    """
    region, timetable = ilmenau()
    info = StagedInfo(clock, is_plain=is_plain)
    templates = page_templates(
        clock=clock,
        zone=ZoneInfo(timetable.zone),
        is_demo=is_demo,
        room_packages=("passenger_info",),
        region_name=region.name,
        help_phone=region.areas[0].phone,
        has_assumptions=True,
    )
    sources = BoardSources(
        alerts_at=lambda _stop, _now: [] if is_plain else [*alerts(), *more],
        connections_at=info.connections_at,
        has_events=True,
        videos={} if is_plain else VIDEOS,
    )
    app = FastAPI()
    app.include_router(board_router(info, templates, sources))
    mount_files(app)
    app.add_middleware(LanguageMiddleware)
    return app
