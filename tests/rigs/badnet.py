"""Vehicles behind a bad radio link: everything they record arrives exactly once, whatever the link does.

Gateway and vehicles run in network namespaces of their own, with TLS over TCP between them; packets are lost, delayed
and limited in rate, and for a third of the run there is no link at all, with connections left half open.

``python -m tests.rigs.badnet --loss 5 --delay 80 --jitter 40 --rate 1000 --seconds 60`` prints one JSON object; exit 0
when nothing is wanting, 1 when something is, 77 where it can not be tried (not proven). ``--plant`` builds a fault into
the gateway; then the rig must say 1.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.rigs.badnet_link import GATEWAY, Air, link, obstacle
from tests.rigs.gateway_kill_fleet import ROOT, Host, kept_in
from tests.v2x.certificates import authority_in

NOT_PROVEN = 77
LONGEST_LINE_BYTES = 1 << 26
VEHICLES_LIMIT_S = 240.0
"""How long the vehicles may take beyond the run, to start and to be drained."""


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """How bad the link is."""

    loss_percent: float = 5.0
    delay_ms: float = 80.0
    jitter_ms: float = 40.0
    rate_kbit: int = 1000
    seconds: float = 60.0


async def _vehicles(command: Sequence[str], air: Air, seconds: float) -> dict[str, object]:
    """Run the vehicles' process with an outage of a third in the middle; return what it says."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, cwd=ROOT, limit=LONGEST_LINE_BYTES
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(seconds + VEHICLES_LIMIT_S):
            await process.stdout.readline()  # they drive from now on
            await asyncio.sleep(seconds / 3)
            air.is_gone = True
            await asyncio.sleep(seconds / 3)
            air.is_gone = False
            said = await process.stdout.readline()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
    found: dict[str, object] = json.loads(said)
    return found


async def _run(conditions: Conditions, seed: int, plant: str | None, scratch: Path) -> dict[str, object]:
    air = Air(
        random.Random(seed), conditions.loss_percent / 100, conditions.delay_ms / 1000, conditions.jitter_ms / 1000
    )
    certificates, log = scratch / "authority", scratch / "telemetry"
    authority_in(certificates).gateway([GATEWAY])
    async with (
        link(air, conditions.rate_kbit) as ends,
        Host.open(certificates, plant, {"GATEWAY_HOST": GATEWAY}, ends.gateway) as host,
    ):
        port = await host.start(log)
        module = [sys.executable, "-m", "tests.rigs.badnet_vehicles"]
        command = [*ends.vehicles, *module, str(certificates), GATEWAY, str(port), str(conditions.seconds)]
        told = await _vehicles(command, air, conditions.seconds)
        kept = kept_in(log)
        await host.kill()
    recorded = {(boot, seq) for boot, seq in told["recorded"]}  # type: ignore[attr-defined]
    acknowledged = {(boot, seq) for boot, seq in told["acknowledged"]}  # type: ignore[attr-defined]
    wanting = {
        "acknowledged_lost": len(acknowledged - set(kept)),
        "missing": len(recorded - set(kept)),
        "visible_duplicates": len(kept) - len(set(kept)),
    }
    return {
        "rate_limited": ends.is_rate_limited,
        "recorded": len(recorded),
        "acknowledged": len(acknowledged),
        **wanting,
        "drained_s": told["drained_s"],
        "packets_passed": air.passed,
        "packets_lost": air.lost,
        "ok": bool(told["is_drained"]) and not any(wanting.values()) and air.lost > 0,
    }


def run(conditions: Conditions, seed: int, plant: str | None = None) -> dict[str, object]:
    """Run once and return the figures; ``ok`` is ``None`` where it can not be tried."""
    head = {"rig": "badnet", "seed": seed, "plant": plant, "loss_percent": conditions.loss_percent}
    head |= {"delay_ms": conditions.delay_ms, "jitter_ms": conditions.jitter_ms, "seconds": conditions.seconds}
    reason = obstacle()
    if reason:
        return {**head, "skip": f"not proven: {reason}", "ok": None}
    with tempfile.TemporaryDirectory() as scratch:
        return {**head, **asyncio.run(_run(conditions, seed, plant, Path(scratch)))}


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--loss", type=float, default=5.0, help="percent")
    arguments.add_argument("--delay", type=float, default=80.0, help="milliseconds, one way")
    arguments.add_argument("--jitter", type=float, default=40.0, help="milliseconds, either side")
    arguments.add_argument("--rate", type=int, default=1000, help="kbit/s, each way")
    arguments.add_argument("--seconds", type=float, default=60.0)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--plant", choices=["forgets-between-connections"])
    given = arguments.parse_args()
    conditions = Conditions(
        loss_percent=given.loss,
        delay_ms=given.delay,
        jitter_ms=given.jitter,
        rate_kbit=given.rate,
        seconds=given.seconds,
    )
    result = run(conditions, given.seed, given.plant)
    sys.stdout.write(json.dumps(result) + "\n")
    return NOT_PROVEN if result["ok"] is None else int(not result["ok"])


if __name__ == "__main__":
    sys.exit(main())
