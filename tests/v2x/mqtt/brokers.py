"""Real brokers of one's own on loopback: Mosquitto (MQTT 5 and 3.1.1) and nats-server (3.1.1, JetStream)."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.fakes.ports import free_port
from tests.patience import PATIENCE_S
from v2x.edge.mqtt_link import Broker

START_LIMIT_S = 120.0
_ALSO_HERE = "/usr/sbin:/usr/local/sbin"


class RunningBroker:
    """A broker that can be stopped and started again with what it kept."""

    def __init__(self, command: list[str], port: int, log: Path, version: str) -> None:
        self.port = port
        self.version = version
        self._command = command
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def broker(self) -> Broker:
        return Broker(host="127.0.0.1", port=self.port, version="5" if self.version == "5" else "3.1.1")

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if self._process.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError(f"{self._command[0]} did not start:\n{self._log.read_text()}")

    def stop(self, *, kill: bool = False) -> None:
        process = self._process
        if process is None:
            return
        process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        process.wait(PATIENCE_S)
        self._process = None


def program(name: str) -> str:
    """Return where a broker's program is; raises ``FileNotFoundError``."""
    found = shutil.which(name) or shutil.which(name, path=_ALSO_HERE)
    if found is None:
        raise FileNotFoundError(f"{name} is not installed (Debian package of that name)")
    return found


def require_brokers() -> None:
    """Skip a test where a broker is missing; on CI that is a failure."""
    try:
        for name in ("mosquitto", "nats-server"):
            program(name)
    except FileNotFoundError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))


@contextmanager
def mosquitto(folder: Path, *more: str, version: str = "5") -> Iterator[RunningBroker]:
    """Run Mosquitto; ``more`` are lines of its configuration."""
    command, port = program("mosquitto"), free_port()
    folder.mkdir(parents=True, exist_ok=True)
    lines = [
        "per_listener_settings false",
        *(["allow_anonymous true"] if not any(line.startswith("allow_anonymous") for line in more) else []),
        "persistence true",
        f"persistence_location {folder}/",
        "autosave_interval 1",
        "max_queued_messages 100000",
        *(["user root"] if os.geteuid() == 0 else []),
        "log_type error",
        "log_type warning",
        f"listener {port} 127.0.0.1",
        *more,
    ]
    (folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")
    running = RunningBroker([command, "-c", str(folder / "mosquitto.conf")], port, folder / "mosquitto.log", version)
    running.start()
    try:
        yield running
    finally:
        running.stop()


@contextmanager
def nats(folder: Path) -> Iterator[RunningBroker]:
    """Run nats-server with JetStream and its MQTT listener."""
    command, port = program("nats-server"), free_port()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "nats.conf").write_text(
        "server_name: test\n"
        "listen: 127.0.0.1:-1\n"
        f'jetstream {{ store_dir: "{folder}/jetstream", max_mem: 64M, max_file: 1G }}\n'
        f'mqtt {{ listen: "127.0.0.1:{port}", ack_wait: "2s", max_ack_pending: 1024 }}\n'
    )
    running = RunningBroker([command, "-c", str(folder / "nats.conf")], port, folder / "nats.log", "3.1.1")
    running.start()
    try:
        yield running
    finally:
        running.stop()
