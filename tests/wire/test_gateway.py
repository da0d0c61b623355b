"""The gateway on real loopback sockets, with the real log and a vehicle's real buffer on disk."""

import asyncio
import os
import random
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import websockets
from websockets.asyncio.client import connect

from mobility.core.clock import Instant
from mobility.core.errors import StreamClosedError
from mobility.core.ids import BootId
from mobility.core.ports import FrameStream
from mobility.core.service_day import service_day_of
from mobility.storage.segments import SegmentLog, read_day
from tests.fakes.ports import free_port
from tests.patience import PATIENCE_S
from tests.v2x.making import BOOT, NOON, SHUTTLE, KeptFrames, batch, hello, identify, said, sample_at
from v2x.client_frames import batch_frame
from v2x.codec import encode_sample
from v2x.credit import Credit
from v2x.edge.client import DiskBuffer, VehicleClient, connect_websocket
from v2x.edge.gateway import Gateway
from v2x.edge.listener import listen
from v2x.goodbye import GoodbyeReason
from v2x.server_frames import Ack, Goodbye, ServerFrame, Welcome
from v2x.session import MAX_FRAME_BYTES

ZONE = "Europe/Berlin"
SERVER = Path(__file__).with_name("gateway_process.py")


class RealClock:
    """Real seconds since this clock was made, from a minute after noon on a day in 2025."""

    def __init__(self) -> None:
        self._loop_start: float | None = None

    def now(self) -> Instant:
        loop_time = asyncio.get_running_loop().time()
        if self._loop_start is None:
            self._loop_start = loop_time
        return Instant(NOON + 60_000 + round((loop_time - self._loop_start) * 1000))

    async def sleep(self, duration_s: float) -> None:
        await asyncio.sleep(duration_s)


class Server:
    def __init__(self, gateway: Gateway, quarantine: KeptFrames, url: str) -> None:
        self.gateway = gateway
        self.quarantine = quarantine
        self.url = url


@asynccontextmanager
async def server(folder: Path, port: int = 0) -> AsyncIterator[Server]:
    quarantine = KeptFrames()
    async with SegmentLog.open(folder, zone=ZONE) as log:
        gateway = Gateway(log=log, clock=RealClock(), identify=identify, quarantine=quarantine)
        async with listen(gateway, "127.0.0.1", port) as listener:
            (bound,) = listener.sockets
            yield Server(gateway, quarantine, f"ws://127.0.0.1:{bound.getsockname()[1]}/vehicle")


def kept_in(folder: Path) -> list[tuple[str, int]]:
    day = service_day_of(NOON, ZONE)
    return [(record.sample.boot_id, record.sample.seq) for record in read_day(folder, day)]


async def answer(stream: FrameStream) -> ServerFrame:
    """The next frame but credits: a slow disk makes them come at any time."""
    while isinstance(frame := said([await stream.receive()])[0], Credit):
        pass
    return frame


def test_a_vehicle_is_welcomed_and_its_samples_are_acknowledged_from_disk(tmp_path: Path):
    async def main() -> None:
        async with server(tmp_path) as made:
            stream = await connect_websocket(made.url)
            await stream.send(hello())
            await stream.send(batch(1, 3))
            first, second = [await answer(stream), await answer(stream)]
            assert isinstance(first, Welcome)
            assert second == Ack(BOOT, 3)
            assert made.gateway.latest()[SHUTTLE].sample == sample_at(3)
            await stream.close()

    asyncio.run(main())
    assert kept_in(tmp_path) == [(BOOT, 1), (BOOT, 2), (BOOT, 3)]


def test_another_path_is_not_found_and_plain_http_is_no_vehicle(tmp_path: Path):
    async def main() -> None:
        async with server(tmp_path) as made:
            with pytest.raises(StreamClosedError, match="404"):
                await connect_websocket(made.url.replace("/vehicle", "/board"))

    asyncio.run(main())


def test_nobody_there_is_an_os_error():
    async def main() -> None:
        with pytest.raises(OSError, match="onnect"):
            await connect_websocket(f"ws://127.0.0.1:{free_port()}/vehicle")

    asyncio.run(main())


def test_foreign_bytes_text_and_an_oversized_frame_do_not_end_the_session(tmp_path: Path):
    async def main() -> None:
        async with server(tmp_path) as made:
            stream = await connect_websocket(made.url)
            await stream.send(hello())
            await stream.receive()
            chance = random.Random(4)
            for length in (0, 1, 50, 4000):
                await stream.send(chance.randbytes(length))
            await stream.send("GET / HTTP/1.1")
            await stream.send(bytes(MAX_FRAME_BYTES + 1))
            await stream.send(batch(1))
            assert await answer(stream) == Ack(BOOT, 1)
            assert len(made.quarantine.kept) == 6
            await stream.close()

    asyncio.run(main())


def test_bytes_that_are_no_websocket_harm_nobody_else(tmp_path: Path):
    async def main() -> None:
        async with server(tmp_path) as made:
            port = int(made.url.split(":")[2].split("/")[0])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n")
            await reader.read()
            writer.close()
            stream = await connect_websocket(made.url)
            await stream.send(hello())
            assert isinstance(await answer(stream), Welcome)
            await stream.close()

    asyncio.run(main())


