"""The independent check finds every planted fault and passes what is right."""

import random

import pytest

from dispatch.darp.check import Rule, check
from tests.dispatch.darp.cordeau_files import TINY, TINY_COST, TINY_ROUTES, random_file, with_row

ROOMY = """\
2 3 480 2 30
0 0.0 0.0 0 0 0 480
1 1.0 0.0 3 1 0 1440
2 2.0 0.0 3 1 0 1440
3 3.0 0.0 3 1 0 1440
4 6.0 0.0 3 -1 0 1440
5 7.0 0.0 3 -1 0 1440
6 8.0 0.0 3 -1 0 1440
"""
"""Three requests along a street with all the time there is, two seats."""


def rules(text: str, routes: list[list[int]], unserved: tuple[int, ...] = (), cost: float | None = None) -> list[Rule]:
    return [fault.rule for fault in check(text, routes, unserved=unserved, cost=cost).faults]


def test_a_right_solution_passes_with_its_length() -> None:
    verdict = check(TINY, TINY_ROUTES, cost=TINY_COST)
    assert verdict.is_valid
    assert verdict.cost == pytest.approx(TINY_COST)


def test_empty_routes_cost_nothing() -> None:
    assert check(ROOMY, [[1, 4, 2, 5, 3, 6], []]).cost == pytest.approx(2 * 8.0 + 2 * (4.0 + 4.0))


def test_depots_are_no_nodes_of_a_route() -> None:
    assert rules(TINY, [[0, 1, 3, 0], [2, 4]]) == [Rule.NODE, Rule.NODE]
    assert rules(TINY, [[1, 3, 5], [2, 4]]) == [Rule.NODE]


def test_a_request_served_twice_or_never_is_found() -> None:
    assert Rule.ONCE in rules(TINY, [[1, 3], [1, 3]])
    assert rules(TINY, [[1, 3]]) == [Rule.ONCE]
    assert rules(TINY, [[1, 3]], unserved=(2,)) == []
    assert rules(TINY, TINY_ROUTES, unserved=(2,)) == [Rule.ONCE]


def test_more_routes_than_vehicles_are_found() -> None:
    assert rules(ROOMY, [[1, 4], [2, 5], [3, 6]]) == [Rule.VEHICLES]


def test_pickup_and_delivery_in_different_routes_are_found() -> None:
    assert set(rules(TINY, [[1, 4], [2, 3]])) == {Rule.PAIRING}


def test_a_delivery_before_its_pickup_is_found() -> None:
    assert Rule.PRECEDENCE in rules(TINY, [[3, 1], [2, 4]])


def test_a_third_rider_on_two_seats_is_found() -> None:
    assert rules(ROOMY, [[1, 2, 4, 3, 5, 6]]) == []
    assert rules(ROOMY, [[1, 2, 3, 4, 5, 6]]) == [Rule.LOAD]


def test_a_closed_window_is_found() -> None:
    assert rules(with_row(TINY, 4, "2 0.0 2.0 3 1 0 1.9"), TINY_ROUTES) == [Rule.WINDOW]
    assert rules(with_row(TINY, 4, "2 0.0 2.0 3 1 0 2.0"), TINY_ROUTES) == []


def test_coming_home_too_late_is_found() -> None:
    end = "5 0.0 0.0 0 0 0 {}\n"
    # Picked up at 10 at the earliest, delivered at 17, back at 26.
    assert rules(TINY + end.format(400), TINY_ROUTES) == []
    assert rules(TINY + end.format("25.9"), [[2, 4]], unserved=(1,)) == [Rule.WINDOW]


def test_a_ride_that_is_too_long_is_found() -> None:
    # Request 1 waits aboard for the window of request 2.
    text = with_row(TINY, 4, "2 0.0 2.0 3 1 100 110")
    assert rules(with_row(text, 5, "3 5.0 0.0 3 -1 0 1440"), [[1, 2, 4, 3]]) == []
    assert rules(with_row(text, 5, "3 5.0 0.0 3 -1 150 160"), [[1, 2, 4, 3]]) == [Rule.RIDE_TIME]


def test_a_late_pickup_saves_a_ride_and_is_found_by_no_forward_pass() -> None:
    """The first pickup is open from 0, but has to wait for the ride time's sake."""
    text = with_row(TINY.replace("480 3 30", "480 3 20"), 4, "2 0.0 2.0 3 1 100 110")
    assert rules(with_row(text, 5, "3 5.0 0.0 3 -1 0 1440"), [[1, 2, 4, 3]]) == [Rule.RIDE_TIME]
    assert rules(with_row(text, 5, "3 0.0 3.0 3 -1 0 1440"), [[1, 2, 3, 4]]) == []


def test_a_route_that_is_too_long_is_found() -> None:
    waits = with_row(TINY, 4, "2 0.0 2.0 3 1 300 310")
    assert rules(waits, [[1, 3, 2, 4]]) == []
    assert rules(waits.replace("2 2 480", "2 2 200"), [[1, 3, 2, 4]]) == [Rule.DURATION]
    assert rules(waits.replace("2 2 480", "2 2 200"), TINY_ROUTES) == [], "each vehicle leaves when it has to"


def test_a_wrong_cost_is_found() -> None:
    assert rules(TINY, TINY_ROUTES, cost=TINY_COST + 0.01) == [Rule.COST]


@pytest.mark.parametrize("text", ["", "1 2 3\n", "hello\n", TINY[:70], TINY.replace(" 3 1", "", 1)])
def test_what_is_no_file_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        check(text, [])


def test_whatever_is_done_to_a_right_solution_is_noticed() -> None:
    rng = random.Random(5)
    text = random_file(rng, 6, 6)
    right = [[k, k + 6] for k in range(1, 7)]
    assert check(text, right).is_valid
    for _ in range(50):
        broken = [list(route) for route in right]
        a, b = rng.sample(range(6), 2)
        match rng.randrange(3):
            case 0:
                broken[a].pop(rng.randrange(2))
            case 1:
                broken[a].append(broken[b][0])
            case _:
                broken[a].reverse()
        assert not check(text, broken).is_valid, broken
