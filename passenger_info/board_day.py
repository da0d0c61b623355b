"""The day's departures of a stop as a sheet for printing: hours and minutes of each line and destination."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from gtfs.timetable import Timetable
from mobility.core.arrivals import TripStanding
from mobility.core.clock import datetime_at
from mobility.core.ids import RouteId
from mobility.core.ports import Departure
from mobility.core.vehicle import ServiceKind
from passenger_info.alert_words import season_word
from passenger_info.board import line_words
from passenger_info.board_texts import PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class DayMinute:
    """One departure on the sheet."""

    at: datetime
    mark: str
    """What is different today, in a word; empty where nothing is."""
    is_off: bool
    """Whether it can not be boarded here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayHour:
    """All departures of one hour."""

    hour: str
    season: str
    """Which of two it is that come in the night in autumn; empty for any other."""
    minutes: tuple[DayMinute, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTable:
    """One line to one destination."""

    line: str
    kind: ServiceKind
    title: str
    hours: tuple[DayHour, ...]


def day_tables(timetable: Timetable, departures: Sequence[Departure], language: str) -> list[DayTable]:
    """Return the sheet's tables, those of the earliest first departure first."""
    zone, words = ZoneInfo(timetable.zone), PAGE[language]
    found: dict[tuple[RouteId, str], list[DayMinute]] = {}
    for row in departures:
        mark = _mark(row)
        minute = DayMinute(
            at=datetime_at(row.status.calls[row.call_index].scheduled_departure, zone),
            mark=words[mark] if mark else "",
            is_off=mark in ("day_cancelled", "day_skipped"),
        )
        found.setdefault((row.status.route_id, row.status.headsign), []).append(minute)
    tables = [
        (min(minute.at.timestamp() for minute in minutes), _table(timetable, key, minutes, language))
        for key, minutes in found.items()
    ]
    return [table for _, table in sorted(tables, key=lambda each: (each[0], each[1].title))]


def _table(timetable: Timetable, key: tuple[RouteId, str], minutes: list[DayMinute], language: str) -> DayTable:
    route = timetable.routes[key[0]]
    title = PAGE[language]["towards_of"].format(line=line_words(route, language), towards=key[1])
    return DayTable(
        line=route.short_name or route.long_name, kind=route.kind, title=title, hours=_hours(minutes, language)
    )


def _hours(minutes: list[DayMinute], language: str) -> tuple[DayHour, ...]:
    by_hour: dict[tuple[int, int, int], list[DayMinute]] = {}
    for minute in sorted(minutes, key=lambda each: each.at.timestamp()):
        # the hour that comes twice in autumn stands twice
        by_hour.setdefault((minute.at.toordinal(), minute.at.hour, minute.at.fold), []).append(minute)
    return tuple(
        DayHour(hour=f"{key[1]:02d}", season=season_word(group[0].at, language), minutes=tuple(group))
        for key, group in by_hour.items()
    )


def _mark(row: Departure) -> str:
    if row.status.standing is TripStanding.CANCELLED:
        return "day_cancelled"
    if row.status.calls[row.call_index].is_skipped:
        return "day_skipped"
    return "day_extra" if row.status.is_extra else ""
