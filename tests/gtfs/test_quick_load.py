"""The quick reader and the patient one give the same timetable, and whatever is unusual goes to the patient one."""

import csv
import io
import re
import zipfile

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gtfs.assemble import assemble
from gtfs.edge import quick
from gtfs.edge.archive import tables_in
from gtfs.edge.columns import usual_times
from gtfs.edge.feed import feed_rows
from gtfs.edge.load import load_feed, read_feed, read_feed_patiently
from gtfs.edge.quick import UnusualTableError, quick_tables
from gtfs.edge.wanted import COLUMNS, NULLS
from mobility.core.errors import BadInputError
from mobility.core.ids import StopId, TripId
from tests.gtfs.feed_files import FILES, feed

QUIET = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read_by(reader, path):
    return assemble(feed_rows(reader(path, tables_in(path)), version=lambda: "1"))


def quickly(path):
    return assemble(feed_rows(quick_tables(path, tables_in(path), COLUMNS), version=lambda: "1"))


def told(timetable):
    """All a timetable says, as values that can be compared."""
    calls = timetable.stop_times
    trips = [
        (
            *(trip.trip_id, trip.route_id, trip.service_id, trip.headsign, trip.direction, trip.block_id),
            *(trip.is_wheelchair_accessible, trip.pattern.stops, trip.pattern.stop_chainage_m, trip.first_call),
        )
        for trip in timetable.trips.values()
    ]
    arrays = [calls.stop, calls.stop_sequence, calls.arrival_s, calls.departure_s, calls.can_board]
    return (
        *(timetable.zone, timetable.feed_version, timetable.agency_name, timetable.agency_url, timetable.notes),
        *(dict(timetable.stops), dict(timetable.routes), dict(timetable.calendars), trips),
        *(array.tolist() for array in arrays),
    )


