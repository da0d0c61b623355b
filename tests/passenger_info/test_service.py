"""The service: standings in steps, blocks, holds, finding trips, what was told, and the score."""

import random
from dataclasses import replace

import pytest

from gtfs.timetable import Timetable
from mobility.core.arrivals import TripStanding
from mobility.core.clock import shifted
from mobility.core.connection import Connection, ConnectionDecision
from mobility.core.events import ConnectionDecided, ConnectionPlanned, Envelope
from mobility.core.geo import bearing_deg
from mobility.core.ids import ConnectionId, StopId
from mobility.core.vehicle import TripRef
from passenger_info.accuracy import Scoring
from passenger_info.profiles import PROFILES
from tests.passenger_info.day import DAY, ONE_HOUR, Drive, at, run_on, state, timetable_of
from tests.passenger_info.world import World, changed


@pytest.fixture(scope="module")
def timetable(tmp_path_factory: pytest.TempPathFactory) -> Timetable:
    return timetable_of(ONE_HOUR, tmp_path_factory.mktemp("feed"))


def standing(world: World, trip_id: str) -> TripStanding:
    status = world.info.status(TripRef(trip_id, DAY))
    assert status is not None
    return status.standing


def test_a_trip_is_expected_until_it_leaves_running_while_heard_and_unknown_in_silence(timetable: Timetable) -> None:
    world = World(timetable, at("07:50"))
    drive = Drive(run_on(timetable, "D1"), timetable, wait_before_s=500)
    assert standing(world, "D1") is TripStanding.EXPECTED
    world.run(drive.states(), until=at("07:55"))
    assert standing(world, "D1") is TripStanding.EXPECTED
    world.run((s for s in drive.states() if s.as_of > at("07:55")), until=at("08:03"))
    assert standing(world, "D1") is TripStanding.RUNNING
    world.pass_to(at("08:03:14"))
    assert standing(world, "D1") is TripStanding.RUNNING
    world.pass_to(at("08:03:16"))
    status = world.info.status(TripRef("D1", DAY))
    assert status.standing is TripStanding.UNKNOWN
    assert status.calls[-1].arrival is not None
    world.pass_to(at("08:04:31"))
    status = world.info.status(TripRef("D1", DAY))
    assert status.standing is TripStanding.UNKNOWN
    assert status.calls[-1].arrival is None
    assert status.delay_s is None


def test_a_trip_whose_line_reports_but_which_nobody_drives_is_unknown_once_overdue(timetable: Timetable) -> None:
    world = World(timetable, at("08:00"))
    world.run(Drive(run_on(timetable, "D1"), timetable).states())
    world.pass_to(at("08:16"))
    assert standing(world, "D2") is TripStanding.EXPECTED
    world.pass_to(at("08:17:30"))
    assert standing(world, "D2") is TripStanding.UNKNOWN


def test_a_late_trip_makes_its_blocks_next_one_late_unless_the_layover_absorbs_it(timetable: Timetable) -> None:
    world = World(timetable, at("07:59"))
    drive = Drive(run_on(timetable, "D1"), timetable, start_late_s=600)
    world.run(drive.states(), until=at("08:14"))
    status = world.info.status(TripRef("D2", DAY))
    assert status.standing is TripStanding.EXPECTED
    assert status.calls[0].departure.p50 > shifted(status.calls[0].scheduled_departure, 60)
    third = world.info.status(TripRef("D3", DAY))
    assert 0 <= third.calls[0].departure.p50 - third.calls[0].scheduled_departure < 30_000


def decided(world: World, decision: ConnectionDecision, until: str | None) -> None:
    connection = Connection(
        connection_id=ConnectionId("c"),
        feeder="RB 46",
        feeder_arrival=at("08:02"),
        trip=TripRef("D1", DAY),
        stop_id=StopId("market"),
        departure=at("08:03"),
        transfer_s=60,
        hold_limit_s=600,
    )
    bodies = (
        ConnectionPlanned(connection=connection),
        ConnectionDecided(
            connection_id=connection.connection_id,
            decision=decision,
            hold_until=None if until is None else at(until),
            cost_person_s=0,
            reason="Der Zug aus Erfurt kommt später.",
        ),
    )
    world.info.facts([Envelope(seq=i, recorded_at=at("08:00"), actor="d", body=b) for i, b in enumerate(bodies, 1)])


def test_a_hold_moves_the_departure_and_letting_go_takes_it_back(timetable: Timetable) -> None:
    world = World(timetable, at("07:59"))
    world.run(Drive(run_on(timetable, "D1"), timetable).states(), until=at("08:01"))
    decided(world, ConnectionDecision.HOLD, "08:07")
    held = world.info.status(TripRef("D1", DAY))
    assert at("08:07") <= held.calls[1].departure.p50 < at("08:07:15")
    assert held.reason == "Der Zug aus Erfurt kommt später."
    decided(world, ConnectionDecision.GO, None)
    free = world.info.status(TripRef("D1", DAY))
    assert at("08:03") <= free.calls[1].departure.p50 < at("08:03:15")
    assert free.reason == ""


