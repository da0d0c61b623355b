"""One run of a trip: a trip on a service day, with its times as instants, and how it differs from the timetable."""

from bisect import bisect_right
from dataclasses import dataclass, field
from enum import StrEnum

from gtfs.trip import Trip
from mobility.core.clock import Instant
from mobility.core.ids import StopId, TripId, VehicleId
from mobility.core.service_day import ServiceDay
from mobility.core.vehicle import TripRef


class RunKind(StrEnum):
    """Where a run comes from."""

    SCHEDULED = "scheduled"
    """From the timetable, as it is or without some of its stops."""
    DETOUR = "detour"
    """From the timetable, on another way."""
    EXTRA = "extra"
    """Beside the timetable."""
    TOUR = "tour"
    """A public tour of the citizen bus."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedCall:
    """A call of the timetable that the run does not serve."""

    before: int
    """Index of the run's call that it would lie before."""
    planned: int
    """Index of the call in the planned trip."""
    stop_id: StopId
    stop_sequence: int
    arrival: Instant
    departure: Instant
    can_board: bool
    instead: StopId | None = None
    """Where the run stops instead, near by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChange:
    """How a run differs from the timetable."""

    kind: RunKind
    known_at: Instant
    """When the newest of its changes became known."""
    planned: Trip | None = None
    """The trip as it was planned: of the timetable or, of an extra trip, its copy at another time."""
    copied: TripId | None = None
    """The trip of the timetable that an extra one copies."""
    origin: tuple[int | None, ...] = ()
    """For each call of the run its index in ``planned``, ``None`` where only a detour serves it."""
    skipped: tuple[SkippedCall, ...] = ()
    """In order of travel."""
    seats_free: tuple[int, ...] = ()
    """After each call, of a public tour."""
    vehicle_id: VehicleId | None = None
    """Which vehicle drives a public tour."""
    note: str = ""
    """Why, for riders."""

    @property
    def is_rerouted(self) -> bool:
        """Whether it goes another way."""
        return any(index is None for index in self.origin) or self.kind is RunKind.DETOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class TripRun:
    """A trip on a service day. All tuples are as long as the trip has calls."""

    trip: Trip
    ref: TripRef
    arrival: tuple[Instant, ...]
    """Scheduled arrivals, not decreasing."""
    departure: tuple[Instant, ...]
    """Scheduled departures, each at least the arrival."""
    chainage_m: tuple[float, ...]
    """Where each stop lies on the trip's line, not decreasing."""
    fastest_s: tuple[int, ...] | None
    """Fastest driving time to each call from the one before; ``None`` where the feed does not say."""
    change: RunChange | None = field(default=None, compare=False)
    """``None`` for a run as the timetable has it."""

    @property
    def trip_id(self) -> TripId:
        """The trip."""
        return self.trip.trip_id

    @property
    def last(self) -> int:
        """Index of the last call."""
        return len(self.arrival) - 1

    @property
    def kind(self) -> RunKind:
        """Where it comes from."""
        return RunKind.SCHEDULED if self.change is None else self.change.kind

    @property
    def skipped(self) -> tuple[SkippedCall, ...]:
        """Calls of the timetable that it does not serve."""
        return () if self.change is None else self.change.skipped

    def shown(self, i: int) -> int:
        """Return the place of call ``i`` among the served and the skipped calls together."""
        return i + sum(skip.before <= i for skip in self.skipped)

    def served(self, shown_index: int) -> int | None:
        """Return the call at a place among the served and the skipped calls together, ``None`` for a skipped one."""
        skips = [skip.before + k for k, skip in enumerate(self.skipped)]
        return None if shown_index in skips else shown_index - sum(place < shown_index for place in skips)

    def scheduled_at(self, chainage_m: float) -> Instant:
        """Return when the schedule has the vehicle at a chainage, between two stops by distance."""
        if chainage_m <= self.chainage_m[0]:
            return self.departure[0]
        i = bisect_right(self.chainage_m, chainage_m) - 1
        if i >= self.last:
            return self.arrival[-1]
        span_m = self.chainage_m[i + 1] - self.chainage_m[i]
        share = (chainage_m - self.chainage_m[i]) / span_m if span_m > 0 else 0.0
        return Instant(self.departure[i] + round(share * (self.arrival[i + 1] - self.departure[i])))


def run_of(trip: Trip, day: ServiceDay, change: RunChange | None = None) -> TripRun:
    """Return the run of ``trip`` on ``day``; times past 24:00 and clock changes are resolved here, once."""
    start = day.start
    return TripRun(
        trip=trip,
        ref=TripRef(trip.trip_id, day.date),
        arrival=tuple(Instant(start + time * 1000) for time in trip.arrival),
        departure=tuple(Instant(start + time * 1000) for time in trip.departure),
        chainage_m=trip.pattern.stop_chainage_m,
        fastest_s=trip.fastest_s,
        change=change,
    )
