"""The checker over time: entities before they are published, what it remembers, and the two readings of two rules."""

from pathlib import Path

import pytest
from google.protobuf.message import DecodeError
from google.transit import gtfs_realtime_pb2 as gtfs_realtime
from hypothesis import given, settings
from hypothesis import strategies as st

from gtfs.edge.load import load_feed
from mobility.core.clock import Instant, shifted
from passenger_info.checker.checker import Checker
from passenger_info.checker.shape_rules import count_of_numbers
from passenger_info.checker.static_view import StaticView, static_view
from passenger_info.profiles import REFERENCE
from tests.passenger_info.checker.small_feed import (
    NOW_S,
    TripDescriptor,
    add_alert,
    good_message,
)
from tests.passenger_info.checker.static_zip import view_of
from tests.passenger_info.day import ONE_HOUR, feed_files, zipped

NOW = Instant(NOW_S * 1000)


def rules(found) -> set[str]:
    return {finding.rule_id for finding in found}


def off_shape(message: gtfs_realtime.FeedMessage) -> gtfs_realtime.FeedEntity:
    entity = message.entity[2]
    entity.vehicle.position.latitude += 0.004
    return entity


def detour(message: gtfs_realtime.FeedMessage) -> gtfs_realtime.FeedEntity:
    add_alert(message)
    entity = message.entity[-1]
    entity.id = "alert:detour"
    entity.alert.effect = gtfs_realtime.Alert.DETOUR
    entity.alert.informed_entity[0].trip.trip_id = "D1"
    return entity


def test_an_entity_is_judged_by_the_second_it_is_published_in(view: StaticView) -> None:
    entity = good_message().entity[2]
    checker = Checker(view)
    assert checker.check_entity(entity, NOW) == []
    assert rules(checker.check_entity(entity, shifted(NOW, -2.5))) == {"E012"}
    assert rules(checker.check_entity(entity, shifted(NOW, -90))) == {"E012", "E050"}


def test_a_finding_names_its_entity_and_what_is_wrong(view: StaticView) -> None:
    entity = off_shape(good_message())
    found = Checker(view).check_entity(entity, NOW)
    assert [(f.rule_id, f.entity_id) for f in found] == [("E029", "vehicle:bus-1")]
    assert "shape" in found[0].detail


def test_an_alert_shown_before_lets_a_vehicle_leave_its_shape_until_it_says_something_else(view: StaticView) -> None:
    message = good_message()
    vehicle, alert = off_shape(message), detour(message)
    checker = Checker(view)
    assert rules(checker.check_entity(vehicle, NOW)) == {"E029"}
    assert checker.check_entity(alert, NOW) == []
    assert checker.check_entity(vehicle, NOW) == []
    alert.alert.effect = gtfs_realtime.Alert.NO_SERVICE
    checker.check_entity(alert, NOW)
    assert rules(checker.check_entity(vehicle, NOW)) == {"E029"}


def test_a_message_brings_its_own_detours_and_the_end_of_one_is_noticed(view: StaticView) -> None:
    message = good_message()
    off_shape(message)
    detour(message)
    checker = Checker(view)
    assert checker.check(message, NOW) == ()
    del message.entity[-1]
    message.header.timestamp += 1
    assert rules(checker.check(message, shifted(NOW, 1))) == {"E029"}


def test_what_was_right_is_not_read_again_and_what_was_wrong_is_still_wrong(view: StaticView) -> None:
    message = good_message()
    checker = Checker(view)
    assert checker.check(message, NOW) == ()
    message.entity[2].vehicle.position.bearing = 400
    for second in (1, 2):
        message.header.timestamp = NOW_S + second
        assert rules(checker.check(message, shifted(NOW, second))) == {"E027"}


def test_a_header_that_goes_back_finds_entities_newer_than_itself_again(view: StaticView) -> None:
    message = good_message()
    checker = Checker(view)
    assert checker.check(message, NOW) == ()
    message.header.timestamp = NOW_S - 30
    assert rules(checker.check(message, shifted(NOW, 1))) == {"E012", "E018"}


