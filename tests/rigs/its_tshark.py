"""Do our CAM and DENM decoders and Wireshark's read the same numbers, and never a wrong one?

``python -m tests.rigs.its_tshark --messages 20000 --seed 1`` prints one JSON object; exit 0 when nothing is wanting.
Generated messages must be accepted and read as they were made. Of damaged, truncated and extended ones, and of those of
protocolVersion 1, we may refuse what we like; what we accept, tshark must read alike in every field it has, and the
bytes must be the ones we would write. ``--plant`` builds a fault into our side; then the rig must say 1.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from tests.v2x.its.oracle import Tshark, frame, numbers_of, pcap
from tests.v2x.its.values import MESSAGES, damaged, random_uper
from v2x.its.codec import decode, encode
from v2x.its.errors import ItsError

FIELD_OF_ITEMS = {"traces[]": "PathHistory", "positionOfPillars[]": "PosPillar", "restriction[]": "StationType"}
"""Elements of a SEQUENCE OF go by their type in tshark."""

EXTENSIBLE = {"pathDeltaTime", "eventDeltaTime", "protectedZoneRadius"}

Decode = Callable[[bytes], Any]


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--messages", type=int, default=20_000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--plant", choices=sorted(PLANTS))
    given = arguments.parse_args()
    result = run(given.messages, given.seed, given.plant)
    sys.stdout.write(json.dumps(result) + "\n")
    return 0 if result["ok"] else 1


def run(messages: int, seed: int, plant: str | None = None) -> dict[str, Any]:
    """Make, damage, read twice and compare; the verdict's ``wrong`` and ``refused_good`` must stay zero."""
    rng = Random(seed)
    made = make(messages, rng)
    rows = read_by_tshark([frame(name, uper) for name, uper, _ in made])
    reader = PLANTS[plant] if plant else decode
    counts: Counter[str] = Counter()
    examples: list[str] = []
    for (name, uper, is_whole), row in zip(made, rows, strict=True):
        verdict, detail = judge(name, uper, row, is_whole=is_whole, reader=reader)
        counts[verdict] += 1
        if detail and len(examples) < 5:
            examples.append(f"{name} {uper.hex()} {detail}")
    return {
        "rig": "its_tshark",
        "seed": seed,
        "messages": messages,
        "plant": plant,
        **{kind: counts[kind] for kind in ("agreed", "refused", "wrong", "refused_good", "not_comparable")},
        "examples": examples,
        "ok": counts["agreed"] > messages // 3 and not counts["wrong"] and not counts["refused_good"],
    }


def make(messages: int, rng: Random) -> list[tuple[str, bytes, bool]]:
    """Names, bytes, and whether they are undamaged: two in five are, the others are made of those."""
    whole = [(name, random_uper(name, rng), True) for name in rng.choices(list(MESSAGES), k=messages * 2 // 5)]
    return whole + [damage(*rng.choice(whole)[:2], rng) for _ in range(messages - len(whole))]


def damage(name: str, uper: bytes, rng: Random) -> tuple[str, bytes, bool]:
    if rng.random() < 0.1:
        return name, b"\x01" + uper[1:], False
    hurt = damaged(uper, rng)
    return name, hurt, hurt == uper


def read_by_tshark(frames: list[bytes]) -> list[dict[str, list[str]]]:
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "messages.pcap"
        path.write_bytes(pcap(frames))
        return Tshark().read(path)


def judge(name: str, uper: bytes, row: dict[str, list[str]], *, is_whole: bool, reader: Decode) -> tuple[str, str]:
    """One word for a message, and what is wrong with it if something is."""
    try:
        read = reader(uper)
    except ItsError as error:
        return ("refused_good", str(error)) if is_whole else ("refused", "")
    if has_company_name(read.value):
        # tshark 4.0 takes the size of this UTF8String for visible to PER; it is not (X.691 §30.6, and pycrate agrees).
        return "not_comparable", ""
    difference = next(differences(read.message, read.value, row), "")
    if not difference and encode(read.message, read.value) != uper:
        difference = "other bytes than we would write"
    return ("wrong", difference) if difference else ("agreed", "")


def has_company_name(value: dict[str, Any]) -> bool:
    alacarte = value.get("denm", {}).get("alacarte", {})
    return "companyName" in alacarte.get("stationaryVehicle", {}).get("carryingDangerousGoods", {})


def differences(name: str, value: dict[str, Any], row: dict[str, list[str]]):
    """What tshark shows otherwise, field by field."""
    for field, numbers in numbers_of(MESSAGES[name][1], value).items():
        shown_as = FIELD_OF_ITEMS.get(field, field)
        shown = [text for room in ("its", name.lower()) for text in row.get(f"{room}.{shown_as}", ())]
        # An extended integer below zero or of more than 32 bits is shown by its lowest 32 bits.
        ours = [str(number % 2**32) if field in EXTENSIBLE else str(number) for number in numbers]
        if sorted(shown) != sorted(ours) if len(row.get(f"its.{shown_as}", ())) != len(ours) else shown != ours:
            yield f"{field}: {ours} here, {shown} there"


def _whatever_version(uper: bytes) -> Any:
    return decode(b"\x02" + uper[1:])


def _without_checks(uper: bytes) -> Any:
    """Zero bits for what is missing, and what is too much is not looked at."""
    padded = uper
    for _ in range(3):
        try:
            return decode(padded)
        except ItsError as error:
            if error.kind != "truncated":
                raise
            padded += bytes(1)
    return decode(padded)


def _shifted(uper: bytes) -> Any:
    """A decoder whose curvature is one bit off, as with another version's range."""
    read = decode(uper)
    parameters = read.value.get("cam", {}).get("camParameters", {}).get("highFrequencyContainer", {})
    for curvature in (part["curvature"] for part in parameters.values() if "curvature" in part):
        curvature["curvatureValue"] = max(-1023, curvature["curvatureValue"] - 1)
    return read


PLANTS: dict[str, Decode] = {
    "any-version": _whatever_version,
    "pads-truncated": _without_checks,
    "curvature-off": _shifted,
}

if __name__ == "__main__":
    sys.exit(main())
