"""Planning: the best roster by the written order, never against a rule, and its proof."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.roster.check import faults
from dispatch.roster.period import Period, duties_of, holders_of
from dispatch.roster.plan import Limit, Planned, plan
from dispatch.roster.score import Aim, score
from mobility.core.errors import BadInputError
from mobility.core.ids import DriverRef, DutyId
from tests.dispatch.roster.world import (
    DRIVER,
    MONDAY,
    PHONE,
    SUBSTITUTE,
    apart,
    duty_id,
    every_roster,
    pattern,
    period,
    periods,
    person,
    together,
    volunteers,
)


def duties_each(found: Planned) -> dict[str, int]:
    held = [str(driver) for driver in holders_of(found.roster).values()]
    return {name: held.count(name) for name in sorted(held)}


def test_every_duty_gets_somebody_and_nobody_stands_by_for_themselves() -> None:
    shift = pattern(roles=(DRIVER, SUBSTITUTE, PHONE))
    found = plan(period([person("a"), person("b"), person("c")], shift))
    holders = holders_of(found.roster)
    assert len(holders) == 3
    assert len(set(holders.values())) == 3
    assert found.is_optimal
    assert found.gap_frac == 0


def test_numbers_follow_wishes_and_what_was_done_too_much_before() -> None:
    people = [person("a", wished=3), person("b", wished=1), person("c", wished=3, carry_over=2)]
    found = plan(period(people, pattern(0), pattern(2), pattern(4), days=14))
    assert duties_each(found) == {"a": 3, "b": 1, "c": 2}


def test_nobody_gets_more_than_their_most_in_period_and_week() -> None:
    people = [person("a", wished=9, most=3, most_per_week=1), person("b", wished=0, most=1)]
    found = plan(period(people, pattern(0), pattern(2), days=14))
    assert duties_each(found) == {"a": 2, "b": 1}
    assert found.score.uncovered == 6


def test_a_driver_matters_more_than_a_telephone_and_that_more_than_a_standby() -> None:
    found = plan(period([person("a")], pattern(roles=(DRIVER, SUBSTITUTE, PHONE))))
    assert list(holders_of(found.roster)) == [duty_id(pattern(), DRIVER)]
    without_drivers = plan(
        period([person("a", roles=frozenset({SUBSTITUTE, PHONE}))], pattern(roles=(DRIVER, SUBSTITUTE, PHONE)))
    )
    assert list(holders_of(without_drivers.roster)) == [duty_id(pattern(), PHONE)]


def test_preferred_groups_and_weekdays_are_given_where_numbers_allow() -> None:
    monday, friday = pattern(0), pattern(4)
    people = [person("a", preferred_weekdays=frozenset({4})), person("b", preferred_groups=frozenset({monday.group}))]
    holders = holders_of(plan(period(people, monday, friday)).roster)
    assert holders == {duty_id(monday): "b", duty_id(friday): "a"}


def test_who_wants_to_serve_together_does_and_who_must_not_does_not() -> None:
    shifts = pattern(0, roles=(DRIVER, SUBSTITUTE)), pattern(2, roles=(DRIVER, SUBSTITUTE))
    people = [person(name) for name in "abcd"]
    found = plan(period(people, *shifts, pairs=(together("a", "d"), apart("b", "d"))))
    holders = holders_of(found.roster)
    crews = [{holders[duty_id(shift, role)] for role in (DRIVER, SUBSTITUTE)} for shift in shifts]
    assert {"a", "d"} in crews
    assert found.score.misfit == 0


def test_there_is_rest_between_a_late_and_an_early_duty() -> None:
    late, early = pattern(0, (20, 24)), pattern(1, (6, 10))
    assert plan(period([person("a", wished=2)], late, early)).score.uncovered == 6
    assert plan(period([person("a", wished=2)], late, early, rest_s=6 * 3600)).score.uncovered == 0


def test_papers_have_to_be_valid_for_wheel_and_standby_but_not_for_the_telephone() -> None:
    shift = pattern(0, roles=(DRIVER, SUBSTITUTE, PHONE))
    over = MONDAY - timedelta(days=1)
    people = [person("a", licence_until=over), person("b", medical_until=over), person("c", licence_until=MONDAY)]
    holders = holders_of(plan(period(people, shift)).roster)
    assert holders[duty_id(shift, DRIVER)] == "c"
    assert holders[duty_id(shift, PHONE)] in {"a", "b"}
    assert duty_id(shift, SUBSTITUTE) not in holders


def test_fixed_duties_stay_and_those_against_a_rule_are_refused_by_name() -> None:
    shift = pattern(0)
    people = [person("a", wished=0), person("b", wished=5)]
    fixed = {duty_id(shift): DriverRef("a")}
    assert holders_of(plan(period(people, shift, fixed=fixed)).roster) == fixed
    with pytest.raises(BadInputError, match=r"a can not be fixed for 2026-03-02.*: said_no_to_group"):
        plan(period([person("a", vetoed_groups=frozenset({shift.group}))], shift, fixed=fixed))


def test_there_are_no_duties_on_closed_days() -> None:
    closed = frozenset({MONDAY + timedelta(days=7)})
    assert [duty.day for duty in duties_of([pattern(0)], MONDAY, MONDAY + timedelta(days=20), closed)] == [
        MONDAY,
        MONDAY + timedelta(days=14),
    ]


def test_planning_again_changes_nothing_without_need_and_leaves_past_days_alone() -> None:
    shifts = [pattern(day, roles=(DRIVER, SUBSTITUTE)) for day in range(5)]
    people = [person(name, wished=4) for name in "abcde"]
    where = period(people, *shifts, days=14)
    first = plan(where, seed=1)
    again = plan(where, before=first.roster, seed=2)
    assert again.score.changes == 0
    assert again.roster.version == 2
    fewer = replace(where, volunteers=tuple(one for one in people if one.driver != "a"))
    since = MONDAY + timedelta(days=7)
    later = plan(fewer, before=first.roster, since=since)
    assert later.roster.assignments[:10] == first.roster.assignments[:10]
    assert all(each.driver != "a" for each in later.roster.assignments[10:])


def test_roles_are_exchanged_inside_a_shift_so_that_nobody_always_stands_by() -> None:
    shifts = [pattern(day, roles=(DRIVER, SUBSTITUTE)) for day in range(4)]
    found = plan(period([person("a", wished=4), person("b", wished=4)], *shifts))
    wheel = [driver for duty, driver in holders_of(found.roster).items() if duty.endswith("driver")]
    assert wheel.count(DriverRef("a")) == wheel.count(DriverRef("b")) == 2


def test_a_search_that_is_cut_short_still_gives_a_roster_by_the_rules_and_an_honest_gap() -> None:
    shifts = [pattern(day, (hour, hour + 4), (DRIVER, SUBSTITUTE)) for day in range(6) for hour in (8, 12)]
    people = [person(f"v{number}", wished=2, most=3) for number in range(20)]
    where = period(people, *shifts, days=14)
    best = plan(where)
    found = plan(where, Limit(work_s=1e-6))
    assert faults(where, found.roster) == []
    assert found.bound <= best.cost <= found.cost
    assert found.is_optimal == (found.gap_frac == 0)


@given(periods())
@settings(max_examples=40, deadline=None)
def test_no_rule_is_ever_broken_and_the_same_question_has_the_same_answer(where: Period) -> None:
    found = plan(where)
    assert faults(where, found.roster) == []
    assert found.is_optimal
    assert found.cost == score(where, holders_of(found.roster)).cost()
    assert plan(where) == found


@given(periods(people=3, shifts=2, days=5), st.sampled_from(list(Aim)), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_no_roster_is_better_than_the_planned_one(where: Period, aim: Aim, rng: object) -> None:
    del rng
    if len(where.duties) > 5:
        where = replace(where, duties=where.duties[:5])
    rosters = every_roster(where)
    before = plan(replace(where, volunteers=where.volunteers[1:], pairs=())).roster
    old = {duty: driver for duty, driver in holders_of(before).items() if driver is not None}
    found = plan(where, before=before, aim=aim)
    assert found.cost == min(score(where, holders, old).cost(aim) for holders in rosters)


@given(periods(), st.data())
@settings(max_examples=35, deadline=None)
def test_one_more_volunteer_never_leaves_more_open_and_costs_nothing_if_they_wish_nothing(
    where: Period, data: st.DataObject
) -> None:
    newcomer = data.draw(volunteers("new", where.duties))
    alone = plan(where)
    more = plan(replace(where, volunteers=(*where.volunteers, newcomer)))
    helper = replace(newcomer, wished=0, carry_over=0)
    helped = plan(replace(where, volunteers=(*where.volunteers, helper)))
    assert more.score.uncovered <= alone.score.uncovered
    assert helped.cost <= alone.cost


@given(periods(), st.data())
@settings(max_examples=40, deadline=None)
def test_taking_back_a_veto_never_makes_the_roster_worse(where: Period, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(where.volunteers) - 1))
    one = where.volunteers[place]
    free = replace(one, vetoed_days=frozenset(), vetoed_groups=frozenset(), vetoed_hours=(), licence_until=None)
    people = (*where.volunteers[:place], free, *where.volunteers[place + 1 :])
    assert plan(replace(where, volunteers=people)).cost <= plan(where).cost


def test_a_period_that_contradicts_itself_is_refused_by_name() -> None:
    shift = pattern(0)
    with pytest.raises(BadInputError, match="stands there twice"):
        period([person("a"), person("a")], shift)
    with pytest.raises(BadInputError, match="a and z are not two of the volunteers"):
        period([person("a")], shift, pairs=(apart("a", "z"),))
    with pytest.raises(BadInputError, match="no duty nowhere"):
        period([person("a")], shift, fixed={DutyId("nowhere"): DriverRef("a")})
    with pytest.raises(BadInputError, match="below 0"):
        person("a", wished=-1)
