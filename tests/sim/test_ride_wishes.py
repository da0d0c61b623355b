"""What people want of the citizen bus."""

from datetime import date, timedelta

from mobility.core.service_day import ServiceDay
from sim.chance import Chance
from sim.ride_wishes import NAMES, calls_for
from sim.scenario import Riding
from tests.sim.stage import shipped

REGION, DEMAND = shipped()
DAY = REGION.scenario_day


def _calls(*, day: date = DAY, begins_s: int = 4 * 3600, seed: int = 1, riding: Riding | None = None):
    begins = ServiceDay(DAY, REGION.zone).at(begins_s)
    return calls_for(REGION, DEMAND, riding or Riding(), Chance(seed), day=day, begins=begins)


def test_people_call_in_order_and_never_before_the_run_begins():
    calls = _calls()
    begins = ServiceDay(DAY, REGION.zone).at(4 * 3600)
    assert calls
    assert [call.calls_at for call in calls] == sorted(call.calls_at for call in calls)
    assert calls[0].calls_at == begins
    assert len({call.wish_id for call in calls}) == len(calls)


def test_callers_are_fictitious_and_speak_in_five_minutes():
    for call in _calls():
        assert call.name in NAMES
        assert call.at % 300_000 == 0
        assert call.seats + call.wheelchairs >= 1


def test_the_same_seed_gives_the_same_people_and_another_seed_others():
    assert _calls() == _calls()
    assert _calls() != _calls(seed=2)


def test_days_without_service_have_no_calls():
    assert not _calls(day=DAY + timedelta(days=1))


def test_demand_can_be_scaled_and_nobody_need_be_odd():
    counts = [len(_calls(seed=seed, riding=Riding(demand_factor=3, impossible_share=0))) for seed in range(5)]
    ordinary = [len(_calls(seed=seed, riding=Riding(impossible_share=0))) for seed in range(5)]
    assert sum(counts) > 2 * sum(ordinary)
    odd = _calls(riding=Riding(impossible_share=1))
    assert sum(call.wish_id.endswith("-odd") for call in odd) * 2 == len(odd)


def test_a_run_that_begins_at_noon_has_calls_only_for_what_can_still_be_booked():
    begins = ServiceDay(DAY, REGION.zone).at(12 * 3600)
    calls = _calls(begins_s=12 * 3600, riding=Riding(impossible_share=0, demand_factor=3))
    assert calls
    assert all(call.at >= begins + 3600_000 for call in calls)


def test_the_way_back_is_booked_in_the_same_conversation():
    calls = {call.wish_id: call for call in _calls(riding=Riding(impossible_share=0, demand_factor=3))}
    backs = [call for call in calls.values() if call.wish_id.endswith("-back")]
    assert backs
    for back in backs:
        there = calls[back.wish_id.removesuffix("-back")]
        assert (back.origin, back.destination) == (there.destination, there.origin)
        assert back.calls_at == there.calls_at
        assert back.name == there.name
        assert back.at > there.at
