"""Which vehicle is on which trip: log-on first, else the block's next trip, else a trip that fits clearly."""

from dataclasses import dataclass, field
from typing import NamedTuple

from mobility.core.clock import Instant, seconds_between
from mobility.core.geo import XY, distance_m
from mobility.core.ids import VehicleId
from mobility.core.vehicle import TripRef, VehicleSpec, VehicleState
from passenger_info.match import begin, follow, is_plausible, moved
from passenger_info.predict import Forecast
from passenger_info.run import RunKind, TripRun
from passenger_info.runs import Runs
from passenger_info.search import CONFIRM_M, CONFIRM_S, likely_track
from passenger_info.track import Track

_NEXT_WITHIN_S = 90 * 60.0
"""A vehicle that waits where its block's next trip begins is taken to drive it, this long before departure."""
_AT_START_M = 120.0
_TRY_EVERY_S = 10.0
"""How often a vehicle without a trip is looked at again."""
_SILENT_S = 90.0
"""A vehicle silent this long loses its trip to another that logs on to it."""
_AWAY_S = 120.0
"""An assumed trip is given up when the vehicle is off its route this long."""
_RECENT_S = 3 * 3600.0
_NEVER = Instant(0)


@dataclass(slots=True)
class Tracked:
    """What is known of one public vehicle. Changed only by ``Fleet`` and by who makes its forecasts."""

    vehicle_id: VehicleId
    spec: VehicleSpec | None
    state: VehicleState
    log_on: TripRef | None = None
    log_on_since: Instant = _NEVER
    track: Track | None = None
    candidate: Track | None = None
    finished: TripRef | None = None
    finished_at: Instant = _NEVER
    next_try: Instant = _NEVER
    forecast: Forecast | None = None
    forecast_at: Instant = _NEVER
    point: XY | None = None
    """The state's place in the timetable's frame."""


class Step(NamedTuple):
    """What one sample did: the vehicle, its track before and after, and the track of a run that it finished."""

    vehicle: Tracked
    before: Track | None
    after: Track | None
    finished: Track | None


