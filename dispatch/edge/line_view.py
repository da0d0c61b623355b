"""What the page about line trips shows, row by row: trips with their state, changes, choices; plain words."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from dispatch.line_book import OF_LINES, LineBook, LineRun, of_kind
from dispatch.line_detour import span_of
from dispatch.line_swap import halves
from dispatch.line_texts import KINDS, LINE, WEATHERS
from dispatch.wording import singular
from mobility.core.arrivals import TripStanding, TripStatus
from mobility.core.clock import Instant
from mobility.core.dates import long_date
from mobility.core.fold import State
from mobility.core.ids import RouteId, VehicleId
from mobility.core.line_change import OF_VEHICLES, LineChange, LineChangeKind
from mobility.core.ports import TripStatuses
from mobility.core.refusal import Refusal
from mobility.core.service_day import service_day_of
from mobility.core.trip_name import trip_name
from mobility.core.vehicle import TripRef

ALERTS = "/console/alerts/new"
_MINUTE_MS = 60_000
_JUST_OVER_MS = 600_000
"""Trips stay in the table so long after their scheduled end: they may be late."""
_MOST_TRIPS_SAID = 6
_MOST_TRIPS_LINKED = 20
_TEMPLATES: Mapping[LineChangeKind, str] = {
    LineChangeKind.EXTRA: "extra_trips",
    LineChangeKind.DETOUR: "detour",
    LineChangeKind.STOPS_CLOSED: "stop_closed",
    LineChangeKind.RAMP_BROKEN: "no_ramp",
    LineChangeKind.VEHICLE_OUT: "cancelled_trips",
}
"""Which template of an alert goes with a change; the others concern nobody who waits."""


class LineView:
    """Makes rows in one language."""

    def __init__(
        self, book: LineBook, state: State, statuses: TripStatuses | None, language: str, now: Instant
    ) -> None:
        """Show the day of ``state`` as of ``now``."""
        self._book = book
        self._state = state
        self._statuses = statuses
        self._language = language
        self._now = now
        self.texts: Mapping[str, str] = LINE[language]
        self._today = book.today(now, state)

    def trips(self, route_id: str, *, with_past: bool) -> list[dict[str, Any]]:
        """Return today's trips, of one line where one is given, by departure."""
        return [
            self._trip(run)
            for run in self._today
            if (not route_id or run.trip.route_id == route_id)
            and (with_past or run.ends >= self._now - _JUST_OVER_MS or self._is_running(run))
        ]

    def changes(self) -> list[dict[str, Any]]:
        """Return the changes nobody ended, but those whose trips are all over."""
        return [self._change(each) for each in self._state.line_changes.values() if self._matters(each)]

    def cancelled(self) -> list[dict[str, Any]]:
        """Return the cancelled trips that are not over, by departure."""
        runs = (self._book.run(ref, self._state) for ref in self._state.cancelled_trips)
        ahead = (run for run in runs if not isinstance(run, Refusal) and run.ends >= self._now)
        return [
            {
                "name": trip_name(run.ref),
                "what": self.texts["off_trips"].format(trip=self._said(run, with_day=True)),
                "reason": self._state.cancelled_trips[run.ref],
                "alert": self.alert_of("cancelled_trips", [run.ref], reason=self._state.cancelled_trips[run.ref]),
            }
            for run in sorted(ahead, key=lambda each: (each.begins, each.ref.trip_id))
        ]

    def road(self) -> str:
        """Return the state of the road."""
        report = self._state.road_weather
        if report is None:
            return self.texts["road_unknown"]
        said = WEATHERS[self._language][report.weather]
        return self.texts["road_is"].format(weather=said, time=self._book.clock(report.begins))

    def alert_of(self, template: str, trips: Sequence[TripRef], *, reason: str = "", stops: Sequence[str] = ()) -> str:
        """Return the address of the alerts editor, filled from a template; many trips are named by their lines."""
        named = [("template", template), ("own_reason", reason)]
        runs = (run for ref in trips if not isinstance(run := self._book.run(ref, self._state), Refusal))
        # A line that is named concerns all its riders: it stands for its trips only where they are too many.
        if len(trips) <= _MOST_TRIPS_LINKED:
            named += [("trip", trip_name(ref)) for ref in trips]
        else:
            named += [("route", route_id) for route_id in dict.fromkeys(run.trip.route_id for run in runs)]
        named += [("stop", stop) for stop in stops]
        return f"{ALERTS}?{urlencode([(name, value) for name, value in named if value])}"

    def alert_for(self, change: LineChange) -> str:
        """Return where an alert about a change is written; empty where riders need none."""
        template = _TEMPLATES.get(change.kind)
        if template is None:
            return ""
        trips: Sequence[TripRef] = change.trips
        if change.kind in OF_VEHICLES:
            trips = [run.ref for run in self._today if run.ends >= self._now and self._drives(change, run)]
        return self.alert_of(template, trips, reason=change.reason, stops=self._unserved(change))

    def choices(self) -> dict[str, Any]:
        """Return what the forms offer: lines, vehicles, stops of lines, and a trip of each pattern."""
        book = self._book
        served = {stop for trip in book.timetable.trips.values() for stop in trip.pattern.stops}
        fleet = (spec for spec in book.region.fleet.values() if spec.kind in OF_LINES)
        weathers = WEATHERS[self._language]
        return {
            "routes": [(each, self._line(each)) for each in sorted(book.timetable.routes, key=self._line)],
            "vehicles": [(spec.vehicle_id, spec.label) for spec in fleet],
            "stops": sorted(((stop, book.stop_name(stop)) for stop in served), key=lambda each: (each[1], each[0])),
            "all_stops": sorted(
                ((each.stop_id, each.name) for each in book.timetable.stops.values()),
                key=lambda each: (each[1], each[0]),
            ),
            "patterns": self._patterns(),
            "weathers": [(each.value, said) for each, said in weathers.items()],
            "kinds": KINDS[self._language],
        }

    def _patterns(self) -> list[tuple[str, str]]:
        found: dict[tuple[str, str, int], tuple[str, str]] = {}
        for trip in self._book.timetable.trips.values():
            key = (self._line(trip.route_id), trip.headsign, id(trip.pattern))
            first = self._book.stop_name(trip.pattern.stops[0])
            said = f"{self.texts['line']} {key[0]}: {first} → {trip.headsign} ({trip.call_count})"
            found.setdefault(key, (trip.trip_id, said))
        return sorted(found.values(), key=lambda each: each[1])

    def _trip(self, run: LineRun) -> dict[str, Any]:
        status = None if self._statuses is None else self._statuses.status(run.ref)
        state, word = self._standing(run, status)
        return {
            "name": trip_name(run.ref),
            "time": self._book.clock(run.begins),
            "line": self._line(run.trip.route_id),
            "kind": self._book.timetable.routes[run.trip.route_id].kind,
            "towards": run.trip.headsign,
            "label": self._said(run),
            "vehicle": self._vehicle(run, status),
            "state": state,
            "state_word": word,
            "tags": self._tags(run),
        }

    def _standing(self, run: LineRun, status: TripStatus | None) -> tuple[str, str]:
        if run.ref in self._state.cancelled_trips:
            return "cancelled", self.texts["cancelled"]
        if any(run.ref in change.trips for change in of_kind(self._state, LineChangeKind.REMOVED)):
            return "unknown", self.texts["hidden"]
        if run.ends < self._now and not self._is_running(run):
            return "expected", self.texts["over"]
        if status is None:
            return "expected", self.texts["expected"]
        late_min = round((status.delay_s or 0) / 60)
        if status.standing is TripStanding.RUNNING and late_min >= 1:
            return "late", self.texts["late"].format(n=late_min)
        return status.standing.value, self.texts[status.standing.value]

    def _is_running(self, run: LineRun) -> bool:
        status = None if self._statuses is None else self._statuses.status(run.ref)
        return status is not None and status.vehicle_id is not None and not all(c.has_departed for c in status.calls)

    def _vehicle(self, run: LineRun, status: TripStatus | None) -> str:
        if status is not None and status.vehicle_id is not None:
            return self._label(status.vehicle_id)
        planned = self._book.vehicle_of(run, self._state)
        if planned is None:
            return self.texts["no_vehicle"]
        return self.texts["planned_vehicle"].format(vehicle=self._label(planned))

    def _tags(self, run: LineRun) -> list[str]:
        tags: list[str] = [self.texts["extra_tag"]] if run.extra is not None else []
        for change in self._state.line_changes.values():
            if change.kind in OF_VEHICLES:
                if self._drives(change, run):
                    tags.append(self.texts["out_tag" if change.kind is LineChangeKind.VEHICLE_OUT else "ramp_tag"])
            elif run.ref in change.trips and change.kind in _TAGS:
                stops = ", ".join(self._book.stop_name(stop) for stop in change.stops)
                leaves = self._book.stop_name(change.leaves_at) if change.leaves_at is not None else ""
                tags.append(self.texts[_TAGS[change.kind]].format(stop=leaves, stops=stops))
        return tags

    def _drives(self, change: LineChange, run: LineRun) -> bool:
        is_then = change.begins < run.ends and (change.ends is None or change.ends > run.begins)
        return is_then and self._book.vehicle_of(run, self._state) == change.vehicle_id

    def _change(self, change: LineChange) -> dict[str, Any]:
        texts, is_span = self.texts, change.kind in OF_VEHICLES or change.ends is not None
        ends = texts["open_end"] if change.ends is None else texts["until"].format(moment=self._moment(change.ends))
        runs = [run for ref in change.trips if not isinstance(run := self._book.run(ref, self._state), Refusal)]
        said = [self._said(run) for run in runs[:_MOST_TRIPS_SAID]]
        if len(runs) > _MOST_TRIPS_SAID:
            said.append(texts["more_trips"].format(n=len(runs) - _MOST_TRIPS_SAID))
        return {
            "change_id": change.change_id,
            "what": ", ".join([KINDS[self._language][change.kind], *self._details(change)]),
            # What is changed about trips is over with them.
            "when": f"{texts['since'].format(moment=self._moment(change.begins))}, {ends}" if is_span else "",
            "reason": texts["reason_is"].format(reason=change.reason) if change.reason else "",
            "trips": texts["of_trips"].format(trips="; ".join(said)) if said else "",
            "alert": self.alert_for(change),
        }

    def _details(self, change: LineChange) -> list[str]:
        stops = [stop for stop in (change.leaves_at, change.rejoins_at) if stop is not None]
        parts = [" → ".join(self._book.stop_name(stop) for stop in stops)] if stops else []
        parts += [self._book.stop_name(stop) for stop in change.stops]
        parts += [self._label(change.vehicle_id)] if change.vehicle_id is not None else []
        others = (each.vehicle_id for each in halves(self._state, change) if each is not change)
        return parts + [self.texts["swapped"].format(vehicle=self._label(each)) for each in others if each is not None]

    def _unserved(self, change: LineChange) -> list[str]:
        """Return the stops that trips do not serve because of a change."""
        if change.kind is not LineChangeKind.DETOUR or not change.trips:
            return [str(stop) for stop in change.stops]
        run = self._book.run(change.trips[0], self._state)
        if isinstance(run, Refusal) or change.leaves_at is None or change.rejoins_at is None:
            return []
        span = span_of(self._book, run, change.leaves_at, change.rejoins_at)
        if isinstance(span, Refusal):
            return []
        served = {call.stop_id for call in change.via}
        return [str(stop) for stop in run.stops[span[0] + 1 : span[1]] if stop not in served]

    def _matters(self, change: LineChange) -> bool:
        if change.kind in OF_VEHICLES:
            return change.ends is None or change.ends > self._now
        runs = (self._book.run(ref, self._state) for ref in change.trips)
        return any(not isinstance(run, Refusal) and run.ends >= self._now - _JUST_OVER_MS for run in runs)

    def _said(self, run: LineRun, *, with_day: bool = False) -> str:
        line, time = self._line(run.trip.route_id), self._book.clock(run.begins)
        said = singular(self.texts["choose_trip"].format(time=time, line=line, towards=run.trip.headsign))
        return f"{self._day(run.begins)}{said}" if with_day else said

    def _moment(self, at: Instant) -> str:
        return f"{self._day(at)}{self._book.clock(at)}"

    def _day(self, at: Instant) -> str:
        zone = self._book.timetable.zone
        day = service_day_of(at, zone).date
        return "" if day == service_day_of(self._now, zone).date else f"{long_date(day, self._language)}, "

    def _line(self, route_id: RouteId) -> str:
        route = self._book.timetable.routes[route_id]
        return route.short_name or route.long_name

    def _label(self, vehicle_id: VehicleId) -> str:
        spec = self._book.region.fleet.get(vehicle_id)
        return vehicle_id if spec is None else spec.label


_TAGS: Mapping[LineChangeKind, str] = {
    LineChangeKind.DETOUR: "detour_tag",
    LineChangeKind.STOPS_CLOSED: "closed_tag",
    LineChangeKind.VEHICLE_ASSIGNED: "vehicle_tag",
    LineChangeKind.UNTRACKED: "untracked_tag",
}
