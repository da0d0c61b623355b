"""Counting on which piece of street a fleet's samples came in time, and on which late."""

import math
from collections.abc import Mapping
from datetime import date, timedelta

from mobility.core.clock import Instant
from mobility.core.geo import LatLon, distance_m
from mobility.core.ids import VehicleId
from mobility.core.ports import TelemetryRecord
from mobility.core.vehicle import Sample
from v2x.extension import LinkReading
from v2x.link.coverage import Cell, Coverage, together
from v2x.link.day import DayOf
from v2x.link.quality import LATE_AFTER_MS
from v2x.road.locator import Locator
from v2x.road.sections import SectionId, Sections

KEPT_DAYS = 30
"""The picture is drawn from the newest days."""
AGAIN_AFTER_MS = 600_000
"""A vehicle seen on the same piece of street within ten minutes is on the same pass: it stands or goes to and fro."""
_RECENT_MS = 5000
"""A round trip belongs where the vehicle was at most this long ago."""
_BROKEN_MS = 600_000
"""A reconnect belongs where the vehicle was last, unless that is longer ago."""
_AHEAD_MS = 10_000
_GATHER_MS = 600_000
_GAP_PASSES, _GAP_FRAC, _GAP_NEAR_M = 5, 0.5, 250.0
_MOVING_MPS = 1.0
_CROSSING_SINE = 0.6
_CROSSING_M = 10.0
"""How much nearer a road across the way must be to be taken."""


class _Trace:
    # Where one vehicle was: the newest place, and when it was on which piece of street.
    __slots__ = ("at", "found", "found_for", "is_on_demand", "late_second", "live_second", "place", "seen")

    def __init__(self, *, is_on_demand: bool) -> None:
        self.is_on_demand = is_on_demand
        self.at = Instant(0)
        self.place: SectionId | None = None
        self.live_second = self.late_second = 0
        self.found_for: tuple[LatLon, float | None] | None = None
        self.found: SectionId | None = None
        self.seen: dict[SectionId, Instant] = {}


