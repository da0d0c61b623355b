"""Other people's broken and real messages: our checker fires where it should, and is silent where it should."""

import json
from pathlib import Path

import pytest
from google.protobuf import json_format
from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from gtfs.edge.load import load_feed
from mobility.core.clock import Instant
from passenger_info.checker.checker import Checker
from passenger_info.checker.static_view import static_view
from passenger_info.checker.table import RULE_IDS
from tests.passenger_info.checker.reference import reference_feed, reference_rules
from tests.passenger_info.checker.static_zip import view_of

OPINIONS = {
    "E026.vehicle_position-position-latitude.3.json": {"E028"},
    "E026.vehicle_position-position-longitude.3.json": {"E028"},
    "E029.vehicle_position-position.1.json": set(),
    "E029.vehicle_position-position.3.json": {"E028"},
}
"""Where the file's author and the rule's text differ: 0° is a valid coordinate, only far away (E028); a position
outside the whole area is reported once, as that (E028 before E029); and one lies on the shape, as the reference finds.
"""
CLOCK_OF_A_BROKEN_HEADER = 1_699_405_559


def rules(found) -> set[str]:
    return {finding.rule_id for finding in found}


def errors(found) -> set[str]:
    return {rule for rule in rules(found) if rule.startswith("E")}


def test_28_of_32_broken_messages_break_the_rule_in_their_name_and_four_are_a_matter_of_opinion(
    shared_data: Path,
) -> None:
    view = view_of(shared_data / "gtfs" / "ct.zip")
    files = sorted((shared_data / "gtfs" / "rt-errors-transitland").glob("*.json"))
    assert len(files) == 32
    named = 0
    for file in files:
        message = json_format.ParseDict(json.loads(file.read_text()), gtfs_realtime.FeedMessage())
        stamp = message.header.timestamp
        at_s = stamp + 5 if 1e9 < stamp < 3e9 else CLOCK_OF_A_BROKEN_HEADER
        found = rules(Checker(view).check(message, Instant(at_s * 1000)))
        if file.name in OPINIONS:
            assert found == OPINIONS[file.name], file.name
        else:
            assert file.name.split(".")[0] in found, (file.name, found)
            named += 1
    assert named == 28


def test_the_conformance_messages_break_exactly_the_error_rules_their_manifest_names(shared_data: Path) -> None:
    folder = shared_data / "gtfs" / "rt-conformance-veodyn"
    manifest = json.loads((folder / "manifest.json").read_text())
    seen: set[str] = set()
    skipped = []
    for group in manifest["groups"]:
        checker = Checker(view_of(folder / group["gtfs"], ignore_shapes=group["ignore_shapes"]))
        for each in group["inputs"]:
            if each["skip"] is not None:
                skipped.append(each["skip"])
                continue
            message = gtfs_realtime.FeedMessage.FromString((folder / group["name"] / each["name"]).read_bytes())
            found = errors(checker.check(message, Instant(each["mtime"] * 1000)))
            assert found == {rule for rule in each["rules"] if rule.startswith("E")}, each["name"]
            seen |= found
    assert sorted(skipped) == ["decode", "decode", "duplicate", "duplicate"]
    assert seen == {rule for rule in RULE_IDS if rule.startswith("E")}, "the corpus has every error rule"
    assert len(seen) == 47


def test_a_message_repeated_byte_for_byte_breaks_no_rule_of_sequence(shared_data: Path) -> None:
    folder = shared_data / "gtfs" / "rt-conformance-veodyn"
    checker = Checker(view_of(folder / "bullrunner-gtfs.zip"))
    for name in ("22-crossfeed-many.pb", "23-duplicate-of-22.pb"):
        message = gtfs_realtime.FeedMessage.FromString((folder / "bullrunner" / name).read_bytes())
        found = errors(checker.check(message, Instant(1_700_000_021_000)))
        assert found == {"E029", "E045", "E047"}, name


REAL = ["raba", "ct"]


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("kind", ["trip-updates", "vehicle-positions"])
def test_real_feeds_break_the_rules_the_reference_says_and_no_other(
    shared_data: Path, tmp_path: Path, name: str, kind: str
) -> None:
    schedule = shared_data / "gtfs" / f"{name}.zip"
    data = (shared_data / "gtfs" / f"{name}-{kind}.pb").read_bytes()
    message = gtfs_realtime.FeedMessage.FromString(data)
    at_s = message.header.timestamp + 5
    told = reference_rules(reference_feed(schedule), data, at_s, tmp_path) & set(RULE_IDS)
    ours = rules(Checker(view_of(schedule)).check(message, Instant(at_s * 1000)))
    assert ours == told
    from_timetable = Checker(static_view(load_feed(schedule)))
    assert rules(from_timetable.check(message, Instant(at_s * 1000))) == told, "a loaded timetable says the same"