def test_a_vehicle_without_log_on_is_put_on_the_trip_it_clearly_drives_after_a_while(timetable: Timetable) -> None:
    world = World(timetable, at("07:59"), specs={})
    drive = Drive(run_on(timetable, "D1"), timetable, has_log_on=False)
    places = [s.sample.place for s in drive.states()]

    def with_bearing(seen):
        i = seen.sample.seq - 1
        ahead = places[min(i + 5, len(places) - 1)]
        heading = bearing_deg(seen.sample.place, ahead)
        return replace(seen, sample=replace(seen.sample, bearing_deg=heading))

    world.run(changed(drive.states(), with_bearing), until=at("08:01:20"))
    found_at = None
    for seen in world.play(s for s in changed(drive.states(), with_bearing) if s.as_of > at("08:01:20")):
        if found_at is None and world.info.running():
            found_at = seen.as_of
    assert found_at is not None
    assert found_at > at("08:01")


def test_a_vehicle_that_only_stands_beside_the_line_is_on_no_trip(timetable: Timetable) -> None:
    world = World(timetable, at("07:59"), specs={})
    place = timetable.stops["market"].place
    world.run(state(place, shifted(at("08:00"), s), speed_mps=0.0, seq=s) for s in range(400))
    assert world.info.running() == []


def test_a_log_on_to_a_trip_of_another_day_is_not_believed(timetable: Timetable) -> None:
    world = World(timetable, at("07:59"))
    place = timetable.stops["station"].place
    wrong = TripRef("D1", DAY.replace(day=20))
    world.run(state(place, shifted(at("08:00"), s), trip=wrong, seq=s) for s in range(30))
    assert world.info.running() == []
    assert world.info.status(TripRef("NONE", DAY)) is None


def test_what_is_told_is_kept_when_it_changes_by_half_a_minute(timetable: Timetable) -> None:
    world = World(timetable, at("07:59"))
    world.run(Drive(run_on(timetable, "D1"), timetable, start_late_s=200).states())
    last: dict[tuple[int, str], int] = {}
    for told in world.told:
        key = (told.stop_sequence, told.event)
        assert key not in last or abs(told.time.p50 - last[key]) >= 30_000
        last[key] = told.time.p50
    assert {sequence for sequence, _ in last} == {1, 2, 3, 4}


def test_the_score_counts_every_bucket_and_compares(timetable: Timetable) -> None:
    world = World(timetable, at("07:59"))
    rng = random.Random(5)
    for trip_id in ONE_HOUR:
        drive = Drive(
            run_on(timetable, trip_id),
            timetable,
            start_late_s=150,
            drive_s=tuple(rng.uniform(120, 150) for _ in range(3)),
            seed=3,
        )
        world.run(drive.states(rng.randrange(10**6)))
    score = world.info.accuracy()
    assert score["scored"] > 30
    assert 0 <= score["eta_accuracy"] <= 1
    assert score["baselines"]["schedule"]["mae_s"] > score["mae_s"]
    assert {"schedule", "constant_delay"} <= set(score["baselines"])
    assert world.info.trip_figures(DAY) == {"scheduled": 3, "operated": 3}


def test_an_empty_score_is_empty_and_not_zero() -> None:
    score = Scoring().summary()
    assert (score["scored"], score["eta_accuracy"], score["mae_s"]) == (0, None, None)


def test_old_vehicles_and_facts_are_forgotten(timetable: Timetable) -> None:
    world = World(timetable, at("07:59"))
    world.run(Drive(run_on(timetable, "D1"), timetable).states())
    world.cancel(TripRef("D3", DAY))
    world.pass_to(at("16:00"))
    assert world.info._fleet.vehicles == {}
    assert standing(world, "D3") is TripStanding.CANCELLED
    world.clock.moment = shifted(at("08:00"), 4 * 86_400)
    world.info.age(world.clock.moment)
    assert world.info._facts.cancelled == {}


def test_a_profile_that_nobody_reads_keeps_nothing_of_the_days_to_come(timetable: Timetable) -> None:
    world = World(timetable, at("07:59"))
    feed = world.info.feed_of(PROFILES["otp"])
    world.run(Drive(run_on(timetable, "D1"), timetable).states())
    assert feed.store.drifted() == []
    for number in range(1500):
        feed.note(f"trip:T{number}:20251014")
    world.pass_to(shifted(world.clock.moment, 10))
    assert feed.backlog < 100


def test_the_next_trips_of_a_block_are_forecast_anew_only_when_their_beginning_moves(timetable: Timetable) -> None:
    world = World(timetable, at("07:55"))
    statuses, now = world.info._statuses, world.clock
    bases, nexts, gaps = {}, {}, []
    run = world.info.runs.get(TripRef("D2", DAY))
    for _ in world.play(Drive(run_on(timetable, "D1"), timetable, start_late_s=60).states(), until=at("08:10")):
        vehicle = next(iter(world.info._fleet.on_trip.values()), None)
        ahead = statuses.ahead(run, now.moment)
        if vehicle is None or vehicle.forecast is None or ahead is None:
            continue
        bases[id(vehicle.forecast)] = vehicle.forecast
        nexts[id(ahead)] = ahead
        arrives = vehicle.forecast.calls[-1].arrival
        gaps.append(abs(ahead.calls[0].arrival.p50 - arrives.p50))
        assert ahead.calls[0].departure.p50 > now.moment
        assert now.moment - ahead.made_at < 60_000
    assert len(bases) > 100
    assert len(nexts) <= len(bases) / 2
    assert max(gaps) <= 6000


def test_a_finished_trip_has_departed_everywhere(timetable: Timetable) -> None:
    world = World(timetable, at("07:59"))
    world.run(Drive(run_on(timetable, "D1"), timetable).states())
    status = world.info.status(TripRef("D1", DAY))
    assert all(call.has_departed for call in status.calls)
