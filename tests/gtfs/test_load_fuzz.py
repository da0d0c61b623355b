"""Whatever bytes come, loading ends in a timetable or in the one clear error."""

import re

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gtfs.edge.load import load_feed
from gtfs.timetable import Timetable
from mobility.core.errors import BadInputError
from tests.gtfs.feed_files import FILES, feed, packed

QUIET = hypothesis_settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
WHOLE = packed(FILES)
CELLS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "",
            "-1",
            "0",
            "1e9",
            "1e400",
            "nan",
            "inf",
            "NA",
            "99999999999",
            '"',
            "\0",
            "25:61:00",
            "1000:00:00",
            "20250230",
        ]
    ),
    st.integers(-(2**70), 2**70).map(str),
    st.floats().map(str),
)


def outcome(path):
    """A timetable, or the words of the one error; anything else falls through and fails the test."""
    try:
        timetable = load_feed(path)
    except BadInputError as error:
        return str(error)
    assert isinstance(timetable, Timetable)
    for trip in timetable.trips.values():
        assert list(trip.arrival) == sorted(trip.arrival)
    return timetable


@given(content=st.binary(max_size=300))
@QUIET
def test_random_bytes_are_refused(tmp_path, content):
    path = tmp_path / "feed.zip"
    path.write_bytes(content)
    assert isinstance(outcome(path), str)


@given(changes=st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=6))
@QUIET
def test_a_zip_with_changed_bytes_loads_or_is_refused(tmp_path, changes):
    content = bytearray(WHOLE)
    for place, value in changes:
        content[place] = value
    path = tmp_path / "feed.zip"
    path.write_bytes(bytes(content))
    assert outcome(path)


@given(start=st.integers(0, len(WHOLE)), length=st.integers(1, 400), inserted=st.binary(max_size=50))
@QUIET
def test_a_zip_with_a_piece_cut_out_loads_or_is_refused(tmp_path, start, length, inserted):
    path = tmp_path / "feed.zip"
    path.write_bytes(WHOLE[:start] + inserted + WHOLE[start + length :])
    assert outcome(path)


@given(name=st.sampled_from(sorted(FILES)), content=st.one_of(st.binary(max_size=200), st.text(max_size=200)))
@QUIET
def test_a_table_of_anything_is_refused_and_named(tmp_path, name, content):
    assert isinstance(outcome(feed(tmp_path, {name: content})), str)


@given(data=st.data(), name=st.sampled_from(sorted(FILES)), cell=CELLS)
@QUIET
def test_a_table_with_one_changed_cell_loads_or_is_refused_by_name(tmp_path, data, name, cell):
    cells = re.split("([,\n])", FILES[name])
    place = data.draw(st.integers(0, len(cells) // 2).map(lambda k: 2 * k))
    cells[place] = cell
    found = outcome(feed(tmp_path, {name: "".join(cells).encode("utf-8", "surrogatepass")}))
    assert isinstance(found, Timetable) or ".txt" in found


@given(name=st.sampled_from(sorted(FILES)), start=st.integers(0, 300), length=st.integers(1, 60))
@QUIET
def test_a_table_with_a_piece_cut_out_loads_or_is_refused_by_name(tmp_path, name, start, length):
    content = FILES[name]
    found = outcome(feed(tmp_path, {name: content[:start] + content[start + length :]}))
    assert isinstance(found, Timetable) or ".txt" in found


@pytest.mark.parametrize("name", ["calendar_dates.txt", "shapes.txt", "frequencies.txt", "feed_info.txt"])
@given(content=st.one_of(st.text(max_size=100), st.lists(CELLS, max_size=12).map(",".join)))
@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_optional_table_of_anything_loads_or_is_refused(tmp_path, name, content):
    header = {
        "calendar_dates.txt": "service_id,date,exception_type\n",
        "shapes.txt": "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\n",
        "frequencies.txt": "trip_id,start_time,end_time,headway_secs\n",
        "feed_info.txt": "feed_publisher_name,feed_version\n",
    }[name]
    found = outcome(feed(tmp_path, {name: (header + content).encode("utf-8", "surrogatepass")}))
    assert isinstance(found, Timetable) or ".txt" in found
