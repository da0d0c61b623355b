"""Who comes to stops, by foot and by train."""

from dataclasses import replace

from gtfs.from_region import timetable_of
from mobility.core.clock import shifted
from mobility.core.ids import ConnectionId, TripId
from mobility.core.service_day import ServiceDay
from sim.boarding import Passenger
from sim.chance import Chance
from sim.edge.platforms import Platforms
from sim.line_demand import LineDemand
from sim.scenario import Riding, Scenario, Trains
from tests.sim.stage import shipped

REGION, DEMAND = shipped()
TIMETABLE = timetable_of(REGION)
DAY = REGION.scenario_day
TRIP = TIMETABLE.trips[TripId("D-out-mofr-0807")]


def _demand(seed: int = 1, **changes) -> LineDemand:
    scenario = replace(Scenario(name="x", region="ilmenau"), **changes)
    return LineDemand(demand=DEMAND, scenario=scenario, chance=Chance(seed))


def test_nobody_boards_at_the_last_stop_and_everybody_rides_onward():
    busy = _demand(riding=Riding(demand_factor=50))
    for i in range(TRIP.call_count):
        riders = busy.walk_up(TRIP, DAY, i)
        assert bool(riders) == (i < TRIP.call_count - 1)
        assert all(i < rider.alights_at < TRIP.call_count for rider in riders)


def test_trains_of_the_day_come_with_their_riders_and_delays():
    late = _demand(trains=Trains(late_share=1.0, late_mean_s=300))
    trains = late.trains(REGION, TIMETABLE, DAY)
    assert len(trains) == len([c for c in REGION.connections if TIMETABLE.runs_on(c.trip_id, DAY)])
    assert all(train.delay_s > 0 for train in trains)
    assert all(train.riders_at_stop > shifted(train.scheduled, train.delay_s) for train in trains)
    punctual = _demand(trains=Trains(late_share=0.0)).trains(REGION, TIMETABLE, DAY)
    assert all(train.delay_s == 0 for train in punctual)
    assert [train.riders for train in punctual] == [train.riders for train in trains]


def test_a_delay_that_the_scenario_names_is_certain():
    connection = ConnectionId("train-0800-D-out-mofr-0807")
    trains = _demand(late_trains={connection: 77.0}).trains(REGION, TIMETABLE, DAY)
    assert [train.delay_s for train in trains if train.connection_id == connection] == [77.0]


def test_riders_of_a_late_train_miss_a_trip_that_did_not_wait_and_take_the_next_one():
    demand = _demand(trains=Trains(late_share=0), riding=Riding(demand_factor=3))
    platforms = Platforms(demand)
    train = next(t for t in demand.trains(REGION, TIMETABLE, DAY) if t.trip_id == TRIP.trip_id)
    platforms.expect([replace(train, riders=(Passenger(4),) * 3)])
    leaves = ServiceDay(DAY, REGION.zone).at(TRIP.departure[0])
    assert platforms.is_train_expected(TRIP, DAY, 0)
    assert platforms.from_trains(TRIP, DAY, 0, shifted(train.riders_at_stop, -1)) == ()
    platforms.departed(TRIP, DAY, 0)
    assert platforms.connections_missed == 3
    following = TIMETABLE.trips[TripId("D-out-mofr-0907")]
    waiting = platforms.waiting(following, DAY, 0)
    assert waiting[:3] == (Passenger(4),) * 3
    assert leaves > 0


def test_riders_of_a_punctual_train_are_there_in_time():
    demand = _demand(trains=Trains(late_share=0))
    platforms = Platforms(demand)
    train = next(t for t in demand.trains(REGION, TIMETABLE, DAY) if t.trip_id == TRIP.trip_id)
    platforms.expect([replace(train, riders=(Passenger(4),))])
    assert platforms.from_trains(TRIP, DAY, 0, train.riders_at_stop) == (Passenger(4),)
    assert platforms.from_trains(TRIP, DAY, 0, train.riders_at_stop) == ()
    assert (platforms.connections_kept, platforms.connections_missed) == (1, 0)


def test_who_finds_no_seat_waits_for_the_next_trip():
    platforms = Platforms(_demand(riding=Riding(demand_factor=0)))
    platforms.leave_behind(TRIP, 1, [Passenger(4)])
    platforms.leave_behind(TRIP, 1, [])
    assert platforms.left_behind == 1
    assert platforms.waiting(TIMETABLE.trips[TripId("D-out-mofr-0907")], DAY, 1) == (Passenger(4),)
    assert platforms.waiting(TIMETABLE.trips[TripId("D-out-mofr-1007")], DAY, 1) == ()
