"""Passenger information as a running service: vehicle states and facts in, statuses, departures and feeds out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from gtfs.timetable import Timetable
from mobility.core.arrivals import TripStatus
from mobility.core.clock import Clock, Instant, seconds_between, shifted
from mobility.core.events import Envelope
from mobility.core.ids import RouteId, StopId, TripId, VehicleId
from mobility.core.ports import Departure
from mobility.core.service_day import service_day_of
from mobility.core.vehicle import ServiceKind, TripRef, VehicleSpec, VehicleState
from passenger_info import departures as board
from passenger_info.accuracy import Scoring
from passenger_info.dataset import Dataset, DatasetKind, Rendered
from passenger_info.feed import Feed
from passenger_info.fleet import Fleet, Step, Tracked
from passenger_info.habits import Habits, learned
from passenger_info.held import Facts
from passenger_info.identity import trip_entity_id, vehicle_entity_id
from passenger_info.predict import Forecast, forecast, forecast_next
from passenger_info.run import TripRun
from passenger_info.runs import Runs
from passenger_info.standing import (
    STALE_S,
    is_stale,
    standing_without,
    status_cancelled,
    status_done,
    status_with,
    status_without,
)
from passenger_info.told import PublishedTime, Told
from passenger_info.track import Track

HIDDEN = frozenset({ServiceKind.RESEARCH, ServiceKind.CITIZEN_BUS})
"""Vehicles the public does not see: a research van carries nobody, a citizen bus stops at riders' doors."""

PREDICT_EVERY_S = 5.0
"""A trip is predicted anew this often when nothing else happens."""
_FORGET_S = 6 * 3600.0
_LINE_SEEN_S = 2 * 3600.0
_CHAIN = 3
"""How many trips of a block a delay is carried ahead."""


