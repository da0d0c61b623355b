"""What is noted beside a departure: ramp, seats, connections, detours. Each a symbol, a short text and a sentence."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from zoneinfo import ZoneInfo

from mobility.core.arrivals import OccupancyStep, TripStanding, TripStatus
from mobility.core.clock import Instant
from mobility.core.connection import Connection
from mobility.core.ports import Departure
from mobility.core.vehicle import ServiceKind
from passenger_info.board_connections import ConnectionStanding, connection_line
from passenger_info.board_sentences import DEPARTURES, MORE_STOPS, NOTES

_SEATS = {OccupancyStep.LOW: "seats_low", OccupancyStep.MEDIUM: "seats_medium", OccupancyStep.HIGH: "seats_high"}
_WARNINGS = frozenset({"ramp_broken", "no_wheelchair", "missed", "undecided", "no_seats"})
_MOST_NAMED = 3
_FREE_SEATS = ("no_seats", "free_seat", "free_seats")


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One note."""

    symbol: str
    """Name of the shape beside the text."""
    short: str
    sentence: str
    language: str
    """The language of ``short``: German where somebody wrote it by hand."""
    is_warning: bool = False
    is_live: bool = False
    """Whether it speaks of this moment and is worth nothing once the connection is lost."""


class Telling(NamedTuple):
    """For whom a note is written."""

    language: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """What is known of a departure beside its status."""

    kind: ServiceKind
    expected: Instant
    connections: Sequence[Connection]
    """At this stop."""
    passes: Sequence[str] = ()
    """Names of the stops ahead that it does not serve today."""


def notes_of(row: Departure, leaving: Leaving, telling: Telling) -> tuple[Note, ...]:
    """Return the notes of a departure, the most important first; none of one that is off."""
    status = row.status
    if status.standing is TripStanding.CANCELLED or status.calls[row.call_index].is_skipped:
        return ()
    found = [
        *_connection_notes(leaving.connections, leaving.expected, telling),
        *_passes(leaving.passes, telling.language),
        *_by_hand(_why_symbol(status), status.note, telling.language),
        *(_named(name, telling.language) for name in _of_trip(row, leaving.kind)),
        *_free_seats(status.free_seats, telling.language),
        *(_named(name, telling.language) for name in _of_vehicle(row)),
    ]
    return tuple(found)


def _of_trip(row: Departure, kind: ServiceKind) -> Iterator[str]:
    if kind is ServiceKind.CITIZEN_BUS:
        yield "tour"
    elif row.status.is_extra:
        yield "extra"
    if row.status.calls[row.call_index].is_on_detour and not row.status.is_extra:
        yield "detour"


def _of_vehicle(row: Departure) -> Iterator[str]:
    status = row.status
    if status.is_ramp_broken:
        yield "ramp_broken"
    elif status.wheelchair is not None:
        yield "wheelchair" if status.wheelchair else "no_wheelchair"
    if status.occupancy is not None and status.standing is not TripStanding.UNKNOWN:
        yield _SEATS[status.occupancy]


def _named(name: str, language: str) -> Note:
    short, sentence = NOTES[language][name]
    return Note(
        symbol=name,
        short=short,
        sentence=sentence,
        language=language,
        is_warning=name in _WARNINGS,
        is_live=name.startswith("seats_"),
    )


def _free_seats(count: int | None, language: str) -> Iterator[Note]:
    if count is None:
        return
    name = _FREE_SEATS[min(max(count, 0), 2)]
    short, sentence = (text.format(count=count) for text in NOTES[language][name])
    yield Note(symbol="tour", short=short, sentence=sentence, language=language, is_warning=count <= 0)


def _passes(names: Sequence[str], language: str) -> Iterator[Note]:
    """Yield what riders on their way to a stop that is left out have to know before they board."""
    if not names:
        return
    shown = [*names[:_MOST_NAMED], *([MORE_STOPS[language]] if len(names) > _MOST_NAMED else [])]
    short, sentence = (text.format(stops=", ".join(shown)) for text in NOTES[language]["passes"])
    yield Note(symbol="no_stop", short=short, sentence=sentence, language=language, is_warning=True)


def _why_symbol(status: TripStatus) -> str:
    """Return the shape beside the reason of a change: the arrow only where the trip stops elsewhere."""
    return "detour" if any(call.is_on_detour for call in status.calls) else "info"


def _by_hand(symbol: str, text: str, language: str) -> Iterator[Note]:
    if text:
        said = DEPARTURES[language]["note"].format(reason=text.rstrip(". "))
        yield Note(symbol=symbol, short=text, sentence=said, language="de")


def _connection_notes(connections: Sequence[Connection], leaves: Instant, telling: Telling) -> Iterator[Note]:
    for connection in connections:
        line = connection_line(connection, leaves, telling.language, telling.zone)
        yield Note(
            symbol=line.standing,
            short=line.short,
            sentence=line.sentence,
            language=telling.language,
            is_warning=line.standing in _WARNINGS,
            is_live=line.standing is not ConnectionStanding.MISSED,
        )
