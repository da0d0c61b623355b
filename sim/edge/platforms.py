"""People at the stops of lines: who waits, who was left behind, who came by train; shared by all line vehicles."""

from collections.abc import Sequence
from datetime import date

from gtfs.timetable import Trip
from mobility.core.clock import Instant
from mobility.core.ids import RouteId, StopId, TripId
from sim.boarding import Passenger
from sim.line_demand import LineDemand, Train


class Platforms:
    """Keeps who stands where. Counters are read for the scorecard."""

    def __init__(self, demand: LineDemand) -> None:
        """Start with empty platforms."""
        self._demand = demand
        self._behind: dict[tuple[RouteId, int | None, StopId], tuple[Passenger, ...]] = {}
        self._trains: dict[tuple[TripId, date, int], list[Train]] = {}
        self.boardings = 0
        self.left_behind = 0
        self.connections_kept = 0
        self.connections_missed = 0

    def expect(self, trains: Sequence[Train]) -> None:
        """Add the trains of a day."""
        for train in trains:
            self._trains.setdefault((train.trip_id, train.day, train.call_index), []).append(train)

    def waiting(self, trip: Trip, day: date, call_index: int) -> tuple[Passenger, ...]:
        """Return and remove who waits for a call when its doors open, trains apart."""
        behind = self._behind.pop(_platform(trip, call_index), ())
        # Who was left behind chose a stop of another trip; a shorter trip takes them to its end.
        last = trip.call_count - 1
        onward = tuple(Passenger(min(p.alights_at, last), p.in_wheelchair) for p in behind)
        return onward + self._demand.walk_up(trip, day, call_index)

    def from_trains(self, trip: Trip, day: date, call_index: int, now: Instant) -> tuple[Passenger, ...]:
        """Return and remove the train riders who stand at the stop by now."""
        trains = self._trains.get((trip.trip_id, day, call_index), [])
        here = [train for train in trains if train.riders_at_stop <= now]
        for train in here:
            trains.remove(train)
            self.connections_kept += len(train.riders)
        return tuple(rider for train in here for rider in train.riders)

    def is_train_expected(self, trip: Trip, day: date, call_index: int) -> bool:
        """Return whether a train's riders have yet to come for a call."""
        return bool(self._trains.get((trip.trip_id, day, call_index)))

    def boarded(self, count: int) -> None:
        """Count who got on."""
        self.boardings += count

    def leave_behind(self, trip: Trip, call_index: int, riders: Sequence[Passenger]) -> None:
        """Keep who found no place for the next trip of this line and direction."""
        if riders:
            self.left_behind += len(riders)
            self._wait_on(trip, call_index, riders)

    def departed(self, trip: Trip, day: date, call_index: int) -> None:
        """Tell that a trip has left: riders of trains still under way have missed it and wait for the next one."""
        for train in self._trains.pop((trip.trip_id, day, call_index), []):
            self.connections_missed += len(train.riders)
            self._wait_on(trip, call_index, train.riders)

    def _wait_on(self, trip: Trip, call_index: int, riders: Sequence[Passenger]) -> None:
        key = _platform(trip, call_index)
        self._behind[key] = (*self._behind.get(key, ()), *riders)


def _platform(trip: Trip, call_index: int) -> tuple[RouteId, int | None, StopId]:
    return trip.route_id, trip.direction, trip.pattern.stops[call_index]
