"""The signed archive: what it holds can be read by others' tools, and no changed byte goes unnoticed."""

import asyncio
import io
import json
import re
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import replace
from functools import cache

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from mcap.reader import make_reader

from mobility.core.clock import Instant
from mobility.core.errors import BadInputError
from mobility.core.events import CommandIssued
from mobility.core.ports import FrozenOccasion
from mobility.core.supervision import OccasionKind
from tests.contracts.sample_supervision import ISSUED
from tests.v2x.recorder.van import NOON, VAN, House, drive, record, usual
from v2x.extension import Incident
from v2x.recorder.archive import archive_of, fingerprint, verify_archive
from v2x.recorder.formats import date_time, degrees
from v2x.recorder.frozen import content_in, records_of, round_trips_of

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
GPX = {"": "http://www.topografix.com/GPX/1/1"}


@cache
def frozen() -> FrozenOccasion:
    async def main() -> FrozenOccasion:
        house = House()
        issued = replace(ISSUED, issued_at=Instant(NOON + 48_000), expires_at=Instant(NOON + 50_000))
        await house.ledger.submit(lambda _, __: [CommandIssued(command=issued, frame_hex="3202")], actor="supervisor:1")
        trip = drive(1, 100)
        trip[49] = record(50, replace(usual(50), incidents=(Incident(kind=OccasionKind.CONFLICT),)))
        await house.hear(trip)
        return next(iter(house.archive.kept.values()))[-1]

    return asyncio.run(main())


@cache
def archive() -> bytes:
    return archive_of(frozen(), KEY)


def member(name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(archive())) as opened:
        return opened.read(name)


def test_an_archive_verifies_and_names_its_key():
    found = verify_archive(archive(), expected_fingerprint=fingerprint(KEY.public_key()))
    assert (found.occasion_id, found.revision) == (frozen().occasion_id, 1)
    assert set(found.members) == {"event.json", "track.gpx", "trace.mcap"}


def test_the_same_occasion_gives_the_same_bytes():
    assert archive_of(frozen(), KEY) == archive()


def test_an_archive_signed_by_somebody_else_is_not_the_operators():
    other = archive_of(frozen(), Ed25519PrivateKey.generate())
    assert verify_archive(other).revision == 1
    with pytest.raises(BadInputError, match="another key"):
        verify_archive(other, expected_fingerprint=fingerprint(KEY.public_key()))


@pytest.mark.parametrize("name", ["event.json", "track.gpx", "trace.mcap", "MANIFEST.json", "MANIFEST.sig"])
def test_a_changed_member_is_noticed(name):
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive())) as old, zipfile.ZipFile(changed, "w") as new:
        for info in old.infolist():
            data = bytearray(old.read(info))
            if info.filename == name:
                data[len(data) // 2] ^= 1
            new.writestr(info.filename, bytes(data))
    with pytest.raises(BadInputError):
        verify_archive(changed.getvalue())


def test_an_added_or_missing_member_is_noticed():
    added = io.BytesIO(archive())
    with zipfile.ZipFile(added, "a") as opened:
        opened.writestr("note.txt", b"by the way")
    with pytest.raises(BadInputError, match="exactly the members"):
        verify_archive(added.getvalue())


@settings(max_examples=150, deadline=None)
@given(where=st.integers(0, 10**6), change=st.integers(1, 255))
def test_no_changed_byte_gives_other_data_that_verify(where, change):
    data = bytearray(archive())
    data[where % len(data)] ^= change
    try:
        verify_archive(bytes(data))
    except BadInputError:
        return
    # A byte of zip's own bookkeeping may change without changing any member.
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as opened:
        assert opened.read("event.json") == frozen().body


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=400))
def test_other_bytes_are_no_archive(data):
    with pytest.raises(BadInputError):
        verify_archive(data)


def test_the_gpx_is_the_way_with_five_decimals_and_height():
    root = ET.fromstring(member("track.gpx"))  # noqa: S314 - our own bytes
    assert root.tag == "{http://www.topografix.com/GPX/1/1}gpx"
    assert root.attrib["version"] == "1.1"
    points = root.findall("trk/trkseg/trkpt", GPX)
    assert len(points) == 21
    assert all(re.fullmatch(r"-?\d+\.\d{5}", p.attrib[a]) for p in points for a in ("lat", "lon"))
    assert [child.tag.rpartition("}")[2] for child in points[0]] == ["ele", "time", "extensions"]
    assert points[10].findtext("time", "", GPX) == "2025-11-18T11:00:50.000Z"


def test_the_mcap_is_read_by_the_public_library_with_all_channels():
    reader = make_reader(io.BytesIO(member("trace.mcap")))
    messages = [(c.topic, m.log_time, json.loads(m.data)) for _, c, m in reader.iter_messages()]
    topics = [topic for topic, _, _ in messages]
    assert {t: topics.count(t) for t in set(topics)} == {"/location": 21, "/items": 21, "/samples": 21, "/commands": 1}
    assert [at for _, at, _ in messages] == sorted(at for _, at, _ in messages)
    schemas = {schema.name for schema in reader.get_summary().schemas.values()}
    assert "foxglove.LocationFix" in schemas
    command = next((at, m) for topic, at, m in messages if topic == "/commands")
    assert (command[0], command[1]["frame_hex"]) == ((NOON + 48_000) * 1_000_000, "3202")


def test_no_name_of_a_person_is_in_it():
    text = member("event.json").decode()
    assert "supervisor:1f2e3d4c" in text
    assert re.findall(r'"(?:source|approver)":"(?!supervisor:|approver:|vehicle|[a-z_]+")', text) == []


@settings(max_examples=150, deadline=None)
@given(
    data=st.recursive(
        st.none() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(["vehicle", "vehicle_id", "lead", "records", "items", "occasion"]), inner)
        ),
    )
)
def test_foreign_content_gives_only_the_documented_error(data):
    body = json.dumps(data).encode()
    for read in (lambda: records_of(data), lambda: round_trips_of(data), lambda: content_in(body)):
        with pytest.raises(BadInputError):
            read()
    with pytest.raises(BadInputError):
        archive_of(FrozenOccasion(occasion_id=frozen().occasion_id, revision=1, sha256="", body=body), KEY)


@given(st.floats(-180, 180))
def test_positions_have_three_digits_five_decimals_and_a_sign(value):
    text = degrees(value)
    assert re.fullmatch(r"[+-]\d{3}\.\d{5}", text)
    assert float(text) == pytest.approx(value, abs=5.1e-6)


def test_times_are_date_and_seconds():
    assert date_time(NOON) == "2025-11-18 11:00:00"
    assert VAN in str(frozen().occasion_id)
