"""Damaged bytes into every parser: a value or the documented error, never another exception, never a hang.

``python -m tests.rigs.fuzz_codecs --inputs 100000 --seed 1`` prints one JSON object; exit 0 when nothing is wanting.
``--codec`` (repeatable) picks parsers. Inputs are good bytes with up to four damages one after the other, spliced with
others, or nothing but noise. A codec that promises the canonical form must write what it has read as it came.
``--plant`` builds a faulty parser in; then the rig must say 1.
"""

import argparse
import json
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from random import Random
from types import FrameType
from typing import Any

from mobility.core.errors import BadInputError
from tests.rigs.fuzz_targets import TARGETS, Target, telegram
from tests.v2x.its.junction_messages import JUNCTION_MESSAGES
from tests.v2x.its.values import damaged
from v2x.its.codec import decode, encode
from v2x.its.errors import ItsError

HANG_S = 1.0
"""Of CPU time, so that a busy machine does not look like a hang."""
POOL = 64
"""Good inputs made at a time; every one is damaged many times."""


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--inputs", type=int, default=100_000, help="for each codec")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--codec", action="append", choices=sorted(TARGETS))
    arguments.add_argument("--plant", choices=sorted(PLANTS))
    given = arguments.parse_args()
    result = run(given.inputs, given.seed, given.codec, given.plant)
    sys.stdout.write(json.dumps(result) + "\n")
    return 0 if result["ok"] else 1


def run(inputs: int, seed: int, codecs: Sequence[str] | None = None, plant: str | None = None) -> dict[str, Any]:
    """Fuzz each codec with its own seed; ``ok`` tells whether all of them kept their word."""
    targets = {name: TARGETS[name] for name in codecs or sorted(TARGETS)}
    if plant:
        targets = {plant: PLANTS[plant]}
    for name in JUNCTION_MESSAGES:
        TARGETS[name.lower()].good(Random(seed))  # the reference codec is imported once, before anything is timed
    with alarm():
        verdicts = {name: fuzz(target, inputs, Random(f"{seed} {name}")) for name, target in targets.items()}
    return {
        "rig": "fuzz_codecs",
        "seed": seed,
        "inputs": inputs,
        "plant": plant,
        "codecs": verdicts,
        "ok": all(verdict["wanting"] == 0 and verdict["taken"] > 0 for verdict in verdicts.values()),
    }


def fuzz(target: Target, inputs: int, rng: Random) -> dict[str, Any]:
    """Count what came of every input; the first wanting ones are shown."""
    counts: Counter[str] = Counter()
    examples: list[str] = []
    slowest_s = 0.0
    for number in range(inputs):
        if number % (POOL * 16) == 0:
            pool = [target.good(rng) for _ in range(POOL)]
        data = pool[number % POOL] if number % (POOL * 16) < POOL else hurt(pool, rng)
        started = time.process_time()
        word = judge(target.parse, data)
        slowest_s = max(slowest_s, time.process_time() - started)
        counts[word if word in {"taken", "refused"} else "wanting"] += 1
        if word not in {"taken", "refused"} and len(examples) < 3:
            examples.append(f"{word}: {data.hex()}")
    return {**{word: counts[word] for word in ("taken", "refused", "wanting")}} | {
        "slowest_ms": round(slowest_s * 1000, 1),
        "examples": examples,
    }


def hurt(pool: Sequence[bytes], rng: Random) -> bytes:
    """Bytes that are good no more, or never were."""
    if rng.random() < 0.05:
        return rng.randbytes(rng.randrange(80))
    data = rng.choice(pool)
    if rng.random() < 0.1:
        other = rng.choice(pool)
        data = data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]
    for _ in range(rng.randint(1, 4)):
        data = damaged(data, rng) if len(data) > 1 else rng.randbytes(4)
    return data


def judge(parse: Callable[[bytes], bytes | None], data: bytes) -> str:
    """One word for an input; anything but "taken" and "refused" is wanting."""
    signal.setitimer(signal.ITIMER_PROF, HANG_S)
    try:
        again = parse(data)
    except BadInputError:
        return "refused"
    except TooLongError:
        return "hang"
    except Exception as error:  # noqa: BLE001  what nobody has documented is what this rig is looking for
        return f"{type(error).__name__} {error}"[:120]
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return "taken" if again is None or again == data else "not canonical"


class TooLongError(BaseException):
    """A parser did not come back; no handler of its own may catch this."""


@contextmanager
def alarm() -> Iterator[None]:
    def ring(_number: int, _frame: FrameType | None) -> None:
        raise TooLongError

    former = signal.signal(signal.SIGPROF, ring)
    try:
        yield
    finally:
        signal.signal(signal.SIGPROF, former)


def _without_length_check(data: bytes) -> None:
    if data[0] != 0x91 or data[8] > 0x99:
        raise ItsError("malformed", "no telegram")  # type: ignore[arg-type]


def _never_ending(data: bytes) -> None:
    while len(data) != 9:
        pass


def _forgiving(uper: bytes) -> bytes:
    while True:
        try:
            read = decode(uper)
        except ItsError as error:
            if "bytes follow" not in error.detail and "padding" not in error.detail:
                raise
            uper = uper[:-1] if "bytes follow" in error.detail else uper[:-1] + bytes([uper[-1] & uper[-1] - 1])
        else:
            return encode(read.message, read.value)


PLANTS = {
    "no-length-check": Target(good=telegram, parse=_without_length_check),
    "never-ending": Target(good=telegram, parse=_never_ending),
    "forgiving": Target(good=TARGETS["cam"].good, parse=_forgiving),
}

if __name__ == "__main__":
    sys.exit(main())
