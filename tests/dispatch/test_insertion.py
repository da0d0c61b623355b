"""Cheapest insertion finds what trying everything finds."""

import random
from dataclasses import replace
from itertools import accumulate

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.feasibility import schedule
from dispatch.insertion import Insertion, best_insertion, cheapest, slack_of
from dispatch.route import Constraint, Schedule, Violation, Visit, nearer
from dispatch.tours import Route
from mobility.core.booking import Window
from mobility.core.clock import Instant
from mobility.core.ids import BookingId, DriverRef, StopId, VehicleId
from mobility.core.plan import Shift, Tour
from tests.dispatch.test_feasibility import (
    MIN,
    drive_on_a_line,
    dropoff,
    duty,
    metres_on_a_line,
    pause,
    pickup,
    random_route,
)

TOUR = Tour(
    shift=Shift(
        vehicle_id=VehicleId("bus"),
        driver=DriverRef("d"),
        span=Window(Instant(0), Instant(1000 * MIN)),
        depot=StopId("0"),
    )
)


def feasible_route(rng: random.Random) -> Route:
    while True:
        at, visits = random_route(rng)
        if rng.random() < 0.4:
            visits.insert(rng.choice(moments_without_riders(visits)), random_pause(rng, visits))
        if rng.random() < 0.4:
            at = replace(at, longest_ms=rng.randint(20, 90) * MIN)
        if rng.random() < 0.3:
            at = replace(at, reach_m=rng.randint(20, 80) * 1000.0)
        if isinstance(schedule(at, visits, drive_on_a_line, metres_on_a_line), Schedule):
            return Route(TOUR, 0, at, tuple(visits), rng.choice([0, 0, 1]) if visits else 0)


def moments_without_riders(visits: list[Visit]) -> list[int]:
    people = list(accumulate((visit.seats + visit.wheelchairs for visit in visits), initial=0))
    return [k for k, count in enumerate(people) if count == 0]


def random_pause(rng: random.Random, visits: list[Visit]) -> Visit:
    opens = rng.choice(visits).earliest_ms // MIN
    return pause((opens, opens + rng.randint(5, 60)), rng.randint(1, 10))


def new_ride(rng: random.Random) -> tuple[Visit, Visit]:
    start = rng.randint(0, 60)
    ride, seats = rng.randint(5, 40), rng.choice([1, 1, 2])
    window = (start, start + rng.randint(5, 30))
    later = (start, start + rng.randint(20, 80))
    ends = (rng.randint(0, 12), rng.randint(0, 12))
    return pickup("new", ends[0], window, ride=ride, seats=seats), dropoff(
        "new", ends[1], later, ride=ride, seats=seats
    )


def by_trying_everything(route: Route, boarding: Visit, leaving: Visit) -> int | None:
    """The least extra cost over all pairs of positions, each checked as a whole."""
    base = schedule(route.duty, route.visits, drive_on_a_line, metres_on_a_line)
    assert isinstance(base, Schedule)
    costs: list[int] = []
    for i in range(route.frozen, len(route.visits) + 1):
        for j in range(i, len(route.visits) + 1):
            whole = (*route.visits[:i], boarding, *route.visits[i:j], leaving, *route.visits[j:])
            times = schedule(route.duty, whole, drive_on_a_line, metres_on_a_line)
            if isinstance(times, Schedule):
                costs.append(times.cost_ms - base.cost_ms)
    return min(costs, default=None)


@settings(max_examples=200, deadline=None)
@given(st.integers(min_value=0))
def test_the_best_insertion_is_the_best_of_all_positions(seed: int) -> None:
    rng = random.Random(seed)
    route = feasible_route(rng)
    boarding, leaving = new_ride(rng)
    slack = slack_of(route, drive_on_a_line, metres_on_a_line)
    assert not isinstance(slack, Violation)
    found = best_insertion(slack, boarding, leaving, drive_on_a_line)
    expected = by_trying_everything(route, boarding, leaving)
    assert (found.extra_ms if isinstance(found, Insertion) else None) == expected


@settings(max_examples=100, deadline=None)
@given(st.integers(min_value=0))
def test_frozen_visits_stay_in_front(seed: int) -> None:
    rng = random.Random(seed)
    route = feasible_route(rng)
    slack = slack_of(route, drive_on_a_line, metres_on_a_line)
    assert not isinstance(slack, Violation)
    found = best_insertion(slack, *new_ride(rng), drive_on_a_line)
    if isinstance(found, Insertion):
        assert found.visits[: route.frozen] == route.visits[: route.frozen]
        assert [v for v in found.visits if v.booking_id != BookingId("new")] == list(route.visits)


def test_the_cheaper_of_two_vehicles_is_chosen() -> None:
    busy = Route(TOUR, 0, duty(), (pickup("a", 9, (0, 90)), dropoff("a", 10, (0, 90))), 0)
    near = Route(TOUR, 0, duty(), (pickup("b", 4, (0, 90)), dropoff("b", 6, (0, 90))), 0)
    slacks = [slack_of(route, drive_on_a_line) for route in (busy, near)]
    assert not any(isinstance(slack, Violation) for slack in slacks)
    ready = [slack for slack in slacks if not isinstance(slack, Violation)]
    found = cheapest(ready, pickup("n", 5, (0, 90)), dropoff("n", 11, (0, 90)), drive_on_a_line)
    assert isinstance(found, Insertion)
    assert found.route is busy


def test_without_a_vehicle_there_is_neither_an_insertion_nor_a_constraint() -> None:
    assert cheapest([], pickup("n", 5, (0, 90)), dropoff("n", 6, (0, 90)), drive_on_a_line) is None


def test_a_full_vehicle_in_time_is_nearer_to_feasible_than_a_late_one() -> None:
    late, full = Violation(Constraint.WINDOW, 0, 5), Violation(Constraint.SEATS, 0, 0)
    assert nearer(late, full) is full
    assert nearer(full, late) is full
    assert nearer(Violation(Constraint.WINDOW, 0, 9), late) is late
