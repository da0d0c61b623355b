"""What is on disk after a kill, read without the product: plain sqlite3, own hashing, own segment reader."""

import hashlib
import json
import sqlite3
import struct
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from crc32c import crc32c


@dataclass
class Acknowledged:
    """What the killed process had said was safe."""

    facts: dict[str, tuple[int, int]] = field(default_factory=dict)
    samples: set[tuple[str, int]] = field(default_factory=set)
    pid: int = 0
    is_ready: bool = False
    is_gone: bool = False

    def hear(self, line: bytes) -> None:
        word, *rest = line.decode().split()
        if word == "pid":
            self.pid, self.is_ready, self.is_gone = int(rest[0]), False, False
        elif word in {"ready", "gone"}:
            self.is_ready, self.is_gone = True, word == "gone"
        elif word == "fact":
            self.facts[rest[0]] = (int(rest[1]), int(rest[2]))
        elif word == "sample":
            self.samples.add((rest[0], int(rest[1])))


@dataclass
class Verdict:
    """Counts of what was found wanting."""

    facts_lost: int = 0
    samples_lost: int = 0
    half_written: int = 0
    chain_breaks: int = 0
    facts: int = 0
    samples: int = 0

    @property
    def is_clean(self) -> bool:
        return not (self.facts_lost or self.samples_lost or self.half_written or self.chain_breaks)


def check(directory: Path, acknowledged: Acknowledged) -> Verdict:
    verdict = Verdict()
    if (directory / "ledger.db").exists():
        with closing(sqlite3.connect(directory / "ledger.db")) as ledger:
            _check_ledger(ledger, acknowledged, verdict)
    found = set(_samples(directory / "telemetry"))
    verdict.samples = len(found)
    verdict.samples_lost = len(acknowledged.samples - found)
    return verdict


def _check_ledger(ledger: sqlite3.Connection, acknowledged: Acknowledged, verdict: Verdict) -> None:
    facts = ledger.execute(
        "SELECT seq, recorded_at, actor, kind, schema, body, hash FROM facts ORDER BY seq"
    ).fetchall()
    verdict.facts = len(facts)
    verdict.chain_breaks = _chain_breaks(facts)
    bodies = {seq: (kind, json.loads(body)) for seq, _, _, kind, _, body, _ in facts}
    booked = {body["booking"]["booking_id"]: seq for seq, (kind, body) in bodies.items() if kind == "booking_made"}
    for name, (first, _last) in acknowledged.facts.items():
        verdict.facts_lost += booked.get(name) != first
    verdict.half_written = _half_written(ledger, bodies, booked)


def _chain_breaks(facts: list[tuple]) -> int:
    breaks, former = 0, bytes(32)
    for expected, (seq, recorded_at, actor, kind, schema, body, digest) in enumerate(facts, 1):
        head = {"actor": actor, "kind": kind, "recorded_at": recorded_at, "schema": schema, "seq": seq}
        text = '{"body":' + body + "," + json.dumps(head, separators=(",", ":"), ensure_ascii=False)[1:]
        former = hashlib.sha256(former + text.encode()).digest()
        breaks += seq != expected or digest != former
    return breaks


def _half_written(ledger: sqlite3.Connection, bodies: dict[int, tuple[str, dict]], booked: dict[str, int]) -> int:
    """Count bookings whose facts, rows or idempotency key are not all there, and rows without a fact."""
    shown = {name for (name,) in ledger.execute("SELECT booking_id FROM bookings")}
    promised = {name for (name,) in ledger.execute("SELECT booking_id FROM promises")}
    keys = {key: span for key, *span in ledger.execute("SELECT idempotency_key, first_seq, last_seq FROM commands")}
    half = len((shown | promised | set(keys)) - set(booked))
    for name, seq in booked.items():
        kinds = [bodies.get(seq + n, ("", {}))[0] for n in range(3)]
        is_whole = kinds == ["booking_made", "promise_told", "plan_published"] and keys.get(name) == [seq, seq + 2]
        half += not (is_whole and name in shown and name in promised)
    versions = [body["plan"]["version"] for kind, body in bodies.values() if kind == "plan_published"]
    planned = [version for (version,) in ledger.execute("SELECT version FROM plans")]
    return half + (planned != versions[-1:])


def _samples(directory: Path) -> list[tuple[str, int]]:
    """Read vehicles' boots and sequence numbers up to the first frame that is not whole."""
    found = []
    for path in sorted(directory.glob("*/*.seg")):
        data, at = path.read_bytes(), 8
        while at + 8 <= len(data):
            length, checksum = struct.unpack_from("<II", data, at)
            body = data[at + 8 : at + 8 + length]
            if length == 0 or len(body) < length or crc32c(body) != checksum:
                break
            found.append(_sample(body))
            at += 8 + length
    return found


def _sample(body: bytes) -> tuple[str, int]:
    names_at = 4 * 8 + 6 * 8 + 2 + 2 * 4 + 4
    vehicle, boot, _trip = struct.unpack_from("<HHH", body, names_at)
    starts = names_at + 6 + vehicle
    return body[starts : starts + boot].decode(), struct.unpack_from("<q", body, 24)[0]
