"""Starting a gateway process for a benchmark, with certificates for it and for a fleet."""

import json
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.bench_gateway_load import BareVehicle, dial
from benchmarks.bench_gateway_site import HOST, Clock
from v2x.edge.authority import DevelopmentAuthority


class Process:
    """A gateway that runs, and the authority of its vehicles."""

    def __init__(self, process: subprocess.Popen[str], authority: DevelopmentAuthority) -> None:
        """Read its port."""
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - both are pipes
        self._process = process
        self._authority = authority
        self.port = int(process.stdout.readline())

    def used(self) -> dict[str, Any]:
        """Return what it has used and counted so far."""
        assert self._process.stdin is not None and self._process.stdout is not None  # noqa: S101, PT018 - as above
        print(file=self._process.stdin, flush=True)
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found

    def vehicle_context(self, name: str) -> ssl.SSLContext:
        """Return the TLS side of a vehicle with a certificate of its own."""
        return self._authority.vehicle(name).vehicle_context()

    async def dial(self, name: str, holding: tuple[int, int] | None = None) -> BareVehicle:
        """Return a welcomed vehicle."""
        return await dial(name, self.port, self.vehicle_context(name), holding)

    async def dial_fleet(self, count: int) -> list[BareVehicle]:
        """Return welcomed vehicles."""
        return [await self.dial(f"v{n}") for n in range(count)]


@contextmanager
def gateway_process(log: str, folder: str | None, *, per_s: float = 0.0) -> Iterator[Process]:
    """Run a gateway with a ``plain`` or ``durable`` log; ``per_s`` limits its disk to so many samples a second."""
    with tempfile.TemporaryDirectory(dir=folder) as made:
        authority = DevelopmentAuthority.open(Path(made) / "authority", Clock())
        authority.gateway([HOST])
        command = [sys.executable, "-m", "benchmarks.bench_gateway_site", log, f"{made}/log"]
        command += ["--authority", f"{made}/authority", "--per-s", str(per_s)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            yield Process(process, authority)
            assert process.stdin is not None  # noqa: S101 - a pipe
            process.stdin.close()
