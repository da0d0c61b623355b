"""The hard rules: what keeps a volunteer from a duty, and which other duties would have to go for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from dispatch.roster.volunteer import BEHIND_THE_WHEEL, Volunteer
from mobility.core.ids import DutyId
from mobility.core.refusal import RefusalCode
from mobility.core.roster import Duty

_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One rule that stands between a volunteer and a duty."""

    code: RefusalCode
    clears: tuple[DutyId, ...] = ()
    """Duties any one of which, if it were not held as it is, would clear the obstacle; none: nothing would."""


def standing(volunteer: Volunteer, duty: Duty) -> Iterator[RefusalCode]:
    """Yield what keeps a volunteer from a duty whatever else they do: task, papers, vetoes."""
    if duty.role not in volunteer.roles:
        yield RefusalCode.NOT_THEIR_TASK
    if duty.role in BEHIND_THE_WHEEL:
        if _is_over(volunteer.licence_until, duty.day):
            yield RefusalCode.LICENCE_EXPIRED
        if _is_over(volunteer.medical_until, duty.day):
            yield RefusalCode.MEDICAL_EXPIRED
    if duty.day in volunteer.vetoed_days:
        yield RefusalCode.SAID_NO_TO_DAY
    if duty.group in volunteer.vetoed_groups:
        yield RefusalCode.SAID_NO_TO_GROUP
    weekday = duty.day.weekday()
    if any(
        span.weekday == weekday and span.starts < duty.ends and duty.starts < span.ends
        for span in volunteer.vetoed_hours
    ):
        yield RefusalCode.SAID_NO_TO_HOURS


def _is_over(until: date | None, day: date) -> bool:
    return until is not None and day > until


def begins_s(duty: Duty) -> int:
    """Return when a duty begins, in seconds on an axis where every day has 24 h.

    The two nights a year that are an hour longer or shorter move a rest by that hour; nobody drives through them.
    """
    return duty.day.toordinal() * _DAY_S + duty.starts


def ends_s(duty: Duty) -> int:
    """Return when a duty ends, in seconds on the same axis."""
    return duty.day.toordinal() * _DAY_S + duty.ends


def collide(one: Duty, other: Duty, rest_s: int) -> bool:
    """Return whether one person can not do both: they overlap, or less than ``rest_s`` lies between them."""
    return begins_s(one) < ends_s(other) + rest_s and begins_s(other) < ends_s(one) + rest_s


def week_of(day: date) -> tuple[int, int]:
    """Return year and number of the calendar week (ISO 8601, Monday to Sunday)."""
    year, week, _ = day.isocalendar()
    return year, week
