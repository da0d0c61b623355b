"""What is told of a vehicle and of a trip at a moment, in one profile, and when to look again.

Evidence fades in steps. A vehicle heard within 15 s is shown where it is, on its trip. After that its position is gone
and its trip is told without it, with wider times; after 90 s only the stop that it was heading to keeps a time, as
long as that lies ahead; after 180 s nothing is left but what is known without the vehicle.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from mobility.core.clock import Instant, shifted
from mobility.core.ids import TripId, VehicleId
from mobility.core.vehicle import TripRef
from passenger_info.call_times import CallTimes, predicted_times, scheduled_times, whole_run
from passenger_info.copies import model_of
from passenger_info.coverage import Coverage
from passenger_info.entities import Entity, Manner, vehicle_entity, vehicle_message
from passenger_info.fleet import Tracked
from passenger_info.predict import Forecast
from passenger_info.profiles import DetourAs, ExtraAs, Profile
from passenger_info.run import RunKind, TripRun
from passenger_info.shape_reach import ShapeReach
from passenger_info.shapes import DrawnLine, drawn_line
from passenger_info.standing import GONE_S, LIVE_S, STALE_S
from passenger_info.statuses import Statuses
from passenger_info.track import Track
from passenger_info.trip_entities import (
    Telling,
    cancelled_message,
    removed_message,
    unseen_message,
    update_entity,
    update_message,
)

AHEAD_S = 20 * 3600.0
"""A change of a trip is told this long before its departure: a trip of every day is told for one day at a time."""
_UNSEEN_AHEAD_S = 3600.0
_UNSEEN_S = 600.0
"""How long a trip may be told of which nothing at all is known any more."""
_CHANGEOVER_S = 40.0
"""Between two vehicles on one trip none is named for so long: a reader who polls sees that one left (rule P003)."""
_FORGOTTEN_S = 90.0
_REACH_M = 190.0
"""A position on a detour may be this far beside its line (rule P015: 200 m)."""
_Trip = gtfs_realtime.TripDescriptor
_EXTRAS = {ExtraAs.NEW: _Trip.NEW, ExtraAs.ADDED: _Trip.ADDED, ExtraAs.DUPLICATED: _Trip.DUPLICATED}


class Told(NamedTuple):
    """What is told: ``make`` is only called where ``source`` (by identity) or ``key`` (by value) is another one."""

    source: object
    key: tuple[object, ...]
    make: Callable[[], gtfs_realtime.FeedEntity]
    keep: Callable[[gtfs_realtime.FeedEntity], Entity]
    named: VehicleId | None = None
    trip_id: TripId | None = None
    """The trip id under which readers find it."""
    line: DrawnLine | None = None
    """The line that it refers to."""


class Answer(NamedTuple):
    """What is told, ``None`` for nothing, and when to look again, ``None`` for when something happens."""

    told: Told | None
    due: Instant | None = None


_NOTHING = Answer(None)


@dataclass(slots=True)
class _Named:
    vehicle_id: VehicleId
    at: Instant
    leaves: Instant | None = None


class _Manner(NamedTuple):
    manner: Manner
    copied: TripId | None = None


@dataclass(slots=True)
class Tellings:
    """Decides for one profile. Remembers which vehicle was named on which trip, and which trips are copied."""

    statuses: Statuses
    profile: Profile
    _coverage: Coverage = field(init=False)
    _reach: ShapeReach = field(init=False)
    _named: dict[TripId, _Named] = field(default_factory=dict)
    _copies: dict[TripRef, TripId] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Measure the covered area."""
        timetable = self.statuses.runs.timetable
        self._coverage = Coverage(timetable)
        self._reach = ShapeReach(timetable.frame)

    def vehicle(self, vehicle: Tracked, at: Instant) -> Answer:
        """Return what is told of a vehicle: its position on its trip. Vehicles of no fleet we know are passed on."""
        if vehicle.state.age_s(at) > _fresh_s(vehicle):
            return _NOTHING
        due = shifted(vehicle.state.as_of, _fresh_s(vehicle) + 0.001)
        track, manner, changeover = vehicle.track, None, None
        if track is not None:
            manner = self._manner(track.run)
            is_named, changeover = self._is_named(vehicle, track, manner, at)
            track = track if is_named else None
        due = due if changeover is None else min(due, changeover)
        if track is None and (vehicle.spec is not None or not self._is_covered(vehicle)):
            return Answer(None, due)
        state, spec = vehicle.state, vehicle.spec
        is_accessible = self.statuses.can_take_wheelchairs(vehicle.vehicle_id, at)
        how = Manner() if manner is None else manner.manner

        def make() -> gtfs_realtime.FeedEntity:
            return vehicle_message(state, spec, track, manner=how, is_accessible=is_accessible)

        def keep(message: gtfs_realtime.FeedEntity) -> Entity:
            return vehicle_entity(message, state.sample.place, track)

        return Answer(Told(state, (id(track), is_accessible, how), make, keep), due)

    def _is_covered(self, vehicle: Tracked) -> bool:
        return self._coverage.holds(self.statuses.runs.timetable.frame.xy(vehicle.state.sample.place))

    def _is_named(
        self, vehicle: Tracked, track: Track, manner: _Manner | None, at: Instant
    ) -> tuple[bool, Instant | None]:
        """Return whether position and update of a trip name its vehicle, and when a change of vehicle is over."""
        if manner is None or manner.copied is not None or not self._is_publishable(vehicle, track, at):
            return False, None
        if vehicle.state.age_s(at) > _fresh_s(vehicle):
            return False, None
        known = self._named.get(track.run.trip_id)
        if known is not None and known.vehicle_id != vehicle.vehicle_id and at - known.at < _FORGOTTEN_S * 1000:
            if known.leaves is None:
                known.leaves = shifted(at, _CHANGEOVER_S)
            if at < known.leaves:
                known.at = at
                return False, known.leaves
        if len(self._named) > 2 * len(self.statuses.fleet.vehicles) + 1000:
            self._named = {
                trip_id: named for trip_id, named in self._named.items() if at - named.at < _FORGOTTEN_S * 1000
            }
        self._named[track.run.trip_id] = _Named(vehicle.vehicle_id, at)
        return True, None

    def _is_publishable(self, vehicle: Tracked, track: Track, at: Instant) -> bool:
        """Return whether a vehicle may be shown on its trip, fresh evidence given."""
        facts, ref = self.statuses.facts, track.run.ref
        if track.is_done or not track.is_on_route or ref in facts.cancelled or facts.is_untracked(ref):
            return False
        if facts.is_out(vehicle.vehicle_id, at):
            return False
        if track.run.change is not None and track.run.change.is_rerouted:
            return track.offset_m <= _REACH_M
        return self._reach.holds(track, vehicle.state.sample.place)

    def trip(self, ref: TripRef, at: Instant) -> Answer:
        """Return what is told of a trip."""
        facts, runs = self.statuses.facts, self.statuses.runs
        if ref in facts.cancelled or facts.is_removed(ref):
            return self._not_running(ref, at)
        run = runs.get(ref)
        manner = None if run is None or ref in self.statuses.fleet.done else self._manner(run)
        if run is None or manner is None:
            return _NOTHING
        if facts.is_untracked(ref):
            return self._unseen(run, shifted(run.departure[0], -_UNSEEN_AHEAD_S), run.arrival[-1], at)
        vehicle = self.statuses.fleet.on_trip.get(ref)
        if vehicle is not None and vehicle.track is not None and not facts.is_out(vehicle.vehicle_id, at):
            answer = self._driven(vehicle, vehicle.track, manner, at)
            if answer.told is not None or not self._is_changed(run):
                return answer
        return self._ahead(run, manner, at)

    def _not_running(self, ref: TripRef, at: Instant) -> Answer:
        facts, runs = self.statuses.facts, self.statuses.runs
        run = runs.planned(ref)
        if run is None or run.trip_id not in runs.timetable.trips or at > run.arrival[-1]:
            return _NOTHING
        opens = shifted(run.departure[0], -AHEAD_S)
        if at < opens:
            return Answer(None, opens)
        cancelled = facts.cancelled.get(ref)
        is_removed = facts.is_removed(ref)
        known_at = cancelled.known_at if cancelled is not None else max(k.known_at for k in facts.changes_of(ref))
        make = removed_message if is_removed and self.profile.has_deleted else cancelled_message
        told = Told(
            None,
            (make, known_at),
            lambda: make(run, known_at),
            lambda message: update_entity(message, run),
            trip_id=run.trip_id,
        )
        return Answer(told, Instant(run.arrival[-1] + 1))

    def _driven(self, vehicle: Tracked, track: Track, manner: _Manner, at: Instant) -> Answer:
        """Return what is told of a trip with a vehicle on it."""
        run, silent_s = track.run, vehicle.state.age_s(at)
        if track.is_done or not track.is_on_route:
            return _NOTHING
        if silent_s > GONE_S:
            return self._unseen(run, at, shifted(vehicle.state.as_of, _UNSEEN_S), at)
        unknown_from: int | None = None
        if silent_s > STALE_S:
            forecast = vehicle.forecast
            if forecast is None or forecast.run is not run or _next_event(forecast, track) <= at:
                return self._unseen(run, at, shifted(vehicle.state.as_of, _UNSEEN_S), at)
            unknown_from, fades_s = forecast.first + 1, GONE_S
        else:
            forecast = self.statuses.fresh_forecast(vehicle, track, at)
            fades_s = STALE_S if silent_s > _fresh_s(vehicle) else _fresh_s(vehicle)
        is_named, changeover = self._is_named(vehicle, track, manner, at)
        due = min(_next_event(forecast, track), shifted(vehicle.state.as_of, fades_s + 0.001))
        due = due if changeover is None else min(due, changeover)
        named = vehicle.vehicle_id if is_named else None
        evidence = _Evidence(
            at=track.as_of, first=forecast.first, calls=predicted_times(forecast), track=track, delay_s=track.delay_s
        )
        return Answer(self._told(run, manner, evidence, (forecast, unknown_from, named)), max(due, Instant(at + 1)))

    def _unseen(self, run: TripRun, opens: Instant, closes: Instant, at: Instant) -> Answer:
        """Return a trip of which nothing is known, where readers are told so."""
        if not self.profile.has_lone_no_data or at > closes or run.trip_id not in self.statuses.runs.timetable.trips:
            return _NOTHING
        if at < opens:
            return Answer(None, opens)
        told = Told(
            run,
            ("unseen",),
            lambda: unseen_message(run, at),
            lambda message: update_entity(message, run),
            trip_id=run.trip_id,
        )
        return Answer(told, Instant(closes + 1))

    def _ahead(self, run: TripRun, manner: _Manner, at: Instant) -> Answer:
        """Return what is told of a trip that no vehicle drives yet: what follows from the one before, or a change."""
        forecast = self.statuses.ahead(run, at)
        if forecast is not None and forecast.ends > at:
            calls = predicted_times(forecast)
            evidence = _Evidence(at=Instant(min(forecast.made_at, at)), first=0, calls=calls)
            due = max(Instant(at + 1), forecast.calls[0].departure.p50)
            return Answer(self._told(run, manner, evidence, (None, None, None)), due)
        holds = self.statuses.facts.holds_of(run)
        if not self._is_changed(run):
            return _NOTHING
        calls = scheduled_times(run, holds)
        opens, closes = shifted(run.departure[0], -AHEAD_S), calls[-1].arrival.p50
        if at < opens:
            return Answer(None, opens)
        if at >= closes:
            return _NOTHING
        evidence = _Evidence(at=self._known_at(run), first=0, calls=calls)
        return Answer(self._told(run, manner, evidence, (None, None, None)), closes)

    def _is_changed(self, run: TripRun) -> bool:
        is_other = run.change is not None and (run.kind is not RunKind.SCHEDULED or bool(run.skipped))
        return is_other or bool(self.statuses.facts.holds.get(run.ref))

    def _known_at(self, run: TripRun) -> Instant:
        holds = self.statuses.facts.holds.get(run.ref, {}).values()
        known = [hold.known_at for hold in holds]
        return max(known if run.change is None else [*known, run.change.known_at])

    def _told(
        self,
        run: TripRun,
        manner: _Manner,
        evidence: "_Evidence",
        what: tuple[Forecast | None, int | None, VehicleId | None],
    ) -> Told:
        source, unknown_from, named = what
        statuses = self.statuses
        comes = named if named is not None else statuses.comes(run)
        is_accessible = statuses.can_take_wheelchairs(comes, max(evidence.at, run.departure[0]))
        is_whole = manner.manner.is_whole
        line = self._line(run) if manner.manner.relationship == _Trip.REPLACEMENT else None

        def make() -> gtfs_realtime.FeedEntity:
            return update_message(
                Telling(
                    run=run,
                    manner=manner.manner,
                    at=evidence.at,
                    first=0 if is_whole else evidence.first,
                    calls=whole_run(evidence.track, evidence.calls, run) if is_whole else evidence.calls,
                    unknown_from=unknown_from,
                    copied=manner.copied,
                    delay_s=evidence.delay_s,
                    vehicle_id=named,
                    spec=None if comes is None else statuses.specs.get(comes),
                    is_accessible=is_accessible,
                    shape_id="" if line is None else line.shape_id,
                    has_new_fields=self.profile.has_new_fields,
                )
            )

        first = 0 if is_whole else evidence.first
        times = evidence.calls if source is None else None
        return Told(
            source if source is not None else run,
            (unknown_from, named, is_accessible, times, manner),
            make,
            lambda message: update_entity(message, run, first),
            named=named,
            trip_id=manner.copied or run.trip_id,
            line=line,
        )

    def _line(self, run: TripRun) -> DrawnLine | None:
        if not self.profile.has_new_fields or run.change is None or not run.change.is_rerouted:
            return None
        return drawn_line(run.trip.pattern, self.statuses.runs.timetable.frame)

    def _manner(self, run: TripRun) -> _Manner | None:
        """Return how a run is told, ``None`` where the profile can not tell it."""
        profile = self.profile
        numbered = profile.numbers_all_calls
        match run.kind:
            case RunKind.SCHEDULED:
                return _Manner(Manner())
            case RunKind.DETOUR:
                is_whole = profile.detour is DetourAs.REPLACEMENT and (numbered or _has_only_own_stops(run))
                return _Manner(
                    Manner(relationship=_Trip.REPLACEMENT, numbers_all_calls=numbered) if is_whole else Manner()
                )
            case RunKind.EXTRA if profile.extra is ExtraAs.DUPLICATED:
                return self._copy(run)
            case RunKind.EXTRA | RunKind.TOUR:
                relationship = _EXTRAS.get(profile.extra if run.kind is RunKind.EXTRA else profile.tours)
                if relationship is None or relationship == _Trip.DUPLICATED:
                    return None
                return _Manner(Manner(relationship=relationship, numbers_all_calls=True))

    def _copy(self, run: TripRun) -> _Manner | None:
        if run.change is not None and run.change.is_rerouted:
            return None
        model = self._copies.get(run.ref)
        if model is None:
            model = model_of(self.statuses.runs.timetable, run, frozenset(self._copies.values()))
            if model is None:
                return None
            self._copies[run.ref] = model
        return _Manner(Manner(relationship=_Trip.DUPLICATED), model)

    def forget(self, ref: TripRef) -> None:
        """Forget which trip an extra one copied: it is over."""
        self._copies.pop(ref, None)


class _Evidence(NamedTuple):
    """The times of a run from a call on, and where they come from."""

    at: Instant
    first: int
    calls: tuple[CallTimes, ...]
    track: Track | None = None
    delay_s: float | None = None


def _fresh_s(vehicle: Tracked) -> float:
    """Return how old a position may be: of our own fleet 15 s; others report as they like, up to rule P005."""
    return LIVE_S if vehicle.spec is not None else STALE_S


def _next_event(forecast: Forecast, track: Track) -> Instant:
    first = forecast.calls[0]
    return first.departure.p50 if track.is_at_stop else first.arrival.p50


def _has_only_own_stops(run: TripRun) -> bool:
    """Return whether the stops that only the detour serves are no stops of the usual way.

    Rule E002 looks for a call without a number among the planned ones, and would find another call.
    """
    change = run.change
    if change is None or change.planned is None:
        return False
    pairs = zip(run.trip.pattern.stops, change.origin, strict=True)
    return not any(origin is None and stop in change.planned.pattern.stops for stop, origin in pairs)
