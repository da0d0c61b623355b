"""The vehicles' side of the bad link, a process of its own: ``badnet_vehicles.py CERTIFICATES HOST PORT SECONDS``.

Says when it drives, waits in the end until everything is acknowledged, and prints one JSON object of what was recorded
and what the gateway said.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

from tests.rigs.gateway_kill_fleet import Fleet

VEHICLES = 4
SAMPLES_PER_S = 10
HANGS_UP_FRAC = 0.6
"""So far into the run, while the link is gone, the modems start anew."""
DRAIN_LIMIT_S = 60.0


def say(line: str) -> None:
    sys.stdout.write(line)
    sys.stdout.flush()


async def main(certificates: Path, host: str, port: int, seconds: float) -> dict[str, object]:
    fleet = Fleet(certificates, VEHICLES, delay_s=0.0, host=host)
    fleet.port = port
    async with fleet.running():
        await fleet.first_answer(samples_per_s=SAMPLES_PER_S)
        await fleet.drive(1.0, samples_per_s=SAMPLES_PER_S)
        say("driving\n")
        await fleet.drive(seconds * HANGS_UP_FRAC, samples_per_s=SAMPLES_PER_S)
        fleet.hang_up()
        await fleet.drive(seconds * (1 - HANGS_UP_FRAC), samples_per_s=SAMPLES_PER_S)
        started = time.monotonic()
        until = started + DRAIN_LIMIT_S
        while not (is_drained := await fleet.drained(2.0)) and time.monotonic() < until:
            fleet.record()  # a vehicle goes on sampling, which is what finds out about a dead link
        drained_s = time.monotonic() - started
    return {
        "is_drained": is_drained,
        "drained_s": round(drained_s, 1),
        "recorded": sorted(fleet.recorded),
        "acknowledged": sorted(fleet.notes.acknowledged),
    }


if __name__ == "__main__":
    folder, host, port, seconds = sys.argv[1:]
    say(json.dumps(asyncio.run(main(Path(folder), host, int(port), float(seconds)))) + "\n")
