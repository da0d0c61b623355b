"""Exact feasibility of routes, against an oracle that knows only inequalities."""

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.feasibility import as_it_comes, latest_begins_ms, schedule
from dispatch.route import ANYWHERE, Constraint, Drive, Duty, Schedule, Violation, Visit
from mobility.core.booking import Load
from mobility.core.ids import BookingId, StopId

MIN = 60_000


def drive_on_a_line(a: StopId, b: StopId) -> int:
    """Stops are named by their minute on a street."""
    return abs(int(a) - int(b)) * MIN


def pickup(rider: str, stop: int, window: tuple[int, int], *, ride: int = 60, seats: int = 1, chairs: int = 0) -> Visit:
    return Visit(
        BookingId(rider), StopId(str(stop)), True, window[0] * MIN, window[1] * MIN, MIN, seats, chairs, ride * MIN
    )


def dropoff(
    rider: str, stop: int, window: tuple[int, int], *, ride: int = 60, seats: int = 1, chairs: int = 0
) -> Visit:
    return Visit(
        BookingId(rider), StopId(str(stop)), False, window[0] * MIN, window[1] * MIN, MIN, -seats, -chairs, ride * MIN
    )


def duty(*, leave: int = 0, back: int = 600, seats: int = 4, places: int = 1, lost: int = 2) -> Duty:
    return Duty(StopId("0"), leave * MIN, StopId("0"), back * MIN, seats, places, lost, Load(0))


def oracle(at: Duty, visits: Sequence[Visit], drive: Drive) -> bool:
    """Decide by Bellman-Ford on the graph of difference constraints; shares nothing with the code under test."""
    if overloaded(at, visits):
        return False
    edges = inequalities(at, visits, drive)
    times = [0] * (len(visits) + 2)
    for _ in range(len(visits) + 2):
        changed = False
        for u, v, w in edges:
            if times[u] + w < times[v]:
                times[v], changed = times[u] + w, True
        if not changed:
            return True
    return False


def overloaded(at: Duty, visits: Sequence[Visit]) -> bool:
    seats, chairs = at.aboard.seats, at.aboard.wheelchairs
    for visit in visits:
        seats, chairs = seats + visit.seats, chairs + visit.wheelchairs
        if visit.is_pickup and (chairs > at.wheelchair_places or seats + chairs * at.seats_lost > at.seats):
            return True
    return False


def inequalities(at: Duty, visits: Sequence[Visit], drive: Drive) -> list[tuple[int, int, int]]:
    """(u, v, w) reads: time(v) <= time(u) + w; the node after the visits is the origin of time, the last the depot."""
    zero, end = len(visits), len(visits) + 1
    edges = [(zero, end, at.back_ms)]
    for k, visit in enumerate(visits):
        edges += [(zero, k, visit.latest_ms), (k, zero, -visit.earliest_ms)]
    edges.append((0, zero, -(at.leave_ms + drive(at.start, visits[0].stop_id))))
    edges.append((end, zero - 1, -(visits[-1].service_ms + drive(visits[-1].stop_id, at.depot))))
    for (k, a), (m, b) in pairwise(enumerate(visits)):
        edges.append((m, k, -(a.service_ms + drive(a.stop_id, b.stop_id))))
    boarding = {visit.booking_id: k for k, visit in enumerate(visits) if visit.is_pickup}
    for m, leaving in enumerate(visits):
        k = boarding[leaving.booking_id]
        if not leaving.is_pickup:
            edges.append((k, m, visits[k].service_ms + visits[k].max_ride_ms))
    return edges


def random_route(rng: random.Random) -> tuple[Duty, list[Visit]]:
    """A short route, tight enough that about half of all are impossible."""
    riders = rng.randint(1, 4)
    order = [name for name in "abcd"[:riders] for _ in range(2)]
    rng.shuffle(order)
    seen: dict[str, tuple[int, int, int, int]] = {}
    visits: list[Visit] = []
    clock = rng.randint(0, 20)
    for name in order:
        clock += rng.randint(0, 15)
        window = (max(0, clock - rng.randint(0, 12)), clock + rng.randint(0, 25))
        stop = rng.randint(0, 12)
        if name in seen:
            ride, seats, chairs, _ = seen[name]
            visits.append(dropoff(name, stop, window, ride=ride, seats=seats, chairs=chairs))
        else:
            seen[name] = (rng.randint(1, 30), rng.choice([1, 1, 2]), int(rng.random() < 0.15), 0)
            ride, seats, chairs, _ = seen[name]
            visits.append(pickup(name, stop, window, ride=ride, seats=seats, chairs=chairs))
    return duty(back=clock + rng.randint(5, 60), seats=rng.choice([2, 4, 6])), visits


