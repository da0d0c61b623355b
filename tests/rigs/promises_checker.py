"""Reads a ledger and nothing else: which promises were broken without anybody having told the rider in time?

What happened is taken from what drivers reported (boarded, alighted), not from what the server made of it. In time is
before the window told before had ended; how many were told after the earlier aim of the call list is counted apart.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from dispatch.promise import is_in_time
from mobility.core.booking import Window
from mobility.core.clock import Instant
from mobility.core.disruption_events import (
    BookingWithdrawn,
    DisruptionReported,
    RevisionDue,
    RevisionLapsed,
    RevisionTold,
)
from mobility.core.events import (
    BookingCancelled,
    BookingMade,
    Envelope,
    PlanPublished,
    PromiseTold,
    RiderAlighted,
    RiderBoarded,
    RiderNoShow,
)
from mobility.core.promise import PromiseKind, TellingOutcome


@dataclass(slots=True)
class _Case:
    """One ride as the facts tell it."""

    told: dict[PromiseKind, list[tuple[Window, bool]]] = field(default_factory=dict)
    """Windows in the order told, and whether each was told in time."""
    aim: Instant | None = None
    """By when the news that are due should be told."""
    is_end: bool = False
    """Whether these news are that the ride ends: withdrawn, or short of the destination."""
    happened: dict[PromiseKind, Instant] = field(default_factory=dict)
    is_over: bool = False
    """Cancelled by the rider, or the rider was not there: nothing was promised any more."""
    is_withdrawn: bool = False
    is_warned: bool = False
    """The rider of a ride that ends was reached in time."""
    is_after_aim: bool = False
    """News were told after the aim of the call list."""

    def window(self, kind: PromiseKind) -> Window:
        """Return the last window that was told in time."""
        return [window for window, in_time in self.told[kind] if in_time][-1]

    def hears(self, kind: PromiseKind, now: Instant) -> bool:
        """Return whether news of that end of the ride come in time."""
        return not self.told.get(kind) or is_in_time(now, self.window(kind))

    @property
    def following(self) -> PromiseKind:
        """The promise that is to be kept next."""
        return PromiseKind.ARRIVAL if PromiseKind.PICKUP in self.happened else PromiseKind.PICKUP


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a day came to."""

    rides: int
    promises: int
    kept: int
    revised: int
    withdrawn: int
    short: int
    """Riders aboard who were told that their ride ends short of the destination."""
    after_aim: int
    """Rides whose riders were told after the aim of the call list, though in time."""
    disruptions: int
    repairs: int
    calls: int
    broken: tuple[str, ...]
    """Each promise broken without word in time, in words."""

    def as_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {name: getattr(self, name) for name in self.__slots__}


def verdict(facts: Iterable[Envelope]) -> Verdict:
    """Judge a whole ledger of one day."""
    cases: dict[str, _Case] = {}
    counted = {"disruptions": 0, "repairs": 0, "calls": 0}
    for envelope in facts:
        _read(cases, envelope)
        counted["disruptions"] += isinstance(envelope.body, DisruptionReported)
        counted["calls"] += isinstance(envelope.body, RevisionTold)
        counted["repairs"] += isinstance(envelope.body, PlanPublished) and envelope.body.cause.startswith("repair")
    ends = [(name, case, kind) for name, case in cases.items() if not case.is_over for kind in case.told]
    faults = {(name, kind): _fault(case, kind) for name, case, kind in ends}
    fine = [(case, kind) for name, case, kind in ends if not faults[name, kind]]
    revised = sum(len(case.told[kind]) > 1 for case, kind in fine)
    return Verdict(
        rides=len(cases),
        promises=len(ends),
        kept=len(fine) - revised,
        revised=revised,
        withdrawn=sum(case.is_withdrawn for case in cases.values()),
        short=sum(case.is_warned and not case.is_withdrawn for case in cases.values()),
        after_aim=sum(case.is_after_aim for case in cases.values()),
        disruptions=counted["disruptions"],
        repairs=counted["repairs"],
        calls=counted["calls"],
        broken=tuple(f"{name} {kind.value}: {fault}" for (name, kind), fault in faults.items() if fault),
    )


def _fault(case: _Case, kind: PromiseKind) -> str:
    """Return what is wrong with a promise, nothing when it was kept or the rider was told in time."""
    if case.is_withdrawn and kind not in case.happened:
        return "" if case.is_warned else "withdrawn, and the rider was not reached in time"
    if case.is_warned and kind is PromiseKind.ARRIVAL:
        return ""  # told that the vehicle does not reach the destination
    window, at = case.window(kind), case.happened.get(kind)
    if at is None:
        return "nobody came"
    if window.holds(at):
        return ""
    late_s = max(window.earliest - at, at - window.latest) / 1000
    attempts = "news were due" if case.aim is not None else "no news"
    return f"{late_s:.0f} s outside the last window told in time ({attempts})"


def _read(cases: dict[str, _Case], envelope: Envelope) -> None:
    now = envelope.recorded_at
    match envelope.body:
        case BookingMade(booking=booking):
            cases[booking.booking_id] = _Case()
        case PromiseTold() as told:
            case = cases[told.booking_id]
            case.told.setdefault(told.kind, []).append((told.window, case.hears(told.kind, now)))
        case RevisionDue(revision=revision):
            case = cases[revision.booking_id]
            case.aim, case.is_end = revision.tell_by, revision.is_withdrawn
        case RevisionLapsed(booking_id=booking_id):
            cases[booking_id].aim, cases[booking_id].is_end = None, False
        case RevisionTold(booking_id=booking_id, outcome=TellingOutcome.REACHED):
            case = cases[booking_id]
            case.is_warned = case.is_warned or (case.is_end and case.hears(case.following, now))
            case.is_after_aim = case.is_after_aim or (case.aim is not None and now > case.aim)
        case BookingWithdrawn(booking_id=booking_id):
            cases[booking_id].is_withdrawn = True
        case BookingCancelled(booking_id=booking_id) | RiderNoShow(booking_id=booking_id):
            cases[booking_id].is_over = True
        case RiderBoarded(booking_id=booking_id, at=at):
            cases[booking_id].happened.setdefault(PromiseKind.PICKUP, at)
        case RiderAlighted(booking_id=booking_id, at=at):
            cases[booking_id].happened[PromiseKind.ARRIVAL] = at
        case _:
            pass
