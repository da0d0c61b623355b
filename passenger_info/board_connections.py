"""Planned connections as boards tell them: reached, waited for, not decided, missed.

Only trains and lines are told. A ride of the citizen bus that feeds a trip is somebody's own and nobody else's concern.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from mobility.core.clock import Instant, datetime_at, shifted
from mobility.core.connection import Connection, ConnectionDecision
from mobility.core.vehicle import TripRef
from passenger_info.alert_words import clock_words, season_word
from passenger_info.board_sentences import FEEDERS, NOTES


class ConnectionStanding(StrEnum):
    """What may be said of a connection; named as its note in ``board_sentences``."""

    KEPT = "connection"
    WAITS = "wait"
    UNDECIDED = "undecided"
    MISSED = "missed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLine:
    """One connection in words."""

    standing: ConnectionStanding
    short: str
    sentence: str


def by_trip(connections: Iterable[Connection]) -> Mapping[TripRef, Sequence[Connection]]:
    """Return the connections that boards tell, by the trip that leaves, those of the earliest feeder first."""
    found: dict[TripRef, list[Connection]] = {}
    for connection in sorted(connections, key=lambda each: (each.feeder_arrival, each.connection_id)):
        if connection.trip is not None and connection.booking_id is None:
            found.setdefault(connection.trip, []).append(connection)
    return found


def standing_of(connection: Connection, leaves: Instant) -> ConnectionStanding:
    """Return the state of a connection to a trip that is expected to leave at ``leaves``.

    Who decides to go knows of the feeder's delay; who has not decided yet may still hold.
    """
    if connection.decision is ConnectionDecision.HOLD and connection.hold_until is not None:
        return ConnectionStanding.WAITS
    if connection.ready <= max(leaves, connection.departure):
        return ConnectionStanding.KEPT
    is_open = connection.decision is ConnectionDecision.PLANNED
    return ConnectionStanding.UNDECIDED if is_open else ConnectionStanding.MISSED


def connection_line(connection: Connection, leaves: Instant, language: str, zone: ZoneInfo) -> ConnectionLine:
    """Return a connection in ``de``, ``en`` or ``de-simple``."""
    standing = standing_of(connection, leaves)
    kind = "train" if connection.feeder_trip is None else "line"
    names = {key: text.format(name=connection.feeder) for key, text in FEEDERS[language].items()}
    until = connection.hold_until or connection.departure
    local = datetime_at(until, zone)
    arrival = shifted(connection.feeder_arrival, connection.feeder_delay_s)
    filled = {
        "feeder": names[kind],
        "origin": names[f"{kind}_from"],
        "waited": names[f"{kind}_waited"],
        "time": f"{local:%H:%M} {season_word(local, language)}".rstrip(),
        "until": clock_words(local, language),
        "arrival": clock_words(datetime_at(arrival, zone), language),
    }
    short, sentence = NOTES[language][standing]
    return ConnectionLine(standing=standing, short=short.format(**filled), sentence=sentence.format(**filled))
