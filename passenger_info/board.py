"""A departure board as a reader sees and hears it: rows, words and whole sentences. Nothing here is HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from gtfs.timetable import Route, Timetable
from mobility.core.arrivals import TripStanding
from mobility.core.clock import Instant, datetime_at, seconds_between
from mobility.core.dates import long_date
from mobility.core.ids import RouteId
from mobility.core.ports import Departure
from mobility.core.vehicle import ServiceKind
from passenger_info.departures import expected
from passenger_info.wording import DEPARTURES, STATES

_AGE_SHOWN_S = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRow:
    """One departure, in words of one language."""

    line: str
    kind: ServiceKind
    towards: str
    scheduled: datetime
    expected: datetime
    minutes: str
    """Time left, e.g. ``in 3 min``; empty for a cancelled trip."""
    state: str
    """``running``, ``late``, ``expected``, ``unknown`` or ``cancelled``."""
    state_word: str
    sentence: str
    age: str
    """How old the vehicle's position is, in words; empty where there is none or it is fresh."""
    is_stale: bool
    is_other_time: bool
    """Whether it is expected at another minute than scheduled."""
    reason: str
    """Why it is cancelled or waits; empty where it does not."""


def board_rows(timetable: Timetable, rows: Sequence[Departure], now: Instant, language: str) -> list[BoardRow]:
    """Return the rows of a board in ``de`` or ``en``."""
    zone = ZoneInfo(timetable.zone)
    return [_row(timetable.routes, row, now, zone, language) for row in rows]


def read_aloud(stop_name: str, rows: Sequence[BoardRow], now: datetime, language: str) -> str:
    """Return the board as sentences to be read aloud, one a line; ``now`` is the local time."""
    words = DEPARTURES[language]
    begin = words["aloud_begin"].format(stop=stop_name, date=long_date(now.date(), language), time=f"{now:%H:%M}")
    return "\n".join([begin, *(row.sentence for row in rows)]) + "\n"


def _row(routes: Mapping[RouteId, Route], row: Departure, now: Instant, zone: ZoneInfo, language: str) -> BoardRow:
    status, call = row.status, row.status.calls[row.call_index]
    route, leaves = routes[status.route_id], expected(row)
    # minutes as the two clock times on the board differ, so that word and times never contradict each other
    late_minutes = leaves // 60_000 - call.scheduled_departure // 60_000
    state = _state(status.standing, late_minutes)
    age_s = seconds_between(status.as_of, now) if status.vehicle_id is not None else 0.0
    left_s = seconds_between(now, leaves)
    return BoardRow(
        line=route.short_name or route.long_name,
        kind=route.kind,
        towards=status.headsign,
        scheduled=datetime_at(call.scheduled_departure, zone),
        expected=datetime_at(leaves, zone),
        minutes="" if state == "cancelled" else minutes_left(left_s, language),
        state=state,
        state_word=STATES[language][state].format(minutes=late_minutes),
        sentence=_sentence(row, route, _Said(state, late_minutes, age_s), zone, language),
        age="" if age_s < _AGE_SHOWN_S else DEPARTURES[language]["age"].format(age=duration_words(age_s, language)),
        is_stale=status.standing is TripStanding.UNKNOWN,
        is_other_time=late_minutes >= 1 and status.standing is not TripStanding.CANCELLED,
        reason=status.reason,
    )


def _state(standing: TripStanding, late_minutes: int) -> str:
    is_late = late_minutes >= 1 and standing in (TripStanding.RUNNING, TripStanding.EXPECTED)
    return "late" if is_late else standing.value


@dataclass(frozen=True, slots=True)
class _Said:
    state: str
    late_minutes: int
    age_s: float


def _sentence(row: Departure, route: Route, what: _Said, zone: ZoneInfo, language: str) -> str:
    words, status, state, age_s = DEPARTURES[language], row.status, what.state, what.age_s
    scheduled = datetime_at(status.calls[row.call_index].scheduled_departure, zone)
    is_silent = state == "unknown" and age_s >= _AGE_SHOWN_S
    since = words["unknown_since"].format(age=duration_words(age_s, language)) if is_silent else ""
    said = words[state].format(
        line=line_words(route, language),
        time=f"{scheduled:%H:%M}",
        towards=status.headsign,
        delay=minute_words(what.late_minutes, language),
        since=since,
    )
    if not status.reason:
        return said
    reason = words["reason" if state == "cancelled" else "waits"].format(reason=status.reason.rstrip(". "))
    return f"{said} {reason}."


def line_words(route: Route, language: str) -> str:
    """Return what people call a line: ``Linie D``, ``Bus 300``."""
    name = route.short_name or route.long_name
    kind = "bus" if route.kind is ServiceKind.LINE_BUS and name.isdigit() else "line"
    return DEPARTURES[language][kind].format(name=name)


def minutes_left(left_s: float, language: str) -> str:
    """Return the time left in whole minutes, rounded down: a rider who trusts it is never too late."""
    words, count = DEPARTURES[language], int(left_s // 60)
    hours, minutes = divmod(count, 60)
    if hours:
        return words["in_hours" if minutes else "in_full_hours"].format(hours=hours, minutes=minutes)
    return words["in"].format(count=count) if count >= 1 else words["now"]


def minute_words(count: int, language: str) -> str:
    """Return a number of minutes in words."""
    return DEPARTURES[language]["minute" if count == 1 else "minutes"].format(count=count)


def duration_words(duration_s: float, language: str) -> str:
    """Return a duration in seconds below two minutes, else in minutes."""
    if duration_s >= 120:  # noqa: PLR2004 - two minutes
        return minute_words(int(duration_s // 60), language)
    count = int(duration_s)
    return DEPARTURES[language]["second" if count == 1 else "seconds"].format(count=count)
