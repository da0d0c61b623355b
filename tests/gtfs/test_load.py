"""Foreign feeds, as they really come."""

from datetime import date

import pytest

from gtfs.edge.load import load_feed
from mobility.core.errors import BadInputError
from mobility.core.ids import StopId, TripId
from tests.gtfs.feed_files import FILES, feed


def lines_of(name):
    return FILES[name].splitlines()


def test_a_plain_feed_loads(tmp_path):
    timetable = load_feed(feed(tmp_path))
    trip = timetable.trips[TripId("t1")]
    assert trip.arrival == (28_800, 29_100, 29_400)
    assert trip.departure == (28_800, 29_160, 29_400)
    assert trip.headsign == "Gamma"
    assert (trip.direction, trip.block_id, trip.fastest_s, trip.is_wheelchair_accessible) == (None, None, None, None)
    assert timetable.trips[TripId("t2")].departure == (90_000, 90_600)
    assert timetable.zone == "Europe/Berlin"
    assert timetable.frame.crs == "EPSG:32632"
    assert timetable.routes["R"].colour == "FFFFFF"
    assert timetable.notes == ()


def test_a_folder_loads_like_a_zip(tmp_path):
    for name, content in FILES.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    assert list(load_feed(tmp_path).trips) == ["t1", "t2"]


@pytest.mark.parametrize(
    "changed",
    [
        {"stop_times.txt": FILES["stop_times.txt"].replace("08:", "8:")},
        {name: content.replace("\n", "\r\n") for name, content in FILES.items()},
        {name: b"\xef\xbb\xbf" + content.encode() for name, content in FILES.items()},
        {"rider_categories.txt": "", "directions.txt": "direction\nnorth\n", "notes.pdf": b"\x00\xff"},
        {"stops.txt": FILES["stops.txt"] + "\n\n"},
        {"transfers.txt": "from_stop_id,to_stop_id,transfer_type\n"},
        {"shapes.txt": "", "frequencies.txt": ""},
        {"trips.txt": FILES["trips.txt"].replace("trip_id,trip", " trip_id ,trip")},
        {"stop_times.txt": "\n".join([lines_of("stop_times.txt")[0], *reversed(lines_of("stop_times.txt")[1:])])},
    ],
    ids=["unpadded", "crlf", "bom", "extra", "blank-lines", "header-only", "empty", "spaces", "unsorted"],
)
def test_odd_but_legal_files_load_the_same(tmp_path, changed):
    timetable = load_feed(feed(tmp_path, changed))
    assert timetable.trips[TripId("t1")].arrival == (28_800, 29_100, 29_400)
    assert timetable.trips[TripId("t2")].departure == (90_000, 90_600)


def test_a_feed_may_have_single_dates_instead_of_weeks(tmp_path):
    dates = "service_id,date,exception_type\ndaily,20250301,1\ndaily,20250303,1\ndaily,20250302,2\n"
    timetable = load_feed(feed(tmp_path, {"calendar.txt": None, "calendar_dates.txt": dates}))
    running = [day for day in (1, 2, 3, 4) if timetable.runs_on(TripId("t1"), date(2025, 3, day))]
    assert running == [1, 3]


def test_single_dates_change_the_week(tmp_path):
    dates = "service_id,date,exception_type\ndaily,20260101,1\ndaily,20250302,2\n"
    timetable = load_feed(feed(tmp_path, {"calendar_dates.txt": dates}))
    assert timetable.runs_on(TripId("t1"), date(2026, 1, 1))
    assert not timetable.runs_on(TripId("t1"), date(2025, 3, 2))
    assert timetable.runs_on(TripId("t1"), date(2025, 3, 3))


def test_open_times_are_interpolated(tmp_path):
    times = FILES["stop_times.txt"].replace("08:05:00,08:06:00", ",")
    trip = load_feed(feed(tmp_path, {"stop_times.txt": times})).trips[TripId("t1")]
    # From a to b are 780 m, from b to c 1790 m.
    assert trip.arrival[1] == trip.departure[1] == pytest.approx(28_800 + 600 * 780 / 2570, abs=5)


def test_a_shape_that_does_not_exist_leaves_straight_lines(tmp_path):
    trips = "route_id,service_id,trip_id,shape_id\nR,daily,t1,none\nR,daily,t2,none\n"
    pattern = load_feed(feed(tmp_path, {"trips.txt": trips})).trips[TripId("t1")].pattern
    assert len(pattern.line.points) == 3
    assert pattern.stop_chainage_m == pattern.line.chainages_m


