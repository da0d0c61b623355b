"""A whole Ilmenau server on three free loopback ports, in a thread beside the test, with one vehicle that reports."""

import asyncio
import contextlib
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dispatch.edge.solver import InlineSolver
from mobility.app.clock import LoopClock
from mobility.app.listeners import HttpListener, open_listeners
from mobility.app.references import RandomReferences
from mobility.app.vehicle_door import VehicleDoor
from mobility.app.wiring import Wiring, find_region, find_sources, open_server
from mobility.core.ids import BootId, VehicleId
from mobility.core.place import LatLon
from mobility.core.service_day import ServiceDay
from mobility.core.vehicle import DrivingMode, Sample
from tests.fakes.ports import free_port
from tests.patience import PATIENCE_S
from v2x.edge.client import MemoryBuffer, VehicleClient, connect_websocket

HOST = "127.0.0.1"
STARTS_S = 9 * 3600 + 1800
"""Half past nine on the region's scenario day, a Tuesday in October."""
_STARTED_WITHIN_S = 120.0


class _Thread:
    """What the test's thread and the server's thread tell each other."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder
        self._port = port
        self._ready = threading.Event()
        self._fault: BaseException | None = None
        self._end: tuple[asyncio.AbstractEventLoop, HttpListener] | None = None
        self._thread = threading.Thread(target=self._serve, name="live server", daemon=True)

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(_STARTED_WITHIN_S), "the server did not start in time"
        if self._fault is not None:
            raise self._fault

    def stop(self) -> None:
        if self._end is not None:
            loop, http = self._end
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(_end_now, http)
        self._thread.join(timeout=PATIENCE_S)
        assert not self._thread.is_alive(), "the server did not end"

    def _serve(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as error:  # noqa: BLE001 - told to the test's thread, which raises it
            self._fault = error
        finally:
            self._ready.set()

    async def _main(self) -> None:
        region = find_region("ilmenau")
        clock = LoopClock(ServiceDay(region.scenario_day, region.zone).at(STARTS_S))
        wiring = Wiring(
            region=region,
            sources=find_sources("ilmenau"),
            clock=clock,
            references=RandomReferences(random.SystemRandom()),
            data_dir=self._folder,
            identify=VehicleId,
            is_demo=True,
            is_open=True,
            solver=InlineSolver(),
        )
        async with (
            open_server(wiring) as server,
            open_listeners(server, HOST, self._port, VehicleDoor()) as http,
            asyncio.TaskGroup() as tasks,
        ):
            running = [tasks.create_task(server.run()), tasks.create_task(self._report(clock))]
            serving = tasks.create_task(http.serve())
            await http.answers.wait()
            self._end = asyncio.get_running_loop(), http
            self._ready.set()
            await serving
            for task in running:
                task.cancel()

    async def _report(self, clock: LoopClock) -> None:
        """Be a shuttle that stands at a stop and says so every second."""
        vehicle_id = VehicleId("shuttle-1")
        client = VehicleClient(
            vehicle_id=vehicle_id,
            boot_id=BootId("live-1"),
            token=vehicle_id,
            buffer=MemoryBuffer(),
            connect=lambda: connect_websocket(f"ws://{HOST}:{self._port + 2}/vehicle"),
            clock=clock,
        )
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(client.run())
            while True:
                client.record(
                    Sample(
                        vehicle_id=vehicle_id,
                        boot_id=BootId("live-1"),
                        seq=client.next_seq,
                        device_time=clock.now(),
                        place=LatLon(50.6868, 10.9142),
                        mode=DrivingMode.ASSISTED,
                    )
                )
                await clock.sleep(1)


@contextmanager
def live_ilmenau(folder: Path) -> Iterator[str]:
    """Serve the region from half past nine on; yields the address of the pages."""
    running = _Thread(folder, free_port(neighbours=3))
    running.start()
    try:
        yield f"http://{HOST}:{running._port}"
    finally:
        running.stop()


def _end_now(http: HttpListener) -> None:
    http.should_exit = True
