"""One run of a trip: a scheduled trip on a service day, with its times as instants."""

from bisect import bisect_right
from dataclasses import dataclass

from gtfs.trip import Trip
from mobility.core.clock import Instant
from mobility.core.ids import TripId
from mobility.core.service_day import ServiceDay
from mobility.core.vehicle import TripRef


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

    @property
    def trip_id(self) -> TripId:
        """The trip."""
        return self.trip.trip_id

    @property
    def last(self) -> int:
        """Index of the last call."""
        return len(self.arrival) - 1

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


def run_of(trip: Trip, day: ServiceDay) -> TripRun:
    """Return the run of ``trip`` on ``day``; times past 24:00 and clock changes are resolved here, once."""
    start = day.start
    return TripRun(
        trip=trip,
        ref=TripRef(trip.trip_id, day.date),
        arrival=tuple(Instant(start + time * 1000) for time in trip.arrival),
        departure=tuple(Instant(start + time * 1000) for time in trip.departure),
        chainage_m=trip.pattern.stop_chainage_m,
        fastest_s=trip.fastest_s,
    )
