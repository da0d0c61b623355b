"""OpenTripPlanner as a process of one's own on loopback, asked through its GTFS GraphQL API."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from tests.planner.programs import jar, jar_path, java, may_fetch, require_java

VERSIONS = {"2.9.0": 25, "2.8.1": 21}
"""Newest first, with the Java each needs (its classes say so)."""
COORDINATE = ("org.opentripplanner", "otp-shaded")
FEED_ID = "ilmenau"
_START_S = 120.0
_HEAP = "-Xmx2G"


class Planner:
    """A running planner."""

    def __init__(self, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
        self.port = port
        self.process = process
        self.log = log

    def ask(self, query: str, **variables: object) -> Any:
        """Return the data of a GraphQL answer; fails with what the planner says is wrong."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        address = f"http://127.0.0.1:{self.port}/otp/gtfs/v1"
        request = Request(address, body, {"Content-Type": "application/json"})
        with urlopen(request, timeout=30) as answer:
            said = json.load(answer)
        assert "errors" not in said, said["errors"]
        return said["data"]

    def until(self, query: str, holds: Any, seconds: float = 15.0, **variables: object) -> Any:
        """Ask again until the answer is as hoped; fails with the last one."""
        deadline = time.monotonic() + seconds
        while True:
            said = self.ask(query, **variables)
            if holds(said):
                return said
            if time.monotonic() > deadline:
                raise AssertionError(f"the planner still says {json.dumps(said)[:1500]}")
            time.sleep(0.25)


def mqtt_updater(port: int) -> Mapping[str, object]:
    """Return what lets the planner listen to trip updates at a broker on loopback."""
    return {
        "type": "mqtt-gtfs-rt-updater",
        "url": f"tcp://127.0.0.1:{port}",
        "topic": f"/gtfsrt/tu/{FEED_ID}/#",
        "qos": 1,
        "feedId": FEED_ID,
        "fuzzyTripMatching": False,
    }


@contextmanager
def planner(folder: Path, updaters: Sequence[Mapping[str, object]]) -> Iterator[Planner]:
    """Build a graph of ``gtfs.zip`` and ``streets.osm.pbf`` in ``folder`` and serve it; skips without Java or jar."""
    program, archive = _program()
    _configure(folder, updaters)
    port, log = _free_port(), folder / "planner.log"
    options = ["--build", "--serve", "--bindAddress", "127.0.0.1", "--port", str(port), str(folder)]
    command = [program, _HEAP, "-XX:TieredStopAtLevel=1", "-jar", archive, *options]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, cwd=folder)
    try:
        _wait(process, port, log)
        yield Planner(port, process, log)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def version() -> str:
    """Return the newest version that this machine's Java runs, and that is here or may be fetched.

    ``MOBILITY_OTP_VERSION`` names another.
    """
    fitting = [name for name, least in VERSIONS.items() if java(least) is not None] or [min(VERSIONS)]
    here = [name for name in fitting if may_fetch() or jar_path(*COORDINATE, name).is_file()]
    return os.environ.get("MOBILITY_OTP_VERSION", (here or fitting)[0])


def _program() -> tuple[Path, Path]:
    wanted = version()
    return require_java(VERSIONS.get(wanted, max(VERSIONS.values()))), jar(*COORDINATE, wanted)


def _configure(folder: Path, updaters: Sequence[Mapping[str, object]]) -> None:
    files: Mapping[str, object] = {
        "otp-config.json": {"otpFeatures": {"FlexRouting": True}},
        "build-config.json": {
            "transitServiceStart": "-P1M",
            "transitServiceEnd": "P2M",
            "osmDefaults": {"timeZone": "Europe/Berlin"},
            "transitFeeds": [{"type": "gtfs", "source": "gtfs.zip", "feedId": FEED_ID}],
        },
        "router-config.json": {"updaters": list(updaters), "flex": {"maxFlexTripDuration": "90m"}},
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise RuntimeError(f"the planner did not start:\n{log.read_text(errors='replace')[-4000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
