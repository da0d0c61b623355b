"""Cordeau files: every published layout is read, everything else is refused with file, line and what was expected."""

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.darp.check import check
from dispatch.darp.cordeau import Instance, parse_instance
from dispatch.darp.twin import Twin
from dispatch.route import Constraint, Schedule
from mobility.core.errors import BadInputError
from tests.dispatch.darp.cordeau_files import TINY, TINY_ROUTES, random_file, with_row


def same(a: Instance, b: Instance) -> bool:
    fields = ("time", "place", "earliest", "latest", "service", "load", "longest", "leave", "back", "duration")
    return all(np.array_equal(getattr(a.problem, name), getattr(b.problem, name)) for name in fields)


def refused(text: str | bytes) -> str:
    with pytest.raises(BadInputError) as caught:
        parse_instance(text, "a.txt")
    return str(caught.value)


def test_stops_are_the_files_nodes_less_one() -> None:
    instance = parse_instance(TINY, "tiny")
    problem = instance.problem
    assert (problem.rides, problem.vehicles, problem.stops) == (2, 2, 4)
    assert instance.nodes([[0, 2], [1, 3]]) == TINY_ROUTES
    assert instance.routes(TINY_ROUTES) == [[0, 2], [1, 3]]
    assert problem.time[1, 3] == 4.0
    assert problem.duration.tolist() == [480.0, 480.0]
    assert problem.longest.tolist() == [30.0, 30.0]
    assert problem.capacity.tolist() == [[3], [3]]
    assert instance.impossible == {}


def test_n_may_count_requests_or_nodes_and_the_end_depot_may_have_a_row() -> None:
    plain = parse_instance(TINY, "tiny")
    assert same(plain, parse_instance(TINY.replace("2 2 480", "2 4 480"), "tiny"))
    assert same(plain, parse_instance(TINY + "5 0.0 0.0 0 0 0 480\n", "tiny"))
    assert same(plain, parse_instance(TINY.replace("2 2 480", "2 4 480") + "5 0.0 0.0 0 0 0 480\n", "tiny"))


def test_an_end_depot_elsewhere_with_another_window_is_where_and_when_routes_end() -> None:
    problem = parse_instance(TINY + "5 3.0 4.0 0 0 0 400\n", "tiny").problem
    assert problem.end.tolist() == [5, 5]
    assert problem.time[0, 5] == 5.0
    assert problem.back.tolist() == [400.0, 400.0]


def test_any_white_space_and_line_end_is_read() -> None:
    plain = parse_instance(TINY, "tiny")
    assert same(plain, parse_instance(TINY.replace(" ", " \t  "), "tiny"))
    assert same(plain, parse_instance(TINY.replace("\n", "\r\n") + "\r\n \r\n", "tiny"))
    assert same(plain, parse_instance(("\ufeff" + TINY).encode(), "tiny"))


def test_windows_are_cut_to_what_the_longest_ride_allows() -> None:
    problem = parse_instance(TINY, "tiny").problem
    # Delivered in 30..45: picked up, with 3 minutes of service and 4 of driving, from 30 - 33 to 45 - 7.
    assert (problem.earliest[0], problem.latest[0]) == (1.0, 38.0)
    # Picked up in 10..20: delivered from 17 to 20 + 3 + 30.
    assert (problem.earliest[3], problem.latest[3]) == (17.0, 53.0)


