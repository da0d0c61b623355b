"""The gates of all profiles: what a profile excuses passes there and nowhere else, and any other error in none."""

from collections.abc import Callable

import pytest
from google.protobuf.message import DecodeError
from google.transit import gtfs_realtime_pb2 as gtfs_realtime
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.core.clock import Instant, shifted
from passenger_info.checker.apart import taken_apart
from passenger_info.checker.checker import Checker
from passenger_info.checker.finding import RuleFinding
from passenger_info.checker.right import Right
from passenger_info.checker.static_view import StaticView
from passenger_info.gates import Gates
from passenger_info.profiles import FULL, LEGACY, MOTIS, OTP, PROFILES, REFERENCE, Profile
from tests.passenger_info.checker.mutate import mutated
from tests.passenger_info.checker.small_feed import NOW_S, TripDescriptor, add_update, good_message, tell_trip

NOW = Instant(NOW_S * 1000)
Message = gtfs_realtime.FeedMessage
Plant = Callable[[Message], None]


def tour(message: Message) -> gtfs_realtime.TripUpdate:
    """A trip that the static feed does not have."""
    update = add_update(message, "D2")
    tell_trip(update.trip, "D2")
    update.trip.trip_id, update.trip.schedule_relationship = "tour-1", TripDescriptor.NEW
    message.entity[-1].id = "trip:tour-1"
    return update


def detour(message: Message) -> gtfs_realtime.TripUpdate:
    """A trip whose calls are numbered anew."""
    update = message.entity[0].trip_update
    update.trip.schedule_relationship = TripDescriptor.REPLACEMENT
    for k, call in enumerate(update.stop_time_update):
        call.stop_sequence = 10 * k + 5
    return update


def a_tour_on_an_unknown_line(message: Message) -> None:
    tour(message).trip.route_id = "ghost"


def a_tour_without_times(message: Message) -> None:
    call = tour(message).stop_time_update[1]
    call.ClearField("arrival")
    call.ClearField("departure")


def a_detour_that_leaves_before_it_arrives(message: Message) -> None:
    call = detour(message).stop_time_update[2]
    call.departure.time = call.arrival.time - 5


def a_detour_to_a_stop_nobody_knows(message: Message) -> None:
    detour(message).stop_time_update[2].stop_id = "ghost"


def a_usual_trip_nobody_knows(message: Message) -> None:
    message.entity[0].trip_update.trip.trip_id = "ghost"


def a_vehicle_on_a_copy_nobody_knows(message: Message) -> None:
    trip = message.entity[2].vehicle.trip
    trip.trip_id, trip.schedule_relationship = "ghost", TripDescriptor.DUPLICATED


def a_bearing_of_400(message: Message) -> None:
    message.entity[2].vehicle.position.bearing = 400


def an_alert_for_nobody(message: Message) -> None:
    next(e.alert for e in message.entity if e.HasField("alert")).ClearField("informed_entity")


EVERYWHERE: dict[Plant, str] = {
    a_tour_on_an_unknown_line: "E004",
    a_tour_without_times: "E043",
    a_detour_that_leaves_before_it_arrives: "E025",
    a_detour_to_a_stop_nobody_knows: "E011",
    a_usual_trip_nobody_knows: "E003",
    a_vehicle_on_a_copy_nobody_knows: "E003",
    a_bearing_of_400: "E027",
    an_alert_for_nobody: "E032",
}
"""Faults that no profile excuses; ahead of them may stand what some do."""


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
@pytest.mark.parametrize("plant", EVERYWHERE, ids=lambda plant: plant.__name__)
def test_no_profile_publishes_a_planted_fault(view: StaticView, profile: Profile, plant: Plant) -> None:
    told: list[tuple[str, str]] = []
    gates = Gates(view, told=lambda name, finding: told.append((name, finding.rule_id)))
    message = good_message()
    plant(message)
    passed = [gates.of_entities(profile).may_publish(entity, NOW) for entity in message.entity]
    assert passed.count(False) == 1
    assert (profile.name, EVERYWHERE[plant]) in told
    assert not gates.of_feed(profile, "all")(message.SerializeToString(), NOW)
    assert {name for name, rules in gates.refused.items() if rules} == {profile.name}
    assert gates.refused[profile.name][EVERYWHERE[plant]] == 2


