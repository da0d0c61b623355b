"""The two clients that are given away, against a real listener that cuts them off, dies, and comes back."""

import asyncio
import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import cast

import pytest
from websockets.asyncio.server import Server

from mobility.core.clock import Instant
from passenger_info.edge import push
from passenger_info.edge.push import PushHub
from passenger_info.edge.push_listener import PATH, listen
from passenger_info.edge.service import PassengerInfo
from passenger_info.frame_pb2 import Frame
from tests.fakes.ports import free_port
from tests.node import find_node
from tests.passenger_info.live_clock import LiveClock
from tests.patience import LONG_PATIENCE_S, PATIENCE_S
from tests.rigs.resume_world import BOX, World

CLIENTS = Path(__file__).resolve().parents[2] / "clients"
TOPICS = ["all", "route:A", BOX]
Held = dict[str, dict[str, int]]
"""Topic to entities and their versions."""


@cache
def python_client() -> ModuleType:
    spec = importlib.util.spec_from_file_location("ilmenau_realtime", CLIENTS / "python" / "ilmenau_realtime.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


class Site:
    """A world and a listener on one port that can be cut, stopped, and started with another hub."""

    def __init__(self) -> None:
        self.world = World(LiveClock(Instant(1_760_000_000_000)), seed=7)
        self.port = free_port()
        self._server: Server | None = None
        self._stack = AsyncExitStack()

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}{PATH}"

    async def start(self) -> None:
        hub = PushHub(cast("PassengerInfo", self.world), self.world.clock)
        self._server = await self._stack.enter_async_context(listen(hub, "127.0.0.1", self.port))

    async def stop(self) -> None:
        await self._stack.aclose()

    def cut(self) -> None:
        assert self._server is not None
        for connection in self._server.connections:
            connection.transport.abort()

    async def change(self, count: int) -> None:
        for _ in range(count):
            self.world.change()
            await asyncio.sleep(0.004)

    def truth(self) -> Held:
        return {
            topic: {
                name: states[-1].version
                for name, states in sorted(self.world.history.items())
                if topic in states[-1].topics
            }
            for topic in TOPICS
        }


@asynccontextmanager
async def site() -> AsyncIterator[Site]:
    made = Site()
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


async def eventually(is_so: Callable[[], bool], within_s: float = PATIENCE_S) -> bool:
    """Wait until something is so."""
    try:
        async with asyncio.timeout(within_s):
            while not is_so():  # noqa: ASYNC110 - asked of another process as well
                await asyncio.sleep(0.02)
    except TimeoutError:
        return False
    return True


async def a_hard_day(made: Site, held: Callable[[], Held]) -> None:
    """Cuts, changes meanwhile, a restart with another epoch; in the end the client holds what is true."""
    for _ in range(4):
        await made.change(30)
        made.cut()
        await made.change(30)
        assert await eventually(lambda: held() == made.truth())
    await made.stop()
    await made.change(20)
    await made.start()
    await made.change(20)
    assert await eventually(lambda: held() == made.truth())


