"""What a feed written to a draft of GTFS-Flex is told."""

import pytest

from gtfs.edge.headers import headers
from gtfs.flex_drafts import draft_notes
from mobility.core.errors import BadInputError
from tests.gtfs.feed_files import FILES, feed

ADOPTED = {
    "stop_times.txt": (
        *("trip_id", "location_group_id", "location_id", "start_pickup_drop_off_window"),
        *("end_pickup_drop_off_window", "pickup_type", "drop_off_type", "pickup_booking_rule_id"),
    ),
    "trips.txt": ("trip_id", "safe_duration_factor", "safe_duration_offset"),
    "booking_rules.txt": ("booking_rule_id", "booking_type", "drop_off_message", "phone_number"),
    "location_groups.txt": ("location_group_id", "location_group_name"),
    "location_group_stops.txt": ("location_group_id", "stop_id"),
}


def test_a_feed_of_the_adopted_specification_needs_no_repair():
    assert draft_notes(ADOPTED) == ()
    assert draft_notes({name: tuple(text.split("\n")[0].split(",")) for name, text in FILES.items()}) == ()


@pytest.mark.parametrize(
    ("file", "column", "words"),
    [
        ("stop_times.txt", "start_pickup_dropoff_window", "write start_pickup_drop_off_window"),
        ("stop_times.txt", "dropoff_type", "write drop_off_type"),
        ("booking_rules.txt", "dropoff_message", "write drop_off_message"),
        ("stop_times.txt", "safe_duration_factor", "belongs into trips.txt"),
        ("stop_times.txt", "mean_duration_offset", "was not adopted"),
        ("location_groups.txt", "location_id", "belong into location_group_stops.txt"),
    ],
)
def test_each_trace_of_a_draft_is_named_with_its_repair(file, column, words):
    (note,) = draft_notes({**ADOPTED, file: (*ADOPTED[file], column)})
    assert note.startswith(f"{file}: {column}")
    assert words in note


def test_groups_without_members_and_windows_without_places_are_named():
    without_members = {name: columns for name, columns in ADOPTED.items() if name != "location_group_stops.txt"}
    assert "location_group_stops.txt is missing" in draft_notes(without_members)[0]
    in_stop_id = {**ADOPTED, "stop_times.txt": ("trip_id", "stop_id", "start_pickup_drop_off_window")}
    assert "in stop_id are a draft's way" in draft_notes(in_stop_id)[0]


def test_columns_are_read_from_zip_and_folder_whatever_their_first_line_is(tmp_path):
    path = feed(
        tmp_path, {"routes.txt": b'\xef\xbb\xbfroute_id, "route_type"\n', "notes.txt": b"\xff\xfe", "x.txt": ""}
    )
    found = headers(path)
    assert found["routes.txt"] == ("route_id", '"route_type"')
    assert (found["notes.txt"], found["x.txt"]) == ((), ())
    with pytest.raises(BadInputError):
        headers(tmp_path / "absent.zip")


def test_a_real_feed_of_the_year_of_the_change_still_has_draft_fields(shared_data):
    notes = draft_notes(headers(shared_data / "gtfs" / "ctran-flex.zip"))
    assert [note for note in notes if "safe_duration_factor belongs into trips.txt" in note]
