"""The independent checker: reads a roster against the rules and says what is broken. Shares no rule with the planner.

Every rule is written once more here, in the plainest way and slower, so that a mistake in ``dispatch.roster.rules`` or
in the model can not hide.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from itertools import combinations

from dispatch.roster.period import Period
from dispatch.roster.volunteer import PairWish, Volunteer
from mobility.core.roster import Duty, DutyRole, Roster


def faults(period: Period, roster: Roster) -> list[str]:
    """Return each broken rule as a sentence; none when the roster obeys them all."""
    return [*_paper(period, roster), *_people(period, roster), *_company(period, roster)]


def _paper(period: Period, roster: Roster) -> Iterator[str]:
    if (roster.area_id, roster.first, roster.last) != (period.area_id, period.first, period.last):
        yield "the roster is of another area or period"
    if sorted(each.duty.duty_id for each in roster.assignments) != sorted(duty.duty_id for duty in period.duties):
        yield "the roster's duties are not those of the period"
    duties = {duty.duty_id: duty for duty in period.duties}
    people = [volunteer.driver for volunteer in period.volunteers]
    for each in roster.assignments:
        if duties.get(each.duty.duty_id, each.duty) != each.duty:
            yield f"{each.duty.duty_id} is not as the period has it"
        if each.driver is not None and each.driver not in people:
            yield f"{each.duty.duty_id}: {each.driver} is no volunteer"
        if each.driver is None and not each.why_open:
            yield f"{each.duty.duty_id} is open and says no reason"
        if period.fixed.get(each.duty.duty_id, each.driver) != each.driver:
            yield f"{each.duty.duty_id} was fixed for {period.fixed[each.duty.duty_id]}"


def _people(period: Period, roster: Roster) -> Iterator[str]:
    for volunteer in period.volunteers:
        mine = [each.duty for each in roster.assignments if each.driver == volunteer.driver]
        for duty in mine:
            yield from (f"{duty.duty_id}: {volunteer.driver} {what}" for what in _forbids(volunteer, duty))
        for one, other in combinations(mine, 2):
            gap = max(
                _moment(other, other.starts) - _moment(one, one.ends),
                _moment(one, one.starts) - _moment(other, other.ends),
            )
            if gap < timedelta(seconds=period.rest_s):
                yield f"{volunteer.driver} has no rest between {one.duty_id} and {other.duty_id}"
        yield from _limits(volunteer, mine)


def _forbids(volunteer: Volunteer, duty: Duty) -> Iterator[str]:
    if duty.role not in volunteer.roles:
        yield f"does not do {duty.role}"
    if duty.role in (DutyRole.DRIVER, DutyRole.SUBSTITUTE):
        for name, until in (("licence", volunteer.licence_until), ("medical", volunteer.medical_until)):
            if until is not None and until < duty.day:
                yield f"has no valid {name}"
    if duty.day in volunteer.vetoed_days or duty.group in volunteer.vetoed_groups:
        yield "said no to this day or group"
    for span in volunteer.vetoed_hours:
        apart = duty.ends <= span.starts or span.ends <= duty.starts
        if span.weekday == duty.day.isoweekday() - 1 and not apart:
            yield "said no to these hours"


def _limits(volunteer: Volunteer, mine: Sequence[Duty]) -> Iterator[str]:
    if len(mine) > volunteer.most:
        yield f"{volunteer.driver} has {len(mine)} duties, at most {volunteer.most}"
    for duty in mine:
        monday = duty.day - timedelta(days=duty.day.weekday())
        count = sum(monday <= other.day < monday + timedelta(days=7) for other in mine)
        if count > volunteer.most_per_week:
            yield f"{volunteer.driver} has {count} duties in the week of {monday}, at most {volunteer.most_per_week}"


def _company(period: Period, roster: Roster) -> Iterator[str]:
    for pair in period.pairs:
        if pair.wish is not PairWish.APART:
            continue
        for one, other in combinations(roster.assignments, 2):
            is_shift = (one.duty.day, one.duty.group) == (other.duty.day, other.duty.group)
            if is_shift and {one.driver, other.driver} == {pair.one, pair.other}:
                yield f"{pair.one} and {pair.other} are both in {one.duty.day} {one.duty.group}"


def _moment(duty: Duty, service_time: int) -> datetime:
    return datetime.combine(duty.day, time()) + timedelta(seconds=service_time)