def test_a_shape_carries_the_stops(tmp_path):
    trips = "route_id,service_id,trip_id,shape_id\nR,daily,t1,s\nR,daily,t2,s\n"
    shapes = (
        "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\n"
        "s,50.6825,10.9380,9\ns,50.6845,10.9241,1\ns,50.6866,10.9135,2\n"
    )
    pattern = load_feed(feed(tmp_path, {"trips.txt": trips, "shapes.txt": shapes})).trips[TripId("t1")].pattern
    assert pattern.stop_chainage_m == pytest.approx((0, pattern.line.chainages_m[1], pattern.line.length_m))


def test_stations_are_parents_and_entrances_are_left_out(tmp_path):
    stops = (
        "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station,wheelchair_boarding\n"
        "a,Alpha,50.6845,10.9241,,S,1\nb,Beta,50.6866,10.9135,0,,2\nc,Gamma,50.6825,10.9380,0,gone,0\n"
        "S,Station,50.6845,10.9240,1,,\ne,Entrance,50.6845,10.9240,2,S,\nn,Node,,,3,S,\n"
    )
    known = load_feed(feed(tmp_path, {"stops.txt": stops})).stops
    assert set(known) == {"a", "b", "c", "S"}
    assert known[StopId("a")].parent == "S"
    assert known[StopId("c")].parent is None
    assert [known[StopId(name)].is_wheelchair_accessible for name in "abc"] == [True, False, None]


def test_nobody_boards_where_pickup_is_not_offered(tmp_path):
    rows = [f"{row},{1 if row.startswith('t1') and ',b,' in row else 0}" for row in lines_of("stop_times.txt")[1:]]
    times = "\n".join([lines_of("stop_times.txt")[0] + ",pickup_type", *rows])
    timetable = load_feed(feed(tmp_path, {"stop_times.txt": times}))
    assert timetable.trips[TripId("t1")].can_board == (True, False, False)


def test_trips_by_headway_are_left_out_and_noted(tmp_path):
    headways = "trip_id,start_time,end_time,headway_secs\nt2,06:00:00,10:00:00,600\n"
    timetable = load_feed(feed(tmp_path, {"frequencies.txt": headways}))
    assert list(timetable.trips) == ["t1"]
    assert timetable.notes == (
        "trips.txt: trips left out because they run by headway, not by times (frequencies.txt): 1",
    )


def test_trips_of_time_windows_are_left_out_and_noted(tmp_path):
    times = (
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence,location_id,start_pickup_drop_off_window\n"
        "t1,08:00:00,08:00:00,a,1,,\nt1,08:10:00,08:10:00,c,2,,\nt2,,,,1,zone,08:00:00\nt2,,,,2,zone,08:00:00\n"
    )
    timetable = load_feed(feed(tmp_path, {"stop_times.txt": times}))
    assert list(timetable.trips) == ["t1"]
    assert "GTFS-Flex" in timetable.notes[0]


def test_a_feed_names_its_version_or_gets_a_digest(tmp_path):
    info = "feed_publisher_name,feed_publisher_url,feed_lang,feed_version\nX,https://x.example.org/,de,spring-7\n"
    assert load_feed(feed(tmp_path, {"feed_info.txt": info})).feed_version == "spring-7"
    unnamed = load_feed(feed(tmp_path)).feed_version
    changed = load_feed(feed(tmp_path, {"routes.txt": "route_id,route_short_name,route_type\nR,8,3\n"})).feed_version
    assert len(unnamed) == len(changed) == 12
    assert unnamed != changed