def test_the_same_message_twice_is_right_and_other_content_in_the_same_second_is_not(view: StaticView) -> None:
    message = good_message()
    checker = Checker(view)
    assert checker.check(message, NOW) == ()
    assert checker.check(message, shifted(NOW, 5)) == ()
    del message.entity[-1]
    assert rules(checker.check(message, shifted(NOW, 6))) == {"E017"}


def test_a_replacement_may_have_calls_of_its_own_where_it_is_read_as_today(view: StaticView) -> None:
    message = good_message()
    update = message.entity[0].trip_update
    update.trip.schedule_relationship = TripDescriptor.REPLACEMENT
    for k, call in enumerate(update.stop_time_update):
        call.stop_sequence = 10 * k + 5
        call.arrival.scheduled_time = call.arrival.time
    assert "E051" in rules(Checker(view).check(message, NOW))
    assert Checker(view, REFERENCE.excused).check(message, NOW) == ()
    update.stop_time_update[0].stop_id = "ghost"
    assert rules(Checker(view, REFERENCE.excused).check(message, NOW)) == {"E011"}


def test_calls_behind_an_unknown_number_are_looked_at_where_that_is_excused(view: StaticView) -> None:
    message = good_message()
    update = message.entity[0].trip_update
    update.trip.schedule_relationship = TripDescriptor.REPLACEMENT
    for k, call in enumerate(update.stop_time_update):
        call.stop_sequence = 10 * k + 5
    update.stop_time_update[2].ClearField("arrival")
    update.stop_time_update[2].ClearField("departure")
    assert rules(Checker(view).check(message, NOW)) == {"E051"}
    assert rules(Checker(view, REFERENCE.excused).check(message, NOW)) == {"E043"}


def test_a_timetable_and_the_files_it_came_from_give_one_view(tmp_path: Path) -> None:
    path = zipped(feed_files(ONE_HOUR), tmp_path / "feed.zip")
    by_rows, by_timetable = view_of(path), static_view(load_feed(path), agency_id="IOV")
    assert by_timetable.agencies == by_rows.agencies
    assert by_timetable.routes == by_rows.routes
    assert dict(by_timetable.stops) == by_rows.stops
    assert set(by_timetable.trips) == set(by_rows.trips)
    for trip_id, trip in by_rows.trips.items():
        ours = by_timetable.trips[trip_id]
        assert (ours.route_id, ours.direction, ours.block_id, ours.calls) == (
            trip.route_id,
            trip.direction,
            trip.block_id,
            trip.calls,
        )
        for one, other in zip(ours.shape, trip.shape, strict=True):
            assert one == pytest.approx(other, abs=1e-7)
    assert "ghost" not in by_timetable.trips


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=12))
def test_nothing_a_parser_accepts_makes_the_checker_fail(view: StaticView, changes: list[tuple[int, int]]) -> None:
    data = bytearray(good_message().SerializeToString())
    for place, value in changes:
        data[place % len(data)] = value
    try:
        message = gtfs_realtime.FeedMessage.FromString(bytes(data))
    except DecodeError:
        return
    checker = Checker(view)
    found = [*checker.check(message, NOW), *(f for e in message.entity for f in checker.check_entity(e, NOW))]
    assert all(finding.rule_id and finding.detail for finding in found)


@given(st.lists(st.integers(-(2**31), 2**31), max_size=20))
def test_the_numbers_of_a_polyline_are_counted(numbers: list[int]) -> None:
    assert count_of_numbers("".join(map(encoded, numbers))) == len(numbers)


@given(st.text(max_size=30))
def test_no_text_makes_the_count_of_a_polyline_fail(text: str) -> None:
    count = count_of_numbers(text)
    assert count is None or 0 <= count <= len(text)


def encoded(number: int) -> str:
    """One number of Google's polyline encoding."""
    rest = ~(number << 1) if number < 0 else number << 1
    out = ""
    while rest >= 0x20:
        out += chr((0x20 | (rest & 0x1F)) + 63)
        rest >>= 5
    return out + chr(rest + 63)
