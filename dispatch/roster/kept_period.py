"""A period as the text in which it is kept: one JSON object, read as strictly as the files people write."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dispatch.roster.fields import WEEKDAYS, Table
from dispatch.roster.period import Period
from dispatch.roster.period_file import Text, pairs_from, volunteers_from
from dispatch.roster.volunteer import Hours, Volunteer
from mobility.core.errors import BadInputError
from mobility.core.ids import DriverRef, DutyId, ServiceAreaId, VehicleId
from mobility.core.roster import Duty, DutyRole
from mobility.core.service_day import ServiceTime, format_service_time

FORM = 1
"""Version of the text; another one is refused, never guessed at."""
_LATEST_S = 168 * 3600
_LONGEST_REST_S = 72 * 3600


def period_text(period: Period) -> str:
    """Return a period as text; equal periods give the same text."""
    content = {
        "form": FORM,
        "area": period.area_id,
        "first": period.first.isoformat(),
        "last": period.last.isoformat(),
        "rest_s": period.rest_s,
        "duties": [_duty_row(duty) for duty in period.duties],
        "volunteers": [_volunteer_row(volunteer) for volunteer in period.volunteers],
        "pairs": [{"one": pair.one, "other": pair.other, "wish": pair.wish.value} for pair in period.pairs],
        "fixed": [{"duty": duty, "driver": driver} for duty, driver in sorted(period.fixed.items())],
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def period_kept(text: Text) -> Period:
    """Return the period of such a text; raises ``BadInputError`` with source, row and field for anything else."""
    try:
        content = json.loads(text.content)
    except (ValueError, RecursionError) as error:
        raise BadInputError(f"is no JSON: {error}", source=text.source) from error
    if not isinstance(content, dict):
        raise BadInputError("is no JSON object", source=text.source)
    table = Table(content, text.source)
    table.whole("form", low=FORM, high=FORM)
    fixed = [(DutyId(each.text("duty")), DriverRef(each.text("driver"))) for each in table.tables("fixed")]
    area, first, last = ServiceAreaId(table.text("area")), table.day("first"), table.day("last")
    rest_s = table.whole("rest_s", low=0, high=_LONGEST_REST_S)
    duties = tuple(_duty(each) for each in table.tables("duties"))
    volunteers, pairs = volunteers_from(table.tables("volunteers")), pairs_from(table)
    table.close()
    try:
        return Period(
            area_id=area,
            first=first,
            last=last,
            rest_s=rest_s,
            duties=duties,
            volunteers=volunteers,
            pairs=pairs,
            fixed=dict(fixed),
        )
    except BadInputError as error:
        raise BadInputError(str(error), source=text.source) from error


def without(period: Period, driver: DriverRef) -> Period:
    """Return the period without anything that somebody said or was asked: volunteer, pairs and fixed duties."""
    return replace(
        period,
        volunteers=tuple(each for each in period.volunteers if each.driver != driver),
        pairs=tuple(each for each in period.pairs if driver not in (each.one, each.other)),
        fixed={duty_id: holder for duty_id, holder in period.fixed.items() if holder != driver},
    )


def _duty_row(duty: Duty) -> Mapping[str, Any]:
    return {
        "duty": duty.duty_id,
        "day": duty.day.isoformat(),
        "starts_s": int(duty.starts),
        "ends_s": int(duty.ends),
        "role": duty.role.value,
        "group": duty.group,
        "vehicle": duty.vehicle_id or "",
    }


def _duty(row: Table) -> Duty:
    duty = Duty(
        duty_id=DutyId(row.text("duty")),
        day=row.day("day"),
        starts=ServiceTime(row.whole("starts_s", low=0, high=_LATEST_S)),
        ends=ServiceTime(row.whole("ends_s", low=0, high=_LATEST_S)),
        role=row.choice("role", DutyRole),
        group=row.text("group"),
        vehicle_id=VehicleId(row.text("vehicle", "")) or None,
    )
    row.close()
    return duty


def _volunteer_row(one: Volunteer) -> Mapping[str, Any]:
    """Return the columns of the volunteers' file, lists as lists."""
    return {
        "ref": one.driver,
        "roles": sorted(role.value for role in one.roles),
        "wished": one.wished,
        "most": one.most,
        "most_per_week": one.most_per_week,
        "carry_over": one.carry_over,
        "preferred_groups": sorted(one.preferred_groups),
        "preferred_weekdays": [WEEKDAYS[day] for day in sorted(one.preferred_weekdays)],
        "vetoed_days": [day.isoformat() for day in sorted(one.vetoed_days)],
        "vetoed_groups": sorted(one.vetoed_groups),
        "vetoed_hours": [_hours(each) for each in one.vetoed_hours],
        "licence_until": "" if one.licence_until is None else one.licence_until.isoformat(),
        "medical_until": "" if one.medical_until is None else one.medical_until.isoformat(),
    }


def _hours(hours: Hours) -> str:
    starts, ends = (format_service_time(time).removesuffix(":00") for time in (hours.starts, hours.ends))
    return f"{WEEKDAYS[hours.weekday]} {starts}-{ends}"
