"""Scoring our own predictions against what happened, beside two plain ones: the schedule and a constant delay.

Bands of the ETA Accuracy Benchmark (TransitApp, 2023): bucketed by the time to the actual arrival, accurate when the
vehicle comes at most ``early`` seconds before and ``late`` seconds after the prediction; the score is the plain mean
of the buckets that have data.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mobility.core.clock import Instant
from mobility.core.vehicle import TripRef
from passenger_info.predict import Forecast
from passenger_info.track import Track

SAMPLE_S = 30.0
"""How often the predictions of a trip are sampled."""
_HORIZON_S = 900.0


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


@dataclass(frozen=True, slots=True)
class _Sampled:
    made_at: Instant
    times: tuple[int, int, int]
    """Predicted instants: ours, schedule, constant delay."""
    p10: int
    p90: int


@dataclass(slots=True)
class _Tally:
    count: int = 0
    accurate: int = 0
    absolute_ms: int = 0

    def take(self, bucket: Bucket, actual: int, predicted: int) -> None:
        off_s = (actual - predicted) / 1000
        self.count += 1
        self.accurate += -bucket.early_s <= off_s <= bucket.late_s
        self.absolute_ms += abs(actual - predicted)


PREDICTORS = ("ours", "schedule", "constant_delay")


@dataclass(slots=True)
class Scoring:
    """Predictions waiting for their arrival, and the tallies so far."""

    _waiting: dict[TripRef, dict[int, list[_Sampled]]] = field(default_factory=dict)
    _sampled_at: dict[TripRef, Instant] = field(default_factory=dict)
    _tallies: dict[tuple[str, str], _Tally] = field(default_factory=dict)
    _covered: int = 0

    def predicted(self, track: Track, forecast: Forecast) -> None:
        """Sample the arrivals of a forecast that was made for ``track``, at most every 30 s of a trip."""
        run, now = forecast.run, forecast.made_at
        last = self._sampled_at.get(run.ref)
        if last is not None and now - last < SAMPLE_S * 1000:
            return
        self._sampled_at[run.ref] = now
        delay_ms = round(track.delay_s * 1000)
        waiting = self._waiting.setdefault(run.ref, {})
        first = forecast.first + (1 if track.is_at_stop else 0)
        for i in range(max(1, first), run.last + 1):
            call = forecast.calls[i - forecast.first].arrival
            if call.p50 - now > 2 * _HORIZON_S * 1000:
                break
            constant = max(now, run.arrival[i] + delay_ms)
            times = (call.p50, run.arrival[i], constant)
            waiting.setdefault(i, []).append(_Sampled(now, times, call.p10, call.p90))

    def happened(self, trip: TripRef, call_index: int, actual: Instant) -> None:
        """Score everything that was predicted for an arrival."""
        for sampled in self._waiting.get(trip, {}).pop(call_index, []):
            ahead_s = (actual - sampled.made_at) / 1000
            bucket = next((b for b in BUCKETS if b.from_s <= ahead_s < b.to_s), None)
            if bucket is None:
                continue
            for name, predicted in zip(PREDICTORS, sampled.times, strict=True):
                self._tallies.setdefault((name, bucket.name), _Tally()).take(bucket, actual, predicted)
            # the feed tells whole seconds, so the interval is closed to the second
            self._covered += sampled.p10 - 1000 <= actual <= sampled.p90 + 1000

    def forget(self, trip: TripRef) -> None:
        """Drop what waits for a run that ended."""
        self._waiting.pop(trip, None)
        self._sampled_at.pop(trip, None)

    def summary(self) -> Mapping[str, object]:
        """Return counts and scores: ours at the top, the baselines beside it; fractions 0..1, errors in seconds."""
        ours = self._summary_of("ours")
        scored = sum(tally.count for (name, _), tally in self._tallies.items() if name == "ours")
        return {
            **ours,
            "interval_coverage": round(self._covered / scored, 4) if scored else None,
            "baselines": {name: self._summary_of(name) for name in PREDICTORS[1:]},
        }

    def _summary_of(self, name: str) -> dict[str, object]:
        by_bucket: dict[str, object] = {}
        scores: list[float] = []
        count = absolute_ms = 0
        for bucket in BUCKETS:
            tally = self._tallies.get((name, bucket.name), _Tally())
            if tally.count == 0:
                continue
            scores.append(tally.accurate / tally.count)
            by_bucket[bucket.name] = {
                "scored": tally.count,
                "eta_accuracy": round(scores[-1], 4),
                "mae_s": round(tally.absolute_ms / tally.count / 1000, 2),
            }
            count += tally.count
            absolute_ms += tally.absolute_ms
        return {
            "scored": count,
            "eta_accuracy": round(sum(scores) / len(scores), 4) if scores else None,
            "mae_s": round(absolute_ms / count / 1000, 2) if count else None,
            "by_bucket": by_bucket,
        }
