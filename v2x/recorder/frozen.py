"""A frozen occasion: ten seconds before to ten seconds after, all thirteen items, and the records as they came.

The bytes are canonical JSON (sorted keys, UTF-8), so that the same content has the same hash. A later revision names
the hash of the one before.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from operator import or_
from typing import Any
from zoneinfo import ZoneInfo

from mobility.core.clock import Instant, datetime_at, instant, shifted
from mobility.core.errors import BadInputError
from mobility.core.ids import BootId, VehicleId
from mobility.core.ports import TelemetryRecord
from mobility.core.supervision import ManoeuvreOutcome, Occasion
from mobility.core.vehicle import VehicleSpec
from v2x.codec import decode_sample
from v2x.extension import Extension
from v2x.extension_codec import extension_of
from v2x.recorder.entries import Window, entries
from v2x.recorder.facts import VehicleFacts
from v2x.recorder.formats import iso
from v2x.recorder.items import FROM_THE_LEDGER, FULLY_FITTED_LEVEL, SLOW, SWITCHED, Item, fitted, holds_s, mask_of

BEFORE_S = 10.0
AFTER_S = 10.0
"""The window of the remote-driving ordinance (StVFernLV), the closest number the law knows."""
LEAD_S = 90.0
"""What a vehicle tells once a minute is looked for so far before the window."""
FORMAT = "mobility-occasion-1"

_SWITCHED_BITS = sum(item.bit for item in SWITCHED)
_SLOW_BITS = sum(item.bit for item in SLOW | SWITCHED)

Content = dict[str, Any]
"""The JSON object of an occasion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What an occasion is frozen from."""

    occasion: Occasion
    spec: VehicleSpec | None
    records: Iterable[TelemetryRecord]
    """From the lead to the end of the window, in any order, repetitions allowed.

    Earlier ones count where they tell a state that stands until it is switched.
    """
    facts: VehicleFacts
    zone: str
    """Whose days count uses and releases."""
    round_trips: Sequence[tuple[Instant, int]] = ()


def window_of(occasion: Occasion) -> tuple[Instant, Instant]:
    """Return the first and last instant of an occasion's window."""
    return shifted(occasion.at, -BEFORE_S), shifted(occasion.at, AFTER_S)


