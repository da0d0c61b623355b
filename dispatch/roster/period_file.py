"""A period from text: TOML for its shifts, CSV for its volunteers; and a roster to CSV and back."""

import csv
import io
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from dispatch.roster.explain import explained_roster
from dispatch.roster.fields import Table
from dispatch.roster.period import LONGEST_PERIOD_DAYS, Period, ShiftPattern, duties_of
from dispatch.roster.volunteer import Pair, PairWish, Volunteer
from dispatch.roster.wording import explained
from mobility.core.errors import BadInputError
from mobility.core.ids import DriverRef, DutyId, ServiceAreaId, VehicleId
from mobility.core.roster import DutyRole, Roster
from mobility.core.service_day import format_service_time

PEOPLE = (
    *("ref", "roles", "wished", "most", "most_per_week", "carry_over", "preferred_groups", "preferred_weekdays"),
    *("vetoed_days", "vetoed_groups", "vetoed_hours", "licence_until", "medical_until"),
)
"""Columns of the volunteers' file; lists inside a cell are parted by semicolons."""
ROSTER = ("duty", "day", "starts", "ends", "group", "role", "vehicle", "driver", "why_open")
"""Columns of a roster's file."""

Holidays = Callable[[str, int], frozenset[date]]
"""Public holidays of a state in a year."""
_MOST = 1000
_HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Text:
    """A file's content and its name for messages."""

    content: str
    source: str


def period_of(settings: Text, people: Text, holidays: Holidays) -> Period:
    """Return the period of a TOML and a CSV text; raises ``BadInputError`` with file, row and field."""
    return period_from(settings_table(settings), volunteers_of(people), holidays)


def period_from(table: Table, volunteers: tuple[Volunteer, ...], holidays: Holidays) -> Period:
    """Return the period of a settings table; raises ``BadInputError`` with source, row and field."""
    table.text("volunteers", "")
    first, last = table.day("first"), table.day("last")
    if not 0 <= (last - first).days <= LONGEST_PERIOD_DAYS:
        table.fail("last", f"{last} is not within {LONGEST_PERIOD_DAYS} days after {first}")
    patterns = [_pattern(each) for each in table.tables("shifts")]
    state, closed = table.text("holidays_of", ""), table.days("closed")
    closed = closed.union(*(holidays(state, year) for year in range(first.year, last.year + 1)))
    pairs = pairs_from(table)
    fixed = dict(_fixed(each) for each in table.tables("fixed"))
    area, rest_h = ServiceAreaId(table.text("area")), table.whole("rest_h", low=0, high=72, default=11)
    table.close()
    try:
        return Period(
            area_id=area,
            first=first,
            last=last,
            duties=duties_of(patterns, first, last, closed),
            volunteers=volunteers,
            pairs=pairs,
            fixed=fixed,
            rest_s=rest_h * _HOUR_S,
        )
    except BadInputError as error:
        raise BadInputError(str(error), source=table.source) from error


def pairs_from(table: Table) -> tuple[Pair, ...]:
    """Return the pairs of a table's ``pairs``; raises ``BadInputError`` with row and field."""
    return tuple(_pair(each) for each in table.tables("pairs"))


def settings_table(settings: Text) -> Table:
    """Return the top table of a TOML text; raises ``BadInputError`` with the place of a syntax error."""
    try:
        return Table(tomllib.loads(settings.content), settings.source)
    except (ValueError, RecursionError) as error:
        raise BadInputError(f"is no valid TOML: {error}", source=settings.source) from error


def _pattern(table: Table) -> ShiftPattern:
    pattern = ShiftPattern(
        group=table.name("group"),
        weekdays=table.weekdays("weekdays"),
        starts=table.clock("starts"),
        ends=table.clock("ends"),
        roles=tuple(dict.fromkeys(table.choices("roles", DutyRole))),
        vehicle_id=VehicleId(table.text("vehicle", "")) or None,
    )
    table.close()
    if pattern.ends <= pattern.starts:
        table.fail("ends", "the shift does not end after it starts")
    if not pattern.roles or not pattern.weekdays:
        table.fail("weekdays" if pattern.roles else "roles", "is empty")
    return pattern


def _pair(table: Table) -> Pair:
    one, other = DriverRef(table.text("one")), DriverRef(table.text("other"))
    pair = Pair(one=one, other=other, wish=table.choice("wish", PairWish))
    table.close()
    return pair


def _fixed(table: Table) -> tuple[DutyId, DriverRef]:
    fixed = DutyId(table.text("duty")), DriverRef(table.text("driver"))
    table.close()
    return fixed