@dataclass(slots=True)
class Fleet:
    """All public vehicles by id, and who is on which trip."""

    runs: Runs
    vehicles: dict[VehicleId, Tracked] = field(default_factory=dict)
    on_trip: dict[TripRef, Tracked] = field(default_factory=dict)
    done: dict[TripRef, Track] = field(default_factory=dict)
    """Finished runs of the last hours, with what was observed."""
    done_by: dict[TripRef, VehicleId] = field(default_factory=dict)
    """Who finished them."""

    def observe(self, state: VehicleState, spec: VehicleSpec | None) -> Step:
        """Take a vehicle's newer state."""
        vehicle = self.vehicles.get(state.vehicle_id)
        if vehicle is None:
            vehicle = self.vehicles[state.vehicle_id] = Tracked(state.vehicle_id, spec, state)
        before, place = vehicle.track, state.sample.place
        point = vehicle.point
        if point is None or place != vehicle.state.sample.place:
            point = vehicle.point = self.runs.timetable.frame.xy(place)
        vehicle.state = state
        log_on = state.sample.trip
        if log_on != vehicle.log_on:
            vehicle.log_on, vehicle.log_on_since, vehicle.next_try = log_on, state.as_of, state.as_of
        finished: Track | None = None
        if before is not None and (log_on is None or log_on == before.run.ref or before.is_assumed):
            after = self._follow(vehicle, before, point)
            finished = after if after.is_done else None
        if vehicle.track is None or (log_on not in (None, vehicle.track.run.ref, vehicle.finished)):
            self._assign(vehicle, point)
        return Step(vehicle, before, vehicle.track, finished)

    def _follow(self, vehicle: Tracked, before: Track, point: XY) -> Track:
        after = follow(before, point, vehicle.state)
        if after.is_done:
            self.done[after.run.ref] = after
            self.done_by[after.run.ref] = vehicle.vehicle_id
            vehicle.finished, vehicle.finished_at = after.run.ref, after.as_of
            self.release(vehicle)
            vehicle.next_try = vehicle.state.as_of
            return after
        vehicle.track = after
        is_away = after.astray_since is not None and seconds_between(after.astray_since, after.as_of) > _AWAY_S
        if after.is_assumed and not after.is_on_route and is_away:
            self.release(vehicle)
        return after

    def release(self, vehicle: Tracked) -> None:
        """Take the vehicle off its trip."""
        if vehicle.track is not None:
            if self.on_trip.get(vehicle.track.run.ref) is vehicle:
                del self.on_trip[vehicle.track.run.ref]
            vehicle.track = vehicle.forecast = None

    def _take(self, vehicle: Tracked, track: Track) -> None:
        self.release(vehicle)
        owner = self.on_trip.get(track.run.ref)
        if owner is not None:
            self.release(owner)
        vehicle.track, vehicle.candidate = track, None
        self.on_trip[track.run.ref] = vehicle

    def _assign(self, vehicle: Tracked, point: XY) -> None:
        now = vehicle.state.as_of
        if now < vehicle.next_try:
            return
        vehicle.next_try = Instant(now + round(_TRY_EVERY_S * 1000))
        if vehicle.log_on is not None and vehicle.log_on != vehicle.finished:
            self._log_on(vehicle, vehicle.log_on, point)
            return
        if vehicle.track is None and not self._continue_block(vehicle, point) and vehicle.log_on is None:
            self._search(vehicle, point)

    def _log_on(self, vehicle: Tracked, ref: TripRef, point: XY) -> None:
        run = self.runs.get(ref)
        if run is None or run.kind is RunKind.TOUR or ref in self.done or not is_plausible(run, vehicle.state.as_of):
            self.release(vehicle)
            return
        owner = self.on_trip.get(ref)
        if owner is not None and owner is not vehicle and not self._yields(owner, vehicle):
            self.release(vehicle)
            return
        is_fresh = vehicle.track is not None or self._finished_lately(vehicle)
        self._take(vehicle, begin(run, point, vehicle.state, is_fresh=is_fresh))

    def _yields(self, owner: Tracked, other: Tracked) -> bool:
        """Return whether a trip passes to ``other``: its log-on is newer, or the owner is silent or was assumed.

        A vehicle that is said not to run has no trip that another one drives. Between two that both report, the one
        that somebody put on the trip has it.
        """
        facts, now = self.runs.facts, other.state.as_of
        is_owner_out, is_other_out = facts.is_out(owner.vehicle_id, now), facts.is_out(other.vehicle_id, now)
        if is_owner_out is not is_other_out:
            return is_owner_out
        silent_s = seconds_between(owner.state.as_of, other.state.as_of)
        if owner.track is None or owner.track.is_assumed or silent_s > _SILENT_S:
            return True
        given = facts.assigned(owner.track.run.ref)
        if given in (owner.vehicle_id, other.vehicle_id):
            return given == other.vehicle_id
        return other.log_on_since > owner.log_on_since

    def _finished_lately(self, vehicle: Tracked) -> bool:
        if vehicle.finished is None:
            return False
        return seconds_between(vehicle.finished_at, vehicle.state.as_of) < _RECENT_S

    def _continue_block(self, vehicle: Tracked, point: XY) -> bool:
        for run in self._next_runs(vehicle):
            if run.ref in self.on_trip or run.ref in self.done:
                continue
            waits_s = seconds_between(vehicle.state.as_of, run.departure[0])
            if waits_s > _NEXT_WITHIN_S or not is_plausible(run, vehicle.state.as_of):
                continue
            start = self.runs.timetable.stops[run.trip.pattern.stops[0]].place
            if distance_m(start, vehicle.state.sample.place) > _AT_START_M:
                continue
            self._take(vehicle, begin(run, point, vehicle.state, is_fresh=True, is_assumed=True))
            return True
        return False

    def _next_runs(self, vehicle: Tracked) -> list[TripRun]:
        """Return what a vehicle without a trip drives next: its block's next trip, or trips it was put on by hand."""
        found: list[TripRun] = []
        if vehicle.finished is not None and self._finished_lately(vehicle):
            last = self.runs.get(vehicle.finished)
            following = self.runs.in_block(last, 1) if last is not None else None
            found.extend([] if following is None else [following])
        given = [run for run in self.runs.changed() if self.runs.facts.assigned(run.ref) == vehicle.vehicle_id]
        return [*found, *sorted(given, key=lambda run: (run.departure[0], run.trip_id))]

    def rebase(self, ref: TripRef) -> None:
        """Bring the vehicle on a trip up to date with a run that was changed under it."""
        vehicle = self.on_trip.get(ref)
        if vehicle is None or vehicle.track is None:
            return
        run = self.runs.get(ref)
        if run is None:
            self.release(vehicle)
        elif run is not vehicle.track.run and vehicle.point is not None:
            vehicle.track = moved(vehicle.track, run, vehicle.point, vehicle.state)
            vehicle.forecast = None

    def _search(self, vehicle: Tracked, point: XY) -> None:
        if vehicle.candidate is not None:
            self._confirm(vehicle, vehicle.candidate, point)
            return
        now = vehicle.state.as_of
        running = self.runs.between(Instant(now - 600_000), Instant(now + 120_000))
        taken = {*self.on_trip, *self.done}
        vehicle.candidate = likely_track(running, taken, point, vehicle.state)

    def _confirm(self, vehicle: Tracked, candidate: Track, point: XY) -> None:
        after = follow(candidate, point, vehicle.state)
        if after.run.ref in self.on_trip or not after.is_on_route or after.is_done:
            vehicle.candidate = None
            return
        followed_s = seconds_between(candidate.as_of, vehicle.state.as_of)
        if followed_s >= CONFIRM_S and after.chainage_m - candidate.chainage_m >= CONFIRM_M:
            self._take(vehicle, after)
        elif followed_s > 4 * CONFIRM_S:
            vehicle.candidate = None

    def forget(self, before: Instant) -> None:
        """Forget vehicles silent and runs finished since ``before``."""
        for vehicle in [v for v in self.vehicles.values() if v.state.as_of < before]:
            self.release(vehicle)
            del self.vehicles[vehicle.vehicle_id]
        for ref in [ref for ref, track in self.done.items() if track.as_of < before]:
            del self.done[ref]
            del self.done_by[ref]
