"""Repair: somebody steps in, at most two other duties move, and never more than needed."""

from itertools import combinations, product

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dispatch.roster.check import faults
from dispatch.roster.period import Holders, Period, holders_of
from dispatch.roster.plan import plan
from dispatch.roster.repair import MOST_OTHERS, Repair, needed_others, repair
from dispatch.roster.score import OPEN_COST
from dispatch.roster.wording import explained
from mobility.core.ids import DriverRef, DutyId
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.roster import Duty
from tests.dispatch.roster.world import (
    DRIVER,
    SUBSTITUTE,
    crews,
    duty_id,
    pattern,
    period,
    periods,
    person,
    rule_faults,
)


def repaired(where: Period, cancel: DutyId) -> Repair:
    answer = repair(where, plan(where).roster, cancel)
    assert isinstance(answer, Repair)
    return answer


def test_somebody_free_takes_the_duty_and_nothing_else_changes() -> None:
    shift = pattern(0)
    answer = repaired(period([person("a"), person("b", wished=0)], shift), duty_id(shift))
    best = answer.proposals[0]
    assert [(change.before, change.after) for change in best.changes] == [("a", "b")]
    assert (best.others, best.uncovered) == (0, 0)
    assert answer.is_covered


def test_the_substitute_steps_in_and_somebody_else_stands_by() -> None:
    shift = pattern(0, roles=(DRIVER, SUBSTITUTE))
    people = [person("a"), person("b"), person("c", wished=0, roles=frozenset({SUBSTITUTE}))]
    where = period(people, shift)
    roster = plan(where).roster
    first = holders_of(roster)
    answer = repair(where, roster, duty_id(shift))
    assert isinstance(answer, Repair)
    best = answer.proposals[0]
    assert {change.duty_id: change.after for change in best.changes} == {
        duty_id(shift): first[duty_id(shift, SUBSTITUTE)],
        duty_id(shift, SUBSTITUTE): "c",
    }
    assert best.others == 1


def test_without_another_standby_the_substitute_drives_and_standing_by_stays_open_with_its_reason() -> None:
    shift = pattern(0, roles=(DRIVER, SUBSTITUTE))
    answer = repaired(period([person("a"), person("b")], shift), duty_id(shift))
    best = answer.proposals[0]
    assert best.uncovered == OPEN_COST[SUBSTITUTE]
    assert not answer.is_covered
    left = next(each for each in best.roster.assignments if each.duty.role is SUBSTITUTE)
    assert left.driver is None
    assert "abgesagt" in explained(left.why_open, "de")


def test_a_chain_moves_two_other_duties_where_one_is_not_enough() -> None:
    one, two, three = pattern(0), pattern(2), pattern(4)
    only = frozenset
    people = [
        person("a", most=1, vetoed_groups=only({two.group, three.group})),
        person("b", most=1, vetoed_groups=only({three.group})),
        person("c", most=1, vetoed_groups=only({one.group})),
        person("d", wished=0, most=1, vetoed_groups=only({one.group, two.group})),
    ]
    where = period(people, one, two, three)
    roster = plan(where).roster
    assert holders_of(roster) == {duty_id(one): "a", duty_id(two): "b", duty_id(three): "c"}
    answer = repair(where, roster, duty_id(one))
    assert isinstance(answer, Repair)
    assert answer.proposals[0].others == 2
    assert holders_of(answer.proposals[0].roster) == {duty_id(one): "b", duty_id(two): "c", duty_id(three): "d"}


def test_where_three_others_would_have_to_move_it_says_so() -> None:
    shifts = [pattern(day) for day in range(4)]
    groups = [shift.group for shift in shifts]
    people = []
    for number, name in enumerate("abcde"):
        # Each can do their own shift and the one before it.
        able = {groups[place] for place in (number - 1, number) if 0 <= place < 4}
        people.append(person(name, wished=int(name != "e"), most=1, vetoed_groups=frozenset(groups) - able))
    where = period(people, *shifts)
    roster = plan(where).roster
    answer = repair(where, roster, duty_id(shifts[0]))
    assert isinstance(answer, Repair)
    assert answer.proposals == ()
    assert answer.why_open != ()
    assert needed_others(answer, roster) == 3


def test_where_nothing_helps_it_says_so_too() -> None:
    shift = pattern(0)
    where = period([person("a")], shift)
    roster = plan(where).roster
    answer = repair(where, roster, duty_id(shift))
    assert isinstance(answer, Repair)
    assert answer.proposals == ()
    assert needed_others(answer, roster) is None
    assert [reason.code for reason in answer.why_open] == [RefusalCode.SAID_NO_TO_DAY]


def test_open_and_unknown_duties_can_not_be_cancelled() -> None:
    shift = pattern(0)
    where = period([person("a", most=0)], shift)
    roster = plan(where).roster
    unknown, nobody = repair(where, roster, DutyId("x")), repair(where, roster, duty_id(shift))
    assert isinstance(unknown, Refusal)
    assert isinstance(nobody, Refusal)
    assert (unknown.code, nobody.code) == (RefusalCode.UNKNOWN_DUTY, RefusalCode.DUTY_IS_OPEN)


def fewest_others(where: Period, before: Holders, cancel: DutyId) -> int | None:
    """How many other duties have to change at least so that everything is covered as before, by trying everything."""
    covered = [duty_id for duty_id in before if duty_id != cancel]
    names = [one.driver for one in where.volunteers]
    for count in range(MOST_OTHERS + 1):
        for others in combinations(covered, count):
            for chosen in product(names, repeat=count + 1):
                holders = {**before, **dict(zip((cancel, *others), chosen, strict=True))}
                if not rule_faults(where, holders):
                    return count
    return None


@given(crews() | periods(people=4, shifts=3, days=5), st.data())
@settings(max_examples=35, deadline=None)
def test_no_repair_with_fewer_changes_exists_and_none_breaks_a_rule(where: Period, data: st.DataObject) -> None:
    roster = plan(where).roster
    before = holders_of(roster)
    assume(before)
    cancel = data.draw(st.sampled_from(sorted(before)))
    answer = repair(where, roster, cancel)
    assert isinstance(answer, Repair)
    expected = fewest_others(answer.period, before, cancel)
    complete = [proposal.others for proposal in answer.proposals if proposal.uncovered == 0]
    assert (min(complete) if complete else None) == expected
    duties: dict[DutyId, Duty] = {duty.duty_id: duty for duty in where.duties}
    for proposal in answer.proposals:
        assert faults(answer.period, proposal.roster) == []
        after = holders_of(proposal.roster)
        moved = {one for one in duties if before.get(one) != after.get(one)}
        assert len(moved - {cancel}) == proposal.others <= MOST_OTHERS
        assert after.get(cancel) != before[cancel]
        assert sum(OPEN_COST[duties[one].role] for one in moved if one not in after) == proposal.uncovered
    if not answer.is_covered:
        assert answer.why_open != ()


def test_the_one_who_cancelled_may_serve_on_another_day_instead() -> None:
    one, two = pattern(0), pattern(4)
    people = [person("a", most=1), person("b", most=1)]
    where = period(people, one, two)
    roster = plan(where).roster
    before = holders_of(roster)
    answer = repair(where, roster, duty_id(one))
    assert isinstance(answer, Repair)
    after = holders_of(answer.proposals[0].roster)
    assert after == {duty_id(one): before[duty_id(two)], duty_id(two): before[duty_id(one)]}
    assert DriverRef("a") in after.values()
