"""A lost link is one alarm, a dead mast is not a hundred."""

from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.core.clock import Instant
from mobility.core.events import AlarmCleared, AlarmRaised, Envelope, Event
from mobility.core.fold import State, fold
from mobility.core.ids import VehicleId
from mobility.core.supervision import Supervised
from v2x.link.alarms import MOST_SINGLE, SEVERAL, Told, alarm_id, link_alarms, shared_by

T0 = Instant(1_763_463_600_000)
A, B, C = VehicleId("a"), VehicleId("b"), VehicleId("c")


def folded(state: State, events: list[Event]) -> State:
    first = state.seq + 1
    return fold(
        state,
        [Envelope(seq=first + n, recorded_at=T0, actor="link watch", body=event) for n, event in enumerate(events)],
    )


def told(
    state: State, lost: set[VehicleId], fleet: set[VehicleId], now: int = T0, told_before: Told | None = None
) -> State:
    events = link_alarms(
        state.supervised,
        lost=dict.fromkeys(lost, T0),
        there=fleet - lost,
        told=told_before,
        now=Instant(now),
    )
    return folded(state, events)


def test_a_lost_vehicle_has_an_alarm_and_loses_it_when_it_is_back() -> None:
    state = told(State(), {A}, {A, B})
    assert list(state.supervised.alarms) == [alarm_id(A)]
    assert state.supervised.alarms[alarm_id(A)].vehicle_id == A
    assert told(state, set(), {A, B}).supervised.alarms == {}


def test_nothing_is_told_twice() -> None:
    state = told(State(), {A}, {A})
    assert link_alarms(state.supervised, lost={A: T0}, there=set(), told=None, now=T0) == []


def test_a_hundred_vehicles_lost_at_once_are_at_most_three_alarms() -> None:
    fleet = {VehicleId(f"v{number:03d}") for number in range(100)}
    events = link_alarms(Supervised(), lost=dict.fromkeys(fleet, T0), there=set(), told=None, now=T0)
    assert len(events) == 1
    assert isinstance(events[0], AlarmRaised)
    assert events[0].alarm.detail.endswith("+92")


def test_a_hundred_vehicles_lost_one_after_the_other_are_at_most_three_alarms_and_few_facts() -> None:
    fleet = [VehicleId(f"v{number:03d}") for number in range(100)]
    state, before, facts = State(), None, 0
    for second, _ in enumerate(fleet):
        now = Instant(T0 + second * 100)
        lost = dict.fromkeys(fleet[: second + 1], T0)
        events = link_alarms(state.supervised, lost=lost, there=set(fleet) - lost.keys(), told=before, now=now)
        if any(isinstance(event, AlarmRaised) and event.alarm.alarm_id == SEVERAL for event in events):
            before = Told(now, frozenset(lost))
        facts += len(events)
        state = folded(state, events)
        assert len(state.supervised.alarms) <= MOST_SINGLE + 1
    assert facts <= 5


def test_the_shared_alarm_ends_when_all_who_share_it_are_back() -> None:
    state = told(State(), {A, B, C}, {A, B, C})
    assert list(state.supervised.alarms) == [SEVERAL]
    assert told(state, set(), {A, B, C}).supervised.alarms == {}


def test_few_who_are_left_of_a_shared_alarm_have_their_own() -> None:
    state = told(State(), {A, B, C}, {A, B, C})
    state = told(state, {C}, {A, B, C}, now=T0 + 20_000, told_before=Told(T0, frozenset({A, B, C})))
    assert list(state.supervised.alarms) == [alarm_id(C)]


def test_a_shared_alarm_is_told_anew_for_further_vehicles_and_not_for_fewer() -> None:
    names = [VehicleId(f"v{number}") for number in range(6)]
    state = told(State(), set(names[:4]), set(names))
    before = Told(T0, frozenset(names[:4]))
    quiet = {"there": set(), "told": before}
    fewer, more = dict.fromkeys(names[:3], T0), dict.fromkeys(names[:5], T0)
    assert link_alarms(state.supervised, lost=fewer, now=Instant(T0 + 60_000), **quiet) == []
    assert link_alarms(state.supervised, lost=more, now=Instant(T0 + 5_000), **quiet) == []
    (news,) = link_alarms(state.supervised, lost=more, now=Instant(T0 + 10_000), **quiet)
    assert isinstance(news, AlarmRaised)
    assert (news.alarm.detail, news.alarm.raised_at) == ("v0, v1, v2, v3, v4", T0)


def test_after_a_restart_an_alarm_stands_until_its_vehicle_is_heard() -> None:
    state = told(State(), {A}, {A})
    assert link_alarms(state.supervised, lost={}, there=set(), told=None, now=T0) == []
    cleared = link_alarms(state.supervised, lost={}, there={A}, told=None, now=T0)
    assert cleared == [AlarmCleared(alarm_id=alarm_id(A), at=T0)]


def test_after_a_restart_a_shared_alarm_waits_until_vehicles_had_time_to_come_back() -> None:
    state = told(State(), {A, B, C}, {A, B, C})
    asked = {"lost": {}, "there": {A}, "told": None, "now": T0}
    assert link_alarms(state.supervised, **asked, is_settled=False) == []
    assert len(link_alarms(state.supervised, **asked, is_settled=True)) == 1


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sets(st.integers(0, 9)), max_size=20))
def test_alarms_always_name_who_is_lost_and_are_never_more_than_three(losses: list[set[int]]) -> None:
    fleet = {VehicleId(f"v{number}") for number in range(10)}
    state, before = State(), None
    for step, numbers in enumerate(losses):
        lost = {VehicleId(f"v{number}") for number in numbers}
        now = T0 + step * 20_000
        state = told(state, lost, fleet, now=now, told_before=before)
        alarms = state.supervised.alarms
        before = Told(Instant(now), shared_by(state.supervised, lost)) if SEVERAL in alarms else None
        alone = {each.vehicle_id for each in alarms.values() if each.alarm_id != SEVERAL}
        assert alone <= lost
        assert SEVERAL in alarms or alone == lost
        assert bool(alarms) == bool(lost)
        assert len(alarms) <= MOST_SINGLE + 1