class Where:
    """Coverage by day. Counts at most one sample of a vehicle in a second, by the time it was taken."""

    def __init__(self, locator: Locator, sections: Sections, day_of: DayOf, on_demand: frozenset[VehicleId]) -> None:
        """``on_demand`` are the vehicles whose way is their riders' way."""
        self._locator = locator
        self._sections = sections
        self._day_of = day_of
        self._on_demand = on_demand
        self._traces: dict[VehicleId, _Trace] = {}
        self._days: dict[date, Coverage] = {}
        self._gaps: tuple[Instant, tuple[LatLon, ...]] | None = None
        self.changed: set[date] = set()
        """Days counted in since somebody emptied this set."""

    @property
    def days(self) -> Mapping[date, Coverage]:
        """What is known, by day."""
        return self._days

    def restore(self, day: date, coverage: Coverage) -> None:
        """Take over a day from before."""
        self._days[day] = coverage

    def forget_before(self, today: date) -> list[date]:
        """Drop the days that the picture no longer shows; return them."""
        gone = sorted(day for day in self._days if day <= today - timedelta(days=KEPT_DAYS))
        for day in gone:
            del self._days[day]
            self.changed.discard(day)
        return gone

    def take(self, record: TelemetryRecord, reading: LinkReading | None) -> None:
        """Take a record, live or late; one from before the picture or from the future is no part of it."""
        vehicle_id, at = record.sample.vehicle_id, record.event_time
        if not -_AHEAD_MS <= record.received_at - at < KEPT_DAYS * 86_400_000:
            return
        trace = self._traces.get(vehicle_id)
        if trace is None:
            trace = self._traces[vehicle_id] = _Trace(is_on_demand=vehicle_id in self._on_demand)
        second = at // 1000
        if at > trace.at:
            if second == trace.live_second:
                return
            trace.live_second = second
        elif second in (trace.live_second, trace.late_second):
            return
        else:
            trace.late_second = second
        place = self._place(trace, record.sample)
        if at > trace.at:
            trace.at, trace.place = at, place
        if place is not None:
            self._count(trace, place, record, reading)

    def reconnected(self, vehicle_id: VehicleId, now: Instant) -> None:
        """Take note that a vehicle came back after its connection broke."""
        cell = self._cell_of(vehicle_id, now, _BROKEN_MS)
        if cell is not None:
            cell.reconnects += 1

    def timed(self, vehicle_id: VehicleId, round_trip_ms: int, now: Instant) -> None:
        """Take a round trip measured now."""
        cell = self._cell_of(vehicle_id, now, _RECENT_MS)
        if cell is not None:
            cell.round_trips.take(round_trip_ms)

    def last_place(self, vehicle_id: VehicleId) -> LatLon | None:
        """Return about where a vehicle was by its newest record, ``None`` where it was off the roads."""
        trace = self._traces.get(vehicle_id)
        return None if trace is None or trace.place is None else self._sections.middle(trace.place)

    def is_at_a_gap(self, vehicle_id: VehicleId, now: Instant) -> bool:
        """Return whether a vehicle was last heard where, by the days before and today, the radio is known to fail.

        That is within 250 m of a piece of street where at least half the samples of five or more passes came late.
        What is known is gathered anew at most every ten minutes.
        """
        place = self.last_place(vehicle_id)
        if place is None:
            return False
        if self._gaps is None or now - self._gaps[0] >= _GATHER_MS:
            self._gaps = now, self._gathered()
        return any(distance_m(place, gap) <= _GAP_NEAR_M for gap in self._gaps[1])

    def _gathered(self) -> tuple[LatLon, ...]:
        total = together(self._days.values())
        gaps = {
            section
            for cells in (total.line, total.on_demand)
            for section, cell in cells.items()
            if cell.passes >= _GAP_PASSES and cell.late_frac >= _GAP_FRAC
        }
        return tuple(self._sections.middle(section) for section in sorted(gaps))

    def _count(self, trace: _Trace, place: SectionId, record: TelemetryRecord, reading: LinkReading | None) -> None:
        at = record.event_time
        cell = self._cell(self._day_of(at), place, trace)
        cell.samples += 1
        cell.late += record.received_at - at > LATE_AFTER_MS
        seen = trace.seen.get(place)
        if seen is None or abs(at - seen) > AGAIN_AFTER_MS:
            cell.passes += 1
        trace.seen[place] = at
        if reading is not None and reading.rsrp_dbm is not None:
            cell.rsrp_sum_dbm += reading.rsrp_dbm
            cell.rsrp_count += 1

    def _cell_of(self, vehicle_id: VehicleId, now: Instant, within_ms: int) -> Cell | None:
        trace = self._traces.get(vehicle_id)
        if trace is None or trace.place is None or now - trace.at > within_ms:
            return None
        return self._cell(self._day_of(now), trace.place, trace)

    def _cell(self, day: date, place: SectionId, trace: _Trace) -> Cell:
        self.changed.add(day)
        coverage = self._days.get(day)
        if coverage is None:
            coverage = self._days[day] = Coverage()
        return coverage.cell(place, is_on_demand=trace.is_on_demand)

    def _place(self, trace: _Trace, sample: Sample) -> SectionId | None:
        is_moving = sample.speed_mps is not None and sample.speed_mps >= _MOVING_MPS
        sought = (sample.place, sample.bearing_deg if is_moving else None)
        # A vehicle that stands, as half of all samples do, is where it was.
        if sought != trace.found_for:
            trace.found_for, trace.found = sought, self._found(*sought)
        return trace.found

    def _found(self, place: LatLon, heading_deg: float | None) -> SectionId | None:
        found = self._locator.near(place)
        if not found:
            return None
        nearest, nearest_m = found[0], math.inf
        # At a junction all streets are near; the one along which the vehicle drives is meant.
        for each in found:
            is_crossing = heading_deg is not None and _crosses(each.bearing_deg, heading_deg)
            offset_m = each.offset_m + is_crossing * _CROSSING_M
            if offset_m < nearest_m:
                nearest, nearest_m = each, offset_m
        return self._sections.place_of(self._sections.at(nearest.edge, nearest.chainage_m))


def _crosses(road_deg: float, heading_deg: float) -> bool:
    # Whether a road lies across a heading, whichever way it is driven.
    return abs(math.sin(math.radians(road_deg - heading_deg))) > _CROSSING_SINE
