"""A gateway behind a broker, in real time, with everything around it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from mobility.app.clock import LoopClock
from mobility.core.clock import Instant
from mobility.core.ids import BootId, VehicleId
from mobility.core.ports import FrameStream, TelemetryLog
from tests.fakes.telemetry_log import MemoryTelemetryLog
from tests.patience import LONG_PATIENCE_S, PATIENCE_S
from tests.v2x.making import BOOT, NOON, SHUTTLE, KeptFrames
from tests.v2x.mqtt.brokers import RunningBroker
from v2x.edge.client import MemoryBuffer, VehicleClient
from v2x.edge.gateway import Gateway
from v2x.edge.mqtt_connect import connect_mqtt
from v2x.edge.mqtt_ingress import MqttIngress
from v2x.edge.mqtt_link import Arrival, MqttLink

CONTEXT = "ilmenau"


class TakenRaw:
    """Takes raw messages and keeps them in a list."""

    def __init__(self) -> None:
        self.frames: list[tuple[bytes, str]] = []

    async def take(self, frame: bytes, source: str, now: Instant) -> None:
        self.frames.append((frame, source))


class Site:
    """Gateway, ingress, and vehicles that are started on demand."""

    def __init__(
        self, running: RunningBroker, group: asyncio.TaskGroup, log: TelemetryLog | None, **settings: Any
    ) -> None:
        self.running = running
        self.group = group
        self.clock = LoopClock(Instant(NOON + 3_600_000))
        self.log = MemoryTelemetryLog() if log is None else log
        self.quarantine = KeptFrames()
        self.raw = TakenRaw()
        self._settings = settings
        self.tasks: list[asyncio.Task[None]] = []
        self.begin_again()

    def begin_again(self) -> None:
        """Start gateway and ingress; what the log has is known to them, what was in memory is not."""
        self.gateway = Gateway(log=self.log, clock=self.clock, identify=lambda _: None, quarantine=self.quarantine)
        self.ingress = MqttIngress(
            self.gateway,
            self.raw,
            clock=self.clock,
            quarantine=self.quarantine,
            broker=self.running.broker,
            context=CONTEXT,
            **self._settings,
        )
        self.serving = self.start(self.ingress.run())

    def start(self, work: Any) -> asyncio.Task[None]:
        task = self.group.create_task(work)
        self.tasks.append(task)
        return task

    async def connect(self, vehicle_id: VehicleId = SHUTTLE) -> FrameStream:
        return await connect_mqtt(self.running.broker, vehicle_id=vehicle_id, context=CONTEXT)

    def vehicle(
        self,
        vehicle_id: VehicleId = SHUTTLE,
        boot_id: BootId = BOOT,
        *,
        connect: Callable[[], Awaitable[FrameStream]] | None = None,
    ) -> VehicleClient:
        client = VehicleClient(
            vehicle_id=vehicle_id,
            boot_id=boot_id,
            token="",
            buffer=MemoryBuffer(),
            connect=connect or (lambda: self.connect(vehicle_id)),
            clock=self.clock,
        )
        self.start(client.run())
        return client

    async def ready(self) -> None:
        await until(lambda: self.ingress.is_connected)


async def until(is_so: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    """Wait until something is so, or fail."""
    async with asyncio.timeout(patience_s):
        while not is_so():  # noqa: ASYNC110 - what happens in a broker sets no event of ours
            await asyncio.sleep(0.005)


@asynccontextmanager
async def site(running: RunningBroker, log: TelemetryLog | None = None, **settings: Any) -> AsyncIterator[Site]:
    async with asyncio.TaskGroup() as group:
        made = Site(running, group, log, **settings)
        try:
            await made.ready()
            yield made
        finally:
            for task in made.tasks:
                task.cancel()


@asynccontextmanager
async def stranger(running: RunningBroker, *filters: str) -> AsyncIterator[tuple[MqttLink, list[Arrival]]]:
    """Somebody else at the broker, and what it hears."""
    heard: list[Arrival] = []

    def take(arrival: Arrival) -> None:
        heard.append(arrival)
        link.acknowledge(arrival.mid)

    link = MqttLink(running.broker, client_id="stranger", on_message=take)
    await link.open()
    if filters:
        await link.subscribe(filters)
    try:
        yield link, heard
    finally:
        await link.close()


def play(scene: Callable[[], Awaitable[None]], limit_s: float = LONG_PATIENCE_S) -> None:
    async def main() -> None:
        async with asyncio.timeout(limit_s):
            await scene()

    asyncio.run(main())
