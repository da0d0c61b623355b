"""Trip runs of the line service as they stand: from the timetable or added, with their vehicles and what changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from gtfs.timetable import Timetable, Trip
from mobility.core.clock import Instant, datetime_at
from mobility.core.fold import State
from mobility.core.ids import StopId, VehicleId
from mobility.core.line_change import LineChange, LineChangeKind
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.region import Region
from mobility.core.service_day import ServiceDay, service_day_of
from mobility.core.vehicle import ServiceKind, TripRef

OF_LINES = frozenset({ServiceKind.SHUTTLE, ServiceKind.LINE_BUS})
"""Vehicles that drive on lines."""

Seen = Mapping[TripRef, int]
"""Trips with a vehicle on them now, and how many of their calls it has left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRun:
    """A trip on a service day. Tuples are as long as it has calls."""

    ref: TripRef
    trip: Trip
    """What is driven; of an added trip the one it follows."""
    arrival: tuple[Instant, ...]
    departure: tuple[Instant, ...]
    extra: LineChange | None = None
    """The change that added it."""

    @property
    def stops(self) -> tuple[StopId, ...]:
        """Its stops in order."""
        return self.trip.pattern.stops

    @property
    def begins(self) -> Instant:
        """Departure from the first stop."""
        return self.departure[0]

    @property
    def ends(self) -> Instant:
        """Arrival at the last stop."""
        return self.arrival[-1]

    def overlaps(self, other: "LineRun") -> bool:
        """Return whether one vehicle could not drive both."""
        return self.begins < other.ends and other.begins < self.ends


class LineBook:
    """The runs of one timetable. Nothing of it changes; the state is asked for each time."""

    def __init__(self, region: Region, timetable: Timetable) -> None:
        """Look trips up in ``timetable``, vehicles in ``region``."""
        self.region = region
        self.timetable = timetable
        self._zone = ZoneInfo(timetable.zone)

    def clock(self, at: Instant) -> str:
        """Return the local clock time."""
        return f"{datetime_at(at, self._zone):%H:%M}"

    def run(self, ref: TripRef, state: State) -> LineRun | Refusal:
        """Return a run, or why there is none."""
        trip = self.timetable.trips.get(ref.trip_id)
        if trip is not None:
            if not self.timetable.runs_on(ref.trip_id, ref.start_date):
                day = ref.start_date.isoformat()
                return Refusal(RefusalCode.TRIP_NOT_ON_DAY, {"trip_id": ref.trip_id, "day": day})
            return self._scheduled(trip, ServiceDay(ref.start_date, self.timetable.zone))
        added = next((c for c in of_kind(state, LineChangeKind.EXTRA) if ref in c.trips), None)
        run = self.added(added) if added is not None else None
        return run or Refusal(RefusalCode.UNKNOWN_TRIP, {"trip_id": ref.trip_id[:100]})

    def runs(self, refs: Sequence[TripRef], state: State) -> tuple[LineRun, ...] | Refusal:
        """Return the runs in the order of their departure, each once, or why one of them is none."""
        if not refs:
            return Refusal(RefusalCode.NO_TRIP_NAMED)
        found: list[LineRun] = []
        for ref in dict.fromkeys(refs):
            run = self.run(ref, state)
            if isinstance(run, Refusal):
                return run
            found.append(run)
        return tuple(sorted(found, key=_order))

    def added(self, change: LineChange) -> LineRun | None:
        """Return the run that an EXTRA change adds, ``None`` where its pattern is in no timetable any more."""
        pattern_of = self.timetable.trips.get(change.pattern_of) if change.pattern_of is not None else None
        if pattern_of is None or change.departs is None or not change.trips:
            return None
        first_s = pattern_of.departure[0]
        return LineRun(
            ref=change.trips[0],
            trip=pattern_of,
            arrival=tuple(Instant(change.departs + (s - first_s) * 1000) for s in pattern_of.arrival),
            departure=tuple(Instant(change.departs + (s - first_s) * 1000) for s in pattern_of.departure),
            extra=change,
        )

    def between(self, earliest: Instant, latest: Instant, state: State) -> Sequence[LineRun]:
        """Return all runs under way at any moment of the span, added ones too, in the order of their departure."""
        scheduled = (
            self._scheduled(trip, ServiceDay(day, self.timetable.zone))
            for trip, day in self.timetable.running_between(earliest, latest)
        )
        extra = (self.added(change) for change in of_kind(state, LineChangeKind.EXTRA))
        added = (run for run in extra if run is not None and run.begins <= latest and run.ends >= earliest)
        return sorted([*scheduled, *added], key=_order)

    def today(self, now: Instant, state: State) -> Sequence[LineRun]:
        """Return the runs that begin on the local date of ``now``, and those of the night before still under way."""
        day = service_day_of(now, self.timetable.zone)
        start, end = day.start, day.plus(1).start
        return [run for run in self.between(start, end, state) if run.begins < end and run.ends >= start]

    def vehicle_of(self, run: LineRun, state: State) -> VehicleId | None:
        """Return who drives a run: as assigned, else as added with it, else the vehicle of its block."""
        for change in of_kind(state, LineChangeKind.VEHICLE_ASSIGNED):
            if run.ref in change.trips:
                return change.vehicle_id
        if run.extra is not None:
            return run.extra.vehicle_id
        return self.region.blocks.get(run.trip.block_id) if run.trip.block_id is not None else None

    def driven_by(self, vehicle_id: VehicleId, near: LineRun, state: State) -> Iterator[LineRun]:
        """Yield what a vehicle has to drive at the time of ``near``; cancelled and removed trips are not driven."""
        removed = {ref for change in of_kind(state, LineChangeKind.REMOVED) for ref in change.trips}
        for run in self.between(near.begins, near.ends, state):
            is_off = run.ref in state.cancelled_trips or run.ref in removed
            if not is_off and run.ref != near.ref and run.overlaps(near) and self.vehicle_of(run, state) == vehicle_id:
                yield run

    def stop_name(self, stop_id: StopId) -> str:
        """Return what a stop is called; its id where nobody knows it."""
        stop = self.timetable.stops.get(stop_id)
        if stop is not None:
            return stop.name
        known = self.region.stops.get(stop_id)
        return stop_id if known is None else known.name

    def _scheduled(self, trip: Trip, day: ServiceDay) -> LineRun:
        return LineRun(
            ref=TripRef(trip.trip_id, day.date),
            trip=trip,
            arrival=tuple(day.at(time) for time in trip.arrival),
            departure=tuple(day.at(time) for time in trip.departure),
        )


def of_kind(state: State, kind: LineChangeKind) -> Iterator[LineChange]:
    """Yield the changes of a kind that nobody ended, in the order they were decided."""
    return (change for change in state.line_changes.values() if change.kind is kind)


def _order(run: LineRun) -> tuple[Instant, str, str]:
    return run.begins, run.ref.trip_id, run.ref.start_date.isoformat()
