"""How promises were kept: each against the window that was told last, and in time, to whom it was made."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from dispatch.promise import is_in_time
from mobility.core.booking import Window
from mobility.core.clock import Instant
from mobility.core.disruption_events import RevisionDue, RevisionLapsed, RevisionTold
from mobility.core.events import (
    BookingMade,
    Envelope,
    PromiseSettled,
    PromiseTold,
)
from mobility.core.ids import BookingId, ServiceAreaId
from mobility.core.promise import PromiseKind, PromiseOutcome, TellingOutcome
from mobility.core.service_day import service_day_of

_Key = tuple[BookingId, PromiseKind]


class Standing(StrEnum):
    """How a promise stands at the end of a day. Each promise has exactly one."""

    KEPT = "kept"
    """The outcome lay inside the window as first told."""
    REVISED = "revised"
    """Another window was told in time, and the outcome lay inside the last one; or the ride was called off in time."""
    BROKEN = "broken"
    """The outcome lay outside the last window told in time, and somebody had reached the rider with news in time."""
    UNTOLD = "untold"
    """Broken, and nobody had told the rider anything in time: what must never be."""
    RELEASED = "released"
    """Cancelled by the rider, or the rider stayed away."""
    OPEN = "open"
    """Nobody reported what happened."""


@dataclass(slots=True)
class _Case:
    windows: list[Window] = field(default_factory=list)
    """As told in time, oldest first."""
    outcome: PromiseOutcome = PromiseOutcome.OPEN
    at: Instant | None = None


@dataclass(slots=True)
class _News:
    replaces: Window | None
    """The window told before, of what is still to come of the ride."""
    is_withdrawn: bool
    is_told: bool = False
    """Somebody reached the rider, and in time."""


def standings(facts: Iterable[Envelope], area_id: ServiceAreaId, day: date, zone: str) -> Mapping[_Key, Standing]:
    """Return how every promise of rides on ``day`` stands, from facts alone.

    News count as told as ``dispatch.promise.is_in_time`` has it. The settled outcome is not taken at its word: what
    happened is compared with the last window told in time.
    """
    mine: set[BookingId] = set()
    cases: dict[_Key, _Case] = {}
    news: dict[BookingId, _News] = {}
    for envelope in facts:
        match envelope.body:
            case BookingMade(booking=booking) if booking.wish.area_id == area_id:
                mine.add(booking.booking_id)
            case PromiseTold() as told if told.booking_id in mine:
                _tell(cases.setdefault((told.booking_id, told.kind), _Case()), told, envelope)
            case RevisionDue(revision=due) if due.booking_id in mine:
                news[due.booking_id] = _News(_next(cases, due.booking_id), due.is_withdrawn)
            case RevisionTold(booking_id=booking_id, outcome=TellingOutcome.REACHED) if booking_id in news:
                replaces = news[booking_id].replaces
                news[booking_id].is_told = replaces is not None and is_in_time(envelope.recorded_at, replaces)
            case RevisionLapsed(booking_id=booking_id):
                news.pop(booking_id, None)
            case PromiseSettled() as settled if (settled.booking_id, settled.kind) in cases:
                case = cases[settled.booking_id, settled.kind]
                case.outcome, case.at = settled.outcome, settled.at
            case _:
                pass
    days = {
        booking_id: service_day_of(cases[booking_id, kind].windows[0].earliest, zone).date
        for booking_id, kind in cases
        if kind is PromiseKind.PICKUP
    }
    return {key: _standing(case, news.get(key[0])) for key, case in cases.items() if days.get(key[0]) == day}


def _tell(case: _Case, told: PromiseTold, envelope: Envelope) -> None:
    if not case.windows or is_in_time(envelope.recorded_at, case.windows[-1]):
        case.windows.append(told.window)


def _next(cases: Mapping[_Key, _Case], booking_id: BookingId) -> Window | None:
    """Return the window of the promise of a ride that is to be kept next."""
    found = (cases.get((booking_id, kind)) for kind in (PromiseKind.PICKUP, PromiseKind.ARRIVAL))
    return next((case.windows[-1] for case in found if case and case.outcome is PromiseOutcome.OPEN), None)


def _standing(case: _Case, news: _News | None) -> Standing:
    match case.outcome:
        case PromiseOutcome.OPEN:
            return Standing.OPEN
        case PromiseOutcome.RELEASED:
            return Standing.RELEASED
        case PromiseOutcome.KEPT | PromiseOutcome.BROKEN:
            is_told = len(case.windows) > 1 or (news is not None and news.is_told)
            if news is not None and news.is_withdrawn:
                return Standing.REVISED if news.is_told else Standing.UNTOLD
            if case.at is not None and case.windows[-1].holds(case.at):
                return Standing.REVISED if len(case.windows) > 1 else Standing.KEPT
            return Standing.BROKEN if is_told else Standing.UNTOLD
