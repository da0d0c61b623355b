"""A departure board as a reader sees and hears it: rows, words and whole sentences. Nothing here is HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from gtfs.timetable import Route, Timetable
from mobility.core.arrivals import TripStanding, TripStatus
from mobility.core.clock import Instant, datetime_at, seconds_between
from mobility.core.connection import Connection
from mobility.core.dates import long_date
from mobility.core.ids import StopId
from mobility.core.ports import Departure
from mobility.core.vehicle import ServiceKind, TripRef
from passenger_info.alert_words import clock_words, season_word
from passenger_info.board_connections import by_trip
from passenger_info.board_notes import Leaving, Note, Telling, notes_of
from passenger_info.board_sentences import BOOKING, DEPARTURES
from passenger_info.board_texts import PLANNED, STATES
from passenger_info.departures import expected

_AGE_SHOWN_S = 5
LIVE_STATES = frozenset({"running", "late"})
"""States that claim to know of this moment."""


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
    minutes_said: str
    """The same for who listens: ``in 3 Minuten``."""
    state: str
    """``running``, ``late``, ``expected``, ``unknown``, ``cancelled`` or ``skipped``."""
    state_word: str
    sentence: str
    age: str = ""
    """How old the vehicle's position is, in words; empty where there is none or it is fresh."""
    is_stale: bool = False
    is_other_time: bool = False
    """Whether it is expected at another minute than scheduled."""
    season: str = ""
    """Which of two the scheduled time is, in the hour that comes twice in autumn; empty in any other."""
    expected_season: str = ""
    reason: str = ""
    """Why it is cancelled, waits or does not stop, in German; empty where it does not."""
    notes: tuple[Note, ...] = ()

    @property
    def spoken(self) -> str:
        """The sentence and the sentences of all notes, for who listens."""
        return " ".join([self.sentence, *(note.sentence for note in self.notes if note.sentence)])

    @property
    def is_off(self) -> bool:
        """Whether nothing can be boarded here."""
        return self.state in ("cancelled", "skipped")


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardFacts:
    """What one board is made of."""

    departures: Sequence[Departure]
    connections: Sequence[Connection] = ()


def board_rows(timetable: Timetable, facts: BoardFacts, now: Instant, language: str) -> list[BoardRow]:
    """Return the rows of a board in ``de``, ``en`` or ``de-simple``, by the time they are expected."""
    teller = _Teller(timetable, now, language, by_trip(facts.connections))
    rows = [teller.row(row) for row in facts.departures]
    # by the instant: local times of one zone compare by the clock, which goes back an hour in autumn
    return sorted(rows, key=lambda row: row.expected.timestamp())


def read_aloud(
    stop_name: str,
    rows: Sequence[BoardRow],
    now: datetime,
    language: str,
    *,
    before: Sequence[str] = (),
    after: Sequence[str] = (),
    hours: int = 3,
) -> str:
    """Return the board as sentences to be read aloud, one a line; ``now`` is the local time.

    ``before`` and ``after`` are said around the departures: alerts, how to book. ``hours`` is how far ahead it looks.
    """
    words = DEPARTURES[language]
    begin = words["aloud_begin"].format(stop=stop_name, date=date_words(now, language), time=clock_words(now, language))
    said = [row.spoken for row in rows] or [words["aloud_none"].format(hours=hours)]
    return "\n".join([begin, *before, *said, *after]) + "\n"


def next_departure(timetable: Timetable, row: Departure, language: str) -> str:
    """Return the sentence that names a departure of another day or hour, for a board on which nothing leaves."""
    leaves = datetime_at(expected(row), ZoneInfo(timetable.zone))
    return DEPARTURES[language]["next"].format(
        date=date_words(leaves, language),
        time=clock_words(leaves, language),
        line=line_words(timetable.routes[row.status.route_id], language),
        towards=row.status.headsign,
    )


def date_words(moment: datetime, language: str) -> str:
    """Return a date with its weekday."""
    return long_date(moment.date(), "en" if language == "en" else "de")


