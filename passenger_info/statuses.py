"""What is said of each trip now: from its vehicle, from the trip before it, from the timetable and what changed it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from mobility.core.arrivals import Prediction, TripStanding, TripStatus
from mobility.core.clock import Instant, seconds_between
from mobility.core.ids import BlockId, RouteId, VehicleId
from mobility.core.vehicle import ServiceKind, TripRef, VehicleSpec
from passenger_info.fleet import Fleet, Tracked
from passenger_info.held import Facts
from passenger_info.occupancy import step_of
from passenger_info.predict import Forecast
from passenger_info.run import RunKind, TripRun
from passenger_info.runs import Runs
from passenger_info.standing import (
    is_stale,
    standing_without,
    status_cancelled,
    status_done,
    status_with,
    status_without,
)
from passenger_info.track import Track

LINE_SEEN_S = 2 * 3600.0
"""A line whose vehicles were heard this lately is one whose vehicles report."""
CHAIN = 3
"""How many trips of a block a delay is carried ahead."""
_MOST_FOLLOWED = 5000
_SAME_MS = 5000
"""What follows from an arrival is kept while no quantile of the arrival has moved by so much."""
_KEPT_MS = 60_000
"""And no longer than this: readers take an update that was not made anew for minutes for a stale one."""

FreshForecast = Callable[[Tracked, Track, Instant], Forecast]
NextForecast = Callable[[TripRun, Prediction, Instant, Mapping[int, Instant]], Forecast]


class _Followed(NamedTuple):
    arrives: Prediction
    """At the end of the trip before, as it was when the forecast was made."""
    run: TripRun
    holds: Mapping[int, Instant]
    forecast: Forecast


@dataclass(frozen=True, slots=True, kw_only=True)
class Statuses:
    """Answers for any run. Remembers only what follows from forecasts that it was told before."""

    runs: Runs
    fleet: Fleet
    facts: Facts
    specs: Mapping[VehicleId, VehicleSpec]
    fresh_forecast: FreshForecast
    next_forecast: NextForecast
    """What follows for a run from the arrival at the end of its block's trip before."""
    line_seen: Mapping[RouteId, Instant]
    blocks: Mapping[BlockId, VehicleId] = field(default_factory=dict)
    """Which vehicle drives a block on an ordinary day."""
    _followed: dict[TripRef, _Followed] = field(default_factory=dict)

    def of(self, run: TripRun, now: Instant) -> TripStatus:
        """Return the status of a trip run."""
        cancelled = self.facts.cancelled.get(run.ref)
        if cancelled is not None:
            return status_cancelled(run, cancelled.reason, now)
        done = self.fleet.done.get(run.ref)
        if done is not None:
            return status_done(done, now)
        return self._detailed(self._standing(run, now), run, now)

    def _standing(self, run: TripRun, now: Instant) -> TripStatus:
        vehicle = self.fleet.on_trip.get(run.ref)
        track = None if vehicle is None else vehicle.track
        if vehicle is None or track is None or self.facts.is_untracked(run.ref):
            return self._without(run, now)
        if self.facts.is_out(vehicle.vehicle_id, now):
            status = status_without(run, TripStanding.UNKNOWN, None, now)
            return replace(status, vehicle_id=vehicle.vehicle_id, as_of=track.as_of)
        if not is_stale(vehicle, now):
            self.fresh_forecast(vehicle, track, now)
        return status_with(vehicle, track, now)

    def _without(self, run: TripRun, now: Instant) -> TripStatus:
        if self.is_out(run, now) or self.facts.is_untracked(run.ref):
            return status_without(run, TripStanding.UNKNOWN, None, now)
        standing = standing_without(run, now, is_tracked_line=self._is_tracked_line(run, now))
        return status_without(run, standing, self.ahead(run, now), now)

    def _is_tracked_line(self, run: TripRun, now: Instant) -> bool:
        if run.kind is RunKind.TOUR:
            return False
        seen = self.line_seen.get(run.trip.route_id)
        is_seen = seen is not None and seconds_between(seen, now) < LINE_SEEN_S
        return is_seen or self.runs.timetable.routes[run.trip.route_id].kind is ServiceKind.SHUTTLE

    def ahead(self, run: TripRun, now: Instant, depth: int = CHAIN) -> Forecast | None:
        """Return what follows for a run that no vehicle is on yet, while the one that comes has fresh evidence."""
        earlier = self.runs.in_block(run, -1)
        if earlier is None or earlier.ref in self.facts.cancelled or self.facts.is_untracked(earlier.ref):
            return None
        if self.facts.is_untracked(run.ref) or run.ref in self.fleet.done or self.is_out(run, now):
            return None
        vehicle = self.fleet.on_trip.get(earlier.ref)
        if vehicle is not None and vehicle.track is not None:
            if is_stale(vehicle, now) or not vehicle.track.is_on_route:
                return None
            before: Forecast | None = self.fresh_forecast(vehicle, vehicle.track, now)
        else:
            before = self.ahead(earlier, now, depth - 1) if depth > 1 else None
        return None if before is None else self._following(run, before, now)

    def _following(self, run: TripRun, before: Forecast, now: Instant) -> Forecast:
        """Return what follows from a forecast of the trip before; the same again until it would differ noticeably."""
        holds, arrives = self.facts.holds_of(run), before.calls[-1].arrival
        known = self._followed.get(run.ref)
        if known is not None and known.run is run and known.holds == holds and _is_same(known, arrives, now):
            return known.forecast
        if len(self._followed) > _MOST_FOLLOWED:
            self._followed.clear()
        forecast = self.next_forecast(run, arrives, now, holds)
        self._followed[run.ref] = _Followed(arrives, run, holds, forecast)
        return forecast

    def is_out(self, run: TripRun, now: Instant) -> bool:
        """Return whether the vehicle that should come is said not to run."""
        vehicle_id = self.comes(run) if self.facts.changes else None
        return vehicle_id is not None and self.facts.is_out(vehicle_id, max(now, run.departure[0]))

    def comes(self, run: TripRun) -> VehicleId | None:
        """Return the vehicle that really comes, as far as is known: on the trip, put on it, or on the trip before."""
        vehicle = self.fleet.on_trip.get(run.ref)
        if vehicle is not None:
            return vehicle.vehicle_id
        if run.change is not None and run.change.vehicle_id is not None:
            return run.change.vehicle_id
        given = self.facts.assigned(run.ref)
        if given is not None:
            return given
        earlier: TripRun | None = run
        for _ in range(CHAIN):
            earlier = self.runs.in_block(earlier, -1) if earlier is not None else None
            if earlier is None:
                break
            vehicle = self.fleet.on_trip.get(earlier.ref)
            if vehicle is not None:
                return vehicle.vehicle_id
            if earlier.ref in self.fleet.done:
                return self.fleet.done_by.get(earlier.ref)
        return None if run.trip.block_id is None else self.blocks.get(run.trip.block_id)

    def can_take_wheelchairs(self, vehicle_id: VehicleId | None, at: Instant) -> bool | None:
        """Return whether a vehicle takes wheelchairs now: built for them, and its ramp works; ``None``: not known."""
        spec = None if vehicle_id is None else self.specs.get(vehicle_id)
        if spec is None or vehicle_id is None:
            return None
        return spec.takes_wheelchairs and not self.facts.is_ramp_broken(vehicle_id, at)

    def _detailed(self, status: TripStatus, run: TripRun, now: Instant) -> TripStatus:
        vehicle_id = self.comes(run)
        moment = max(now, run.departure[0])
        vehicle = self.fleet.on_trip.get(run.ref)
        is_heard = vehicle is not None and not is_stale(vehicle, now) and not self.facts.is_untracked(run.ref)
        return replace(
            status,
            reason=self.facts.reason_of(run.ref) or status.reason,
            note="" if run.change is None else run.change.note,
            is_extra=run.kind in (RunKind.EXTRA, RunKind.TOUR),
            wheelchair=self.can_take_wheelchairs(vehicle_id, moment),
            is_ramp_broken=vehicle_id is not None and self.facts.is_ramp_broken(vehicle_id, moment),
            occupancy=step_of(vehicle.state.sample, vehicle.spec) if vehicle is not None and is_heard else None,
            free_seats=_free_seats(run, now),
        )


def _is_same(known: _Followed, arrives: Prediction, now: Instant) -> bool:
    """Return whether a forecast still holds for an arrival: as good as the same one, young, and not overtaken."""
    if known.forecast.calls[0].departure.p50 <= now or now - known.forecast.made_at >= _KEPT_MS:
        return False
    if known.arrives is arrives:
        return True
    moved = (known.arrives.p10 - arrives.p10, known.arrives.p50 - arrives.p50, known.arrives.p90 - arrives.p90)
    return max(moved) < _SAME_MS and min(moved) > -_SAME_MS


def _free_seats(run: TripRun, now: Instant) -> int | None:
    """Return the seats of a public tour that stay free on all of the way ahead."""
    if run.change is None or run.kind is not RunKind.TOUR:
        return None
    ahead = [
        seats for seats, leaves in zip(run.change.seats_free[:-1], run.departure[:-1], strict=True) if leaves >= now
    ]
    return min(ahead, default=0)
