"""A full disk under the whole server: nothing more is acknowledged, nothing acknowledged lost, readers are served."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from mobility.core.clock import Instant
from mobility.core.geo import LatLon
from mobility.core.ids import BootId, VehicleId
from mobility.core.service_day import ServiceDay
from mobility.core.vehicle import Doors, DrivingMode, Sample
from mobility.storage.bundles import load_region, shipped_region
from mobility.storage.ledger_check import verify
from mobility.storage.segments import read_day
from tests.fakes.ports import free_port
from tests.patience import PATIENCE_S
from v2x.edge.client import MemoryBuffer, VehicleClient, connect_websocket
from v2x.goodbye import GoodbyeReason

ROOT = Path(__file__).parents[2]
REGION = load_region(shipped_region("ilmenau"))
DAY = ServiceDay(REGION.scenario_day, REGION.zone)
VEHICLE = VehicleId(min(REGION.fleet))
MODES = (DrivingMode.ASSISTED, DrivingMode.MANUAL)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Sixteen megabytes of memory as a disk of its own."""
    if os.geteuid() != 0:
        pytest.skip("not proven here: only root can mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=16m", "none", str(folder)]
    mounted = subprocess.run(command, capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"not proven here: a small disk can not be mounted ({mounted.stderr.decode().strip()})")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


class HastyClock:
    """Waits a fifth of a second at most, so that a vehicle soon tries again."""

    def now(self) -> Instant:
        return DAY.at(7 * 3600)

    async def sleep(self, duration_s: float) -> None:
        await asyncio.sleep(min(duration_s, 0.2))


