"""Calendars of a foreign feed, from ``calendar.txt``, from ``calendar_dates.txt``, or from both."""

from datetime import date

import numpy as np

from gtfs.days import WEEKDAYS
from gtfs.edge.columns import Table
from mobility.core.errors import BadInputError
from mobility.core.region import Calendar

_ADDED, _REMOVED = 1, 2


def calendars_of(weekly: Table | None, single: Table | None) -> dict[str, Calendar]:
    """Return the calendars by service id; a service that has only single dates has no weekdays."""
    if weekly is None and single is None:
        raise BadInputError("the feed has neither calendar.txt nor calendar_dates.txt with a row in it")
    calendars = {} if weekly is None else _weekly(weekly)
    added: dict[str, set[date]] = {}
    removed: dict[str, set[date]] = {}
    if single is not None:
        _read_single(single, added, removed)
    for service_id in dict.fromkeys([*calendars, *added, *removed]):
        plus, minus = added.get(service_id, set()), removed.get(service_id, set())
        base = calendars.get(service_id)
        calendars[service_id] = Calendar(
            calendar_id=service_id,
            weekdays=frozenset() if base is None else base.weekdays,
            first=min(plus | minus) if base is None else base.first,
            last=max(plus | minus) if base is None else base.last,
            added=frozenset(plus),
            removed=frozenset(minus),
        )
    return calendars


def _weekly(table: Table) -> dict[str, Calendar]:
    ids = table.ids("service_id")
    runs = np.stack([table.integers(name) for name in WEEKDAYS], axis=1)
    if ((runs < 0) | (runs > 1)).any():
        row, weekday = (int(value[0]) for value in np.nonzero((runs < 0) | (runs > 1)))
        table.wrong(row, WEEKDAYS[weekday], "a weekday is 0 or 1")
    first, last = table.dates("start_date"), table.dates("end_date")
    return {
        service_id: Calendar(
            calendar_id=service_id,
            weekdays=frozenset(np.flatnonzero(runs[row]).tolist()),
            first=first[row],
            last=last[row],
        )
        for row, service_id in enumerate(ids)
    }


def _read_single(table: Table, added: dict[str, set[date]], removed: dict[str, set[date]]) -> None:
    ids, days = table.texts("service_id", is_required=True), table.dates("date")
    for row, kind in enumerate(table.integers("exception_type").tolist()):
        if kind not in {_ADDED, _REMOVED}:
            table.wrong(row, "exception_type", f"{kind} is neither 1 (added) nor 2 (removed)")
        (added if kind == _ADDED else removed).setdefault(ids[row], set()).add(days[row])
