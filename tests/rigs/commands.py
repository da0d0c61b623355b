"""Forged, mutated, replayed, expired, misdirected and single-handed commands: a vehicle takes none of them.

``python -m tests.rigs.commands --forge 100000 --seed 1`` prints one JSON object; exit 0 when no bad command was
accepted and every untouched one was, 1 else. ``--plant skip-replayed`` takes that check out of the verifier; then the
rig must say 1. Attackers here may read and change every byte on the line; some of them hold the keys of a supervisor.
"""

import argparse
import json
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field, replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mobility.core.clock import Instant
from mobility.core.geo import LatLon
from mobility.core.ids import CommandId, VehicleId
from mobility.core.supervision import CommandAction
from mobility.core.vehicle import DrivingMode
from tests.rigs.commands_attacks import ATTACKS, Attempt
from v2x.supervision.body import CommandBody, encode_body
from v2x.supervision.policy import MANOEUVRE_ACTIONS, Policy
from v2x.supervision.verifier import Accepted, CommandVerifier, Rejection

START = 1_763_463_600_000
GENUINE_EVERY = 8
"""One in so many commands is untouched: a verifier that refuses everything is no proof."""
PLANTS = tuple(f"skip-{rejection}" for rejection in Rejection)


class Keys:
    """The key pairs of an operator, from the seed."""

    def __init__(self, chance: random.Random) -> None:
        self._keys = {
            name: Ed25519PrivateKey.from_private_bytes(chance.randbytes(32)) for name in ("supervision", "approval")
        }

    def sign(self, key_id: str, message: bytes) -> bytes:
        return self._keys[key_id].sign(message)

    @property
    def public(self) -> dict[str, bytes]:
        return {name: key.public_key().public_bytes_raw() for name, key in self._keys.items()}


@dataclass
class Vehicle:
    """A vehicle that asks, and its verifier."""

    verifier: CommandVerifier
    mode: DrivingMode = DrivingMode.AUTOMATED
    state_version: int = 1
    request_id: str = "r1"
    seen: list[Attempt] = field(default_factory=list)

    def check(self, attempt: Attempt) -> str:
        outcome = self.verifier.check(
            attempt.body,
            attempt.signatures,
            now=Instant(attempt.now),
            mode=self.mode,
            state_version=self.state_version,
            open_request_id=self.request_id,
        )
        return "accepted" if isinstance(outcome, Accepted) else outcome.rejection


class Site:
    """An operator, its vehicles, and somebody between them."""

    def __init__(self, seed: int, plant: str | None) -> None:
        self.chance = random.Random(seed)
        self.keys = Keys(self.chance)
        self.strangers = Keys(self.chance)
        self.policy = Policy()
        self.now = START
        self.number = 0
        verifier = planted(plant)
        names = [f"van-{number}" for number in range(3)]
        self.vehicles = {name: Vehicle(verifier(name, self.keys.public, policy=self.policy)) for name in names}

    def next_vehicle(self) -> Vehicle:
        """Some time passes, and a vehicle drives on."""
        self.now += self.chance.randrange(1, 5000)
        vehicle = self.chance.choice(list(self.vehicles.values()))
        vehicle.mode = self.chance.choice([DrivingMode.AUTOMATED, DrivingMode.MINIMAL_RISK])
        vehicle.state_version += 1
        vehicle.request_id = f"r{vehicle.state_version}"
        return vehicle

    def genuine(self, vehicle: Vehicle, action: CommandAction | None = None) -> CommandBody:
        """Return what a supervisor would command this vehicle now."""
        chosen = action or self.chance.choice(list(CommandAction))
        answers = chosen in MANOEUVRE_ACTIONS
        self.number += 1
        return CommandBody(
            command_id=CommandId(f"c{self.number}"),
            vehicle_id=VehicleId(vehicle.verifier.vehicle_id),
            action=chosen,
            counter=vehicle.verifier.counter + 1 + self.chance.randrange(3),
            issued_at=Instant(self.now),
            expires_at=Instant(self.now + self.policy.lifetime_ms(chosen)),
            issuer="supervisor:a11ce000",
            approver="approver:b0b00000" if chosen in self.policy.approved_actions else "",
            request_id=vehicle.request_id if answers else "",
            expected_mode=vehicle.mode if answers else DrivingMode.UNKNOWN,
            expected_state_version=vehicle.state_version if answers else None,
            cause="Ast auf der Straße" if answers else "",
            necessity="geräumt" if answers else "",
            text="Wir halten kurz." if chosen is CommandAction.ANNOUNCE else "",
            route=(LatLon(50.68, 10.92), LatLon(50.69, 10.93)) if chosen is CommandAction.PROPOSE_ROUTE else (),
            reason="frei",
        )

    def signed(self, body: CommandBody, *, delay_ms: int | None = None) -> Attempt:
        """Return a command as the gateway would send it, arriving a moment later."""
        after_ms = self.chance.randrange(0, 900) if delay_ms is None else delay_ms
        return Attempt.signed(self.keys, encode_body(body), bool(body.approver), body.issued_at + after_ms)


def planted(plant: str | None) -> type[CommandVerifier]:
    """Return the verifier, or one without the check that ``skip-…`` names."""
    if plant is None:
        return CommandVerifier
    gone = plant.removeprefix("skip-")

    class Careless(CommandVerifier):
        SIGNATURE_CHECKS = tuple(each for each in CommandVerifier.SIGNATURE_CHECKS if each[0] != gone)
        ADDRESS_CHECKS = tuple(each for each in CommandVerifier.ADDRESS_CHECKS if each[0] != gone)
        CONTENT_CHECKS = tuple(each for each in CommandVerifier.CONTENT_CHECKS if each[0] != gone)

    return Careless


def run(forge: int, seed: int, plant: str | None = None) -> dict[str, object]:
    """Attack, and return the figures; ``ok`` tells whether the vehicles took what they should and nothing else."""
    site = Site(seed, plant)
    began = time.monotonic()
    refusals: dict[str, Counter[str]] = {name: Counter() for name in ATTACKS}
    genuine = genuine_refused = accepted = 0
    names = list(ATTACKS)
    for number in range(forge):
        vehicle = site.next_vehicle()
        if number % GENUINE_EVERY == 0:
            attempt = site.signed(site.genuine(vehicle))
            genuine += 1
            genuine_refused += vehicle.check(attempt) != "accepted"
            vehicle.seen.append(replace(attempt, mode=vehicle.mode, version=vehicle.state_version))
        name = names[number % len(names)]
        said = vehicle.check(ATTACKS[name](site, vehicle))
        refusals[name][said] += 1
        accepted += said == "accepted"
    return {
        "rig": "commands",
        "seed": seed,
        "plant": plant,
        "attacks": forge,
        "accepted": accepted,
        "genuine": genuine,
        "genuine_refused": genuine_refused,
        "refusals": {name: dict(sorted(counts.items())) for name, counts in refusals.items()},
        "wall_s": round(time.monotonic() - began, 1),
        "ok": accepted == 0 and genuine_refused == 0 and genuine > 0,
    }


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--forge", type=int, default=100_000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--plant", choices=PLANTS)
    given = arguments.parse_args()
    result = run(given.forge, given.seed, given.plant)
    sys.stdout.write(json.dumps(result) + "\n")
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