@pytest.mark.parametrize(
    ("plant", "profiles"),
    [(tour, {REFERENCE.name, OTP.name, MOTIS.name}), (detour, {REFERENCE.name, OTP.name})],
    ids=["tour", "detour"],
)
def test_what_the_reference_asks_for_passes_where_it_is_excused(view: StaticView, plant, profiles: set[str]) -> None:
    gates = Gates(view)
    message = good_message()
    plant(message)
    data = message.SerializeToString()
    for _ in range(2):  # in any order: what was right in one profile is not right in another
        passed = {name for name, each in PROFILES.items() if gates.of_feed(each, "all")(data, NOW)}
        by_entity = {
            name
            for name, each in PROFILES.items()
            if all(gates.of_entities(each).may_publish(entity, NOW) for entity in message.entity)
        }
        assert passed == by_entity == profiles
    assert {name for name, rules in gates.refused.items() if rules} == PROFILES.keys() - profiles


def test_entities_that_do_not_fit_together_are_sent_in_no_profile(view: StaticView) -> None:
    gates = Gates(view)
    message = good_message()
    message.entity[0].trip_update.vehicle.id = "bus-2"
    for profile in PROFILES.values():
        assert all(gates.of_entities(profile).may_publish(entity, NOW) for entity in message.entity)
        assert not gates.of_feed(profile, "all")(message.SerializeToString(), NOW)
    assert gates.refused == {name: {"E047": 1} for name in PROFILES}


def test_the_log_names_the_profile(view: StaticView) -> None:
    told: list[tuple[str, RuleFinding]] = []
    gates = Gates(view, told=lambda name, finding: told.append((name, finding)))
    message = good_message()
    a_bearing_of_400(message)
    for profile in (LEGACY, FULL, LEGACY):
        gates.of_entities(profile).may_publish(message.entity[2], NOW)
    assert [(name, finding.rule_id) for name, finding in told] == [("legacy", "E027"), ("full", "E027")]


def test_what_is_right_is_judged_once_for_all_and_what_nobody_asks_for_is_forgotten(view: StaticView) -> None:
    right = Right()
    content = good_message().entity[0].SerializeToString()
    assert Checker(view, right=right).check(good_message(), NOW) == ()
    judged = right.get(content)
    assert judged is not None
    assert Checker(view, REFERENCE.excused, right).check(good_message(), NOW) == ()
    assert right.get(content) is judged
    for minute in (1, 2, 3):
        right.keep(b"other", judged, shifted(NOW, 60 * minute))
    assert right.get(content) is None


def test_an_entity_ahead_of_its_message_is_wrong_though_it_was_right_before(view: StaticView) -> None:
    gates = Gates(view)
    entity = good_message().entity[2]
    assert gates.of_entities(FULL).may_publish(entity, NOW)
    assert not gates.of_entities(OTP).may_publish(entity, shifted(NOW, -30))
    assert gates.refused["otp"] == {"E012": 1}


@settings(max_examples=150, deadline=None)
@given(seeds=st.lists(st.integers(0, 2**32), max_size=4))
def test_bytes_and_message_have_the_same_findings(view: StaticView, seeds: list[int]) -> None:
    whole, in_bytes = Checker(view), Checker(view)
    for second in (0, 1):
        message = good_message(NOW_S + second)
        for seed in seeds[second:]:
            mutated(message, seed)
        try:
            found = in_bytes.check_bytes(message.SerializePartialToString(), shifted(NOW, second))
        except DecodeError:
            assert not message.IsInitialized()
            return
        expected = whole.check(message, shifted(NOW, second))
        assert sorted(found, key=repr) == sorted(expected, key=repr)


@given(st.binary(max_size=60))
def test_whatever_is_taken_apart_is_what_a_parser_reads(data: bytes) -> None:
    parts = taken_apart(data)
    if parts is None:
        return
    again = b"\x0a" + varint(len(parts.header)) + parts.header
    again += b"".join(b"\x12" + varint(len(each)) + each for each in parts.entities)
    assert taken_apart(again) == parts


def varint(number: int) -> bytes:
    return bytes([number]) if number < 0x80 else bytes([number & 0x7F | 0x80]) + varint(number >> 7)


def test_a_message_with_a_field_nobody_knows_is_read_as_a_whole(view: StaticView) -> None:
    data = good_message().SerializeToString() + b"\x1a\x01x"
    assert taken_apart(data) is None
    assert Checker(view).check_bytes(data, NOW) == ()
