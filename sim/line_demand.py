"""Who comes to the stops of lines: riders of the place, and riders of trains that connect."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from gtfs.timetable import Timetable, Trip
from mobility.core.clock import Instant, shifted
from mobility.core.demand import Demand
from mobility.core.ids import ConnectionId, TripId
from mobility.core.region import Region
from mobility.core.service_day import ServiceDay, ServiceTime
from sim.boarding import Passenger
from sim.chance import Chance
from sim.scenario import Scenario

_TO_THE_END = 0.5
"""Share of riders who stay to the last stop: lines here lead to station, campus and town. Assumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Train:
    """A train of one day with a planned connection to a line trip."""

    connection_id: ConnectionId
    trip_id: TripId
    call_index: int
    day: date
    scheduled: Instant
    delay_s: float
    """How late it really comes."""
    riders_at_stop: Instant
    """When those who change stand at the stop."""
    riders: tuple[Passenger, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDemand:
    """Demand, scenario and chance of one run, bound together."""

    demand: Demand
    scenario: Scenario
    chance: Chance

    def walk_up(self, trip: Trip, day: date, call_index: int) -> tuple[Passenger, ...]:
        """Return the riders who come to a call on foot, in time for its departure."""
        if call_index == trip.call_count - 1:
            return ()
        at = trip.departure[call_index]
        mean = sum(
            rule.boardings_per_call
            for rule in self.demand.line_riders
            if rule.route_id == trip.route_id and rule.starts <= at < rule.ends
        )
        return self._riders(trip, call_index, mean, trip.trip_id, day.isoformat(), call_index, "walk-up")

    def trains(self, region: Region, timetable: Timetable, day: date) -> tuple[Train, ...]:
        """Return the trains of a day in the order of the region's connections."""
        found: list[Train] = []
        for planned in region.connections:
            trip = timetable.trips.get(planned.trip_id)
            if trip is None or not timetable.runs_on(planned.trip_id, day) or planned.stop_id not in trip.pattern.stops:
                continue
            call_index = trip.pattern.stops.index(planned.stop_id)
            delay_s = self._delay_s(planned.connection_id, day)
            scheduled = ServiceDay(day, timetable.zone).at(planned.feeder_arrival)
            key = (planned.connection_id, day.isoformat(), "train")
            riders = self._riders(trip, call_index, self._per_train(trip, planned.feeder_arrival, call_index), *key)
            found.append(
                Train(
                    connection_id=planned.connection_id,
                    trip_id=planned.trip_id,
                    call_index=call_index,
                    day=day,
                    scheduled=scheduled,
                    delay_s=delay_s,
                    riders_at_stop=shifted(scheduled, delay_s + planned.transfer_s),
                    riders=riders,
                )
            )
        return tuple(found)

    def _per_train(self, trip: Trip, arrival: ServiceTime, call_index: int) -> float:
        return sum(
            rule.riders_per_train
            for rule in self.demand.train_riders
            if rule.route_id == trip.route_id
            and rule.stop_id == trip.pattern.stops[call_index]
            and rule.starts <= arrival < rule.ends
        )

    def _delay_s(self, connection_id: ConnectionId, day: date) -> float:
        trains, key = self.scenario.trains, (connection_id, day.isoformat())
        certain_s = self.scenario.late_trains.get(connection_id)
        if certain_s is not None:
            return certain_s
        if not self.chance.happens(trains.late_share, *key, "late"):
            return 0.0
        return float(round(self.chance.exponential(trains.late_mean_s, *key, "delay")))

    def _riders(self, trip: Trip, call_index: int, mean: float, *key: str | int) -> tuple[Passenger, ...]:
        riding = self.scenario.riding
        count = self.chance.poisson(min(mean * riding.demand_factor, 500.0), *key, "count")
        return tuple(
            Passenger(
                alights_at=self._goal(trip, call_index, (*key, n)),
                in_wheelchair=self.chance.happens(riding.wheelchair_share, *key, n, "wheelchair"),
            )
            for n in range(count)
        )

    def _goal(self, trip: Trip, call_index: int, key: Sequence[str | int]) -> int:
        last = trip.call_count - 1
        if call_index + 1 >= last or self.chance.happens(_TO_THE_END, *key, "to the end"):
            return last
        return self.chance.pick(range(call_index + 1, last), *key, "goal")
