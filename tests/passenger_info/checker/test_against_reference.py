"""Whatever is broken at random: where the reference reports an error of a rule we have, so do we."""

from collections import Counter
from pathlib import Path

from google.transit import gtfs_realtime_pb2 as gtfs_realtime
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mobility.core.clock import Instant
from passenger_info.checker.case import Known, Now, UpdateCase
from passenger_info.checker.checker import Checker
from passenger_info.checker.excuse import Excuse
from passenger_info.checker.plain import is_plain
from passenger_info.checker.reach import Box
from passenger_info.checker.reading import update_read
from passenger_info.checker.static_view import StaticView
from passenger_info.checker.table import CALL_RULES, RULE_IDS
from passenger_info.checker.walk import walk
from tests.passenger_info.checker.mutate import mutated
from tests.passenger_info.checker.reference import reference_rules
from tests.passenger_info.checker.small_feed import NOW_S, add_update, good_message, tell_trip

TripDescriptor = gtfs_realtime.TripDescriptor
READ_S = NOW_S + 2


def ours(view: StaticView, message: gtfs_realtime.FeedMessage) -> set[str]:
    return {finding.rule_id for finding in Checker(view).check(message, Instant(READ_S * 1000))}


def is_at_exact_headway(message: gtfs_realtime.FeedMessage) -> bool:
    """Where the reference counts minutes wrong on purpose (rule E019 of positions, ``% 360``), as upstream does."""
    return any(e.vehicle.trip.trip_id == "EXACT" for e in message.entity)


def missed(view: StaticView, reference, message: gtfs_realtime.FeedMessage, folder: Path) -> set[str]:
    told = reference_rules(reference, message.SerializePartialToString(), READ_S, folder)
    excused = {"E019"} if is_at_exact_headway(message) else set()
    return (told & set(RULE_IDS)) - ours(view, message) - excused


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(seeds=st.lists(st.integers(0, 2**32), min_size=1, max_size=4))
def test_no_error_of_the_reference_escapes_us(view: StaticView, reference, tmp_path: Path, seeds: list[int]) -> None:
    message = good_message()
    for seed in seeds:
        mutated(message, seed)
    assume(message.IsInitialized())  # a reader does not take what lacks a required field
    assert missed(view, reference, message, tmp_path) == set()


def test_the_mutations_break_many_rules(view: StaticView) -> None:
    broken: Counter[str] = Counter()
    for seed in range(2000):
        message = good_message()
        mutated(message, seed)
        broken.update(ours(view, message))
    assert len(broken) >= 35, sorted(broken)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(seeds=st.lists(st.integers(0, 2**32), max_size=3))
def test_rules_that_are_not_asked_about_plain_calls_would_find_nothing(view: StaticView, seeds: list[int]) -> None:
    message = good_message()
    for seed in seeds:
        mutated(message, seed)
    known = Known(view, Box(view.covered))
    for entity in message.entity:
        update = update_read(entity.trip_update)
        if is_plain(update.calls):
            static = view.trips.get(update.trip.trip_id or "")
            case = UpdateCase(update, static, walk(update, static), known, Now(READ_S * 1000, NOW_S))
            assert [rule_id for rule_id, rule in CALL_RULES if rule(case)] == []


def test_most_calls_are_plain_and_broken_ones_are_not() -> None:
    message = good_message()
    assert is_plain(update_read(message.entity[0].trip_update).calls)
    message.entity[0].trip_update.stop_time_update[1].departure.ClearField("time")
    assert not is_plain(update_read(message.entity[0].trip_update).calls)


def test_a_new_trip_is_unknown_to_us_and_to_the_reference_unless_that_is_excused(
    view: StaticView, reference, tmp_path: Path
) -> None:
    message = good_message()
    update = add_update(message, "D2")
    tell_trip(update.trip, "D2")
    update.trip.trip_id, update.trip.schedule_relationship = "tour-1", TripDescriptor.NEW
    message.entity[-1].id = "trip:tour-1"
    assert ours(view, message) == {"E003"}
    told = reference_rules(reference, message.SerializeToString(), READ_S, tmp_path)
    assert told & set(RULE_IDS) == {"E003"}
    excused = Checker(view, frozenset({Excuse("E003", TripDescriptor.NEW)}))
    assert excused.check(message, Instant(READ_S * 1000)) == ()
    update.trip.schedule_relationship = TripDescriptor.REPLACEMENT
    assert {f.rule_id for f in excused.check_entity(message.entity[-1], Instant(READ_S * 1000))} == {"E003"}
