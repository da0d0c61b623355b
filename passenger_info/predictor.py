"""Prediction as one thing: it watches vehicles, learns from what they did, predicts, and scores what it predicted."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mobility.core.arrivals import Prediction
from mobility.core.clock import Instant
from mobility.core.ids import VehicleId
from mobility.core.road_weather import RoadWeather
from mobility.core.vehicle import Sample, TripRef
from passenger_info.accuracy import Scoring
from passenger_info.predict import Forecast, forecast, forecast_next
from passenger_info.prediction.baselines import Baselines
from passenger_info.prediction.history import History
from passenger_info.prediction.watch import Watch
from passenger_info.run import TripRun
from passenger_info.track import Track

_NO_HOLDS: Mapping[int, Instant] = {}
_KEPT_WATCHES = 2000


@dataclass(slots=True)
class Predictor:
    """All of prediction for one service. Mutable, driven by one task."""

    history: History = field(default_factory=History)
    baselines: Baselines = field(default_factory=Baselines)
    scoring: Scoring = field(default_factory=Scoring)
    _watches: dict[VehicleId, tuple[TripRef, Watch]] = field(default_factory=dict)

    def observed(
        self,
        vehicle_id: VehicleId,
        before: Track | None,
        after: Track,
        sample: Sample,
        holds: Mapping[int, Instant] = _NO_HOLDS,
    ) -> None:
        """Take a vehicle's newer track; ``before`` is the one of its sample before on the same run."""
        ref = after.run.ref
        known = self._watches.get(vehicle_id)
        if known is None or known[0] != ref:
            if len(self._watches) > _KEPT_WATCHES:
                self._watches.clear()
            known = self._watches[vehicle_id] = (ref, Watch())
        watch = known[1]
        if (
            before is not None
            and before.run is after.run
            and (after.arrived is not before.arrived or after.departed is not before.departed)
        ):
            self._learn(before, after, watch, holds)
        watch.see(after, sample)

    def _learn(self, before: Track, after: Track, watch: Watch, holds: Mapping[int, Instant]) -> None:
        run = after.run
        for i in range(before.call_index, after.call_index + 1):
            came, left = after.arrived[i], after.departed[i]
            if came is not None and before.arrived[i] is None and i > 0:
                self.scoring.happened(run, i, came, self.history.widths)
                self._drove(run, i, after.departed[i - 1], came, watch if watch.call_index == i else None)
            if left is not None and before.departed[i] is None:
                due = max(run.departure[i], holds.get(i, run.departure[i]))
                has_ramp = watch.call_index == i and watch.has_ramp_out
                if watch.call_index == i and watch.shut_since is not None:
                    self.history.shut.add((left - max(watch.shut_since, due)) / 1000)
                self.history.stopped(run, i, after.arrived[i], left, due, ramp=has_ramp)
                self.baselines.stopped(run, i, after.arrived[i], left, due)

    def _drove(self, run: TripRun, i: int, left: Instant | None, came: Instant, watch: Watch | None) -> None:
        if left is not None and came > left:
            self.history.drove(run, i, left, came, watch)
            self.baselines.drove(run, i, left, came)

    def forecast(
        self, vehicle_id: VehicleId, track: Track, now: Instant, holds: Mapping[int, Instant] = _NO_HOLDS
    ) -> Forecast:
        """Return predictions for the calls ahead of a vehicle."""
        known = self._watches.get(vehicle_id)
        watch = known[1] if known is not None and known[0] == track.run.ref else None
        return forecast(track, now, self.history, holds=holds, watch=watch)

    def next(
        self, run: TripRun, arrives: Prediction, now: Instant, holds: Mapping[int, Instant] = _NO_HOLDS
    ) -> Forecast:
        """Return predictions for a block's next trip."""
        return forecast_next(run, arrives, now, self.history, holds=holds)

    def published(self, track: Track, ahead: Forecast, holds: Mapping[int, Instant] = _NO_HOLDS) -> None:
        """Take note of a forecast that is shown to riders; it is scored once its arrivals have happened."""
        self.scoring.predicted(track, ahead, self.baselines, holds)

    def road_is(self, weather: RoadWeather) -> None:
        """Take over what the road is like now."""
        self.history.weather = weather

    def learned_drive(self, run: TripRun, i: int, left: Instant | None, came: Instant | None) -> bool:
        """Learn from a drive to call ``i`` that nobody watched; return whether both its ends are known."""
        if left is None or came is None or came <= left:
            return False
        self._drove(run, i, left, came, None)
        return True

    def learned_stop(self, run: TripRun, i: int, came: Instant | None, left: Instant) -> None:
        """Learn from a stop at call ``i`` that nobody watched; holds are not known any more."""
        self.history.stopped(run, i, came, left, run.departure[i], ramp=False)
        self.baselines.stopped(run, i, came, left, run.departure[i])

    def finished(self, trip: TripRef) -> None:
        """Forget what waits for a run that ended."""
        self.scoring.forget(trip)
