"""Wireshark's dissector as the third opinion: what tshark reads, field by field, against what we read."""

import os
import shutil
import struct
import subprocess
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.patience import LONG_PATIENCE_S
from v2x.its.uper_types import BitString, Boolean, Choice, Component, Enumerated, Integer, OctetString, SequenceOf, Text
from v2x.its.uper_types import Sequence as UperSequence

PORTS = {"CAM": 2001, "DENM": 2002}
LATITUDE, LONGITUDE = 506_840_000, 109_140_000


def tshark_or_skip() -> str:
    """The program, or a skip; where everything is to be proved (CI) its absence is a failure."""
    found = shutil.which("tshark")
    if found is None:
        assert os.environ.get("CI") != "true", "tshark is required here"
        pytest.skip("tshark is not installed")
    return found


def frame(message: str, uper: bytes) -> bytes:
    """Ethernet, GeoNetworking single-hop broadcast and BTP-B around a message, written byte by byte."""
    payload = struct.pack(">HH", PORTS[message], 0) + uper
    position = struct.pack(">8sIiiHH", bytes.fromhex("9800020000005101"), 1, LATITUDE, LONGITUDE, 0x8000 | 500, 1234)
    common = struct.pack(">BBBBHBB", 0x20, 0x50, 2, 0x80, len(payload), 1, 0)
    return b"\xff" * 6 + bytes.fromhex("020000005101 8947 11001a01") + common + position + bytes(4) + payload


def pcap(frames: Sequence[bytes]) -> bytes:
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1)
    return head + b"".join(struct.pack("<IIII", 0, 0, len(f), len(f)) + f for f in frames)


@cache
def number_fields(program: str) -> tuple[str, ...]:
    """The names of all fields of CAM and DENM that the installed version can show as numbers or octets."""
    rows = (line.split("\t") for line in run(program, "-G", "fields").splitlines())
    shown = (row[2] for row in rows if row[0] == "F" and row[3] not in {"FT_NONE", "FT_STRING"})
    return tuple(name for name in shown if name.split(".")[0] in {"its", "cam", "denm"})


def run(program: str, *arguments: str) -> str:
    return subprocess.run(
        [program, *arguments], check=True, capture_output=True, text=True, encoding="latin-1", timeout=LONG_PATIENCE_S
    ).stdout


class Tshark:
    """Reads captures with the fields that the installed version has."""

    def __init__(self) -> None:
        self._program = tshark_or_skip()
        self.fields = number_fields(self._program)

    def read(self, path: Path, fields: Sequence[str] | None = None) -> list[dict[str, list[str]]]:
        """For each frame the values of every field, in the order in which they stand in the message."""
        wanted = list(fields or self.fields)
        options = [option for name in wanted for option in ("-e", name)]
        shown = ["-E", "occurrence=a", "-E", "aggregator=|", "-E", "separator=/t", "-E", "quote=n"]
        text = run(self._program, "-n", "-r", str(path), "-T", "fields", *shown, *options)
        return [
            {name: cell.split("|") for name, cell in zip(wanted, line.split("\t"), strict=True) if cell}
            for line in text.splitlines()
        ]


def leaves(  # noqa: C901, PLR0912  one case for each type
    kind: Any, value: Any, name: str, found: dict[str, list[int | str]]
) -> dict[str, list[int | str]]:
    """Every number of a value under its component's name, as a dissector shows them: counts and choices too."""
    match kind:
        case Component():
            leaves(kind.type, value, name, found)
        case UperSequence():
            for key, part in kind.components.items():
                if key in value:
                    leaves(part, value[key], key, found)
        case Choice():
            ((chosen, item),) = value.items()
            found[name].append(list(kind.alternatives).index(chosen))
            leaves(kind.alternatives[chosen], item, chosen, found)
        case SequenceOf():
            found[name].append(len(value))
            for item in value:
                leaves(kind.element, item, f"{name}[]", found)
        case Integer():
            found[name].append(value)
        case Boolean():
            found[name].append(int(value))
        case Enumerated():
            found[name].append((kind.names + kind.extensions).index(value))
        case BitString():
            found[name].append(
                int(value.ljust(-len(value) % 8 + len(value), "0"), 2).to_bytes(-(-len(value) // 8)).hex()
            )
        case OctetString():
            found[name].append(value)
        case Text():
            # Characters of any kind do not survive a table of text; they are compared with the reference codec.
            pass
    return found


def numbers_of(kind: Any, value: Any) -> dict[str, list[int | str]]:
    return dict(leaves(kind, value, "", defaultdict(list)))
