"""Kill -9 of the gateway at random moments: nothing it acknowledged to a vehicle is lost, nothing is there twice.

Real vehicles over TLS sockets drive on through all rounds; each round a gateway is started on the same folder, killed,
and the folder read without the product. In the end one gateway lives long enough to take everything.

``python -m tests.rigs.gateway_kill --rounds 100 --seed 1`` prints one JSON object; exit 0 when nothing is wanting,
1 else. ``--plant`` builds a fault into the gateway; then the rig must say 1.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.rigs.gateway_kill_fleet import Fleet, Host, kept_in

LONGEST_LIFE_S = 0.7
KILLED_EARLY, EARLY_S = 0.2, 0.04
"""So often another one is killed before that, so soon that it hardly listens."""
VEHICLES = 6
DRAIN_LIMIT_S = 60.0


async def _run(rounds: int, seed: int, plant: str | None, scratch: Path) -> dict[str, object]:
    choices = random.Random(seed)
    fleet = Fleet(scratch / "authority", VEHICLES)
    log = scratch / "telemetry"
    lost = duplicates = rounds_with_acks = 0
    ready_s: list[float] = []
    async with Host.open(scratch / "authority", plant) as host, fleet.running():
        for number in range(rounds):
            if choices.random() < KILLED_EARLY:  # while it reads what the former one left
                await host.begin(log)
                await asyncio.sleep(choices.uniform(0.0, EARLY_S))
                await host.kill()
            started, before = time.monotonic(), len(fleet.notes.acknowledged)
            fleet.port = await host.start(log)
            ready_s.append(time.monotonic() - started)
            if number % 2 == 0:  # every other life counts from there on, however slow the machine
                await fleet.first_answer()
            await fleet.drive(choices.uniform(0.0, LONGEST_LIFE_S))
            fleet.port = 0
            await host.kill()
            await fleet.parted()
            rounds_with_acks += len(fleet.notes.acknowledged) > before
            kept = kept_in(log)
            lost = max(lost, len(fleet.notes.acknowledged - set(kept)))
            duplicates = max(duplicates, len(kept) - len(set(kept)))
        fleet.port = await host.start(log)
        is_drained = await fleet.drained(DRAIN_LIMIT_S)
        kept = kept_in(log)
        await host.kill()
    missing = len(fleet.recorded - set(kept))
    duplicates = max(duplicates, len(kept) - len(set(kept)))
    ready_s.sort()
    return {
        "rig": "gateway_kill",
        "seed": seed,
        "rounds": rounds,
        "plant": plant,
        "vehicles": VEHICLES,
        "recorded": len(fleet.recorded),
        "acknowledged": len(fleet.notes.acknowledged),
        "rounds_with_acknowledgements": rounds_with_acks,
        "acknowledged_lost": lost,
        "visible_duplicates": duplicates,
        "missing_in_the_end": missing,
        "foreign": len(set(kept) - fleet.recorded),
        "ready_p50_s": round(ready_s[len(ready_s) // 2], 3),
        "ready_max_s": round(ready_s[-1], 3),
        "ok": is_drained
        and not (lost or duplicates or missing or set(kept) - fleet.recorded)
        and rounds_with_acks * 2 >= rounds,
    }


def run(rounds: int, seed: int, plant: str | None = None) -> dict[str, object]:
    """Run the rounds and return their figures; ``ok`` tells whether anything was wanting."""
    with tempfile.TemporaryDirectory() as scratch:
        return asyncio.run(_run(rounds, seed, plant, Path(scratch)))


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=100)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--plant", choices=["ack-before-sync", "no-sequence-check"])
    given = arguments.parse_args()
    result = run(given.rounds, given.seed, given.plant)
    sys.stdout.write(json.dumps(result) + "\n")
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
