"""What is written and read again with gtfs-kit is the timetable of the region."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gtfs.edge.load import load_feed
from gtfs.edge.wanted import NULLS
from gtfs.edge.write import schedule_zip
from gtfs.from_region import timetable_of
from mobility.core.geo import LatLon
from mobility.core.ids import BlockId, StopId, TripId
from mobility.core.region import Calendar, LinePattern, LineTrip
from mobility.core.service_day import ServiceTime
from tests.gtfs.small_region import line, region, stop

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Z")), min_size=1, max_size=12).filter(
    lambda text: text not in NULLS
)
PLACES = st.builds(LatLon, st.floats(50.60, 50.75), st.floats(10.80, 11.00))
DAYS = st.dates(date(2025, 9, 1), date(2025, 12, 31))


@st.composite
def calendars(draw, name):
    first = draw(DAYS)
    return Calendar(
        calendar_id=name,
        weekdays=frozenset(draw(st.sets(st.integers(0, 6), min_size=1))),
        first=first,
        last=first + timedelta(days=draw(st.integers(0, 100))),
        added=frozenset(draw(st.sets(DAYS, max_size=3))),
        removed=frozenset(draw(st.sets(DAYS, max_size=3))),
    )


@st.composite
def patterns(draw, pattern_id, places):
    stops = draw(st.lists(st.sampled_from(sorted(places)), min_size=2, max_size=6))
    arrival_s, departure_s, clock_s = [], [], 0
    for k in range(len(stops)):
        clock_s += draw(st.integers(30, 600)) if k else 0
        arrival_s.append(clock_s)
        clock_s += draw(st.integers(0, 60))
        departure_s.append(clock_s)
    path = [place for k in stops for place in (places[k], *draw(st.lists(PLACES, max_size=2)))]
    return LinePattern(
        pattern_id=pattern_id,
        headsign=draw(NAMES),
        direction=draw(st.integers(0, 1)),
        stops=tuple(stops),
        arrival_s=tuple(arrival_s),
        departure_s=tuple(departure_s),
        fastest_s=(0,) * len(stops),
        path=tuple(path) if draw(st.booleans()) else (),
    )


@st.composite
def regions(draw):
    places = {StopId(f"stop-{k}"): draw(PLACES) for k in range(draw(st.integers(2, 5)))}
    drawn = [draw(patterns(f"p{k}", places)) for k in range(draw(st.integers(1, 3)))]
    trips = [
        LineTrip(
            trip_id=TripId(f"t{k}"),
            pattern_id=draw(st.sampled_from(drawn)).pattern_id,
            calendar_id="days",
            start=ServiceTime(draw(st.integers(0, 30 * 3600))),
            block_id=BlockId(f"b{draw(st.integers(1, 2))}"),
        )
        for k in range(draw(st.integers(1, 5)))
    ]
    return region(
        [line(trips, drawn)],
        calendars={"days": draw(calendars("days"))},
        stops={stop_id: stop(stop_id, place) for stop_id, place in places.items()},
    )


@given(area=regions())
@hypothesis_settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_written_feed_reads_as_the_timetable_it_was_written_from(tmp_path, area):
    path = tmp_path / "schedule.zip"
    path.write_bytes(schedule_zip(area))
    own, read = timetable_of(area), load_feed(path)
    assert (read.zone, read.feed_version, read.agency_name) == (own.zone, own.feed_version, own.agency_name)
    assert list(read.stops) == list(own.stops)
    assert list(read.trips) == list(own.trips)
    for name, trip in own.trips.items():
        other = read.trips[name]
        for field in ("route_id", "service_id", "headsign", "direction", "block_id", "is_wheelchair_accessible"):
            assert getattr(other, field) == getattr(trip, field)
        for field in ("arrival", "departure", "stop_sequence", "can_board"):
            assert getattr(other, field) == getattr(trip, field)
        assert other.pattern.stops == trip.pattern.stops
        assert other.pattern.stop_chainage_m == pytest.approx(trip.pattern.stop_chainage_m, abs=1.0)
    for day in (date(2025, 9, 1) + timedelta(days=k) for k in range(0, 230, 3)):
        assert [trip.trip_id for trip in read.trips_on(day)] == [trip.trip_id for trip in own.trips_on(day)]


def test_the_same_region_gives_the_same_bytes():
    assert schedule_zip(region()) == schedule_zip(region())
