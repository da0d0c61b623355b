"""Our own feed: no finding on a whole drive; its messages, broken at random, are found wherever others find them."""

import random
from pathlib import Path

import pytest
from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from gtfs.edge.load import load_feed
from gtfs.timetable import Timetable
from mobility.core.clock import Instant
from passenger_info.checker.checker import Checker
from passenger_info.checker.static_view import static_view
from passenger_info.checker.table import RULE_IDS
from tests.passenger_info.checker.mutate import mutated
from tests.passenger_info.checker.reference import reference_feed, reference_rules
from tests.passenger_info.day import ONE_HOUR, Drive, at, feed_files, run_on, zipped
from tests.passenger_info.world import World

ROUNDS = 300


@pytest.fixture(scope="module")
def schedule(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return zipped(feed_files(ONE_HOUR), tmp_path_factory.mktemp("feed") / "feed.zip")


@pytest.fixture(scope="module")
def timetable(schedule: Path) -> Timetable:
    return load_feed(schedule)


@pytest.fixture(scope="module")
def recorded(timetable: Timetable) -> list[tuple[Instant, bytes]]:
    world = World(timetable, at("07:58"), record_s=10)
    world.cancel(run_on(timetable, "D3").ref, "Das Fahrzeug ist defekt.")
    world.run(Drive(run_on(timetable, "D1"), timetable, start_late_s=90, noise_m=4).states(), until=at("08:14"))
    return world.recorded


def test_a_drive_with_a_cancelled_trip_breaks_no_rule(timetable: Timetable, recorded) -> None:
    checker = Checker(static_view(timetable, agency_id="IOV"))
    for moment, data in recorded:
        message = gtfs_realtime.FeedMessage.FromString(data)
        assert checker.check(message, moment) == ()
        assert [found for entity in message.entity for found in checker.check_entity(entity, moment)] == []
    assert len(recorded) > 90


def test_its_messages_broken_at_random_are_found_wherever_the_reference_finds_them(
    schedule: Path, timetable: Timetable, recorded, tmp_path: Path
) -> None:
    reference = reference_feed(schedule)
    view = static_view(timetable, agency_id="IOV", shape_ids=frozenset({"shape-1", "shape-2"}))
    chance = random.Random(1)
    told_rules: set[str] = set()
    compared = 0
    for _ in range(ROUNDS):
        moment, data = chance.choice(recorded[15:])
        message = gtfs_realtime.FeedMessage.FromString(data)
        for _ in range(chance.randint(1, 3)):
            mutated(message, chance.getrandbits(32))
        if not message.IsInitialized():
            continue
        compared += 1
        told = reference_rules(reference, message.SerializeToString(), moment // 1000, tmp_path) & set(RULE_IDS)
        ours = {finding.rule_id for finding in Checker(view).check(message, moment)}
        assert told <= ours, (told - ours, message)
        told_rules |= told
    assert compared > ROUNDS * 0.7
    assert len(told_rules) > 20