class _Teller:
    """Puts departures into words of one language at one moment."""

    def __init__(
        self,
        timetable: Timetable,
        now: Instant,
        language: str,
        connections: Mapping[TripRef, Sequence[Connection]],
    ) -> None:
        self._timetable = timetable
        self._now = now
        self._connections = connections
        self._telling = Telling(language, ZoneInfo(timetable.zone))
        self._words = DEPARTURES[language]

    def row(self, row: Departure) -> BoardRow:
        """Return a departure in words."""
        status, call = row.status, row.status.calls[row.call_index]
        language, zone = self._telling
        route, leaves = self._timetable.routes[status.route_id], expected(row)
        # minutes as the two clock times on the board differ, so that word and times never contradict each other
        late_minutes = leaves // 60_000 - call.scheduled_departure // 60_000
        state = _state(status.standing, late_minutes, is_skipped=call.is_skipped)
        age_s = seconds_between(status.as_of, self._now) if status.vehicle_id is not None else 0.0
        connections = [each for each in self._connections.get(status.trip, ()) if each.stop_id == call.stop_id]
        leaving = Leaving(kind=route.kind, expected=leaves, connections=connections, passes=self._passes(row))
        notes = notes_of(row, leaving, self._telling)
        is_off = state in ("cancelled", "skipped")
        reason = _reason(status, state, notes)
        said = _Said(state, late_minutes, age_s, call.instead, reason, is_extra=status.is_extra)
        local, local_leaves = datetime_at(call.scheduled_departure, zone), datetime_at(leaves, zone)
        return BoardRow(
            line=route.short_name or route.long_name,
            kind=route.kind,
            towards=status.headsign,
            scheduled=local,
            expected=local_leaves,
            season=season_word(local, language),
            expected_season=season_word(local_leaves, language),
            minutes="" if is_off else minutes_left(seconds_between(self._now, leaves), language),
            minutes_said="" if is_off else minutes_said(seconds_between(self._now, leaves), language),
            state=state,
            state_word=PLANNED[language] if said.is_planned else STATES[language][state].format(minutes=late_minutes),
            sentence=self._sentence(route, call.scheduled_departure, status.headsign, said),
            age=""
            if age_s < _AGE_SHOWN_S or is_off
            else self._words["age"].format(age=duration_words(age_s, language)),
            is_stale=status.standing is TripStanding.UNKNOWN,
            is_other_time=late_minutes >= 1 and not is_off,
            reason=reason,
            notes=(*notes, *(self._instead(call.instead) if state == "skipped" else ())),
        )

    def _passes(self, row: Departure) -> list[str]:
        """Return the names of the stops behind this one that the trip leaves out, each once."""
        ahead = row.status.calls[row.call_index + 1 :]
        served = {self._stop_name(call.stop_id) for call in ahead if not call.is_skipped}
        left_out = dict.fromkeys(self._stop_name(call.stop_id) for call in ahead if call.is_skipped)
        return [name for name in left_out if name not in served]

    def _instead(self, stop_id: StopId | None) -> tuple[Note, ...]:
        name = self._stop_name(stop_id)
        if not name:
            return ()
        short = self._words["instead"].format(stop=name).rstrip(".")
        # the sentence of the row says it already
        return (Note(symbol="stop", short=short, sentence="", language=self._telling.language),)

    def _stop_name(self, stop_id: StopId | None) -> str:
        stop = self._timetable.stops.get(stop_id) if stop_id is not None else None
        return stop.name if stop is not None else ""

    def _sentence(self, route: Route, scheduled: Instant, headsign: str, what: "_Said") -> str:
        words, state = self._words, what.state
        language, zone = self._telling
        is_silent = state == "unknown" and what.age_s >= _AGE_SHOWN_S
        since = words["unknown_since"].format(age=duration_words(what.age_s, language)) if is_silent else ""
        said = [
            words["planned" if what.is_planned else state].format(
                line=line_words(route, language),
                time=clock_words(datetime_at(scheduled, zone), language),
                towards=headsign,
                delay=minute_words(what.late_minutes, language),
                since=since,
            )
        ]
        instead = self._stop_name(what.instead) if state == "skipped" else ""
        if what.reason:
            key = "reason" if state in ("cancelled", "skipped") else "waits"
            said.append(words[key].format(reason=what.reason.rstrip(". ")))
        if instead:
            said.append(words["instead"].format(stop=instead))
        return " ".join(said)


@dataclass(frozen=True, slots=True)
class _Said:
    state: str
    late_minutes: int
    age_s: float
    instead: StopId | None
    reason: str
    is_extra: bool

    @property
    def is_planned(self) -> bool:
        """Whether it is expected beside the timetable: nobody can say "by the timetable" of it."""
        return self.is_extra and self.state == "expected"


def _reason(status: TripStatus, state: str, notes: Sequence[Note]) -> str:
    """Return the reason that the sentence gives; what a note tells already is not said twice."""
    if state == "skipped":
        return status.note or status.reason
    return "" if any(note.symbol == "wait" for note in notes) else status.reason


def _state(standing: TripStanding, late_minutes: int, *, is_skipped: bool) -> str:
    if is_skipped and standing is not TripStanding.CANCELLED:
        return "skipped"
    is_late = late_minutes >= 1 and standing in (TripStanding.RUNNING, TripStanding.EXPECTED)
    return "late" if is_late else standing.value


def line_words(route: Route, language: str) -> str:
    """Return what people call a line: ``Linie D``, ``Bus 300``, ``Bürgerbus``."""
    name = route.short_name or route.long_name
    if route.kind is ServiceKind.CITIZEN_BUS:
        return DEPARTURES[language]["citizen_bus"].format(name=name)
    kind = "bus" if route.kind is ServiceKind.LINE_BUS and name.isdigit() else "line"
    return DEPARTURES[language][kind].format(name=name)


def minutes_left(left_s: float, language: str) -> str:
    """Return the time left in whole minutes, rounded down: a rider who trusts it is never too late."""
    words, count = DEPARTURES[language], int(left_s // 60)
    hours, minutes = divmod(count, 60)
    if hours > 0:
        name = (
            ("in_hours" if hours > 1 else "in_hour") if minutes else ("in_full_hours" if hours > 1 else "in_full_hour")
        )
        return words[name].format(hours=hours, minutes=minutes)
    return words["in" if count > 1 else "in_one"].format(count=count) if count >= 1 else words["now"]


def minutes_said(left_s: float, language: str) -> str:
    """Return ``minutes_left`` without abbreviations, for who listens."""
    hours, minutes = divmod(int(left_s // 60), 60)
    if language == "de-simple" or not (hours or minutes):
        return minutes_left(left_s, language)
    said = [*([hour_words(hours, language)] if hours else []), *([minute_words(minutes, language)] if minutes else [])]
    return f"in {' '.join(said)}"


def hour_words(count: int, language: str) -> str:
    """Return a number of hours in words."""
    return BOOKING[language]["hour" if count == 1 else "hours"].format(count=count)


def minute_words(count: int, language: str) -> str:
    """Return a number of minutes in words."""
    return DEPARTURES[language]["minute" if count == 1 else "minutes"].format(count=count)


def duration_words(duration_s: float, language: str) -> str:
    """Return a duration in seconds below two minutes, else in minutes."""
    if duration_s >= 120:  # noqa: PLR2004 - two minutes
        return minute_words(int(duration_s // 60), language)
    count = int(duration_s)
    return DEPARTURES[language]["second" if count == 1 else "seconds"].format(count=count)
