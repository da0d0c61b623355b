"""Looking up trip runs: by reference, next in the block, calling at a stop. Keeps what was asked lately."""

from collections.abc import Sequence

from gtfs.timetable import Timetable
from mobility.core.clock import Instant
from mobility.core.ids import StopId
from mobility.core.service_day import ServiceDay
from mobility.core.vehicle import TripRef
from passenger_info.run import TripRun, run_of

_KEPT = 5000
"""Runs held in memory; a district has a few hundred a day."""


class Runs:
    """Trip runs of a timetable."""

    def __init__(self, timetable: Timetable) -> None:
        """Take the timetable; nothing is computed before it is asked for."""
        self.timetable = timetable
        self._runs: dict[TripRef, TripRun | None] = {}

    def get(self, ref: TripRef) -> TripRun | None:
        """Return a run, ``None`` where the timetable does not have it on that day."""
        if ref not in self._runs:
            if len(self._runs) >= _KEPT:
                self._runs.clear()
            self._runs[ref] = self._made(ref)
        return self._runs[ref]

    def _made(self, ref: TripRef) -> TripRun | None:
        trip = self.timetable.trips.get(ref.trip_id)
        if trip is None or not self.timetable.runs_on(ref.trip_id, ref.start_date):
            return None
        return run_of(trip, ServiceDay(ref.start_date, self.timetable.zone))

    def between(self, earliest: Instant, latest: Instant) -> Sequence[TripRun]:
        """Return runs under way at any moment of the span."""
        found = (self.get(TripRef(trip.trip_id, day)) for trip, day in self.timetable.running_between(earliest, latest))
        return [run for run in found if run is not None]

    def in_block(self, run: TripRun, steps: int) -> TripRun | None:
        """Return the run ``steps`` later in the same block (negative: earlier), ``None`` at its ends."""
        block_id = run.trip.block_id
        if block_id is None:
            return None
        chain = self.timetable.block(block_id, run.ref.start_date)
        place = next((i for i, trip in enumerate(chain) if trip.trip_id == run.trip_id), None)
        if place is None or not 0 <= place + steps < len(chain):
            return None
        return self.get(TripRef(chain[place + steps].trip_id, run.ref.start_date))

    def departing(self, stops: Sequence[StopId], earliest: Instant, latest: Instant) -> Sequence[tuple[TripRun, int]]:
        """Return scheduled departures from any of ``stops`` in the span as (run, call index), by time."""
        found: dict[tuple[TripRef, int], TripRun] = {}
        for stop_id in stops:
            for trip, day, call_index in self.timetable.departures_between(stop_id, earliest, latest):
                run = self.get(TripRef(trip.trip_id, day))
                if run is not None:
                    found[run.ref, call_index] = run
        rows = [(run, call_index) for (_, call_index), run in found.items()]
        return sorted(rows, key=lambda row: (row[0].departure[row[1]], row[0].trip_id, row[0].ref.start_date))

    def platforms(self, stop_id: StopId) -> Sequence[StopId]:
        """Return a stop and, where it is a station, its platforms."""
        return [stop_id, *(s.stop_id for s in self.timetable.stops.values() if s.parent == stop_id)]