@contextmanager
def serving(data_dir: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """The server, answering; killed in the end."""
    command = [sys.executable, str(Path(__file__).with_name("server_process.py")), str(data_dir), str(port)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, env=environment)
    assert process.stdout is not None
    try:
        assert process.stdout.readline().startswith(b"Pages")
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def fill(folder: Path) -> Path:
    """Take every byte that is left."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return filler


def client_of(boot: str, port: int) -> VehicleClient:
    return VehicleClient(
        vehicle_id=VEHICLE,
        boot_id=BootId(boot),
        token=VEHICLE,
        buffer=MemoryBuffer(),
        connect=lambda: connect_websocket(f"ws://127.0.0.1:{port + 2}/vehicle"),
        clock=HastyClock(),
    )


def record(client: VehicleClient, boot: str, count: int) -> None:
    """Record samples a tenth of a second apart; the mode changes with each, which is a fact."""
    for _ in range(count):
        seq = client.next_seq
        client.record(
            Sample(
                vehicle_id=VEHICLE,
                boot_id=BootId(boot),
                seq=seq,
                device_time=Instant(DAY.at(7 * 3600) - 600_000 + seq * 100),
                place=LatLon(50.684, 10.914),
                mode=MODES[seq % 2],
                doors=Doors.CLOSED,
            )
        )


@asynccontextmanager
async def connected(client: VehicleClient) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(client.run())
        yield
        running.cancel()


async def until(condition: Callable[[], Awaitable[bool]], within_s: float = PATIENCE_S) -> None:
    async with asyncio.timeout(within_s):
        while not await condition():  # noqa: ASYNC110 - another process sets no event
            await asyncio.sleep(0.05)


async def drained(client: VehicleClient) -> None:
    async def is_done() -> bool:
        return client.waiting == 0

    await until(is_done)


async def offers(http: httpx.AsyncClient, seats: int = 1) -> list[str]:
    area = REGION.areas[0]
    ends = [stop for stop in area.stops if REGION.stops[stop].is_meeting_point][:1] + list(area.stops)[-1:]
    wish = {"origin": ends[0], "destination": ends[1], "at": f"{DAY.date}T10:30:00+02:00", "seats": seats}
    quote = (await http.post("/api/v1/quotes", json=wish)).json()
    return [offer["offer_id"] for offer in (*quote["offers"], *quote["alternatives"])]


async def book(http: httpx.AsyncClient, offer_id: str, key: str) -> httpx.Response:
    body = {"offer_id": offer_id, "name": f"Rider {key}"}
    return await http.post("/api/v1/bookings", json=body, headers={"Idempotency-Key": key})


def kept(folder: Path) -> list[tuple[str, int]]:
    return [(record.sample.boot_id, record.sample.seq) for record in read_day(folder / "telemetry", DAY)]


async def before(http: httpx.AsyncClient, client: VehicleClient, disk: Path, told: dict[str, Any]) -> None:
    """Everything works; then the disk is full."""
    booked = await book(http, (await offers(http))[0], "before")
    assert booked.status_code == 201, booked.text
    told["link"] = booked.json()["link"]
    record(client, "a", 50)
    await drained(client)
    assert (await http.get("/readyz")).status_code == 200
    told["open"] = await offers(http)
    told["connection"] = (await http.get("/api/v1/connections")).json()["connections"][0]["connection_id"]
    while not 0 < segment_bytes(disk) % 4096 < 3000:
        record(client, "a", 1)
        await drained(client)
    fill(disk)


def segment_bytes(disk: Path) -> int:
    return max((disk / "var" / "telemetry").glob("*/*.seg")).stat().st_size


async def full(http: httpx.AsyncClient, client: VehicleClient, told: dict[str, Any]) -> None:
    """Nothing is acknowledged, and everybody is told so."""
    # The page that the segment has begun still takes a sample, the ledger not the change of mode in it.
    record(client, "a", 1)
    await drained(client)

    async def is_told() -> bool:
        return "ledger" in (await http.get("/readyz")).text

    await until(is_told)
    record(client, "a", 1000)

    async def is_refused() -> bool:
        return client.goodbye is GoodbyeReason.READ_ONLY

    await until(is_refused)
    assert client.waiting > 900

    refused = await book(http, told["open"][0], "full")
    assert (refused.status_code, refused.headers["content-type"]) == (503, "application/problem+json")
    assert refused.json()["code"] == "read_only"
    path = f"/api/v1/connections/{told['connection']}/feeder-delay"
    delayed = await http.post(path, json={"delay_s": 120}, headers={"Idempotency-Key": "late"})
    assert (delayed.status_code, delayed.json()["code"]) == (503, "read_only")

    ready = await http.get("/readyz")
    assert ready.status_code == 503
    for store in ("ledger", "vault", "telemetry"):
        assert [fault for fault in ready.json()["faults"] if store in fault], ready.text


async def readers(http: httpx.AsyncClient, told: dict[str, Any]) -> None:
    """Who only reads does not notice."""
    for path in ("/", "/board/busbahnhof", "/gtfs-rt/all.pb", "/gtfs/schedule.zip", "/healthz", "/metrics", "/console"):
        answer = await http.get(path, headers={"accept": "text/html"})
        assert answer.status_code == 200, path
    assert (await http.get(told["link"])).status_code == 200


async def after(http: httpx.AsyncClient, client: VehicleClient, told: dict[str, Any]) -> None:
    """With space again and a new process everything acknowledged is there, and the rest arrives."""
    assert (await http.get("/readyz")).status_code == 200
    ride = await http.get(told["link"].replace("/ride/", "/api/v1/bookings/"))
    assert (ride.status_code, ride.json()["state"]) == (200, "promised")
    await drained(client)
    booked = await book(http, (await offers(http))[0], "full")
    assert booked.status_code == 201


@pytest.mark.slow
def test_a_full_disk_stops_acknowledging_and_nothing_else(small_disk: Path):
    port = free_port(neighbours=3)
    data_dir = small_disk / "var"
    client, told = client_of("a", port), {}

    async def story() -> None:
        async with (
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S) as http,
            connected(client),
        ):
            with serving(data_dir, port) as process:
                await before(http, client, small_disk, told)
                await full(http, client, told)
                await asyncio.sleep(0.3)
                await readers(http, told)
                assert process.poll() is None
            (small_disk / "filler").unlink()
            with serving(data_dir, port):
                await after(http, client, told)

    asyncio.run(story())
    assert sorted(kept(data_dir)) == [("a", seq) for seq in range(1, client.next_seq)]
    assert verify(data_dir / "ledger.sqlite").is_sound
