"""Trips at another time, on another way, without some stops: checked on the shipped region's lines."""

from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtfs.altered import OtherStop, OtherWay, at_another_time, on_another_way, span_of, without_stops
from gtfs.from_region import timetable_of
from gtfs.timetable import Timetable
from gtfs.trip import Trip
from mobility.core.errors import BadInputError
from mobility.core.geo import XY
from mobility.core.ids import StopId, TripId
from mobility.core.service_day import ServiceTime
from mobility.storage.bundles import load_region, shipped_region


@cache
def timetable() -> Timetable:
    return timetable_of(load_region(shipped_region("ilmenau")))


@cache
def trips() -> tuple[Trip, ...]:
    """One trip of each pattern."""
    return tuple({trip.pattern: trip for trip in timetable().trips.values()}.values())


def is_sound(trip: Trip) -> bool:
    """Return whether times and chainages rise together and every call has its place on the line."""
    times = [time for call in zip(trip.arrival, trip.departure, strict=True) for time in call]
    along = trip.pattern.stop_chainage_m
    return (
        all(a <= b for a, b in pairwise(times))
        and all(a <= b for a, b in pairwise(along))
        and along[0] >= 0
        and along[-1] <= trip.pattern.line.length_m + 1e-6
        and all(a < b for a, b in pairwise(trip.stop_sequence))
        and len(trip.arrival) == len(trip.pattern.stops) == len(along)
    )


@given(st.data())
@settings(deadline=None)
def test_an_extra_trip_drives_like_the_one_it_repeats(data):
    trip = data.draw(st.sampled_from(trips()))
    departs = ServiceTime(data.draw(st.integers(0, 30 * 3600)))
    extra = at_another_time(trip, TripId("extra"), departs)
    assert extra.departure[0] == departs
    assert [b - a for a, b in pairwise(extra.arrival)] == [b - a for a, b in pairwise(trip.arrival)]
    assert (extra.pattern, extra.block_id, extra.trip_id) == (trip.pattern, None, "extra")
    assert is_sound(extra)


@given(st.data())
@settings(deadline=None)
def test_closing_stops_leaves_the_other_times_alone(data):
    trip = data.draw(st.sampled_from(trips()))
    closed = data.draw(st.sets(st.sampled_from(trip.pattern.stops), max_size=3))
    left = [i for i, stop in enumerate(trip.pattern.stops) if stop not in closed]
    if len(left) < 2:
        with pytest.raises(BadInputError):
            without_stops(trip, tuple(closed))
        return
    rest = without_stops(trip, tuple(closed))
    assert rest.pattern.stops == tuple(trip.pattern.stops[i] for i in left)
    assert rest.departure == tuple(trip.departure[i] for i in left)
    assert is_sound(rest)
    if rest.fastest_s is not None and trip.fastest_s is not None:
        assert sum(rest.fastest_s) == sum(trip.fastest_s[left[0] + 1 : left[-1] + 1])


@given(st.data())
@settings(deadline=None)
def test_a_detour_keeps_the_way_before_and_shifts_the_times_behind(data):
    trip = data.draw(st.sampled_from([trip for trip in trips() if len(set(trip.pattern.stops)) == trip.call_count]))
    a = data.draw(st.integers(0, trip.call_count - 2))
    b = data.draw(st.integers(a + 1, trip.call_count - 1))
    aside = data.draw(st.floats(-400, 400))
    leaves, rejoins = (trip.pattern.line.at(trip.pattern.stop_chainage_m[i]) for i in (a, b))
    corner = XY((leaves.x_m + rejoins.x_m) / 2 + aside, (leaves.y_m + rejoins.y_m) / 2 + aside)
    stops = (OtherStop(StopId("ersatzhalt"), corner, 100.0),) if data.draw(st.booleans()) else ()
    drive_s = data.draw(st.floats(30, 900))
    way = OtherWay(
        leaves_at=trip.pattern.stops[a],
        rejoins_at=trip.pattern.stops[b],
        stops=stops,
        drive_s=drive_s,
        path=(leaves, corner, rejoins),
    )
    around = on_another_way(trip, way)
    behind = trip.call_count - b
    assert around.pattern.stops == (*trip.pattern.stops[: a + 1], *(s.stop_id for s in stops), *trip.pattern.stops[b:])
    assert around.arrival[: a + 1] == trip.arrival[: a + 1]
    shifts = {x - y for x, y in zip(around.arrival[-behind:], trip.arrival[b:], strict=True)}
    assert len(shifts) == 1
    assert is_sound(around)
    for i in range(1, behind + 1):
        here, there = (t.pattern.line.at(t.pattern.stop_chainage_m[-i]) for t in (around, trip))
        assert abs(here.x_m - there.x_m) < 1.5
        assert abs(here.y_m - there.y_m) < 1.5


def test_a_detour_between_stops_the_trip_does_not_serve_in_that_order_is_refused():
    trip = timetable().trips[TripId("D-out-mofr-0807")]
    with pytest.raises(BadInputError, match="does not go"):
        span_of(trip, StopId("campus-ost"), StopId("ehrenberg"))
