"""A sync fails: the gateway acknowledges nothing more, says so within a second, and loses nothing it acknowledged.

A shim under the gateway's process (``fsyncfail_shim.c``, compiled here, LD_PRELOAD) fails the n-th sync with EIO and
takes back what had not been synced, as a kernel does that drops dirty pages. Swept over n. After each failure the
folder is read without the product, and a healthy gateway takes everything in the end.

``python -m tests.rigs.fsyncfail --syncs 40 --seed 1`` prints one JSON object; exit 0 when nothing is wanting, 1 when
something is, 77 when there is no C compiler (not proven). ``--plant`` builds a fault into the gateway; then the rig
must say 1.
"""

import argparse
import asyncio
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.rigs.gateway_kill_fleet import Fleet, Host, kept_in

SHIM = Path(__file__).with_name("fsyncfail_shim.c")
NOT_PROVEN = 77
VEHICLES = 3
READ_ONLY_LIMIT_S = 1.0
FAILURE_LIMIT_S = 20.0
WATCHED_S = 0.3
"""How long the gateway is watched after it said that it is read-only."""


@dataclass
class Wanting:
    """What was found wanting over the whole sweep."""

    acknowledged_lost: int = 0
    """Acknowledged, and not on disk after the failure."""
    acknowledged_late: int = 0
    """Acknowledged after the gateway had said that it is read-only."""
    never_told: int = 0
    """Failures after which no vehicle was told within the limit."""
    let_in: int = 0
    """Failures after which a vehicle was still connected."""
    visible_duplicates: int = 0
    missing_in_the_end: int = 0


def compiled(folder: Path) -> Path | None:
    """Compile the shim; ``None`` without a compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        return None
    made = folder / "shim.so"
    command = [compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", str(made), str(SHIM), "-ldl"]
    subprocess.run(command, check=True)
    return made


def _noted(mark: Path) -> float | None:
    text = mark.read_text() if mark.exists() else ""
    return float(text) if text.endswith("\n") else None


async def _failed_at(mark: Path, fleet: Fleet) -> float:
    """Sample until the sync has failed; return when it did."""
    until = time.monotonic() + FAILURE_LIMIT_S
    while time.monotonic() < until:
        fleet.record()
        await asyncio.sleep(0.02)
        moment = _noted(mark)
        if moment is not None:
            return moment
    raise RuntimeError("the sync that was to fail was never asked for")


async def _one(host: Host, fleet: Fleet, log: Path, nth: int, wanting: Wanting, *, limit_s: float) -> float:
    """Let the n-th sync of a gateway fail; return the seconds until a vehicle was told."""
    mark = log.parent / f"failed-{nth}"
    mark.unlink(missing_ok=True)
    fleet.notes.read_only_at = None
    fleet.port = await host.start(log, SYNC_FAILS_AT=str(nth), SYNC_FAILED_FILE=str(mark))
    failed_at = await _failed_at(mark, fleet)
    until = failed_at + limit_s
    while fleet.notes.read_only_at is None and time.monotonic() < until:
        fleet.record()
        await asyncio.sleep(0.01)
    told_at = fleet.notes.read_only_at
    wanting.never_told += told_at is None or told_at > until
    await asyncio.sleep(0.1)  # what was said before is still on its way
    before = set(fleet.notes.acknowledged)
    await fleet.drive(WATCHED_S)
    # A healthy gateway never says that it has this or that when it keeps nothing more.
    wanting.acknowledged_late += len(fleet.notes.acknowledged - before)
    wanting.let_in += any(client.link.is_live for client in fleet.clients.values())
    fleet.port = 0
    await host.kill()
    await fleet.parted()
    kept = kept_in(log)
    wanting.acknowledged_lost = max(wanting.acknowledged_lost, len(fleet.notes.acknowledged - set(kept)))
    return (told_at or until) - failed_at


async def _sweep(syncs: list[int], plant: str | None, scratch: Path, shim: Path, limit_s: float) -> dict[str, object]:
    fleet, log, wanting = Fleet(scratch / "authority", VEHICLES), scratch / "telemetry", Wanting()
    async with (
        Host.open(scratch / "authority", plant, {"LD_PRELOAD": str(shim)}) as host,
        fleet.running(),
    ):
        told_s = [await _one(host, fleet, log, nth, wanting, limit_s=limit_s) for nth in syncs]
        fleet.port = await host.start(log)
        is_drained = await fleet.drained(60.0)
        kept = kept_in(log)
        await host.kill()
    wanting.missing_in_the_end = len(fleet.recorded - set(kept))
    wanting.visible_duplicates = len(kept) - len(set(kept))
    return {
        "recorded": len(fleet.recorded),
        "acknowledged": len(fleet.notes.acknowledged),
        **asdict(wanting),
        "told_max_s": round(max(told_s), 3),
        "ok": is_drained and not any(asdict(wanting).values()),
    }


def run(
    syncs: int,
    seed: int,
    plant: str | None = None,
    *,
    only: list[int] | None = None,
    limit_s: float = READ_ONLY_LIMIT_S,
) -> dict[str, object]:
    """Fail each of the first ``syncs`` syncs (or ``only`` these) in an order by ``seed``; return the figures.

    ``limit_s`` is how soon vehicles must be told; a machine with other work needs more than the promised second.

    Without a compiler ``ok`` is ``None``: not proven.
    """
    order = list(only or range(1, syncs + 1))
    random.Random(seed).shuffle(order)
    head: dict[str, object] = {"rig": "fsyncfail", "seed": seed, "syncs": len(order), "plant": plant}
    with tempfile.TemporaryDirectory() as folder:
        shim = compiled(Path(folder))
        if shim is None:
            return {**head, "skip": "not proven: there is no C compiler", "ok": None}
        return {**head, **asyncio.run(_sweep(order, plant, Path(folder), shim, limit_s))}


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--syncs", type=int, default=40)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--plant", choices=["sync-fault-ignored", "sync-tried-again"])
    given = arguments.parse_args()
    result = run(given.syncs, given.seed, given.plant)
    sys.stdout.write(json.dumps(result) + "\n")
    return NOT_PROVEN if result["ok"] is None else int(not result["ok"])


if __name__ == "__main__":
    sys.exit(main())