def test_a_frame_beyond_all_measure_ends_its_connection_only(tmp_path: Path):
    async def main() -> None:
        async with server(tmp_path) as made, connect(made.url, compression=None, proxy=None) as raw:
            await raw.send(hello())
            await raw.recv()
            await raw.send(bytes(8 * MAX_FRAME_BYTES))
            with pytest.raises(websockets.ConnectionClosed):
                await raw.recv()
            stream = await connect_websocket(made.url)
            await stream.send(hello())
            assert isinstance(await answer(stream), Welcome)
            await stream.close()

    asyncio.run(main())


def test_a_wrong_token_is_told_so_and_closed(tmp_path: Path):
    async def main() -> None:
        async with server(tmp_path) as made:
            stream = await connect_websocket(made.url)
            await stream.send(hello(token="guessed"))
            assert await heard_until_closed(stream) == [Goodbye(GoodbyeReason.BAD_TOKEN)]

    asyncio.run(main())


async def heard_until_closed(stream) -> list[object]:
    frames: list[object] = []
    while True:
        try:
            frames.append(await answer(stream))
        except StreamClosedError:
            return frames


def test_a_third_of_duplicates_and_a_clock_in_the_future_are_sorted_out(tmp_path: Path):
    async def main() -> None:
        chance = random.Random(9)
        frames = [
            batch_frame(BOOT, seq, [encode_sample(sample_at(seq, at=NOON + 3_600_000 if seq % 10 == 0 else None))])
            for seq in range(1, 61)
        ]
        frames += chance.sample(frames, 20)
        chance.shuffle(frames)
        async with server(tmp_path) as made:
            stream = await connect_websocket(made.url)
            await stream.send(hello())
            for frame in frames:
                await stream.send(frame)
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    frame = await answer(stream)
                    if isinstance(frame, Ack) and frame.through_seq == 60:
                        break
                while made.gateway.counters.duplicates < 20:  # noqa: ASYNC110 - the last of them may come after the Ack
                    await asyncio.sleep(0.01)
            counters = made.gateway.counters
            assert (counters.samples, counters.duplicates, counters.clock_ahead) == (60, 20, 6)
            assert made.gateway.latest()[SHUTTLE].as_of <= NOON + 120_000
            await stream.close()

    asyncio.run(main())
    assert sorted(kept_in(tmp_path)) == [(BOOT, seq) for seq in range(1, 61)]


def test_leaving_the_listener_ends_connections_and_keeps_what_was_received(tmp_path: Path):
    async def main() -> None:
        async with asyncio.timeout(PATIENCE_S):
            async with server(tmp_path) as made:
                stream = await connect_websocket(made.url)
                await stream.send(hello())
                await stream.send(batch(1))
                assert isinstance(await answer(stream), Welcome)
                assert await answer(stream) == Ack(BOOT, 1)
            assert await heard_until_closed(stream) == [Goodbye(GoodbyeReason.SHUTTING_DOWN)]

    asyncio.run(main())
    assert kept_in(tmp_path) == [(BOOT, 1)]


def started(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """A gateway in a process of its own, listening."""
    root = Path(__file__).parents[2]
    command = [sys.executable, str(SERVER), str(folder), str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root, env={**os.environ, "PYTHONPATH": str(root)})
    assert process.stdout is not None
    assert process.stdout.readline() == b"listening\n"
    return process


def killed(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def test_a_killed_server_and_a_killed_vehicle_lose_nothing_and_repeat_nothing(tmp_path: Path):
    port = free_port()
    folder, samples = tmp_path / "telemetry", tmp_path / "samples"
    second_boot = BootId("boot-b")

    def client_of(boot_id: BootId) -> VehicleClient:
        return VehicleClient(
            vehicle_id=SHUTTLE,
            boot_id=boot_id,
            token="token of shuttle-1",
            buffer=DiskBuffer(samples),
            connect=lambda: connect_websocket(f"ws://127.0.0.1:{port}/vehicle"),
            clock=RealClock(),
        )

    async def record(client: VehicleClient, count: int, boot_id: BootId) -> None:
        for _ in range(count):
            client.record(sample_at(client.next_seq, boot_id=boot_id))
            await asyncio.sleep(0.003)

    async def first_drive(process: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
        client = client_of(BOOT)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(client.run())
            await record(client, 60, BOOT)
            killed(process)
            await record(client, 30, BOOT)
            process = await asyncio.to_thread(started, folder, port)
            assert await client.drained(PATIENCE_S)
            running.cancel()
        # Nobody is connected any more: these are in the vehicle's file only, which is never closed.
        await record(client, 10, BOOT)
        return process

    async def second_drive() -> None:
        client = client_of(second_boot)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(client.run())
            await record(client, 20, second_boot)
            assert await client.drained(PATIENCE_S)
            running.cancel()

    process = started(folder, port)
    try:
        process = asyncio.run(first_drive(process))
        asyncio.run(second_drive())
    finally:
        killed(process)
    expected = [(BOOT, seq) for seq in range(1, 101)] + [(second_boot, seq) for seq in range(1, 21)]
    assert sorted(kept_in(folder)) == expected
