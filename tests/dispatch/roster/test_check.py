"""The independent checker finds every planted fault."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dispatch.roster.check import faults
from dispatch.roster.explain import explained_roster
from dispatch.roster.volunteer import Hours
from mobility.core.ids import DriverRef, ServiceAreaId
from mobility.core.service_day import ServiceTime
from tests.dispatch.roster.world import DRIVER, MONDAY, PHONE, SUBSTITUTE, apart, duty_id, pattern, period, person

EARLY = pattern(0, (8, 12), (DRIVER, SUBSTITUTE))
LATE = pattern(0, (14, 18))
GOOD = {duty_id(EARLY): "a", duty_id(EARLY, SUBSTITUTE): "b", duty_id(LATE): "c"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"roles": frozenset({PHONE})}, "does not do driver"),
        ({"licence_until": MONDAY - timedelta(days=1)}, "no valid licence"),
        ({"medical_until": MONDAY - timedelta(days=1)}, "no valid medical"),
        ({"vetoed_days": frozenset({MONDAY})}, "said no to this day or group"),
        ({"vetoed_groups": frozenset({EARLY.group})}, "said no to this day or group"),
        ({"vetoed_hours": (Hours(weekday=0, starts=ServiceTime(0), ends=ServiceTime(28_801)),)}, "these hours"),
        ({"most": 0}, "has 1 duties, at most 0"),
        ({"most_per_week": 0}, "in the week of 2026-03-02, at most 0"),
    ],
)
def test_a_rule_of_one_person_that_is_broken_is_named(change: dict[str, Any], words: str) -> None:
    people = [person("a", **change), person("b"), person("c")]
    where = period(people, EARLY, LATE)
    found = faults(where, explained_roster(where, {duty: DriverRef(name) for duty, name in GOOD.items()}))
    assert len(found) == 1
    assert words in found[0]


def test_rest_company_fixed_duties_and_foreign_rosters_are_named() -> None:
    people = [person("a"), person("b"), person("c")]
    holders = {duty: DriverRef(name) for duty, name in GOOD.items()}
    where = period(people, EARLY, LATE)
    good = explained_roster(where, holders)
    assert faults(where, good) == []
    twice = explained_roster(where, {**holders, duty_id(LATE): DriverRef("a")})
    assert "no rest between" in faults(where, twice)[0]
    foes = replace(where, pairs=(apart("b", "a"),))
    assert "both in" in faults(foes, good)[0]
    fixed = replace(where, fixed={duty_id(LATE): DriverRef("b")})
    assert "was fixed for b" in faults(fixed, good)[0]
    stranger = explained_roster(where, {**holders, duty_id(LATE): DriverRef("z")})
    assert "z is no volunteer" in faults(where, stranger)[0]
    assert "another area" in faults(replace(where, area_id=ServiceAreaId("other")), good)[0]
    lost = replace(good, assignments=good.assignments[1:])
    assert "not those of the period" in faults(where, lost)[0]
    idle = explained_roster(where, {duty: who for duty, who in holders.items() if duty != duty_id(LATE)})
    idle = replace(idle, assignments=tuple(replace(each, why_open=()) for each in idle.assignments))
    assert "says no reason" in faults(where, idle)[0]