def volunteers_of(people: Text) -> tuple[Volunteer, ...]:
    """Return the volunteers of a CSV text; ``ref``, ``roles``, ``wished`` and ``most`` are needed, the rest is not."""
    return volunteers_from(_rows(people, PEOPLE, needed=("ref", "roles", "wished", "most")))


def volunteers_from(rows: Sequence[Table]) -> tuple[Volunteer, ...]:
    """Return the volunteers of rows; raises ``BadInputError`` with row and field."""
    volunteers = tuple(_volunteer(row) for row in rows)
    seen: set[str] = set()
    for row, volunteer in zip(rows, volunteers, strict=True):
        if volunteer.driver in seen:
            row.fail("ref", f"{volunteer.driver!r} stands there twice")
        seen.add(volunteer.driver)
        row.close()
    return volunteers


def _volunteer(row: Table) -> Volunteer:
    roles = frozenset(row.choices("roles", DutyRole))
    if not roles:
        row.fail("roles", "is empty")
    return Volunteer(
        driver=DriverRef(row.name("ref")),
        roles=roles,
        wished=row.whole("wished", low=0, high=_MOST),
        most=row.whole("most", low=0, high=_MOST),
        most_per_week=row.whole("most_per_week", low=0, high=_MOST, default=7),
        carry_over=row.whole("carry_over", low=-_MOST, high=_MOST, default=0),
        preferred_groups=frozenset(row.items("preferred_groups")),
        preferred_weekdays=row.weekdays("preferred_weekdays"),
        vetoed_days=row.days("vetoed_days"),
        vetoed_groups=frozenset(row.items("vetoed_groups")),
        vetoed_hours=row.hours("vetoed_hours"),
        licence_until=row.optional_day("licence_until"),
        medical_until=row.optional_day("medical_until"),
    )


def _rows(text: Text, columns: Sequence[str], needed: Sequence[str]) -> list[Table]:
    reader = csv.reader(io.StringIO(text.content, newline=""), strict=True)
    rows: list[Table] = []
    try:
        header = [name.strip() for name in next(reader, [])]
        if len(set(header)) < len(header) or not set(needed) <= set(header) <= set(columns):
            known = f"needs {', '.join(needed)} and may name {', '.join(columns)}"
            raise BadInputError(f"the header {known}", source=text.source)
        for cells in reader:
            number = len(rows) + 1
            if len(cells) != len(header):
                raise BadInputError(f"has {len(cells)} cells, the header {len(header)}", source=text.source, row=number)
            rows.append(Table(dict(zip(header, cells, strict=True)), text.source, number))
    except csv.Error as error:
        raise BadInputError(f"is no valid CSV: {error}", source=text.source, row=len(rows) + 1) from error
    return rows


def roster_csv(roster: Roster, language: str) -> str:
    """Return a roster as CSV, one duty a row; an open duty says why in the last column."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, ROSTER, lineterminator="\n")
    writer.writeheader()
    writer.writerows(roster_rows(roster, language))
    return out.getvalue()


def roster_rows(roster: Roster, language: str) -> list[Mapping[str, str]]:
    """Return a roster's rows with the columns of ``ROSTER``."""
    return [
        {
            "duty": each.duty.duty_id,
            "day": each.duty.day.isoformat(),
            "starts": format_service_time(each.duty.starts)[:-3],
            "ends": format_service_time(each.duty.ends)[:-3],
            "group": each.duty.group,
            "role": each.duty.role,
            "vehicle": each.duty.vehicle_id or "",
            "driver": each.driver or "",
            "why_open": explained(each.why_open, language),
        }
        for each in roster.assignments
    ]


def roster_of(text: Text, period: Period, version: int = 1) -> Roster:
    """Return the roster of a CSV text, as it is written there: whether it obeys the rules is for the checker to say.

    Columns beside ``duty`` and ``driver`` are for people. Raises ``BadInputError`` for duties or people that the
    period does not know and for a duty that stands there twice; a duty that is not there is open.
    """
    holders: dict[DutyId, DriverRef] = {}
    seen: set[str] = set()
    duties, people = {duty.duty_id for duty in period.duties}, {one.driver for one in period.volunteers}
    for row in _rows(text, ROSTER, needed=("duty", "driver")):
        duty_id, driver = DutyId(row.text("duty")), DriverRef(row.text("driver", ""))
        if duty_id not in duties or duty_id in seen:
            row.fail("duty", f"{duty_id!r:.80} is no duty of the period, or stands there twice")
        if driver and driver not in people:
            row.fail("driver", f"{driver!r:.80} is no volunteer of the period")
        seen.add(duty_id)
        if driver:
            holders[duty_id] = driver
    return explained_roster(period, holders, version)
