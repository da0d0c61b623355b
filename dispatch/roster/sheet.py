"""The printed sheet: a roster as one HTML page for the notice board, a table a week."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import groupby

from dispatch.roster.rules import week_of
from dispatch.roster.wording import explained
from mobility.core.dates import long_date
from mobility.core.roster import Assignment, DutyRole, Roster
from mobility.core.service_day import format_service_time

WORDS: Mapping[str, Mapping[str, str]] = {
    "de": {
        "title": "Dienstplan",
        "week": "Woche {week}",
        "version": "Fassung {version}",
        "day": "Tag",
        "time": "Zeit",
        "group": "Dienst",
        "role": "Aufgabe",
        "who": "Wer",
        "open": "OFFEN",
        "driver": "Fahren",
        "substitute": "Bereitschaft",
        "phone": "Telefon",
    },
    "en": {
        "title": "Roster",
        "week": "Week {week}",
        "version": "Version {version}",
        "day": "Day",
        "time": "Time",
        "group": "Duty",
        "role": "Task",
        "who": "Who",
        "open": "OPEN",
        "driver": "Driving",
        "substitute": "Standby",
        "phone": "Telephone",
    },
}
"""Words of the sheet by language."""

_STYLE = (
    "body{font:12pt sans-serif;margin:2em}table{border-collapse:collapse;width:100%;margin-bottom:1.5em}"
    "caption{text-align:left;font-weight:bold}th,td{border:1px solid;padding:.3em .5em;text-align:left;"
    "vertical-align:top}@media print{table{break-inside:avoid}body{margin:0}}"
)


def sheet(roster: Roster, language: str) -> str:
    """Return a whole HTML page, readable without style sheet and without colours; ``language`` is ``de`` or ``en``."""
    words = WORDS[language]
    span = f"{long_date(roster.first, language)} - {long_date(roster.last, language)}"
    title = f"{words['title']} {escape(roster.area_id)}"
    weeks = groupby(roster.assignments, key=lambda each: week_of(each.duty.day))
    tables = "".join(_week(week, list(rows), language) for (_, week), rows in weeks)
    return (
        f'<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head>\n<body><h1>{title}</h1>\n"
        f"<p>{escape(span)}, {words['version'].format(version=roster.version)}</p>\n{tables}</body></html>\n"
    )


def _week(week: int, rows: Sequence[Assignment], language: str) -> str:
    words = WORDS[language]
    heads = "".join(f'<th scope="col">{words[name]}</th>' for name in ("day", "time", "group", "role", "who"))
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in _cells(row, language))}</tr>\n" for row in rows)
    caption = words["week"].format(week=week)
    return f"<table><caption>{caption}</caption>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}</tbody></table>\n"


def _cells(row: Assignment, language: str) -> Iterator[str]:
    duty = row.duty
    yield escape(long_date(duty.day, language))
    yield f"{format_service_time(duty.starts)[:-3]}-{format_service_time(duty.ends)[:-3]}"
    yield escape(duty.group)
    yield role_name(duty.role, language)
    yield escape(who(row, language))


def who(row: Assignment, language: str) -> str:
    """Return who does a duty, or that it is open and why."""
    if row.driver is not None:
        return str(row.driver)
    return f"{WORDS[language]['open']}. {explained(row.why_open, language)}".rstrip()


def role_name(role: DutyRole, language: str) -> str:
    """Return a role in words."""
    return WORDS[language][role.value]