def broken_rules(at: Duty, visits: Sequence[Visit], times: Schedule, drive: Drive) -> list[str]:
    broken: list[str] = []
    ready, place = at.leave_ms, at.start
    boarded: dict[str, int] = {}
    for visit, begin in zip(visits, times.begin_ms, strict=True):
        if begin < ready + drive(place, visit.stop_id):
            broken.append("driving")
        if not visit.earliest_ms <= begin <= visit.latest_ms:
            broken.append("window")
        ready, place = begin + visit.service_ms, visit.stop_id
        if visit.is_pickup:
            boarded[visit.booking_id] = ready
        elif begin - boarded[visit.booking_id] > visit.max_ride_ms:
            broken.append("ride")
    if visits and ready + drive(place, at.depot) > at.back_ms:
        broken.append("depot")
    return broken


def test_it_agrees_with_the_oracle_on_twenty_thousand_random_routes() -> None:
    rng = random.Random(20_251_007)
    feasible = 0
    for _ in range(20_000):
        at, visits = random_route(rng)
        times = schedule(at, visits, drive_on_a_line)
        assert isinstance(times, Schedule) == oracle(at, visits, drive_on_a_line), visits
        if isinstance(times, Schedule):
            feasible += 1
            assert not broken_rules(at, visits, times, drive_on_a_line)
    assert 2_000 < feasible < 18_000, "the sample says little when nearly all routes are alike"


@settings(max_examples=200, deadline=None)
@given(st.integers(min_value=0))
def test_no_feasible_schedule_begins_earlier_than_the_least_one(seed: int) -> None:
    at, visits = random_route(random.Random(seed))
    times = schedule(at, visits, drive_on_a_line)
    if isinstance(times, Violation):
        return
    for k, earliest_ms in enumerate(times.earliest_ms):
        earlier = [*visits]
        before = earlier[k]
        fields = (before.booking_id, before.stop_id, before.is_pickup, before.earliest_ms, earliest_ms - 1)
        rest = (before.service_ms, before.seats, before.wheelchairs, before.max_ride_ms)
        earlier[k] = Visit(*fields, *rest)
        assert not oracle(at, earlier, drive_on_a_line)


@settings(max_examples=200, deadline=None)
@given(st.integers(min_value=0))
def test_no_feasible_schedule_begins_later_than_the_latest_bound(seed: int) -> None:
    at, visits = random_route(random.Random(seed))
    times = schedule(at, visits, drive_on_a_line)
    if isinstance(times, Schedule):
        bounds = latest_begins_ms(at, visits, drive_on_a_line)
        assert all(begin <= bound for begin, bound in zip(times.begin_ms, bounds, strict=True))


@settings(max_examples=200, deadline=None)
@given(st.integers(min_value=0))
def test_driving_as_it_comes_is_never_later_than_any_feasible_schedule(seed: int) -> None:
    at, visits = random_route(random.Random(seed))
    times = schedule(at, visits, drive_on_a_line)
    if isinstance(times, Schedule):
        begins = as_it_comes(at, visits, drive_on_a_line)
        assert all(a <= b for a, b in zip(begins, times.earliest_ms, strict=True))


def test_an_empty_route_is_feasible_and_costs_nothing() -> None:
    times = schedule(duty(), [], drive_on_a_line)
    assert isinstance(times, Schedule)
    assert times.cost_ms == 0


def test_a_window_that_can_not_be_reached_is_the_binding_constraint() -> None:
    found = schedule(duty(), [pickup("a", 10, (0, 8)), dropoff("a", 12, (0, 99))], drive_on_a_line)
    assert found == Violation(Constraint.WINDOW, 0, 2 * MIN)


def test_a_ride_longer_than_allowed_is_the_binding_constraint() -> None:
    visits = [
        pickup("a", 1, (0, 10), ride=5),
        pickup("b", 2, (30, 40)),
        dropoff("a", 3, (0, 99), ride=5),
        dropoff("b", 4, (0, 99)),
    ]
    found = schedule(duty(), visits, drive_on_a_line)
    assert isinstance(found, Violation)
    assert found.constraint is Constraint.RIDE_TIME


def test_a_pickup_is_put_off_when_the_ride_would_be_too_long_otherwise() -> None:
    visits = [
        pickup("a", 1, (0, 40), ride=5),
        pickup("b", 2, (30, 40)),
        dropoff("a", 3, (0, 99), ride=5),
        dropoff("b", 4, (0, 99)),
    ]
    found = schedule(duty(), visits, drive_on_a_line)
    assert isinstance(found, Schedule)
    assert found.begin_ms[0] == 28 * MIN, "just in time for the next stop, so that nobody waits aboard"
    assert found.waiting_ms == 0


def test_three_parties_of_two_do_not_fit_into_four_seats() -> None:
    visits = [pickup(name, 1, (0, 99), seats=2) for name in "abc"]
    visits += [dropoff(name, 5, (0, 99), seats=2) for name in "abc"]
    assert schedule(duty(seats=4), visits, drive_on_a_line) == Violation(Constraint.SEATS, 2, 0)


