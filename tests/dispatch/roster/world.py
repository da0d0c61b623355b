"""Small periods for roster tests: a fortnight of a village's citizen bus, and random ones for properties."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from typing import Any

from hypothesis import strategies as st

from dispatch.roster.check import faults
from dispatch.roster.explain import explained_roster
from dispatch.roster.period import Holders, Period, ShiftPattern, duties_of
from dispatch.roster.volunteer import Hours, Pair, PairWish, Volunteer
from mobility.core.ids import DriverRef, DutyId, ServiceAreaId, VehicleId
from mobility.core.roster import Duty, DutyRole
from mobility.core.service_day import ServiceTime

MONDAY = date(2026, 3, 2)
AREA = ServiceAreaId("village")
DRIVER, SUBSTITUTE, PHONE = DutyRole.DRIVER, DutyRole.SUBSTITUTE, DutyRole.PHONE
ALL = frozenset(DutyRole)


def pattern(weekday: int = 0, hours: tuple[int, int] = (8, 12), roles: Sequence[DutyRole] = (DRIVER,)) -> ShiftPattern:
    return ShiftPattern(
        group=f"{['Mo', 'Di', 'Mi', 'Do', 'Fr', 'Sa', 'So'][weekday]} {hours[0]}",
        weekdays=frozenset({weekday}),
        starts=ServiceTime(hours[0] * 3600),
        ends=ServiceTime(hours[1] * 3600),
        roles=tuple(roles),
        vehicle_id=VehicleId("van"),
    )


def person(name: str, *, wished: int = 1, most: int = 9, **fields: Any) -> Volunteer:
    return Volunteer(**{"driver": DriverRef(name), "roles": ALL, "wished": wished, "most": most, **fields})


def period(people: Sequence[Volunteer], *patterns: ShiftPattern, days: int = 7, **fields: Any) -> Period:
    last = MONDAY + timedelta(days=days - 1)
    duties = duties_of(patterns, MONDAY, last)
    return Period(area_id=AREA, first=MONDAY, last=last, duties=duties, volunteers=tuple(people), **fields)


def duty_id(patterned: ShiftPattern, role: DutyRole = DRIVER, *, week: int = 0) -> DutyId:
    day = MONDAY + timedelta(days=min(patterned.weekdays) + 7 * week)
    return DutyId(f"{day}/{patterned.group}/{role}")


def apart(one: str, other: str) -> Pair:
    return Pair(one=DriverRef(one), other=DriverRef(other), wish=PairWish.APART)


def together(one: str, other: str) -> Pair:
    return Pair(one=DriverRef(one), other=DriverRef(other), wish=PairWish.TOGETHER)


def every_roster(where: Period) -> list[Holders]:
    """All rosters that obey the rules, by trying everything."""
    names = [None, *(each.driver for each in where.volunteers)]
    every = [
        {duty.duty_id: name for duty, name in zip(where.duties, chosen, strict=True) if name is not None}
        for chosen in product(names, repeat=len(where.duties))
    ]
    return [holders for holders in every if not rule_faults(where, holders)]


def rule_faults(where: Period, holders: Holders) -> list[str]:
    found = faults(where, explained_roster(where, holders))
    return [fault for fault in found if "says no reason" not in fault and "was fixed" not in fault]


@st.composite
def volunteers(draw: st.DrawFn, name: str, duties: Sequence[Duty]) -> Volunteer:
    days, groups = sorted({duty.day for duty in duties}), sorted({duty.group for duty in duties})
    return person(
        name,
        wished=draw(st.integers(0, 4)),
        most=draw(st.integers(0, 4)),
        roles=frozenset(draw(st.sets(st.sampled_from(list(DutyRole)), min_size=1))),
        most_per_week=draw(st.integers(0, 3)),
        carry_over=draw(st.integers(-2, 2)),
        preferred_groups=frozenset(draw(st.sets(st.sampled_from(groups), max_size=2))),
        preferred_weekdays=frozenset(draw(st.sets(st.integers(0, 6), max_size=3))),
        vetoed_days=frozenset(draw(st.sets(st.sampled_from(days), max_size=1))),
        vetoed_groups=frozenset(draw(st.sets(st.sampled_from(groups), max_size=1))),
        vetoed_hours=draw(st.sampled_from([(), (Hours(weekday=0, starts=ServiceTime(0), ends=ServiceTime(32_400)),)])),
        licence_until=draw(st.sampled_from([None, None, MONDAY + timedelta(days=3)])),
        medical_until=draw(st.sampled_from([None, None, MONDAY])),
    )


@st.composite
def crews(draw: st.DrawFn) -> Period:
    """Shifts on different days for people who take one or two and dislike some groups: cancellations start chains."""
    patterns = [pattern(day, roles=(DRIVER,)) for day in range(draw(st.integers(2, 4)))]
    patterns += [pattern(6, roles=(DRIVER, SUBSTITUTE))] * draw(st.integers(0, 1))
    groups = [each.group for each in patterns]
    people = [
        person(
            f"v{number}",
            wished=draw(st.integers(0, 2)),
            most=draw(st.integers(1, 2)),
            vetoed_groups=frozenset(draw(st.sets(st.sampled_from(groups), min_size=1, max_size=len(groups) - 1))),
        )
        for number in range(draw(st.integers(3, 5)))
    ]
    return period(people, *patterns)


@st.composite
def periods(draw: st.DrawFn, *, people: int = 4, shifts: int = 4, days: int = 9) -> Period:
    patterns = draw(
        st.lists(
            st.builds(
                pattern,
                st.integers(0, 2),
                st.sampled_from([(8, 12), (10, 14), (12, 16), (20, 24)]),
                st.sampled_from([(DRIVER, SUBSTITUTE), (DRIVER,), (DRIVER, PHONE)]),
            ),
            min_size=1,
            max_size=shifts,
            unique_by=lambda each: each.group,
        )
    )
    first = period([], *patterns, days=days)
    names = [f"v{number}" for number in range(draw(st.integers(1, people)))]
    crowd = tuple(draw(volunteers(name, first.duties)) for name in names)
    couples = [(one, other) for one in names for other in names if one < other]
    pairs = draw(st.lists(st.sampled_from(couples), max_size=2, unique=True)) if couples else []
    wishes = [draw(st.sampled_from([apart, together]))(*pair) for pair in pairs]
    return replace(first, volunteers=crowd, pairs=tuple(wishes), rest_s=draw(st.sampled_from([0, 3600, 39_600])))
