"""What riders call lines, stops and trips that an alert names."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from gtfs.timetable import Timetable
from mobility.core.alert import Alert
from mobility.core.clock import Instant, datetime_at
from mobility.core.fold import State
from mobility.core.ids import RouteId, StopId, TripId
from mobility.core.line_change import LineChangeKind
from mobility.core.service_day import ServiceDay, service_day_of
from mobility.core.vehicle import TripRef
from passenger_info.alert_templates import About, TripName


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTrip:
    """A trip run as a dispatcher tells it from others."""

    ref: TripRef
    route_id: RouteId
    begins: Instant
    ends: Instant
    towards: str


class AlertNames:
    """Looks names up in one timetable."""

    def __init__(self, timetable: Timetable) -> None:
        """Take the timetable."""
        self.timetable = timetable
        self.zone = ZoneInfo(timetable.zone)

    def line(self, route_id: RouteId) -> str:
        """Return what a line is called; its id where it is unknown."""
        route = self.timetable.routes.get(route_id)
        return route_id if route is None else route.short_name or route.long_name

    def stop(self, stop_id: StopId) -> str:
        """Return what a stop is called; its id where it is unknown."""
        stop = self.timetable.stops.get(stop_id)
        return stop_id if stop is None else stop.name

    def clock(self, at: Instant) -> str:
        """Return the local clock time."""
        return f"{datetime_at(at, self.zone):%H:%M}"

    def trip(self, ref: TripRef, state: State) -> KnownTrip | None:
        """Return a run of the timetable or an added one, ``None`` where there is none."""
        trip = self.timetable.trips.get(ref.trip_id)
        if trip is not None:
            if not self.timetable.runs_on(ref.trip_id, ref.start_date):
                return None
            day = ServiceDay(ref.start_date, self.timetable.zone)
            begins, ends = day.at(trip.departure[0]), day.at(trip.arrival[-1])
            return KnownTrip(ref=ref, route_id=trip.route_id, begins=begins, ends=ends, towards=trip.headsign)
        return next((added for added in self._added(state) if added.ref == ref), None)

    def trips_ahead(self, now: Instant, state: State) -> Sequence[KnownTrip]:
        """Return the runs of today's local date that are not over, added ones too, by departure."""
        end = service_day_of(now, self.timetable.zone).plus(1).start
        refs = (TripRef(trip.trip_id, day) for trip, day in self.timetable.running_between(now, end))
        scheduled = [known for ref in refs if (known := self.trip(ref, state)) is not None and known.begins < end]
        added = [known for known in self._added(state) if now <= known.ends and known.begins < end]
        return sorted([*scheduled, *added], key=lambda each: (each.begins, each.ref.trip_id))

    def about(self, alert: Alert, state: State, *, minutes: int | None, instead: StopId | None, reason: str) -> About:
        """Return what an alert is about, for its template. Trips bring their lines where none is named."""
        trips = [known for ref in alert.trips if (known := self.trip(ref, state)) is not None]
        trips.sort(key=lambda each: (each.begins, each.ref.trip_id))
        routes = alert.routes or tuple(dict.fromkeys(trip.route_id for trip in trips))
        return About(
            lines=[self.line(route_id) for route_id in routes],
            stops=[self.stop(stop_id) for stop_id in alert.stops],
            trips=[TripName(self.clock(trip.begins), trip.towards) for trip in trips],
            cause=alert.cause,
            minutes=minutes,
            instead="" if instead is None else self.stop(instead),
            reason=reason,
        )

    def _added(self, state: State) -> list[KnownTrip]:
        found: list[KnownTrip] = []
        for change in state.line_changes.values():
            pattern_of = self.timetable.trips.get(change.pattern_of or TripId(""))
            if change.kind is not LineChangeKind.EXTRA or pattern_of is None or change.departs is None:
                continue
            lasts_ms = (pattern_of.arrival[-1] - pattern_of.departure[0]) * 1000
            found.extend(
                KnownTrip(
                    ref=ref,
                    route_id=pattern_of.route_id,
                    begins=change.departs,
                    ends=Instant(change.departs + lasts_ms),
                    towards=pattern_of.headsign,
                )
                for ref in change.trips
            )
        return found