def test_a_request_that_no_vehicle_can_serve_is_named_with_its_constraint() -> None:
    far = parse_instance(with_row(TINY, 5, "3 99.0 0.0 3 -1 30 45"), "far")
    assert {ride: found.constraint for ride, found in far.impossible.items()} == {0: Constraint.WINDOW}
    assert not far.problem.allowed[0].any()
    assert far.problem.allowed[1].all()
    long = parse_instance(with_row(TINY, 6, "4 0.0 39.0 3 -1 0 1440"), "long")
    assert {ride: found.constraint for ride, found in long.impossible.items()} == {1: Constraint.RIDE_TIME}
    heavy = parse_instance(with_row(with_row(TINY, 3, "1 1 0 3 9 0 1440"), 5, "3 5 0 3 -9 30 45"), "heavy")
    assert {ride: found.constraint for ride, found in heavy.impossible.items()} == {0: Constraint.SEATS}
    short = parse_instance(TINY.replace("480 3 30", "15 3 30"), "short")
    assert {ride: found.constraint for ride, found in short.impossible.items()} == dict.fromkeys(
        (0, 1), Constraint.DURATION
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "a.txt, line 1: expected a line of vehicles m"),
        ("\n\n  \n", "empty file"),
        ("hello\n", "a.txt, line 1: expected 5 numbers"),
        (TINY.replace("2 2 480", "two 2 480"), "a.txt, line 1, field vehicles m: expected a number, found 'two'"),
        (TINY.replace("2 2 480", "2.5 2 480"), "field vehicles m: expected a whole number, found 2.5"),
        (TINY.replace("2 2 480", "99999999 2 480"), "field vehicles m: expected 1 to 1000"),
        (TINY.replace("2 2 480", "2 10000000000 480"), "field count N: expected a number within"),
        (TINY.replace("2 2 480", "0 2 480"), "field vehicles m: expected 1 to 1000, found 0"),
        (TINY.replace("2 2 480 3", "2 2 -5 3"), "field longest route T: expected a number above 0, found -5"),
        (TINY.replace("480 3 30", "480 0 30"), "field capacity Q: expected 1 or more, found 0"),
        (TINY.replace("480 3 30", "480 3 nan"), "field longest ride L: expected a number, found 'nan'"),
        (TINY.replace("2 2 480", "2 3 480"), "a.txt, line 6: expected 7 or 8 rows after the header, as it says N = 3"),
        (TINY.replace("2 2 480", "2 1 480"), "a.txt, line 1, field count N: expected 3 or 4 rows after the header"),
        (with_row(TINY, 4, "2 0.0 2.0 3 1 10"), "a.txt, line 4: expected 7 numbers (id x y service load earliest"),
        (with_row(TINY, 4, "2 inf 2.0 3 1 10 20"), "a.txt, line 4, field x: expected a number within"),
        (with_row(TINY, 4, "2 0.0 2_0 3 1 10 20"), "a.txt, line 4, field y: expected a number, found '2_0'"),
        (with_row(TINY, 4, "2 0.0 2.0 -3 1 10 20"), "a.txt, line 4, field service: expected 0 or more, found -3"),
        (with_row(TINY, 4, "2 0.0 2.0 3 1 30 20"), "a.txt, line 4, field latest: expected 30 or later, found 20"),
        (with_row(TINY, 4, "3 0.0 2.0 3 1 10 20"), "a.txt, line 4, field id: expected node 2, found 3"),
        (with_row(TINY, 4, "2 0.0 2.0 3 0 10 20"), "a.txt, line 4, field load: expected a pickup: 1 or more, found 0"),
        (with_row(TINY, 6, "4 0.0 6.0 3 -2 0 1440"), "a.txt, line 6, field load: expected -1: node 2 takes 1 aboard"),
        (with_row(TINY, 2, "0 0.0 0.0 5 0 0 480"), "a.txt, line 2: expected the depot"),
        (TINY + "5 0.0 0.0 0 1 0 480\n", "a.txt, line 7: expected the depot"),
        (TINY.encode() + b"# Stra\xdfe\n", "a.txt, line 7: expected numbers as plain text, found byte 0xdf"),
    ],
)
def test_malformed_files_are_refused_with_line_and_expectation(text: str | bytes, words: str) -> None:
    assert words in refused(text)


def test_a_file_cut_off_says_where_it_ends() -> None:
    whole = random_file(random.Random(1), 8, 2).split("\n")
    for kept in range(1, 18):
        message = refused("\n".join(whole[:kept]))
        # Cut in the middle it looks like a file of half as many requests, whose deliveries are wrong.
        where = "line 7, field load" if kept == 10 else f"line {kept}"
        assert f"a.txt, {where}" in message, message


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_noise_is_refused_or_read_and_never_fails_otherwise(noise: bytes) -> None:
    try:
        assert parse_instance(noise, "noise").problem.rides >= 1
    except BadInputError as error:
        assert "noise" in str(error)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 60),
    st.text(alphabet="0123456789.-+eE \t\nnaif", max_size=12),
    st.sampled_from([TINY, TINY + "5 0 0 0 0 0 480\n"]),
)
def test_damaged_files_are_refused_or_read_and_never_fail_otherwise(at: int, damage: str, text: str) -> None:
    try:
        instance = parse_instance(text[:at] + damage + text[at + len(damage) :], "damaged")
        assert instance.problem.stops == 2 * instance.problem.rides
    except BadInputError as error:
        assert "damaged" in str(error)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9))
def test_cut_windows_lose_no_schedule_and_gain_none(seed: int) -> None:
    """What the twin says of routes on cut windows is what the checker says on the file's own."""
    rng = random.Random(seed)
    text = random_file(rng, 4, 2)
    instance = parse_instance(text, "random")
    twin = Twin(instance.problem, scale=10**9, slack_ms=100)
    for _ in range(5):
        chosen = rng.sample(range(1, 5), rng.randint(1, 3))
        route = [node for request in chosen for node in (request, request + 4)]
        if rng.random() < 0.5:
            route = [*chosen, *(request + 4 for request in chosen)]
        others = [request for request in range(1, 5) if request not in chosen]
        verdict = check(text, [route], unserved=others)
        found = twin.schedule(0, instance.routes([route])[0])
        assert isinstance(found, Schedule) == verdict.is_valid, (route, found, verdict)


def test_every_instance_at_hand_is_read(shared_data: Path) -> None:
    paths = sorted((shared_data / "darp").glob("*.txt"))
    if not paths:
        pytest.skip("no Cordeau instances among the third-party test data")
    for path in paths:
        instance = parse_instance(path.read_bytes(), path.name)
        n = len([line for line in path.read_text().split("\n") if line.strip()]) // 2 - 1
        assert instance.problem.rides == n
        assert instance.impossible == {}
        assert (instance.problem.earliest <= instance.problem.latest + 1e-9).all()