BROKEN = {
    "time": ("stop_times.txt", "08:05:00,08", "8.05,08", "stop_times.txt", 2, "arrival_time"),
    "minute": ("stop_times.txt", "25:10:00,25:10:00", "25:10:00,25:99:00", "stop_times.txt", 5, "departure_time"),
    "no last time": ("stop_times.txt", "08:10:00,08:10:00", ",", "stop_times.txt", 3, "arrival_time"),
    "backwards": ("stop_times.txt", "08:10:00,08:10:00", "08:05:30,08:05:30", "stop_times.txt", 3, "arrival_time"),
    "sequence text": ("stop_times.txt", "a,1\nt1", "a,one\nt1", "stop_times.txt", 1, "stop_sequence"),
    "sequence underscore": ("stop_times.txt", "a,1\nt1", "a,1_0\nt1", "stop_times.txt", 1, "stop_sequence"),
    "sequence tab": ("stop_times.txt", "a,1\nt1", "a,\t\nt1", "stop_times.txt", 1, "stop_sequence"),
    "sequence open": ("stop_times.txt", "c,3", "c,", "stop_times.txt", 3, "stop_sequence"),
    "sequence twice": ("stop_times.txt", "c,3", "c,2", "stop_times.txt", 3, "stop_sequence"),
    "stop unknown": ("stop_times.txt", ",b,2", ",x,2", "stop_times.txt", 2, "stop_id"),
    "stop open": ("stop_times.txt", ",b,2", ",,2", "stop_times.txt", 2, "stop_id"),
    "trip unknown": ("stop_times.txt", "t2,25:10", "t9,25:10", "stop_times.txt", 5, "trip_id"),
    "column missing": ("stop_times.txt", "stop_sequence", "sequence", "stop_times.txt", None, "stop_sequence"),
    "too many fields": ("stop_times.txt", ",b,2", ",b,2,9,9", "stop_times.txt", 2, ""),
    "latitude": ("stops.txt", "50.6866", "150.6866", "stops.txt", 2, "stop_lat"),
    "latitude text": ("stops.txt", "50.6866", "north", "stops.txt", 2, "stop_lat"),
    "latitude inf": ("stops.txt", "50.6866", "inf", "stops.txt", 2, "stop_lat"),
    "latitude open": ("stops.txt", "50.6866", "", "stops.txt", 2, "stop_lat"),
    "stop twice": ("stops.txt", "c,Gamma", "a,Gamma", "stops.txt", 3, "stop_id"),
    "stop column": ("stops.txt", "stop_lon", "longitude", "stops.txt", None, "stop_lon"),
    "route unknown": ("trips.txt", "R,daily,t2", "Q,daily,t2", "trips.txt", 2, "route_id"),
    "service unknown": ("trips.txt", "R,daily,t2", "R,never,t2", "trips.txt", 2, "service_id"),
    "trip twice": ("trips.txt", "R,daily,t2", "R,daily,t1", "trips.txt", 2, "trip_id"),
    "weekday": ("calendar.txt", "daily,1,1", "daily,1,2", "calendar.txt", 1, "tuesday"),
    "date": ("calendar.txt", "20251231", "20251331", "calendar.txt", 1, "end_date"),
    "date words": ("calendar.txt", "20251231", "31.12.2025", "calendar.txt", 1, "end_date"),
    "zone": ("agency.txt", "Europe/Berlin", "Europe/Ilmenau", "agency.txt", 1, "agency_timezone"),
    "zone path": ("agency.txt", "Europe/Berlin", "../../etc/passwd", "agency.txt", 1, "agency_timezone"),
    "zone open": ("agency.txt", "Europe/Berlin", "", "agency.txt", 1, "agency_timezone"),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_a_wrong_cell_is_named_by_file_row_and_field(tmp_path, broken):
    file, old, new, source, row, field = broken
    assert old in FILES[file]
    with pytest.raises(BadInputError) as caught:
        load_feed(feed(tmp_path, {file: FILES[file].replace(old, new, 1)}))
    assert (caught.value.source, caught.value.row, caught.value.field) == (source, row, field)


@pytest.mark.parametrize("name", list(FILES))
def test_a_missing_or_empty_file_is_named(tmp_path, name):
    for content in (None, "", FILES[name].split("\n")[0] + "\n"):
        with pytest.raises(BadInputError, match=name):
            load_feed(feed(tmp_path, {name: content}))


def test_a_file_of_blank_lines_is_named(tmp_path):
    with pytest.raises(BadInputError, match="no line names the columns") as caught:
        load_feed(feed(tmp_path, {"routes.txt": "\n\n"}))
    assert caught.value.source == "routes.txt"


def test_text_that_is_not_utf_8_is_named_by_file_and_row(tmp_path):
    with pytest.raises(BadInputError, match="not UTF-8") as caught:
        load_feed(feed(tmp_path, {"stops.txt": FILES["stops.txt"].replace("Beta", "Bäta").encode("latin-1")}))
    assert (caught.value.source, caught.value.row) == ("stops.txt", 2)


def test_two_time_zones_in_one_feed_are_refused(tmp_path):
    agencies = FILES["agency.txt"] + "B,Trains,https://trains.example.org/,Europe/Paris\n"
    with pytest.raises(BadInputError, match="one time zone"):
        load_feed(feed(tmp_path, {"agency.txt": agencies}))


def test_a_stop_on_another_continent_is_refused_only_when_a_trip_calls_there(tmp_path):
    stops = FILES["stops.txt"] + "far,Far,0,-170\n"
    assert len(load_feed(feed(tmp_path, {"stops.txt": stops})).stops) == 4
    times = FILES["stop_times.txt"].replace(",b,2", ",far,2")
    with pytest.raises(BadInputError, match="far"):
        load_feed(feed(tmp_path, {"stops.txt": stops, "stop_times.txt": times}))
