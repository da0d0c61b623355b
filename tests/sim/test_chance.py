"""Stateless randomness."""

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.chance import Chance


def test_a_draw_depends_on_seed_and_key_only():
    assert Chance(1).share("van-1", "dwell", 3) == Chance(1).share("van-1", "dwell", 3)
    assert Chance(1).share("van-1", "dwell", 3) != Chance(2).share("van-1", "dwell", 3)
    assert Chance(1).share("van-1", "dwell", 3) != Chance(1).share("van-1", "dwell", 4)
    assert Chance(1).share("ab", "c") != Chance(1).share("a", "bc")


def test_a_draw_is_the_same_on_every_machine():
    assert Chance(1).share("shuttle-1", "phase") == 0.38854999211893637


@given(st.integers(), st.text(), st.floats(0, 50))
def test_draws_stay_in_their_range(seed, key, mean):
    chance = Chance(seed)
    assert 0 < chance.share(key) < 1
    assert 2 <= chance.between(2, 3, key) <= 3
    assert chance.exponential(mean, key) >= 0
    assert chance.poisson(mean, key) >= 0
    assert chance.pick("abc", key) in "abc"
    assert chance.weighted("abc", (0, 1, 0), key) == "b"


def test_distributions_have_their_means():
    chance = Chance(5)
    numbers = range(4000)
    assert statistics.fmean(chance.share("u", n) for n in numbers) == pytest.approx(0.5, abs=0.02)
    assert statistics.fmean(chance.poisson(3.2, "p", n) for n in numbers) == pytest.approx(3.2, abs=0.12)
    assert statistics.fmean(chance.normal(10, 2, "n", n) for n in numbers) == pytest.approx(10, abs=0.15)
    assert statistics.stdev(chance.normal(10, 2, "n", n) for n in numbers) == pytest.approx(2, abs=0.1)
    assert statistics.fmean(chance.exponential(7, "e", n) for n in numbers) == pytest.approx(7, abs=0.4)
    assert statistics.fmean(chance.happens(0.25, "h", n) for n in numbers) == pytest.approx(0.25, abs=0.03)
    picks = [chance.weighted("ab", (1, 3), "w", n) for n in numbers]
    assert picks.count("b") / len(picks) == pytest.approx(0.75, abs=0.03)


def test_nothing_to_pick_from_is_said():
    with pytest.raises(ValueError, match="nothing"):
        Chance(1).pick((), "x")
    with pytest.raises(ValueError, match="nothing"):
        Chance(1).weighted("ab", (0, 0), "x")
