"""The timetable: an immutable, fully indexed static feed. Every question is a look-up or a bisection."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from gtfs.calls import StopCalls
from gtfs.on_demand import OnDemandService
from gtfs.pattern import Pattern
from gtfs.service import ServiceDays
from gtfs.trip import StopTimes, Trip
from mobility.core.clock import Instant
from mobility.core.geo import LatLon, LocalFrame
from mobility.core.ids import BlockId, RouteId, StopId, TripId
from mobility.core.region import Calendar
from mobility.core.vehicle import ServiceKind

__all__ = ["OnDemandService", "Pattern", "Route", "StopTimes", "Timetable", "TimetableStop", "Trip"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimetableStop:
    """A stop, platform or station of the feed."""

    stop_id: StopId
    name: str
    place: LatLon
    parent: StopId | None = None
    is_wheelchair_accessible: bool | None = None
    """``None`` where the feed does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A line."""

    route_id: RouteId
    short_name: str
    long_name: str
    colour: str
    """Six hex digits."""
    kind: ServiceKind


@dataclass(frozen=True, kw_only=True, eq=False)
class Timetable:
    """A static feed in memory. Built by ``gtfs.from_region`` or ``gtfs.edge.load``; nobody changes it.

    ``trips`` is ordered by first departure, then id, and so are the rows of ``stop_times``.
    """

    zone: str
    """IANA zone of all service times."""
    frame: LocalFrame
    feed_version: str
    agency_name: str
    agency_url: str
    stops: Mapping[StopId, TimetableStop]
    routes: Mapping[RouteId, Route]
    trips: Mapping[TripId, Trip]
    calendars: Mapping[str, Calendar]
    """By service id; every trip's service is here."""
    stop_times: StopTimes = field(repr=False)
    notes: tuple[str, ...] = ()
    """What was left out while loading, in sentences for an operator; empty when nothing was."""
    on_demand: tuple[OnDemandService, ...] = ()
    """Bookable services of a region; their stops and routes are among the others, they have no trips. Empty for
    foreign feeds."""

    def __post_init__(self) -> None:
        """Close the mappings against change."""
        for name in ("stops", "routes", "trips", "calendars"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def bookable_at(self, stop_id: StopId) -> Sequence[OnDemandService]:
        """Return the on-demand services that pick up at a stop; empty for most stops and for an unknown one."""
        return tuple(service for service in self.on_demand if stop_id in service.stops)

    def runs_on(self, trip_id: TripId, day: date) -> bool:
        """Return whether a trip's service day ``day`` exists; raises ``KeyError`` for an unknown trip."""
        return self._days.runs_on(self.trips[trip_id].service_id, day)

    def trips_on(self, day: date) -> Sequence[Trip]:
        """Return the trips whose service day is ``day``, ordered by first departure, then id.

        Trips of the day before that run past midnight are not among them: see ``running_between``.
        """
        running = self._days.running(day)
        return tuple(trip for trip in self.trips.values() if trip.service_id in running)

    def calls_at(self, stop_id: StopId) -> Sequence[tuple[TripId, int]]:
        """Return every call at a stop as (trip, index of the call), last calls too, in the order of ``trips``."""
        return self._calls.calls(stop_id)

    def block(self, block_id: BlockId, day: date) -> Sequence[Trip]:
        """Return the trips of a block that run on ``day``, in order; empty for an unknown block."""
        running = self._days.running(day)
        return tuple(trip for trip in self._trips_by_block.get(block_id, ()) if trip.service_id in running)

    def running_between(self, earliest: Instant, latest: Instant) -> Sequence[tuple[Trip, date]]:
        """Return trip runs under way at any moment of the span (both ends included), with their service date.

        A run lasts from its first arrival to its last departure. Runs of earlier dates that pass midnight are
        included. Ordered by date, first departure, trip id.
        """
        first_s, last_s, trips = self._trip_spans
        found: list[tuple[Trip, date]] = []
        for span in self._days.spans(earliest, latest):
            running = self._days.running(span.date)
            near = np.flatnonzero((first_s <= span.to_s) & (last_s >= span.from_s)).tolist() if running else ()
            found.extend((trips[i], span.date) for i in near if trips[i].service_id in running)
        return tuple(found)

    def departures_between(
        self, stop_id: StopId, earliest: Instant, latest: Instant
    ) -> Sequence[tuple[Trip, date, int]]:
        """Return scheduled departures from a stop in the span (both ends included) as (trip, service date, call index).

        Only calls where riders may board: no last calls, no calls with ``pickup_type`` 1. Ordered by instant of
        departure, then trip id, then date. Empty for an unknown stop.
        """
        departures = self._calls.departures(stop_id)
        found: list[tuple[Instant, TripId, date, int, Trip]] = []
        for span in self._days.spans(earliest, latest):
            running = self._days.running(span.date)
            for departure_s, trip, call_index in departures.between(span.from_s, span.to_s):
                if trip.service_id in running:
                    leaves = Instant(span.start + departure_s * 1000)
                    found.append((leaves, trip.trip_id, span.date, call_index, trip))
        found.sort(key=lambda row: row[:4])
        return tuple((trip, day, call_index) for _, _, day, call_index, trip in found)

    @cached_property
    def _days(self) -> ServiceDays:
        longest_s = int(self.stop_times.departure_s.max(initial=0))
        return ServiceDays(self.calendars, self.zone, longest_s)

    @cached_property
    def _trip_spans(self) -> tuple[NDArray[np.int32], NDArray[np.int32], tuple[Trip, ...]]:
        trips = tuple(self.trips.values())
        first = np.array([trip.first_call for trip in trips], dtype=np.int64)
        last = np.array([trip.first_call + trip.call_count - 1 for trip in trips], dtype=np.int64)
        return self.stop_times.arrival_s[first], self.stop_times.departure_s[last], trips

    @cached_property
    def _trips_by_block(self) -> dict[BlockId, list[Trip]]:
        blocks: dict[BlockId, list[Trip]] = {}
        for trip in self.trips.values():
            if trip.block_id is not None:
                blocks.setdefault(trip.block_id, []).append(trip)
        return blocks

    @cached_property
    def _calls(self) -> StopCalls:
        return StopCalls(tuple(self.stops), tuple(self.trips.values()), self.stop_times)
