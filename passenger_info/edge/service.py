"""Passenger information as a running service: vehicle states and facts in, statuses, departures and feeds out."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

from gtfs.timetable import Timetable
from mobility.core.alert import AlertRecord
from mobility.core.arrivals import TripStatus
from mobility.core.clock import Clock, Instant, seconds_between, shifted
from mobility.core.connection import Connection
from mobility.core.events import Envelope
from mobility.core.ids import BlockId, RouteId, StopId, TripId, VehicleId
from mobility.core.ports import Departure
from mobility.core.service_day import service_day_of
from mobility.core.vehicle import ServiceKind, TripRef, VehicleSpec, VehicleState
from passenger_info import at_stop
from passenger_info import departures as board
from passenger_info.dataset import Dataset, DatasetKind, MaySend, Rendered
from passenger_info.feed import Feed, Guard
from passenger_info.fleet import Fleet, Step, Tracked
from passenger_info.held import Facts
from passenger_info.identity import trip_entity_id, vehicle_entity_id
from passenger_info.live_share import LiveShare
from passenger_info.predict import Forecast
from passenger_info.predictor import Predictor
from passenger_info.profiles import DEFAULT_PROFILE, Profile
from passenger_info.run import TripRun
from passenger_info.runs import Runs
from passenger_info.standing import LIVE_S, is_stale
from passenger_info.statuses import CHAIN, Statuses
from passenger_info.store import EntityStore
from passenger_info.told import PublishedTime, Told
from passenger_info.touched import touched_by
from passenger_info.track import Track
from passenger_info.visits import StopVisit, visits_of

HIDDEN = frozenset({ServiceKind.RESEARCH, ServiceKind.CITIZEN_BUS})
"""Vehicles the public does not see: a research van carries nobody, a citizen bus stops at riders' doors."""

PREDICT_EVERY_S = 5.0
"""A trip is predicted anew this often when nothing else happens."""
_FORGET_S = 6 * 3600.0
_EARLY_S, _PREDICT_EARLY_S = 90.0, 10.0
"""A vehicle that waits for its start this long is predicted less often: nothing happens."""
_MOST_NOTED = 1000
_BACKLOG_S = 2.0
"""Samples that come later are overtaken by the next one at once: what they say is not scored and not kept as told."""


