"""Scoring our own predictions against what happened, beside those of the trade, all in one table.

Bands of the ETA Accuracy Benchmark (TransitApp, 2023): bucketed by the time to the actual arrival, accurate when the
vehicle comes at most ``early`` seconds before and ``late`` seconds after the prediction; the score is the plain mean
of the buckets that have data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mobility.core.clock import Instant
from mobility.core.vehicle import TripRef
from passenger_info.predict import Forecast
from passenger_info.prediction.baselines import Baselines
from passenger_info.prediction.widths import Widths, group_of
from passenger_info.run import TripRun
from passenger_info.track import Track

SAMPLE_S = 30.0
"""How often the predictions of a trip are sampled."""
_HORIZON_S = 900.0
_NO_HOLDS: Mapping[int, Instant] = {}


@dataclass(frozen=True, slots=True)
class Bucket:
    """A band of the benchmark: time to the actual arrival in [``from_s``, ``to_s``)."""

    name: str
    from_s: float
    to_s: float
    early_s: float
    late_s: float


BUCKETS = (
    Bucket("0-3", 0, 180, 30, 90),
    Bucket("3-6", 180, 360, 60, 150),
    Bucket("6-10", 360, 600, 60, 210),
    Bucket("10-15", 600, 900, 90, 270),
)
PREDICTORS = ("ours", "schedule", "constant_delay", "historical_mean", "kalman")


@dataclass(frozen=True, slots=True)
class _Sampled:
    made_at: Instant
    times: tuple[int, ...]
    """Predicted instants, in the order of ``PREDICTORS``."""
    p10: int
    p90: int
    group: int


@dataclass(slots=True)
class _Tally:
    count: int = 0
    accurate: int = 0
    absolute_ms: int = 0
    covered: int = 0

    def take(self, bucket: Bucket, actual: int, predicted: int) -> None:
        off_s = (actual - predicted) / 1000
        self.count += 1
        self.accurate += -bucket.early_s <= off_s <= bucket.late_s
        self.absolute_ms += abs(actual - predicted)


@dataclass(slots=True)
class Scoring:
    """Predictions waiting for their arrival, and the tallies so far."""

    _waiting: dict[TripRef, tuple[TripRun, dict[int, list[_Sampled]]]] = field(default_factory=dict)
    """By trip: the run as it was when it was predicted, and predictions by call."""
    _sampled_at: dict[TripRef, Instant] = field(default_factory=dict)
    _tallies: dict[tuple[str, str], _Tally] = field(default_factory=dict)
    _since: Instant | None = None

    def is_due(self, trip: TripRef, now: Instant) -> bool:
        """Return whether the predictions of a trip are to be sampled again."""
        last = self._sampled_at.get(trip)
        return last is None or now - last >= SAMPLE_S * 1000

    def predicted(
        self, track: Track, forecast: Forecast, baselines: Baselines, holds: Mapping[int, Instant] = _NO_HOLDS
    ) -> None:
        """Sample the arrivals of a forecast that was made for ``track``, at most every 30 s of a trip."""
        run, now = forecast.run, forecast.made_at
        if not self.is_due(run.ref, now):
            return
        self._sampled_at[run.ref] = now
        if self._since is None:
            self._since = now
        delay_ms = round(track.delay_s * 1000)
        known = self._waiting.get(run.ref)
        if known is None or known[0] is not run:  # calls of a run that was changed under way are others
            known = self._waiting[run.ref] = (run, {})
        waiting = known[1]
        first = forecast.first + (1 if track.is_at_stop else 0)
        mean, kalman = (baselines.predicted(track, now, holds, is_kalman=is_kalman) for is_kalman in (False, True))
        for i in range(max(1, first), run.last + 1):
            call = forecast.calls[i - forecast.first].arrival
            if call.p50 - now > 2 * _HORIZON_S * 1000:
                break
            constant = max(now, run.arrival[i] + delay_ms)
            times = (call.p50, run.arrival[i], constant, mean[i], kalman[i])
            group = group_of((call.p50 - now) / 1000, is_waiting=forecast.first == 0)
            waiting.setdefault(i, []).append(_Sampled(now, times, call.p10, call.p90, group))

    def happened(self, run: TripRun, call_index: int, actual: Instant, widths: Widths | None = None) -> None:
        """Score everything that was predicted for an arrival; ``widths`` learn from it."""
        known = self._waiting.get(run.ref)
        waiting = known[1].pop(call_index, []) if known is not None and known[0] is run else []
        for sampled in waiting:
            ahead_s = (actual - sampled.made_at) / 1000
            bucket = next((b for b in BUCKETS if b.from_s <= ahead_s < b.to_s), None)
            # the feed tells whole seconds, so the interval is closed to the second
            is_below, is_above = actual < sampled.p10 - 1000, actual > sampled.p90 + 1000
            if widths is not None and ahead_s >= 0:
                widths.happened(sampled.group, is_below=is_below, is_above=is_above)
            if bucket is None:
                continue
            for name, predicted in zip(PREDICTORS, sampled.times, strict=True):
                self._tallies.setdefault((name, bucket.name), _Tally()).take(bucket, actual, predicted)
            self._tallies["ours", bucket.name].covered += not (is_below or is_above)

    def forget(self, trip: TripRef) -> None:
        """Drop what waits for a run that ended."""
        self._waiting.pop(trip, None)
        self._sampled_at.pop(trip, None)

    def summary(self) -> Mapping[str, object]:
        """Return counts and scores: ours at the top, the baselines beside it; fractions 0..1, errors in seconds."""
        ours = self._tallies_of("ours")
        scored = sum(tally.count for _, tally in ours)
        covered = sum(tally.covered for _, tally in ours)
        return {
            **self._summary_of("ours"),
            "interval_coverage": round(covered / scored, 4) if scored else None,
            "interval_coverage_by_bucket": {b.name: round(tally.covered / tally.count, 4) for b, tally in ours},
            "since_ms": self._since,
            "baselines": {name: self._summary_of(name) for name in PREDICTORS[1:]},
        }

    def _tallies_of(self, name: str) -> Sequence[tuple[Bucket, _Tally]]:
        found = ((bucket, self._tallies.get((name, bucket.name))) for bucket in BUCKETS)
        return [(bucket, tally) for bucket, tally in found if tally is not None]

    def _summary_of(self, name: str) -> dict[str, object]:
        tallies = self._tallies_of(name)
        scores = [tally.accurate / tally.count for _, tally in tallies]
        count = sum(tally.count for _, tally in tallies)
        absolute_ms = sum(tally.absolute_ms for _, tally in tallies)
        return {
            "scored": count,
            "eta_accuracy": round(sum(scores) / len(scores), 4) if scores else None,
            "mae_s": round(absolute_ms / count / 1000, 2) if count else None,
            "by_bucket": {
                bucket.name: {
                    "scored": tally.count,
                    "eta_accuracy": round(tally.accurate / tally.count, 4),
                    "mae_s": round(tally.absolute_ms / tally.count / 1000, 2),
                }
                for bucket, tally in tallies
            },
        }
