"""Looking up trip runs as they will really be: by reference, next in the block, calling at a stop."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from gtfs.timetable import Timetable
from mobility.core.clock import Instant
from mobility.core.ids import StopId, VehicleId
from mobility.core.service_day import ServiceDay
from mobility.core.vehicle import TripRef
from passenger_info.changed_runs import changed_run, planned_trip
from passenger_info.held import Facts, KnownChange, KnownTour
from passenger_info.run import RunKind, TripRun, run_of

_KEPT = 5000
"""Runs held in memory; a district has a few hundred a day."""


class _Chain(NamedTuple):
    """Trips that one vehicle drives after each other, as they were at a revision of the facts."""

    revision: int
    refs: tuple[TripRef, ...]
    places: dict[TripRef, int]


class Runs:
    """Trip runs of a timetable, changed as the facts say."""

    def __init__(self, timetable: Timetable, facts: Facts | None = None) -> None:
        """Take the timetable and what changes it; nothing is computed before it is asked for."""
        self.timetable = timetable
        self.facts = facts if facts is not None else Facts()
        self._runs: dict[TripRef, TripRun | None] = {}
        self._changed: dict[TripRef, tuple[tuple[KnownChange, ...], KnownTour | None, TripRun | None]] = {}
        self._chains: dict[tuple[str, date], _Chain] = {}

    def get(self, ref: TripRef) -> TripRun | None:
        """Return a run, ``None`` where there is none on that day or nobody shall see it."""
        changes, tour = self.facts.changes_of(ref), self.facts.tour(ref)
        if changes or tour is not None:
            known = self._changed.get(ref)
            if known is None or known[0] != changes or known[1] is not tour:
                known = self._changed[ref] = (changes, tour, self._alike(ref))
            return known[2]
        if self._changed:
            self._changed.pop(ref, None)
        if ref not in self._runs:
            if len(self._runs) >= _KEPT:
                self._runs.clear()
            self._runs[ref] = self.planned(ref)
        return self._runs[ref]

    def _alike(self, ref: TripRef) -> TripRun | None:
        """Return the changed run; the very same object as before where only its vehicle changed."""
        run = changed_run(self.timetable, self.facts, ref)
        known = self._changed.get(ref)
        before = self._runs.get(ref) if known is None else known[2]
        if run is None or before is None or run.skipped != before.skipped or run.kind is not before.kind:
            return run
        same = run.arrival == before.arrival and run.departure == before.departure
        same = same and run.trip.pattern is before.trip.pattern and run.change == before.change
        return before if same else run

    def planned(self, ref: TripRef) -> TripRun | None:
        """Return a run as it was planned, also one that nobody shall see; ``None`` where there was none."""
        tour = self.facts.tour(ref)
        if tour is not None:
            return self.get(ref)
        trip = planned_trip(self.timetable, self.facts, ref)
        return None if trip is None else run_of(trip, ServiceDay(ref.start_date, self.timetable.zone))

    def changed(self) -> Sequence[TripRun]:
        """Return all runs that differ from the timetable, removed ones left out."""
        runs = (self.get(ref) for ref in self.facts.changed_trips())
        return [run for run in runs if run is not None]

    def between(self, earliest: Instant, latest: Instant) -> Sequence[TripRun]:
        """Return line runs under way at any moment of the span."""
        found = {TripRef(trip.trip_id, day): None for trip, day in self.timetable.running_between(earliest, latest)}
        for run in self.changed():
            if run.kind is not RunKind.TOUR and run.arrival[0] <= latest and run.departure[-1] >= earliest:
                found[run.ref] = None
        runs = (self.get(ref) for ref in found)
        return [run for run in runs if run is not None]

    def in_block(self, run: TripRun, steps: int) -> TripRun | None:
        """Return the run that the same vehicle drives ``steps`` later (negative: earlier), ``None`` at the ends.

        These are the trips of its block that nobody gave to another vehicle, or all trips given to one vehicle.
        """
        chain = self._chain(run)
        place = None if chain is None else chain.places.get(run.ref)
        if chain is None or place is None or not 0 <= place + steps < len(chain.refs):
            return None
        return self.get(chain.refs[place + steps])

    def following(self, run: TripRun, count: int) -> Sequence[TripRef]:
        """Return the next trips, at most ``count``, that the same vehicle drives."""
        chain = self._chain(run)
        place = None if chain is None else chain.places.get(run.ref)
        return () if chain is None or place is None else chain.refs[place + 1 : place + 1 + count]

    def _chain(self, run: TripRun) -> _Chain | None:
        vehicle_id, day = self.facts.assigned(run.ref), run.ref.start_date
        if vehicle_id is None and run.trip.block_id is None:
            return None
        key = f"block {run.trip.block_id}" if vehicle_id is None else f"vehicle {vehicle_id}"
        known = self._chains.get((key, day))
        if known is None or known.revision != self.facts.revision:
            if len(self._chains) >= _KEPT:
                self._chains.clear()
            refs = tuple(self._of_block(run) if vehicle_id is None else self.given_to(vehicle_id, day))
            places = {ref: place for place, ref in enumerate(refs)}
            known = self._chains[key, day] = _Chain(self.facts.revision, refs, places)
        return known

    def _of_block(self, run: TripRun) -> Iterator[TripRef]:
        if run.trip.block_id is None:
            return
        for trip in self.timetable.block(run.trip.block_id, run.ref.start_date):
            ref = TripRef(trip.trip_id, run.ref.start_date)
            if self.facts.assigned(ref) is None and not self.facts.is_removed(ref):
                yield ref

    def given_to(self, vehicle_id: VehicleId, day: date) -> Sequence[TripRef]:
        """Return the trips of a service day that somebody put a vehicle on, in order of departure."""
        given = [
            run for run in self.changed() if run.ref.start_date == day and self.facts.assigned(run.ref) == vehicle_id
        ]
        return [run.ref for run in sorted(given, key=lambda run: (run.departure[0], run.trip_id))]

    def departing(self, stops: Sequence[StopId], earliest: Instant, latest: Instant) -> Sequence[tuple[TripRun, int]]:
        """Return scheduled departures from any of ``stops`` in the span by time, those that are skipped too.

        The number is the call's place among the run's served and skipped calls together, as in ``TripStatus.calls``.
        """
        found: dict[tuple[TripRef, int], tuple[Instant, TripRun]] = {}
        for stop_id in stops:
            for trip, day, i in self.timetable.departures_between(stop_id, earliest, latest):
                run = self.get(TripRef(trip.trip_id, day))
                if run is not None and run.change is None:
                    found[run.ref, i] = (run.departure[i], run)
        for run in self.changed():
            for scheduled, shown_index in _leaving(run, stops):
                if earliest <= scheduled <= latest:
                    found[run.ref, shown_index] = (scheduled, run)
        rows = [(scheduled, run, index) for (_, index), (scheduled, run) in found.items()]
        rows.sort(key=lambda row: (row[0], row[1].trip_id, row[1].ref.start_date))
        return [(run, index) for _, run, index in rows]

    def platforms(self, stop_id: StopId) -> Sequence[StopId]:
        """Return a stop and, where it is a station, its platforms."""
        return [stop_id, *(s.stop_id for s in self.timetable.stops.values() if s.parent == stop_id)]


def _leaving(run: TripRun, stops: Sequence[StopId]) -> Iterator[tuple[Instant, int]]:
    """Yield (scheduled departure, place among served and skipped calls) where riders may or might board."""
    for i, stop_id in enumerate(run.trip.pattern.stops):
        if stop_id in stops and run.trip.can_board[i]:
            yield run.departure[i], run.shown(i)
    for k, skip in enumerate(run.skipped):
        if skip.stop_id in stops and skip.can_board:
            yield skip.departure, skip.before + k
