"""Commands of technical supervision: from the supervisor's request to the vehicle, and what checking one costs.

Two JSON lines:

- ``command_latency``: from a POST over a loopback socket to the command in the vehicle's hands over another: signed,
  committed to the real ledger with its sync, sent. ``limit_ms`` is a twentieth of the two seconds a release holds;
  ``fdatasync_ms`` is the median of one bare write and sync, the part that nobody can leave out. No TLS.
- ``command_verify``: commands per second that a vehicle's verifier judges, against bare Ed25519 verification.

Run: ``python -m benchmarks.bench_commands [--commands 200] [--seconds 1]``. Exit code 1 where the limit is not kept.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles

import httpx
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI

from mobility.app.clock import LoopClock, system_instant
from mobility.core.clock import Instant
from mobility.core.geo import LatLon
from mobility.core.ids import BookingId, BootId, CommandId, VehicleId
from mobility.core.supervision import CommandAction
from mobility.core.vehicle import DrivingMode, Sample, ServiceKind, VehicleSpec
from mobility.storage.ledger import SqlLedger
from mobility.storage.segments import SegmentLog
from v2x.edge.client import CommandMessage, MemoryBuffer, VehicleClient, connect_websocket
from v2x.edge.gateway import Gateway
from v2x.edge.listener import listen
from v2x.edge.supervision_routes import router
from v2x.edge.technical_supervision import TechnicalSupervision
from v2x.supervision.body import CommandBody, encode_body
from v2x.supervision.signing import PREFIX, signed
from v2x.supervision.verifier import Accepted, CommandVerifier

VAN = VehicleId("pmover-1")
LIMIT_MS = 100.0
SPEC = VehicleSpec(
    vehicle_id=VAN,
    label="P:Mover",
    kind=ServiceKind.RESEARCH,
    seats=6,
    wheelchair_places=0,
    seats_lost_per_wheelchair=0,
    sae_level=4,
    max_speed_mps=16.7,
    has_ramp=False,
    battery_wh=0.0,
    is_bookable=False,
)


class Keys:
    """Both key pairs, made for this run."""

    def __init__(self) -> None:
        """Make them."""
        self._keys = {name: Ed25519PrivateKey.generate() for name in ("supervision", "approval")}

    def sign(self, key_id: str, message: bytes) -> bytes:
        """Sign with one of them."""
        return self._keys[key_id].sign(message)

    @property
    def public(self) -> dict[str, bytes]:
        """The public halves."""
        return {name: key.public_key().public_bytes_raw() for name, key in self._keys.items()}


class Names:
    """Counts up; nothing here needs chance."""

    def __init__(self) -> None:
        """Begin at 1."""
        self._number = 0

    def booking(self) -> BookingId:
        """Not asked for here."""
        raise NotImplementedError

    def token(self) -> str:
        """Return the next."""
        self._number += 1
        return f"{self._number:032x}"


class NoQuarantine:
    """Keeps nothing."""

    def keep(self, vehicle_id: VehicleId | None, reason: str, frame: bytes) -> None:
        """Forget it."""


async def latencies_ms(folder: Path, commands: int) -> list[float]:
    """Return milliseconds from request to vehicle, one at a time."""
    clock = LoopClock(system_instant())
    arrived: asyncio.Queue[float] = asyncio.Queue()

    def take(_message: CommandMessage) -> None:
        arrived.put_nowait(time.perf_counter())

    async with (
        SqlLedger.open(folder / "ledger.sqlite", clock=clock) as ledger,
        SegmentLog.open(folder / "telemetry", zone="Europe/Berlin") as log,
    ):
        gateway = Gateway(log=log, clock=clock, identify=VehicleId, quarantine=NoQuarantine())
        service = TechnicalSupervision(
            ledger=ledger, gateway=gateway, clock=clock, references=Names(), keys=Keys(), specs={VAN: SPEC}
        )
        gateway.subscribe_records(service.observe)
        app = FastAPI()
        app.include_router(router(service, zone="Europe/Berlin"))
        http = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", ws="none"))
        async with listen(gateway, "127.0.0.1", 0) as vehicles, asyncio.TaskGroup() as tasks:
            port = vehicles.sockets[0].getsockname()[1]
            client = VehicleClient(
                vehicle_id=VAN,
                boot_id=BootId("b1"),
                token=VAN,
                buffer=MemoryBuffer(),
                connect=lambda: connect_websocket(f"ws://127.0.0.1:{port}/vehicle"),
                clock=clock,
                on_command=take,
            )
            work = [tasks.create_task(each) for each in (http.serve(), client.run(), service.run())]
            while not http.started or not gateway.connected():  # noqa: ASYNC110 - uvicorn tells nobody that it has begun
                await asyncio.sleep(0.01)
            sample = Sample(
                vehicle_id=VAN,
                boot_id=BootId("b1"),
                seq=1,
                device_time=clock.now(),
                place=LatLon(50.68, 10.92),
                mode=DrivingMode.AUTOMATED,
            )
            client.record(sample)
            waited = await _asked(http, arrived, commands)
            http.should_exit = True
            for each in work[1:]:
                each.cancel()
    return waited


async def _asked(http: uvicorn.Server, arrived: asyncio.Queue[float], commands: int) -> list[float]:
    waited = []
    port = http.servers[0].sockets[0].getsockname()[1]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        for number in range(commands):
            body = {"action": "stop_at_next_safe_place", "vehicle_id": VAN}
            began = time.perf_counter()
            answer = client.post("/api/v1/supervision/commands", json=body, headers={"Idempotency-Key": str(number)})
            response, there = await asyncio.gather(answer, arrived.get())
            response.raise_for_status()
            waited.append((there - began) * 1000)
            await asyncio.sleep(0.005)
    return waited


def bare_sync_ms(folder: Path) -> float:
    """Return the median of one bare write and sync, milliseconds."""
    took = []
    with (folder / "peer").open("ab", buffering=0) as file:
        for _ in range(100):
            began = time.perf_counter()
            file.write(bytes(512))
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - began) * 1000)
    return median(took)


def verified_per_s(seconds: float) -> tuple[float, float]:
    """Return commands judged per second, and bare Ed25519 verifications per second of the same bytes."""
    keys = Keys()
    body = encode_body(
        CommandBody(
            command_id=CommandId("c1"),
            vehicle_id=VAN,
            action=CommandAction.DEACTIVATE,
            counter=2**60,
            issued_at=Instant(1_763_463_600_000),
            expires_at=Instant(1_763_463_602_000),
            issuer="supervisor:a11ce000",
        )
    )
    signatures = signed(keys, body, is_approved=False)
    verifier = CommandVerifier(VAN, keys.public)
    public = verifier.keys["supervision"]

    def judge() -> None:
        verifier.counter = 0
        now = Instant(1_763_463_600_500)
        outcome = verifier.check(
            body, signatures, now=now, mode=DrivingMode.AUTOMATED, state_version=1, open_request_id=None
        )
        if not isinstance(outcome, Accepted):
            raise TypeError(outcome)

    ours, peer = 0.0, 0.0
    for _ in range(3):
        ours = max(ours, _per_s(judge, seconds))
        peer = max(peer, _per_s(lambda: public.verify(signatures[0][1], PREFIX + body), seconds))
    return ours, peer


def _per_s(work: object, seconds: float) -> float:
    assert callable(work)  # noqa: S101 - called here alone
    done, began = 0, time.process_time()
    while time.process_time() - began < seconds:
        work()
        done += 1
    return done / (time.process_time() - began)


def main() -> int:
    """Measure both and print them."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--commands", type=int, default=200)
    arguments.add_argument("--seconds", type=float, default=1.0)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        waited = asyncio.run(latencies_ms(Path(scratch), given.commands))
        sync_ms = bare_sync_ms(Path(scratch))
    p95_ms = quantiles(waited, n=20)[-1]
    latency = {
        "benchmark": "command_latency",
        "commands": len(waited),
        "p50_ms": round(median(waited), 2),
        "p95_ms": round(p95_ms, 2),
        "max_ms": round(max(waited), 2),
        "fdatasync_ms": round(sync_ms, 2),
        "limit_ms": LIMIT_MS,
        "ratio": round(p95_ms / LIMIT_MS, 2),
    }
    ours, peer = verified_per_s(given.seconds)
    verify = {
        "benchmark": "command_verify",
        "per_s": round(ours),
        "peer_per_s": round(peer),
        "ratio": round(ours / peer, 2),
    }
    print(json.dumps(latency))
    print(json.dumps(verify))
    return 0 if p95_ms <= LIMIT_MS else 1


if __name__ == "__main__":
    sys.exit(main())