def content_of(material: Material) -> Content:
    """Return the occasion with its items and records; the same for any order of the records."""
    first, last = window_of(material.occasion)
    known = {(r.sample.boot_id, r.sample.seq): r for r in material.records if r.sample.vehicle_id == _vehicle(material)}
    ordered = sorted(known.values(), key=lambda r: (r.event_time, r.sample.boot_id, r.sample.seq))
    lead_from = shifted(first, -LEAD_S)
    early = [(r, _extension(r)) for r in ordered if r.event_time < first]
    lead = [(r, e) for r, e in early if r.event_time >= lead_from or mask_of(r, e) & _SWITCHED_BITS]
    inside = [(r, _extension(r)) for r in ordered if first <= r.event_time <= last]
    window = Window(
        first=first,
        last=last,
        day_begins=_day_begins(material.occasion.at, material.zone),
        lead=lead,
        records=inside,
        facts=material.facts,
        round_trips=material.round_trips,
    )
    records = [record for record, _ in inside]
    masks = [(r.event_time // 1000, mask_of(r, e)) for r, e in (*lead, *inside)]
    return {
        "format": FORMAT,
        "occasion": _occasion(material.occasion),
        "vehicle": _about(material.spec, _vehicle(material)),
        "window": {"first": iso(first), "last": iso(last), "first_ms": first, "last_ms": last},
        "items": [_item(item, window, masks, material.spec) for item in Item],
        "missing": _missing(records),
        "lead": [_plain(record) for record in _needed(lead)],
        "records": [_plain(record) for record in records],
    }


def records_of(content: Mapping[str, Any], *, with_lead: bool = True) -> list[TelemetryRecord]:
    """Return the records of a frozen occasion; raises ``BadInputError`` where they can not be read."""
    try:
        vehicle_id = VehicleId(content["vehicle"]["vehicle_id"])
        plain = [*(content["lead"] if with_lead else ()), *content["records"]]
        return [_record(vehicle_id, each) for each in plain]
    except (KeyError, TypeError, ValueError) as error:
        raise BadInputError(f"this is no frozen occasion: {error}", source="occasion") from error


def round_trips_of(content: Mapping[str, Any]) -> set[tuple[Instant, int]]:
    """Return the round trips of a frozen occasion; raises ``BadInputError`` where they can not be read."""
    try:
        told = next(item["entries"] for item in content["items"] if item["number"] == Item.NETWORK)
        return {(Instant(e["at_ms"]), int(e["round_trip_ms"])) for e in told if "round_trip_ms" in e}
    except (KeyError, TypeError, ValueError, StopIteration) as error:
        raise BadInputError(f"this is no frozen occasion: {error}", source="occasion") from error


def sealed_bytes(content: Content, *, revision: int, previous_sha256: str, frozen_at: Instant) -> bytes:
    """Return the canonical bytes of a revision."""
    head = {"revision": revision, "previous_sha256": previous_sha256, "frozen_at": iso(frozen_at)}
    return canonical({**content, **head})


def content_in(body: bytes) -> Content:
    """Return a revision's content without what the revision adds; raises ``BadInputError`` for other bytes."""
    try:
        plain: Content = json.loads(body)
        for added in ("revision", "previous_sha256", "frozen_at"):
            del plain[added]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadInputError("this is no frozen occasion", source="occasion") from error
    return plain


def canonical(plain: object) -> bytes:
    """Return JSON with sorted keys and without blanks, in UTF-8."""
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _needed(lead: Sequence[tuple[TelemetryRecord, Extension | None]]) -> list[TelemetryRecord]:
    """Return what the items took from the lead: the last record, and those with what is sent once a minute."""
    newest = lead[-1][0] if lead else None
    return [record for record, extension in lead if record is newest or mask_of(record, extension) & _SLOW_BITS]


def _vehicle(material: Material) -> VehicleId:
    return material.occasion.vehicle_id


def _extension(record: TelemetryRecord) -> Extension | None:
    try:
        return extension_of(record.payload)
    except BadInputError:
        return None  # its bytes are kept all the same


def _day_begins(moment: Instant, zone: str) -> Instant:
    local = datetime_at(moment, ZoneInfo(zone))
    return instant(local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0))


def _occasion(occasion: Occasion) -> Content:
    return {
        "occasion_id": occasion.occasion_id,
        "vehicle_id": occasion.vehicle_id,
        "kind": occasion.kind.value,
        "at": iso(occasion.at),
        "at_ms": occasion.at,
        "source": occasion.source,
        "detail": occasion.detail,
        "is_accident": occasion.is_accident,
    }


def _about(spec: VehicleSpec | None, vehicle_id: VehicleId) -> Content:
    if spec is None:
        return {"vehicle_id": vehicle_id, "label": "", "kind": "", "sae_level": 0}
    return {"vehicle_id": vehicle_id, "label": spec.label, "kind": spec.kind.value, "sae_level": spec.sae_level}


def _item(item: Item, window: Window, masks: Sequence[tuple[int, int]], spec: VehicleSpec | None) -> Content:
    """``masks`` holds second and item bits of every record, those of the lead included."""
    level = 0 if spec is None else spec.sae_level
    if item in FROM_THE_LEDGER:
        share = _ledger_share(item, window)
        is_fitted = level >= FULLY_FITTED_LEVEL or bool(window.facts.commands)
    else:
        share = _share(item, window, masks)
        is_fitted = item in fitted(level, reduce(or_, (mask for _, mask in masks), 0))
    status = "not_fitted" if not is_fitted else "present" if share == 1 else "partial" if share else "missing"
    return {
        "number": int(item),
        "name": item.name.lower(),
        "status": status,
        "share": round(share, 4) if is_fitted else None,
        "entries": entries(item, window),
    }


def _share(item: Item, window: Window, masks: Sequence[tuple[int, int]]) -> float:
    """Return the share of the window's seconds in which a value stands."""
    seconds = {second for second, mask in masks if mask & item.bit}
    wanted = range(window.first // 1000, window.last // 1000)
    covered = sum(any(0 <= second - told < holds_s(item) for told in seconds) for second in wanted)
    return covered / len(wanted)


def _ledger_share(item: Item, window: Window) -> float:
    """Return the share of commands the vehicle has answered, or of requests that were closed; 1 for none of them."""
    facts = window.facts
    if item is Item.COMMANDS:
        answered = [facts.is_answered(c.command.command_id) for c in facts.commands_between(window.first, window.last)]
        return sum(answered) / len(answered) if answered else 1.0
    asked = [a.manoeuvre.manoeuvre_id for a in facts.asked_between(window.first, window.last)]
    closed = [facts.closed[a].outcome is not ManoeuvreOutcome.OPEN for a in asked if a in facts.closed]
    return sum(closed) / len(asked) if asked else 1.0


def _missing(records: Sequence[TelemetryRecord]) -> list[Content]:
    """Return the sequence numbers that are missing between the records, by boot."""
    boots: dict[BootId, list[int]] = {}
    for record in records:
        boots.setdefault(record.sample.boot_id, []).append(record.sample.seq)
    return [
        {"boot_id": boot, "first_seq": before + 1, "last_seq": after - 1}
        for boot, seqs in sorted(boots.items())
        for before, after in pairwise(sorted(seqs))
        if after > before + 1
    ]


def _plain(record: TelemetryRecord) -> Content:
    sample = record.sample
    return {
        "boot_id": sample.boot_id,
        "seq": sample.seq,
        "event_ms": record.event_time,
        "device_ms": sample.device_time,
        "received_ms": record.received_at,
        "payload": b64encode(record.payload).decode(),
        "mode": sample.mode.value,
        "lat": sample.place.lat_deg,
        "lon": sample.place.lon_deg,
        "speed_mps": sample.speed_mps,
    }


def _record(vehicle_id: VehicleId, plain: Mapping[str, Any]) -> TelemetryRecord:
    payload = b64decode(plain["payload"], validate=True)
    boot_id, seq = BootId(plain["boot_id"]), int(plain["seq"])
    try:
        sample = decode_sample(payload, vehicle_id=vehicle_id, boot_id=boot_id, seq=seq)
    except BadInputError as error:
        raise BadInputError(f"record {seq} of {boot_id} can not be read: {error}", source="occasion") from error
    return TelemetryRecord(
        sample=sample,
        received_at=Instant(plain["received_ms"]),
        event_time=Instant(plain["event_ms"]),
        payload=payload,
    )
