"""Vans, keys, requests and commands to play with."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mobility.core.clock import Instant
from mobility.core.events import Envelope, Event
from mobility.core.fold import State, fold
from mobility.core.geo import LatLon
from mobility.core.ids import BootId, CommandId, ManoeuvreId, VehicleId
from mobility.core.ports import TelemetryRecord
from mobility.core.refusal import Refusal
from mobility.core.supervision import Command, CommandAction, Manoeuvre, ManoeuvreKind
from mobility.core.vehicle import DrivingMode, Sample, ServiceKind, VehicleSpec, VehicleState
from v2x.supervision import commands
from v2x.supervision.policy import Policy

NOON = Instant(1_763_463_600_000)
VAN = VehicleId("pmover-1")
SHUTTLE = VehicleId("shuttle-1")
BOOT = BootId("b1")
ALICE = "supervisor:a11ce000"
BOB = "approver:b0b00000"
HERE = LatLon(50.6842, 10.9222)


def spec(vehicle_id: VehicleId, sae_level: int) -> VehicleSpec:
    return VehicleSpec(
        vehicle_id=vehicle_id,
        label=str(vehicle_id),
        kind=ServiceKind.RESEARCH,
        seats=6,
        wheelchair_places=0,
        seats_lost_per_wheelchair=0,
        sae_level=sae_level,
        max_speed_mps=16.7,
        has_ramp=False,
        battery_wh=0.0,
        is_bookable=False,
    )


SPECS = {VAN: spec(VAN, 4), SHUTTLE: spec(SHUTTLE, 2)}


class Keys:
    """Both key pairs, always the same ones."""

    def __init__(self, seed: int = 1) -> None:
        self._keys = {
            name: Ed25519PrivateKey.from_private_bytes(bytes([seed, number] * 16))
            for number, name in enumerate(("supervision", "approval"))
        }

    def sign(self, key_id: str, message: bytes) -> bytes:
        return self._keys[key_id].sign(message)

    @property
    def public(self) -> dict[str, bytes]:
        return {name: key.public_key().public_bytes_raw() for name, key in self._keys.items()}


KEYS = Keys()
DESK = commands.Desk(specs=SPECS, policy=Policy(), keys=KEYS)


def asked(request_id: str = "m1", *, at: int = NOON, **fields: object) -> Manoeuvre:
    made = Manoeuvre(
        manoeuvre_id=ManoeuvreId(f"{VAN}/{request_id}"),
        vehicle_id=VAN,
        kind=ManoeuvreKind.PASS_OBSTACLE,
        text="Lieferwagen in der Fahrspur",
        place=HERE,
        mode=DrivingMode.AUTOMATED,
        state_version=7,
        boot_id=BOOT,
        asked_at=Instant(at),
        deadline=Instant(at + 30_000),
    )
    return replace(made, **fields)


def order(action: CommandAction = CommandAction.RELEASE_MANOEUVRE, **fields: object) -> Command:
    """What Alice commands; a release answers ``asked()``."""
    answers = action in (CommandAction.RELEASE_MANOEUVRE, CommandAction.REFUSE_MANOEUVRE)
    made = Command(
        command_id=CommandId("c1"),
        vehicle_id=VAN,
        action=action,
        issuer=ALICE,
        reason="Gegenverkehr frei",
        manoeuvre_id=asked().manoeuvre_id if answers else None,
        text="Wir halten kurz." if action is CommandAction.ANNOUNCE else "",
        route=(HERE, LatLon(50.685, 10.93)) if action is CommandAction.PROPOSE_ROUTE else (),
    )
    return replace(made, **fields)


class Book:
    """A state that facts are written into, one decision after the other."""

    def __init__(self, *facts: Event) -> None:
        self.state = State()
        self.facts: list[Event] = []
        self.write(facts)

    def write(self, outcome: Sequence[Event] | Refusal) -> list[Event]:
        assert not isinstance(outcome, Refusal), outcome
        envelopes = [
            Envelope(seq=self.state.seq + n, recorded_at=NOON, actor="test", body=event)
            for n, event in enumerate(outcome, 1)
        ]
        self.state = fold(self.state, envelopes)
        self.facts.extend(outcome)
        return list(outcome)

    def command(self, command_id: str = "c1") -> Command:
        return self.state.supervised.commands[CommandId(command_id)]


def record_of(
    seq: int,
    *,
    mode: DrivingMode = DrivingMode.AUTOMATED,
    at: int | None = None,
    vehicle_id: VehicleId = VAN,
    boot_id: BootId = BOOT,
    clock_behind_ms: int = 0,
) -> TelemetryRecord:
    """A record a second after the former one."""
    event_time = Instant(NOON + seq * 1000 if at is None else at)
    sample = Sample(
        vehicle_id=vehicle_id,
        boot_id=boot_id,
        seq=seq,
        device_time=Instant(event_time - clock_behind_ms),
        place=HERE,
        mode=mode,
    )
    return TelemetryRecord(sample=sample, received_at=event_time, event_time=event_time, payload=b"")


class Fleet:
    """A gateway that keeps what it is told to send; every vehicle is connected until it is not."""

    def __init__(self, *connected: VehicleId) -> None:
        self.sent: list[tuple[VehicleId, bytes]] = []
        self.there = list(connected)
        self.states: dict[VehicleId, VehicleState] = {}

    def send_command(self, vehicle_id: VehicleId, frame: bytes) -> bool:
        if vehicle_id not in self.there:
            return False
        self.sent.append((vehicle_id, frame))
        return True

    def connected(self) -> Sequence[VehicleId]:
        return self.there

    def latest(self) -> Mapping[VehicleId, VehicleState]:
        return self.states

    def drives(self, record: TelemetryRecord) -> TelemetryRecord:
        self.states[record.sample.vehicle_id] = VehicleState(
            sample=record.sample, as_of=record.event_time, received_at=record.received_at
        )
        return record


async def settled() -> None:
    """Let every task run until all of them wait."""
    for _ in range(30):
        await asyncio.sleep(0)