def long_feed(folder, changes=None, *, calls=60_000):
    """A feed whose stop_times.txt is long enough to be read piece by piece."""
    header = "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,shape_dist_traveled,timepoint"
    lines = [header]
    trips = []
    for number in range(calls // 3):
        trips.append(f"R,daily,trip-{number:06d},Gamma")
        for k, stop_id in enumerate("abc"):
            at = f"{5 + number % 20:02d}:{k * 7:02d}:{number % 60:02d}"
            lines.append(f"trip-{number:06d},{at},{at},{stop_id},{k + 1},0,{k * 100.5},1")
    files = {
        "trips.txt": "\n".join(["route_id,service_id,trip_id,trip_headsign", *trips, ""]),
        "stop_times.txt": "\n".join([*lines, ""]),
    }
    for name, change in (changes or {}).items():
        files[name] = change(files[name])
    return feed(folder, files)


UNUSUAL = {
    "quotes inside a text": {"stops.txt": FILES["stops.txt"].replace("Beta", '"Be ""ta"""')},
    "a comma in a text": {"stops.txt": FILES["stops.txt"].replace("Beta", '"Beta, oben"')},
    "a line break in a text": {"stops.txt": FILES["stops.txt"].replace("Beta", '"Be\nta"')},
    "a quote in the middle": {"stops.txt": FILES["stops.txt"].replace("Beta", 'Be"ta')},
    "everything quoted": {
        name: "\n".join(",".join(f'"{cell}"' for cell in row) for row in csv.reader(io.StringIO(text))) + "\n"
        for name, text in FILES.items()
    },
    "carriage returns alone": {name: text.replace("\n", "\r") for name, text in FILES.items()},
    "carriage returns and breaks": {name: text.replace("\n", "\r\n") for name, text in FILES.items()},
    "a byte order mark": {name: b"\xef\xbb\xbf" + text.encode() for name, text in FILES.items()},
    "blanks around names": {"trips.txt": FILES["trips.txt"].replace("trip_id,trip", " trip_id ,trip")},
    "short hours": {"stop_times.txt": FILES["stop_times.txt"].replace("08:", "8:")},
    "blank lines": {"stops.txt": FILES["stops.txt"].replace("\nb,", "\n\nb,")},
    "no last line break": {name: text.rstrip("\n") for name, text in FILES.items()},
    "fractions for whole numbers": {"stop_times.txt": FILES["stop_times.txt"].replace("a,1", "a,1.0")},
    "cells that mean nothing": {"trips.txt": FILES["trips.txt"].replace("Gamma", "NA")},
}


@pytest.mark.parametrize("changes", UNUSUAL.values(), ids=UNUSUAL.keys())
def test_unusual_feeds_load_the_same_as_with_the_patient_reader(tmp_path, changes):
    path = feed(tmp_path, changes)
    assert told(read_by(read_feed, path)) == told(read_by(read_feed_patiently, path))


@pytest.mark.parametrize(
    "name", ["quotes inside a text", "a line break in a text", "a quote in the middle", "carriage returns alone"]
)
def test_what_arrow_would_read_otherwise_never_reaches_it(tmp_path, name):
    path = feed(tmp_path, UNUSUAL[name])
    with pytest.raises(UnusualTableError):
        quick_tables(path, tables_in(path), COLUMNS)


def test_a_comma_and_a_break_in_a_name_arrive(tmp_path):
    assert load_feed(feed(tmp_path, UNUSUAL["a comma in a text"])).stops[StopId("b")].name == "Beta, oben"
    assert load_feed(feed(tmp_path, UNUSUAL["a line break in a text"])).stops[StopId("b")].name == "Be\nta"
    assert load_feed(feed(tmp_path, UNUSUAL["quotes inside a text"])).stops[StopId("b")].name == 'Be "ta"'


@pytest.mark.parametrize("name", ["raba.zip", "ct.zip"])
def test_real_feeds_load_the_same_by_both_readers(shared_data, name):
    path = shared_data / "gtfs" / name
    assert told(read_by(read_feed, path)) == told(read_by(read_feed_patiently, path))


LONG = {
    "as it is": lambda text: text,
    "with carriage returns": lambda text: text.replace("\n", "\r\n"),
    "with one quoted cell": lambda text: text.replace("trip-000700,", '"trip-000700",'),
    "with one short hour": lambda text: text.replace(",05:", ",5:"),
    "with open times": lambda text: text.replace(",05:07:00,05:07:00,", ",,,"),
    "with one broken time": lambda text: text.replace("05:07:00,b", "05:67:00,b", 1),
    "with one unknown stop": lambda text: text.replace(",b,2", ",nowhere,2", 1),
    "with one line too long": lambda text: text.replace(",b,2", ",b,2,1,1,1,1", 1),
    "with open pickup types": lambda text: text.replace(",2,0,", ",2,,"),
    "with open distances": lambda text: text.replace(",100.5,", ",,"),
    "with one open sequence": lambda text: text.replace(",b,2,", ",b,,", 1),
    "with one number too large": lambda text: text.replace(",b,2,", ",b,2147483648,", 1),
    "with the least of numbers": lambda text: text.replace(",b,2,", ",b,-2147483648,", 1),
    "with its lines the other way round": lambda text: "\n".join([text.split("\n")[0], *text.split("\n")[:0:-1]]),
}


def outcome(reader, path):
    try:
        return told(read_by(reader, path))
    except BadInputError as error:
        return error.source, error.row, error.field


@pytest.mark.parametrize("change", LONG.values(), ids=LONG.keys())
def test_long_tables_load_the_same_piece_by_piece(tmp_path, change):
    path = long_feed(tmp_path, {"stop_times.txt": change})
    assert tables_in(path)["stop_times.txt"] > quick._LONG
    assert outcome(read_feed, path) == outcome(read_feed_patiently, path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_long_table_damaged_in_the_zip_is_named(tmp_path, share):
    path = long_feed(tmp_path)
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo("stop_times.txt")
    content = bytearray(path.read_bytes())
    content[entry.header_offset + 50 + int(share * entry.compress_size)] ^= 0x5A
    path.write_bytes(bytes(content))
    with pytest.raises(BadInputError) as caught:
        load_feed(path)
    assert caught.value.source == "stop_times.txt"


def test_pieces_of_any_size_give_the_same_columns(tmp_path, monkeypatch):
    path = long_feed(tmp_path)
    whole = told(quickly(path))
    monkeypatch.setattr("gtfs.edge.wanted._BLOCK_BYTES", 70_001)
    assert told(quickly(path)) == whole


def test_a_table_whose_lines_get_shorter_finds_room_for_all_of_them(tmp_path, monkeypatch):
    # The first pieces hold far fewer rows than the later ones: room made for pieces like them is too small.
    path = long_feed(tmp_path, {"stop_times.txt": lambda text: text.replace(",1\n", f",{'0' * 400}1\n", 2000)})
    monkeypatch.setattr("gtfs.edge.wanted._BLOCK_BYTES", 70_001)
    assert told(quickly(path)) == told(read_by(read_feed_patiently, path))


@given(
    text=st.text(st.sampled_from("0123456789: /;a"), min_size=8, max_size=8) | st.times().map(str).map(lambda t: t[:8])
)
@QUIET
def test_a_time_is_usual_where_it_has_its_digits_in_their_places(text):
    usual = re.fullmatch(r"(\d\d):([0-5]\d):([0-5]\d)", text)
    times_s = usual_times(pa.array(["00:00:00", text, "99:59:59"]))
    if usual is None:
        assert times_s is None
    else:
        hours, minutes, seconds = map(int, usual.groups())
        assert times_s.tolist() == [0, (hours * 60 + minutes) * 60 + seconds, 359_999]


@given(
    cells=st.lists(
        st.text(st.sampled_from('aä ",\n\r\t0;:'), max_size=6).filter(lambda text: text.strip() not in NULLS),
        min_size=2,
        max_size=2,
    ),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    end=st.sampled_from(["\n", "\r\n"]),
)
@QUIET
def test_any_text_written_by_a_csv_writer_is_read_the_same(tmp_path, cells, quoting, end):
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=quoting, lineterminator=end)
    writer.writerows(
        [
            ["route_id", "service_id", "trip_id", "trip_headsign"],
            ["R", "daily", "t1", cells[0]],
            ["R", "daily", "t2", cells[1]],
        ]
    )
    path = feed(tmp_path, {"trips.txt": out.getvalue()})
    one, other = outcome(read_feed, path), outcome(read_feed_patiently, path)
    assert one == other
    if len(one) > 3:
        assert load_feed(path).trips[TripId("t1")].headsign == cells[0].strip()


@given(data=st.data())
@QUIET
def test_one_changed_byte_ends_the_same_for_both_readers_or_in_a_named_fault(tmp_path, data):
    name = data.draw(st.sampled_from(["stop_times.txt", "stops.txt", "trips.txt"]))
    text = FILES[name].encode()
    index, sign = data.draw(st.integers(0, len(text) - 1)), data.draw(st.sampled_from(b'"\n\r,0 a\0.-\xff'))
    path = feed(tmp_path, {name: text[:index] + bytes([sign]) + text[index + 1 :]})
    one, other = outcome(read_feed, path), outcome(read_feed_patiently, path)
    if len(one) > 3 and len(other) > 3:
        assert one == other
    else:
        # Either may be the stricter one; a fault always says where.
        assert all(len(result) > 3 or result[0] for result in (one, other))


def test_a_version_is_made_up_without_unpacking_and_changes_with_any_table(tmp_path):
    first = load_feed(feed(tmp_path)).feed_version
    second = load_feed(feed(tmp_path, {"stops.txt": FILES["stops.txt"].replace("Beta", "Bota")})).feed_version
    assert (len(first), first != second) == (12, True)


def test_times_are_read_at_once_only_where_all_are_plain(tmp_path):
    path = long_feed(tmp_path)
    tables = quick_tables(path, tables_in(path), COLUMNS)
    assert isinstance(tables["stop_times"].columns["arrival_time"], np.ndarray)