def test_a_wheelchair_folds_away_seats() -> None:
    riders = [pickup("w", 1, (0, 99), seats=0, chairs=1), pickup("a", 1, (0, 99), seats=3)]
    riders += [dropoff("w", 5, (0, 99), seats=0, chairs=1), dropoff("a", 5, (0, 99), seats=3)]
    assert schedule(duty(seats=4, lost=2), riders, drive_on_a_line) == Violation(Constraint.SEATS, 1, 0)
    assert isinstance(schedule(duty(seats=5, lost=2), riders, drive_on_a_line), Schedule)


def test_a_second_wheelchair_needs_a_second_place() -> None:
    riders = [pickup(name, 1, (0, 99), seats=0, chairs=1) for name in "ab"]
    riders += [dropoff(name, 5, (0, 99), seats=0, chairs=1) for name in "ab"]
    assert schedule(duty(seats=9), riders, drive_on_a_line) == Violation(Constraint.WHEELCHAIRS, 1, 0)


def test_the_vehicle_has_to_be_back_when_the_shift_ends() -> None:
    visits = [pickup("a", 10, (0, 99)), dropoff("a", 20, (0, 99))]
    found = schedule(duty(back=30), visits, drive_on_a_line)
    assert found == Violation(Constraint.SHIFT_END, 2, 12 * MIN)


def pause(at: tuple[int, int], minutes: int) -> Visit:
    """A break of the driver, wherever the bus stands."""
    return Visit(BookingId("pause"), ANYWHERE, True, at[0] * MIN, at[1] * MIN, minutes * MIN, 0, 0, 0)


def metres_on_a_line(a: StopId, b: StopId) -> float:
    return 1000.0 * abs(int(a) - int(b))


def test_a_pram_and_a_suitcase_need_places_of_their_own() -> None:
    visits = [replace(pickup("a", 1, (0, 99)), prams=1, luggage=2), dropoff("a", 5, (0, 99))]
    visits[1] = replace(visits[1], prams=-1, luggage=-2)
    assert schedule(duty(), visits, drive_on_a_line) == Violation(Constraint.PRAMS, 0, 0)
    assert schedule(replace(duty(), prams=1, luggage=1), visits, drive_on_a_line) == Violation(Constraint.LUGGAGE, 0, 0)
    assert isinstance(schedule(replace(duty(), prams=1, luggage=2), visits, drive_on_a_line), Schedule)


def test_a_break_is_had_where_the_bus_stands_and_takes_its_time() -> None:
    ride = [pickup("a", 10, (0, 99)), dropoff("a", 12, (0, 99))]
    found = schedule(duty(), [*ride, pause((20, 30), 15), pickup("b", 13, (0, 99)), dropoff("b", 14, (0, 99))], line())
    assert isinstance(found, Schedule)
    assert found.earliest_ms == tuple(minute * MIN for minute in (10, 13, 20, 36, 38))
    assert found.driving_ms == 28 * MIN


def test_nobody_may_be_aboard_during_a_break() -> None:
    visits = [pickup("a", 10, (0, 99)), pause((0, 99), 15), dropoff("a", 12, (0, 99))]
    assert schedule(duty(), visits, line()) == Violation(Constraint.BREAK, 1, 0)
    rider = replace(duty(), aboard=Load(1))
    assert schedule(rider, [pause((0, 99), 15)], line()) == Violation(Constraint.BREAK, 0, 0)


def test_a_bus_leaves_late_when_its_driver_may_not_drive_for_long() -> None:
    visits = [pickup("a", 10, (0, 99)), dropoff("a", 12, (60, 70))]
    free = schedule(duty(), visits, line())
    bound = schedule(replace(duty(), longest_ms=26 * MIN), visits, line())
    assert isinstance(free, Schedule)
    assert isinstance(bound, Schedule)
    assert free.earliest_ms[0] == 10 * MIN
    assert bound.earliest_ms[0] == 57 * MIN, "back at 73, so that the bus leaves at 47 at the earliest"
    assert bound.back_ms - bound.leave_ms <= 26 * MIN
    assert schedule(replace(duty(), longest_ms=25 * MIN), visits, line()) == Violation(Constraint.DURATION, 2, 48 * MIN)


def test_the_battery_has_to_last_until_the_depot() -> None:
    visits = [pickup("a", 10, (0, 99)), dropoff("a", 20, (0, 99))]
    far, near = replace(duty(), reach_m=40_000.0), replace(duty(), reach_m=39_000.0)
    assert isinstance(schedule(far, visits, line(), metres_on_a_line), Schedule)
    assert schedule(near, visits, line(), metres_on_a_line) == Violation(Constraint.REACH, 2, 0)
    assert isinstance(schedule(near, visits, line()), Schedule), "without distances nobody looks"


def line() -> Drive:
    return drive_on_a_line