def play(scene: Callable[[Site], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(LONG_PATIENCE_S), site() as made:
            await scene(made)

    asyncio.run(main())


def test_the_python_client_holds_the_truth_after_cuts_and_a_restart() -> None:
    client = python_client()

    async def scene(made: Site) -> None:
        told: Held = {}

        def changed(change) -> None:
            topic = told.setdefault(change.topic, {})
            for entity in change.entities:
                assert topic.get(entity.id) != entity.vehicle.timestamp, "told twice"
                topic[entity.id] = entity.vehicle.timestamp
            for name in change.removed:
                del topic[name]

        live = client.Realtime(made.url, TOPICS, on_change=changed)
        running = asyncio.ensure_future(live.run())
        await a_hard_day(made, lambda: {topic: dict(sorted(told.get(topic, {}).items())) for topic in TOPICS})
        assert {t: {e: x.vehicle.timestamp for e, x in k.entities.items()} for t, k in live.topics.items()} == told
        running.cancel()

    play(scene)


def test_the_python_client_says_when_realtime_is_lost_and_when_it_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push, "HEARTBEAT_S", 0.1)
    client = python_client()

    async def scene(made: Site) -> None:
        said = []
        live = client.Realtime(made.url, ["all"], on_state=said.append, lost_after_s=1.5)
        running = asyncio.ensure_future(live.run())
        await asyncio.sleep(2.0)
        assert said == []
        await made.stop()
        assert await eventually(lambda: said == [client.State.LOST])
        await made.start()
        assert await eventually(lambda: said == [client.State.LOST, client.State.BACK])
        assert not live.is_lost
        running.cancel()

    play(scene)


def test_the_python_client_says_that_a_topic_does_not_exist() -> None:
    client = python_client()

    async def scene(made: Site) -> None:
        with pytest.raises(client.RefusedError, match="unknown_topic"):
            await client.Realtime(made.url, ["stop:nowhere"]).run()

    play(scene)


def test_the_python_client_reads_frames_as_protobuf_does() -> None:
    frame = Frame(epoch="ä", topic="stop:x", seq=2**40, prev_seq=3, kind=Frame.DELTA, feed=b"\x00" * 300)
    read = python_client().parse_frame(frame.SerializeToString())
    assert (read.epoch, read.topic, read.seq, read.prev_seq) == ("ä", "stop:x", 2**40, 3)
    assert (read.kind, read.feed) == (2, b"\x00" * 300)
    for broken in (b"\xff" * 20, b"\x0d\x00", b"\x80"):
        with pytest.raises(ValueError, match="no frame"):
            python_client().parse_frame(broken)


def test_both_clients_are_one_file_of_fewer_than_two_hundred_lines() -> None:
    files = (CLIENTS / "python" / "ilmenau_realtime.py", CLIENTS / "typescript" / "ilmenau-realtime.ts")
    sizes = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert {name: size for name, size in sizes.items() if size >= 200} == {}
    own = ("passenger_info", "mobility", "gtfs.", "tests")
    imports = [
        line for line in files[0].read_text(encoding="utf-8").splitlines() if line.startswith(("import", "from"))
    ]
    assert not [line for line in imports if any(name in line for name in own)]


def test_the_lock_of_the_typescript_client_names_no_addresses() -> None:
    lock = json.loads((CLIENTS / "typescript" / "package-lock.json").read_text(encoding="utf-8"))
    packages = [entry for path, entry in lock["packages"].items() if path]
    assert packages
    assert not [entry for entry in packages if "resolved" in entry]


HARNESS = """
import { Realtime } from "./dist/ilmenau-realtime.js";
import { WebSocket } from "ws";
const [url, topics, lost] = process.argv.slice(2);
const told = {};
const live = new Realtime(url, JSON.parse(topics), {
  socket: (address) => new WebSocket(address),
  lostAfter_ms: Number(lost),
  onChange: ({ topic, entities, removed }) => {
    const known = (told[topic] ??= {});
    for (const entity of entities) {
      if (known[entity.id] === Number(entity.vehicle.timestamp)) throw new Error("told twice");
      known[entity.id] = Number(entity.vehicle.timestamp);
    }
    for (const id of removed) delete known[id];
    console.log(JSON.stringify({ told }));
  },
  onState: (state) => console.log(JSON.stringify({ state })),
  onRefused: (reason) => console.log(JSON.stringify({ refused: reason })),
});
live.start();
"""


@pytest.fixture(scope="session")
def node_client(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The TypeScript client compiled, in a folder with ``ws``; and the node program."""
    node = find_node()
    folder = tmp_path_factory.mktemp("client")
    shutil.copytree(
        CLIENTS / "typescript", folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules", "dist")
    )
    node.ci(folder)
    done = subprocess.run(
        [*node.npm, "run", "build"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=LONG_PATIENCE_S,
        check=False,
        env=node.environment,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (folder / "harness.mjs").write_text(HARNESS, encoding="utf-8")
    return node.program, folder


@asynccontextmanager
async def node(client: tuple[Path, Path], *arguments: str) -> AsyncIterator[list[dict]]:
    """Run the harness; the list grows by what it says."""
    program, folder = client
    process = await asyncio.create_subprocess_exec(
        program, "harness.mjs", *arguments, cwd=folder, stdout=asyncio.subprocess.PIPE, limit=1 << 20
    )
    assert process.stdout is not None
    said: list[dict] = []

    async def listen_to(out: asyncio.StreamReader) -> None:
        async for line in out:
            said.append(json.loads(line))  # noqa: PERF401 - each is looked at as it comes

    listening = asyncio.ensure_future(listen_to(process.stdout))
    try:
        yield said
        assert process.returncode is None, "the harness ended"
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await listening


def test_the_typescript_client_holds_the_truth_after_cuts_and_a_restart(node_client: tuple[Path, Path]) -> None:
    async def scene(made: Site) -> None:
        async with node(node_client, made.url, json.dumps(TOPICS), "30000") as said:

            def held() -> Held:
                told = next((each["told"] for each in reversed(said) if "told" in each), {})
                return {topic: dict(sorted(told.get(topic, {}).items())) for topic in TOPICS}

            await a_hard_day(made, held)
            assert {"state": "realtime lost"} not in said

    play(scene)


def test_the_typescript_client_says_when_realtime_is_lost_and_when_it_is_back(
    node_client: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "HEARTBEAT_S", 0.1)

    async def scene(made: Site) -> None:
        made.world.change()
        async with node(node_client, made.url, '["all"]', "800") as said:
            assert await eventually(lambda: bool(said))
            await made.stop()
            assert await eventually(lambda: {"state": "realtime lost"} in said)
            await made.start()
            assert await eventually(lambda: said[-1] == {"state": "back"})

    play(scene)


def test_the_typescript_client_says_that_a_topic_does_not_exist(node_client: tuple[Path, Path]) -> None:
    async def scene(made: Site) -> None:
        process = await asyncio.create_subprocess_exec(
            *(node_client[0], "harness.mjs", made.url, '["stop:nowhere"]', "30000"),
            cwd=node_client[1],
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await process.communicate()
        assert json.loads(out)["refused"].startswith("unknown_topic")
        assert process.returncode == 0

    play(scene)
