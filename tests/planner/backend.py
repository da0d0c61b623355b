"""Our side beside a planner: a timetable that runs next week, its feeds on loopback, and a broker's publisher.

Planners look at the machine's clock, so the region's calendars are moved to today, and the day of the test is the
next Tuesday on which the citizen bus runs. Passenger information itself runs on a clock that the test sets.
"""

import asyncio
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Self, TypeVar

import holidays
import uvicorn
from fastapi import FastAPI

from gtfs.edge.write import schedule_zip
from gtfs.from_region import timetable_of
from gtfs.timetable import Timetable
from mobility.core.clock import Instant
from mobility.core.events import Envelope
from mobility.core.ids import VehicleId
from mobility.core.region import Region
from mobility.core.service_day import ServiceDay
from mobility.core.vehicle import VehicleState
from mobility.storage.bundles import load_region, shipped_region
from passenger_info.edge.feeds import feed_router
from passenger_info.edge.mqtt_out import MqttOut
from passenger_info.edge.mqtt_publisher import PublishingBroker
from passenger_info.edge.service import PassengerInfo
from tests.fakes.clock import SettableClock
from tests.planner.streets import write_streets

Result = TypeVar("Result")
_TUESDAY = 1
_AHEAD_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A region that runs now."""

    region: Region
    timetable: Timetable
    day: ServiceDay

    def at(self, clock: str) -> Instant:
        """Return the instant of ``HH:MM`` on the day."""
        hours, minutes = clock.split(":")
        return self.day.at(int(hours) * 3600 + int(minutes) * 60)

    @property
    def date_text(self) -> str:
        """The day as GTFS writes it."""
        return f"{self.day.date:%Y%m%d}"


def scene_of_next_week() -> Scene:
    """Return the Ilmenau region with its calendars around today."""
    shipped = load_region(shipped_region("ilmenau"))
    today = date.today()  # noqa: DTZ011 - the planner asks the machine's calendar, too
    first, last = today - timedelta(days=3), today + timedelta(days=_AHEAD_DAYS)
    none: frozenset[date] = frozenset()
    calendars = {
        name: replace(calendar, first=first, last=last, added=none, removed=none)
        for name, calendar in shipped.calendars.items()
    }
    region = replace(shipped, calendars=calendars)
    return Scene(region=region, timetable=timetable_of(region), day=ServiceDay(_next_tuesday(today), region.zone))


def write_inputs(scene: Scene, folder: Path) -> None:
    """Write what a planner builds its graph of: our static feed and the streets of the bundle."""
    (folder / "gtfs.zip").write_bytes(schedule_zip(scene.region))
    write_streets(scene.region.network, folder / "streets.osm.pbf")


class Backend:
    """Passenger information on the event loop of a thread, as long as the context is open."""

    def __init__(self, scene: Scene) -> None:
        """Prepare, with the fleet of the region and the clock at four in the morning of the day."""
        self.scene = scene
        self.clock = SettableClock(scene.at("04:00"))
        self.info = PassengerInfo(
            timetable=scene.timetable, clock=self.clock, specs=scene.region.fleet, blocks=scene.region.blocks
        )
        self.address = ""
        """Of the pull feeds."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_ready, self._is_over = threading.Event(), asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()))

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._is_ready.wait(20), "the feeds are not served"
        return self

    def __exit__(self, *_: object) -> None:
        self.do(self._is_over.set)
        self._thread.join(20)
        assert not self._thread.is_alive()

    def do(self, act: Callable[[], Result]) -> Result:
        """Let ``act`` run on the loop, where everything else happens."""

        async def acting() -> Result:
            return act()

        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(acting(), self._loop).result(20)

    def observe(self, states: Iterable[VehicleState]) -> None:
        """Let time pass with these samples."""

        def act() -> None:
            for seen in states:
                self.clock.moment = max(self.clock.moment, seen.received_at)
                self.info.observe(seen)

        self.do(act)

    def facts(self, *bodies: Any) -> None:
        """Let the ledger say something."""
        self.do(
            lambda: self.info.facts(
                [Envelope(seq=1, recorded_at=self.clock.now(), actor="dispatcher", body=body) for body in bodies]
            )
        )

    def publish(self, broker: PublishingBroker, feed_id: str, **more: Any) -> MqttOut:
        """Begin to publish over MQTT."""

        def act() -> MqttOut:
            out = MqttOut(self.info, clock=_RealPauses(self.clock), broker=broker, feed_id=feed_id, **more)
            self._tasks.append(asyncio.ensure_future(out.run()))
            return out

        return self.do(act)

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        app = FastAPI()
        app.include_router(feed_router(self.info))
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
        serving = asyncio.ensure_future(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        self.address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/gtfs-rt"
        self._is_ready.set()
        await self._is_over.wait()
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        server.should_exit = True
        await serving


class _RealPauses:
    """The test's instants, but real pauses."""

    def __init__(self, clock: SettableClock) -> None:
        self._clock = clock

    def now(self) -> Instant:
        return self._clock.now()

    async def sleep(self, duration_s: float) -> None:
        await asyncio.sleep(duration_s)


def vehicle_of(scene: Scene, trip_id: str) -> VehicleId:
    """Return the vehicle that drives a trip on an ordinary day."""
    block_id = next(trip.block_id for trip in scene.timetable.trips.values() if trip.trip_id == trip_id)
    assert block_id is not None
    return VehicleId(scene.region.blocks[block_id])


def _next_tuesday(today: date) -> date:
    free = holidays.country_holidays("DE", subdiv="TH", years=[today.year, today.year + 1])
    days = (today + timedelta(days=ahead) for ahead in range(1, _AHEAD_DAYS))
    return next(day for day in days if day.weekday() == _TUESDAY and day not in free)