class PassengerInfo:
    """Implements the ports ``TripStatuses``, ``Arrivals`` and ``DirectTrips``. One instance publishes a timetable."""

    def __init__(
        self,
        *,
        timetable: Timetable,
        clock: Clock,
        specs: Mapping[VehicleId, VehicleSpec],
        published: Callable[[PublishedTime], None] | None = None,
    ) -> None:
        """Take the timetable, the clock, the fleet, and who keeps what was told to all."""
        self.timetable = timetable
        self.clock = clock
        self._specs = specs
        self._published = published
        self.runs = Runs(timetable)
        self._fleet = Fleet(self.runs)
        self._facts = Facts()
        self._habits = Habits()
        self._scoring = Scoring()
        self._told = Told()
        self._line_seen: dict[RouteId, Instant] = {}
        self._operated: dict[date, dict[TripId, None]] = {}
        self.feed = Feed(timetable, self._fleet, self._facts, self._fresh_forecast)
        self._datasets = {kind: Dataset(timetable.feed_version) for kind in DatasetKind}
        self._listeners: list[Callable[[str], None]] = []

    def on_change(self, listener: Callable[[str], None]) -> None:
        """Call ``listener`` with the id of every feed entity that may have changed or vanished."""
        self._listeners.append(listener)

    def observe(self, state: VehicleState) -> None:
        """Take a vehicle's newer state. States of hidden vehicles are dropped at the door."""
        vehicle_id = state.vehicle_id
        spec = self._specs.get(vehicle_id)
        if spec is not None and spec.kind in HIDDEN:
            return
        step = self._fleet.observe(state, spec)
        if step.before is not None:
            self._learn(step.before, step.finished or step.after)
        if step.finished is not None:
            self._finished(step.finished)
        self._changed(vehicle_entity_id(vehicle_id))
        if step.before is not None and (step.after is None or step.after.run is not step.before.run):
            self._changed(trip_entity_id(step.before.run.ref))
        if step.after is not None and _needs_forecast(step):
            self._predict(step.vehicle, step.after, state.as_of)

    def _learn(self, before: Track, after: Track | None) -> None:
        if after is None or after.run is not before.run:
            return
        if after.arrived is before.arrived and after.departed is before.departed:
            return
        run = after.run
        for i in range(before.call_index, after.call_index + 1):
            came, left = after.arrived[i], after.departed[i]
            if came is not None and before.arrived[i] is None and i > 0:
                self._scoring.happened(run.ref, i, came)
                self._habits = learned(self._habits, run, i, (after.departed[i - 1], came, None))
            if left is not None and before.departed[i] is None:
                self._habits = learned(self._habits, run, i, (None, came, left))

    def _finished(self, track: Track) -> None:
        self._scoring.forget(track.run.ref)
        self._told.forget(track.run.ref)
        self._operated.setdefault(track.run.ref.start_date, {})[track.run.trip_id] = None
        self._changed(trip_entity_id(track.run.ref))

    def _predict(self, vehicle: Tracked, track: Track, now: Instant) -> None:
        self._line_seen[track.run.trip.route_id] = now
        ahead = forecast(track, now, self._habits, holds=self._facts.holds_of(track.run))
        vehicle.forecast, vehicle.forecast_at = ahead, now
        if track.is_on_route:
            self._scoring.predicted(track, ahead)
            if self._published is not None:
                for news in self._told.changes(ahead):
                    self._published(news)
        self._changed(trip_entity_id(track.run.ref))

    def _fresh_forecast(self, vehicle: Tracked, track: Track, at: Instant) -> Forecast:
        """Return the vehicle's forecast, made anew where the next event has been overtaken by ``at``."""
        ahead = vehicle.forecast
        if ahead is None or ahead.run is not track.run or _is_overtaken(ahead, track, at):
            ahead = forecast(track, shifted(at, 1.0), self._habits, holds=self._facts.holds_of(track.run))
            vehicle.forecast, vehicle.forecast_at = ahead, at
        return ahead

    def _changed(self, entity_id: str) -> None:
        for listener in self._listeners:
            listener(entity_id)

    def facts(self, envelopes: Sequence[Envelope]) -> None:
        """Take over committed facts: cancelled trips, planned connections, holds."""
        for ref in self._facts.take(envelopes):
            vehicle = self._fleet.on_trip.get(ref)
            if vehicle is not None and vehicle.track is not None:
                self._predict(vehicle, vehicle.track, max(self.clock.now(), vehicle.track.as_of))
                self._changed(vehicle_entity_id(vehicle.vehicle_id))
            self._changed(trip_entity_id(ref))

    def status(self, trip: TripRef) -> TripStatus | None:
        """Return the status of a trip run, ``None`` where the timetable does not know it."""
        run = self.runs.get(trip)
        return None if run is None else self.status_of(run)

    def status_of(self, run: TripRun) -> TripStatus:
        """Return the status of a trip run now."""
        now = self.clock.now()
        cancelled = self._facts.cancelled.get(run.ref)
        if cancelled is not None:
            return status_cancelled(run, cancelled.reason, now)
        done = self._fleet.done.get(run.ref)
        if done is not None:
            return status_done(done, now)
        vehicle = self._fleet.on_trip.get(run.ref)
        if vehicle is not None and vehicle.track is not None:
            if not is_stale(vehicle, now):
                self._fresh_forecast(vehicle, vehicle.track, now)
            status = status_with(vehicle, vehicle.track, now)
        else:
            seen = self._line_seen.get(run.trip.route_id)
            is_tracked = seen is not None and seconds_between(seen, now) < _LINE_SEEN_S
            is_tracked = is_tracked or self.timetable.routes[run.trip.route_id].kind is ServiceKind.SHUTTLE
            standing = standing_without(run, now, is_tracked_line=is_tracked)
            status = status_without(run, standing, self._chained(run, now, _CHAIN), now)
        reason = self._facts.reason_of(run.ref)
        return replace(status, reason=reason) if reason else status

    def _chained(self, run: TripRun, now: Instant, depth: int) -> Forecast | None:
        """Return what follows for a trip from its block's trip before, while that one has fresh evidence."""
        earlier = self.runs.in_block(run, -1)
        if earlier is None or earlier.ref in self._facts.cancelled:
            return None
        vehicle = self._fleet.on_trip.get(earlier.ref)
        if vehicle is not None and vehicle.track is not None:
            if is_stale(vehicle, now) or not vehicle.track.is_on_route:
                return None
            before: Forecast | None = self._fresh_forecast(vehicle, vehicle.track, now)
        else:
            before = self._chained(earlier, now, depth - 1) if depth > 1 else None
        if before is None:
            return None
        holds = self._facts.holds_of(run)
        return forecast_next(run, before.calls[-1].arrival, now, self._habits, holds=holds)

    def running(self) -> Sequence[TripStatus]:
        """Return all trips with a vehicle on them, in the order of their references."""
        runs = [v.track.run for v in self._fleet.on_trip.values() if v.track is not None]
        runs.sort(key=lambda run: (run.ref.start_date, run.trip_id))
        return [self.status_of(run) for run in runs]

    def departures(self, stop_id: StopId, *, horizon_s: float) -> Sequence[Departure]:
        """Return departures from a stop or station from now to ``horizon_s`` ahead, in their expected order."""
        return board.departures(self.runs, self.status_of, stop_id, self.clock.now(), horizon_s)

    def direct(self, origin: StopId, destination: StopId, earliest: Instant, latest: Instant) -> Sequence[TripStatus]:
        """Return trips leaving ``origin`` in the span by schedule and calling at ``destination`` later."""
        return board.direct(self.runs, self.status_of, (origin, destination), (earliest, latest))

    def full_dataset(self, kind: DatasetKind | str, at: Instant) -> bytes:
        """Return a feed as serialised ``FeedMessage``; ``at`` may not lie before an earlier call's by a second."""
        return self.rendered(DatasetKind(kind), at).message

    def rendered(self, kind: DatasetKind, at: Instant) -> Rendered:
        """Return a feed with its header time and digest."""
        records = [entity.record for entity in self.feed.entities(kind, at)]
        return self._datasets[kind].render(at, records)

    def accuracy(self) -> Mapping[str, object]:
        """Return the score of our own predictions so far, see ``passenger_info.accuracy``."""
        return self._scoring.summary()

    def trip_figures(self, day: date) -> Mapping[str, int]:
        """Return how many line trips the timetable has on a service day, and how many were seen to their end."""
        return {"scheduled": len(self.timetable.trips_on(day)), "operated": len(self._operated.get(day, {}))}

    async def run(self) -> None:
        """Age what is silent, until cancelled: predictions widen, then vanish; old vehicles are forgotten."""
        while True:
            await self.clock.sleep(PREDICT_EVERY_S)
            self.age(self.clock.now())

    def age(self, now: Instant) -> None:
        """Do what the passing of time asks for; called every few seconds."""
        for vehicle in list(self._fleet.vehicles.values()):
            track, silent_s = vehicle.track, vehicle.state.age_s(now)
            if silent_s < PREDICT_EVERY_S or silent_s > 2 * STALE_S:
                continue
            if track is not None and not is_stale(vehicle, now):
                self._predict(vehicle, track, now)
            elif track is not None:
                self._changed(trip_entity_id(track.run.ref))
            self._changed(vehicle_entity_id(vehicle.vehicle_id))
        for ref in self._facts.cancelled:
            self._changed(trip_entity_id(ref))
        self._fleet.forget(shifted(now, -_FORGET_S))
        self._facts.forget(service_day_of(now, self.timetable.zone).plus(-2).date.isoformat())


def _needs_forecast(step: Step) -> bool:
    vehicle, before, after = step.vehicle, step.before, step.after
    if before is None or after is None or vehicle.forecast is None or vehicle.forecast.run is not after.run:
        return True
    if after.as_of - vehicle.forecast_at >= PREDICT_EVERY_S * 1000:
        return True
    return (
        after.call_index != before.call_index
        or after.is_at_stop is not before.is_at_stop
        or after.is_on_route is not before.is_on_route
    )


def _is_overtaken(ahead: Forecast, track: Track, at: Instant) -> bool:
    first = ahead.calls[0]
    if ahead.first != track.call_index or first.departure.p50 <= at:
        return True
    return not track.is_at_stop and first.arrival.p50 <= at
