"""Kill -9 at random moments: whatever the writer had acknowledged is there afterwards, whole, and the chain holds.

``python -m tests.rigs.killloop --rounds 40 --seed 1`` prints one JSON object; exit 0 when nothing is wanting, 1 else.
``--plant`` builds a fault into the killed process; then the rig must say 1.
"""

import argparse
import json
import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from tests.rigs.killloop_checker import Acknowledged, check

ROOT = Path(__file__).parents[2]
ROUNDS_PER_FOLDER = 4
"""A folder is used for some rounds, so that the writer also recovers from what the former kill left."""

LONGEST_LIFE_S = 0.6
READY_LIMIT_S = 60.0


class Writers:
    """The process that forks writers, and what they acknowledge."""

    def __init__(self, plant: str | None) -> None:
        command = [sys.executable, "-m", "tests.rigs.killloop_writer", *(["--plant", plant] if plant else [])]
        self._forker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
        assert self._forker.stdout is not None
        self._pipe = self._forker.stdout.fileno()
        self._rest = b""

    def one_life(
        self, folder: Path, name: str, life_s: float, heard: Acknowledged, *, is_heard_first: bool = False
    ) -> float:
        """Start a writer, kill it ``life_s`` after it is ready, and return the seconds from start to ready.

        A slow machine may get nothing done within so short a life: where it ``is_heard_first`` the life counts from
        when both a fact and a sample were acknowledged.
        """
        assert self._forker.stdin is not None
        heard.is_ready = heard.is_gone = False
        folder.mkdir(exist_ok=True)
        self._forker.stdin.write(f"{folder} {name}\n".encode())
        self._forker.stdin.flush()
        started = time.monotonic()
        while not heard.is_ready:
            self._hear(heard, started + READY_LIMIT_S)
        ready = time.monotonic()
        facts, samples = len(heard.facts), len(heard.samples)
        while is_heard_first and not heard.is_gone and time.monotonic() < ready + READY_LIMIT_S:
            if len(heard.facts) > facts and len(heard.samples) > samples:
                break
            self._hear(heard, ready + READY_LIMIT_S)
        life_s += time.monotonic() - ready
        while not heard.is_gone and time.monotonic() < ready + life_s:
            self._hear(heard, ready + life_s)
        if heard.is_gone:
            raise RuntimeError(f"the writer of round {name} ended by itself")
        os.kill(heard.pid, signal.SIGKILL)
        while not heard.is_gone:  # what it had said before is still in the pipe, and counts
            self._hear(heard, time.monotonic() + READY_LIMIT_S)
        return ready - started

    def close(self) -> None:
        assert self._forker.stdin is not None
        assert self._forker.stdout is not None
        self._forker.stdin.close()
        self._forker.wait(READY_LIMIT_S)
        self._forker.stdout.close()

    def _hear(self, heard: Acknowledged, until: float) -> None:
        readable, _, _ = select.select([self._pipe], [], [], max(0.0, until - time.monotonic()))
        if not readable and not heard.is_ready:
            raise RuntimeError("the writer did not get ready")
        if readable:
            data = os.read(self._pipe, 1 << 20)
            if not data:
                raise RuntimeError("the forking process ended")
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                heard.hear(line)


def run(rounds: int, seed: int, plant: str | None = None) -> dict[str, object]:
    """Run the loop and return its figures; ``ok`` tells whether anything was lost, torn apart or broken."""
    choices = random.Random(seed)
    totals = dict.fromkeys(("facts_lost", "samples_lost", "half_written", "chain_breaks"), 0)
    acknowledged_facts = acknowledged_samples = 0
    ready_s: list[float] = []
    with tempfile.TemporaryDirectory() as scratch, closing(Writers(plant)) as writers:
        heard = Acknowledged()
        for number in range(rounds):
            if number % ROUNDS_PER_FOLDER == 0:
                heard = Acknowledged()
            before = len(heard.facts), len(heard.samples)
            folder = Path(scratch) / str(number // ROUNDS_PER_FOLDER)
            life_s, is_heard_first = choices.uniform(0.0, LONGEST_LIFE_S), number % 2 == 0
            ready_s.append(writers.one_life(folder, f"r{number}", life_s, heard, is_heard_first=is_heard_first))
            acknowledged_facts += len(heard.facts) - before[0]
            acknowledged_samples += len(heard.samples) - before[1]
            verdict = check(folder, heard)
            for name in totals:
                totals[name] += getattr(verdict, name)
    ready_s.sort()
    return {
        "rig": "killloop",
        "seed": seed,
        "rounds": rounds,
        "plant": plant,
        "acknowledged_commands": acknowledged_facts,
        "acknowledged_samples": acknowledged_samples,
        **totals,
        "ready_p50_s": round(ready_s[len(ready_s) // 2], 3),
        "ready_max_s": round(ready_s[-1], 3),
        "ok": not any(totals.values()) and acknowledged_facts > 0 and acknowledged_samples > 0,
    }


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=40)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--plant", choices=["ack-before-commit", "ack-before-write", "no-projection"])
    given = arguments.parse_args()
    result = run(given.rounds, given.seed, given.plant)
    sys.stdout.write(json.dumps(result) + "\n")
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