class PassengerInfo:
    """Implements the ports ``TripStatuses``, ``Arrivals`` and ``DirectTrips``. One instance publishes a timetable."""

    def __init__(
        self,
        *,
        timetable: Timetable,
        clock: Clock,
        specs: Mapping[VehicleId, VehicleSpec],
        published: Callable[[PublishedTime], None] | None = None,
        blocks: Mapping[BlockId, VehicleId] | None = None,
        guards: Callable[[Profile], Guard] | None = None,
        gates: Callable[[Profile, DatasetKind], MaySend] | None = None,
        performed: Callable[[Iterable[StopVisit]], None] | None = None,
    ) -> None:
        """Take the timetable, the clock, the fleet, who keeps what was told to all, and who the visits of ended trips.

        ``blocks`` says which vehicle drives a block on an ordinary day. ``guards`` has, for a profile, who says whether
        an entity may be published in it, and ``gates``, for a feed of it, whether a full dataset may be sent.
        """
        self.timetable = timetable
        self.clock = clock
        self._specs = specs
        self._published = published
        self._performed = performed
        self._facts = Facts()
        self.runs = Runs(timetable, self._facts)
        self._fleet = Fleet(self.runs)
        self.predictor = Predictor()
        self._told = Told()
        self._line_seen: dict[RouteId, Instant] = {}
        self._operated: dict[date, dict[TripId, None]] = {}
        self.live_share = LiveShare()
        self._aged_at = clock.now()
        self._statuses = Statuses(
            runs=self.runs,
            fleet=self._fleet,
            facts=self._facts,
            specs=specs,
            fresh_forecast=self._fresh_forecast,
            next_forecast=self.predictor.next,
            line_seen=self._line_seen,
            blocks=blocks or {},
        )
        self._guards = guards
        self._gates = gates
        self._maker = f"{clock.now():x}"
        self._feeds: dict[str, Feed] = {}
        self._datasets: dict[tuple[str, DatasetKind], Dataset] = {}
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
        silent = self._fleet.vehicles.get(vehicle_id)
        # Judged by the present: a backlog after a radio gap comes second by second, and only its last part is fresh.
        is_back = silent is not None and silent.state.age_s(self.clock.now()) > LIVE_S
        step = self._fleet.observe(state, spec)
        self._learn(step)
        if step.finished is not None:
            self._finished(step.finished, vehicle_id)
        self._changed(vehicle_entity_id(vehicle_id))
        if step.before is not None and (step.after is None or step.after.run is not step.before.run):
            self._changed_run(step.before.run)
        if step.after is not None and is_back:
            self._changed(trip_entity_id(step.after.run.ref))
        if step.after is not None and _needs_forecast(step):
            self._predict(step.vehicle, step.after, state.as_of)
        if self._listeners:
            self._tell_drift()

    def _learn(self, step: Step) -> None:
        after = step.finished or step.after
        if after is not None:
            holds = self._facts.holds_of(after.run)
            self.predictor.observed(step.vehicle.vehicle_id, step.before, after, step.vehicle.state.sample, holds)

    def _finished(self, track: Track, vehicle_id: VehicleId) -> None:
        self.predictor.finished(track.run.ref)
        self._told.forget(track.run.ref)
        self._operated.setdefault(track.run.ref.start_date, {})[track.run.trip_id] = None
        if self._performed is not None:
            self._performed(visits_of(track, vehicle_id))
        self._changed_run(track.run)

    def _predict(self, vehicle: Tracked, track: Track, now: Instant) -> None:
        self._line_seen[track.run.trip.route_id] = now
        is_backlog = seconds_between(now, self.clock.now()) > _BACKLOG_S
        now = Instant(max(now, self.clock.now()))
        holds = self._facts.holds_of(track.run)
        ahead = self._forecast(vehicle, track, now)
        vehicle.forecast, vehicle.forecast_at = ahead, now
        if track.is_on_route and not is_backlog:
            self.predictor.published(track, ahead, holds)
            if self._published is not None:
                for news in self._told.changes(ahead):
                    self._published(news)
        self._changed_run(track.run)

    def _fresh_forecast(self, vehicle: Tracked, track: Track, at: Instant) -> Forecast:
        """Return the vehicle's forecast, made anew where the next event has been overtaken by ``at``."""
        ahead = vehicle.forecast
        if ahead is None or ahead.run is not track.run or _is_overtaken(ahead, track, at):
            ahead = self._forecast(vehicle, track, shifted(at, 1.0))
            vehicle.forecast, vehicle.forecast_at = ahead, at
        return ahead

    def _forecast(self, vehicle: Tracked, track: Track, at: Instant) -> Forecast:
        report = self._facts.weather
        if report is not None and report.begins <= at:
            self.predictor.road_is(report.weather)
        return self.predictor.forecast(vehicle.vehicle_id, track, at, self._facts.holds_of(track.run))

    def _changed_run(self, run: TripRun) -> None:
        """Say that a trip's update may have changed, and those of the trips that follow in its block."""
        self._changed(trip_entity_id(run.ref))
        for ref in self.runs.following(run, CHAIN):
            self._changed(trip_entity_id(ref))

    def _changed(self, entity_id: str) -> None:
        for feed in self._feeds.values():
            feed.note(entity_id)
        for listener in self._listeners:
            listener(entity_id)

    def facts(self, envelopes: Sequence[Envelope]) -> None:
        """Take over committed facts: cancelled trips, connections and holds, changes of the line, tours, alerts."""
        news = self._facts.take(envelopes)
        for ref in news.trips:
            self._fleet.rebase(ref)
            vehicle = self._fleet.on_trip.get(ref)
            if vehicle is not None and vehicle.track is not None:
                self._predict(vehicle, vehicle.track, max(self.clock.now(), vehicle.track.as_of))
        today = service_day_of(self.clock.now(), self.timetable.zone)
        for entity_id in touched_by(news, self._statuses, [today.plus(-1).date, today.date]):
            self._changed(entity_id)
        if news.trips or news.alerts or news.vehicles:
            for feed in self._feeds.values():
                feed.note_alerts()
            self._tell_drift(self.clock.now())

    def status(self, trip: TripRef) -> TripStatus | None:
        """Return the status of a trip run, ``None`` where the timetable does not know it."""
        run = self.runs.get(trip)
        return None if run is None else self.status_of(run)

    def status_of(self, run: TripRun) -> TripStatus:
        """Return the status of a trip run now."""
        return self._statuses.of(run, self.clock.now())

    def alerts_at(self, stop_id: StopId, now: Instant) -> Sequence[AlertRecord]:
        """Return the alerts that riders at a stop see, newest first; what befell single trips their statuses say."""
        return at_stop.alerts_at(self.runs, stop_id, now)

    def connections_at(self, stop_id: StopId, now: Instant) -> Sequence[Connection]:
        """Return the planned connections to line trips at a stop, by departure."""
        return at_stop.connections_at(self.runs, stop_id, now)

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

    @property
    def feed(self) -> Feed:
        """What is published to everybody who asks for no profile."""
        return self.feed_of(DEFAULT_PROFILE)

    def feed_of(self, profile: Profile) -> Feed:
        """Return what is published in a profile; made when it is first asked for."""
        feed = self._feeds.get(profile.name)
        if feed is None:
            guard = None if self._guards is None else self._guards(profile)
            # Only the default profile's listeners ask what changed.
            store = EntityStore(tells_drift=profile is DEFAULT_PROFILE)
            feed = Feed(self._statuses, profile, guard, store=store)
            self._feeds[profile.name] = feed
        return feed

    def full_dataset(self, kind: DatasetKind | str, at: Instant, profile: Profile = DEFAULT_PROFILE) -> bytes:
        """Return a feed as serialised ``FeedMessage``; ``at`` may not lie before an earlier call's by a second."""
        return self.rendered(DatasetKind(kind), at, profile).message

    def rendered(self, kind: DatasetKind, at: Instant, profile: Profile = DEFAULT_PROFILE) -> Rendered:
        """Return a feed with its header time and its name for HTTP."""
        dataset = self._datasets.get((profile.name, kind))
        if dataset is None:
            may_send = None if self._gates is None else self._gates(profile, kind)
            dataset = Dataset(self.timetable.feed_version, f"{self._maker} {profile.name} {kind}", may_send)
            self._datasets[profile.name, kind] = dataset
        rendered = dataset.render(at, [entity.record for entity in self.feed_of(profile).entities(kind, at)])
        if profile is DEFAULT_PROFILE:
            self._tell_drift()
        return rendered

    def _tell_drift(self, at: Instant | None = None) -> None:
        """Tell the listeners what changed with something else, and what time has come to change by ``at``."""
        feed = self._feeds.get(DEFAULT_PROFILE.name)
        if feed is None:
            return
        for entity_id in feed.store.drifted() if at is None else feed.overdue(at):
            for listener in self._listeners:
                listener(entity_id)

    def accuracy(self) -> Mapping[str, object]:
        """Return the score of our own predictions so far, see ``passenger_info.accuracy``."""
        return {**self.predictor.scoring.summary(), "live_share": self.live_share.share}

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
            if track is not None and silent_s >= PREDICT_EVERY_S and not is_stale(vehicle, now):
                self._predict(vehicle, track, now)
        self.live_share.pass_by(self._fleet, now, seconds_between(self._aged_at, now))
        self._aged_at = now
        self._fleet.forget(shifted(now, -_FORGET_S))
        self._facts.forget(service_day_of(now, self.timetable.zone).plus(-2).date.isoformat())
        for feed in self._feeds.values():
            if feed.backlog > _MOST_NOTED:  # nobody reads it; it would note every trip of every day to come
                feed.settle(now)
        self._tell_drift(now)


def _needs_forecast(step: Step) -> bool:
    vehicle, before, after = step.vehicle, step.before, step.after
    if before is None or after is None or vehicle.forecast is None or vehicle.forecast.run is not after.run:
        return True
    is_early = not after.has_started and seconds_between(after.as_of, after.run.departure[0]) > _EARLY_S
    if after.as_of - vehicle.forecast_at >= 1000 * (_PREDICT_EARLY_S if is_early else PREDICT_EVERY_S):
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
