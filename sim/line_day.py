"""What a line vehicle drives on a day: the trips of its blocks, as upsets of the line change them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from gtfs.altered import OtherStop, OtherWay, at_another_time, on_another_way, without_stops
from gtfs.timetable import Timetable, Trip
from mobility.core.booking import Window
from mobility.core.clock import Instant, shifted
from mobility.core.errors import BadInputError
from mobility.core.ids import BlockId, StopId, TripId, VehicleId
from mobility.core.place import Stop
from mobility.core.service_day import ServiceDay
from mobility.core.vehicle import TripRef
from sim.scenario import LineUpset, LineUpsetKind

_DARK_BEFORE_S = 360.0
"""A vehicle that nobody can see is silent from this long before its departure."""
_DARK_AFTER_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a trip."""

    trip: Trip
    day: ServiceDay

    @property
    def ref(self) -> TripRef:
        """What the attendant logs on to."""
        return TripRef(self.trip.trip_id, self.day.date)

    def departs(self, call_index: int) -> Instant:
        """Return the scheduled departure of a call."""
        return self.day.at(self.trip.departure[call_index])

    def arrives(self, call_index: int) -> Instant:
        """Return the scheduled arrival of a call."""
        return self.day.at(self.trip.arrival[call_index])

    @property
    def last(self) -> int:
        """Index of the last call."""
        return self.trip.call_count - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDay:
    """All lines on one service day."""

    timetable: Timetable
    stops: Mapping[StopId, Stop]
    blocks: Mapping[BlockId, VehicleId]
    day: date
    upsets: Sequence[LineUpset] = ()
    """Those of this day, in the order they become known."""

    def runs(self, vehicle_id: VehicleId) -> tuple[Run, ...]:
        """Return what a vehicle drives in the order of departure; raises ``BadInputError`` for unknown trips."""
        own = [
            trip
            for block_id, driven_by in self.blocks.items()
            if driven_by == vehicle_id
            for trip in self.timetable.block(block_id, self.day)
        ]
        for upset in self.upsets:
            if upset.kind is LineUpsetKind.VEHICLE_ASSIGNED:
                own = [trip for trip in own if trip.trip_id not in upset.trips]
                if upset.vehicle == vehicle_id:
                    own.extend(self._known(trip_id) for trip_id in upset.trips)
            elif upset.kind is LineUpsetKind.EXTRA and upset.vehicle == vehicle_id:
                own.append(self._extra(upset))
        driven = [self._altered(trip) for trip in own if not self._is_left_out(trip)]
        day = ServiceDay(self.day, self.timetable.zone)
        return tuple(Run(trip=trip, day=day) for trip in sorted(driven, key=lambda t: (t.departure[0], t.trip_id)))

    def breakdown(self, vehicle_id: VehicleId) -> Window | None:
        """Return when a vehicle stands broken; to the end of the day where nobody mends it."""
        for upset in self.upsets:
            if upset.kind is LineUpsetKind.VEHICLE_OUT and upset.vehicle == vehicle_id:
                return self._span(upset)
        return None

    def dark(self, vehicle_id: VehicleId) -> tuple[Window, ...]:
        """Return when nobody can see a vehicle, because its trips are driven untracked."""
        hidden = {trip for upset in self.upsets if upset.kind is LineUpsetKind.UNTRACKED for trip in upset.trips}
        return tuple(
            Window(shifted(run.departs(0), -_DARK_BEFORE_S), shifted(run.arrives(run.last), _DARK_AFTER_S))
            for run in self.runs(vehicle_id)
            if run.trip.trip_id in hidden
        )

    def _is_left_out(self, trip: Trip) -> bool:
        """Return whether nobody drives a trip. What is cancelled on the way had begun."""
        is_left_out = False
        for upset in self.upsets:
            if trip.trip_id not in upset.trips:
                continue
            if upset.kind is LineUpsetKind.REINSTATE:
                is_left_out = False
            elif upset.kind is LineUpsetKind.CANCEL:
                is_left_out = upset.told_at < trip.departure[0]
            is_left_out = is_left_out or upset.kind is LineUpsetKind.REMOVED
        return is_left_out

    def _altered(self, trip: Trip) -> Trip:
        for upset in self.upsets:
            if trip.trip_id not in upset.trips:
                continue
            if upset.kind is LineUpsetKind.STOPS_CLOSED:
                trip = without_stops(trip, upset.stops)
            elif upset.kind is LineUpsetKind.DETOUR:
                trip = on_another_way(trip, self._way(upset))
        return trip

    def _way(self, upset: LineUpset) -> OtherWay:
        if upset.leaves_at is None or upset.rejoins_at is None:
            raise BadInputError("a detour leaves at one stop and rejoins at another", field="line")
        frame = self.timetable.frame
        return OtherWay(
            leaves_at=upset.leaves_at,
            rejoins_at=upset.rejoins_at,
            stops=tuple(
                OtherStop(call.stop_id, frame.xy(self.stops[call.stop_id].place), call.drive_s) for call in upset.via
            ),
            drive_s=upset.drive_s,
            path=tuple(frame.xy(corner) for corner in upset.path),
        )

    def _extra(self, upset: LineUpset) -> Trip:
        if upset.pattern_of is None or upset.departs is None or len(upset.trips) != 1:
            raise BadInputError("an extra trip has a pattern, a departure and one trip id", field="line")
        return at_another_time(self._known(upset.pattern_of), upset.trips[0], upset.departs)

    def _known(self, trip_id: TripId) -> Trip:
        trip = self.timetable.trips.get(trip_id)
        if trip is None:
            raise BadInputError(f"there is no trip {trip_id}", field="line")
        return trip

    def _span(self, upset: LineUpset) -> Window:
        day = ServiceDay(self.day, self.timetable.zone)
        return Window(day.at(upset.begins), day.plus(1).start if upset.ends is None else day.at(upset.ends))
