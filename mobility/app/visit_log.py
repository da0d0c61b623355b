"""The stop visits of the last weeks, kept as trips end: what predictions learn from after a restart."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, timedelta
from pathlib import Path

from mobility.core.clock import Clock, Instant, datetime_at
from mobility.core.ids import StopId, TripId, VehicleId
from mobility.core.vehicle import TripRef
from mobility.storage.day_lines import DayLines
from passenger_info.visits import StopVisit

LEARNED_DAYS = 28
"""Older days teach nothing: timetables, roads and people change."""


class VisitLog:
    """Appends visits to one file a day and reads them back; the trip log proper is made from telemetry."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        """The directory is made at the first visit."""
        self._directory = directory
        self._clock = clock
        self._lines = DayLines(directory, clock)

    def append(self, visits: Iterable[StopVisit]) -> None:
        """Keep the visits of a trip that ended."""
        for visit in visits:
            self._lines.append(
                {
                    "trip_id": visit.trip.trip_id,
                    "start_date": visit.trip.start_date.isoformat(),
                    "vehicle_id": visit.vehicle_id,
                    "stop_id": visit.stop_id,
                    "stop_sequence": visit.stop_sequence,
                    "scheduled_arrival": visit.scheduled_arrival,
                    "scheduled_departure": visit.scheduled_departure,
                    "arrival": visit.arrival,
                    "departure": visit.departure,
                }
            )

    def close(self) -> None:
        """Write what is buffered."""
        self._lines.close()

    def recent(self) -> Iterator[StopVisit]:
        """Yield the visits of the last four weeks in the order they were kept; damaged lines are passed over."""
        today = datetime_at(self._clock.now(), UTC).date()
        for days in range(LEARNED_DAYS, -1, -1):
            path = self._directory / f"{today - timedelta(days=days)}.jsonl"
            if path.exists():
                with path.open(encoding="ascii", errors="replace") as file:
                    yield from (visit for line in file if (visit := _visit(line)) is not None)


def _visit(line: str) -> StopVisit | None:
    try:
        row = json.loads(line)
        return StopVisit(
            trip=TripRef(TripId(str(row["trip_id"])), date.fromisoformat(row["start_date"])),
            vehicle_id=VehicleId(str(row["vehicle_id"])),
            stop_id=StopId(str(row["stop_id"])),
            stop_sequence=int(row["stop_sequence"]),
            scheduled_arrival=Instant(int(row["scheduled_arrival"])),
            scheduled_departure=Instant(int(row["scheduled_departure"])),
            arrival=_instant(row["arrival"]),
            departure=_instant(row["departure"]),
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        return None  # the last line of a crash, or somebody's edit: one visit less to learn from


def _instant(value: object) -> Instant | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("an instant is a whole number")
    return Instant(value)
