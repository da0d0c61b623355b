"""How good arrival predictions are on disturbed days, beside those of the trade and beside what chance leaves open.

The days are those of ``disturbed_days``: the simulator's driving model with the disturbances of ``disturbances.toml``,
which were written, with their sources, and frozen before the predictor was fitted; every line names the file's digest.
A seed is a town with its own signals. The service watches some days (``learned_days``) and is scored on the days after
them, every 30 s, for all stops ahead; it goes on learning meanwhile. ``first_day`` is scored from the first minute on.

``development`` are the seeds that were looked at while the predictor was written, so they flatter. ``held_out`` were
chosen before and run when it was done. ``floor`` takes some of the scored predictions and asks one who knows how these
days are made for the same, see ``knowing``: no predictor can be expected to have a smaller mean error.

Exit code 1 where a limit is broken on the held-out towns. Run: ``python -m benchmarks.bench_prediction [--quick]``.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from statistics import median
from time import process_time
from typing import Any, NamedTuple

from benchmarks.disturbances import DIGEST
from benchmarks.disturbed_days import Delivery, Town
from benchmarks.disturbed_driver import Driver
from benchmarks.knowing import driven_on
from gtfs.from_region import timetable_of
from mobility.core.clock import Instant
from mobility.core.events import Envelope
from mobility.core.vehicle import TripRef
from mobility.storage.bundles import load_demand, load_region, shipped_region
from passenger_info.accuracy import BUCKETS, Scoring
from passenger_info.edge.service import PassengerInfo
from passenger_info.predict import Forecast
from passenger_info.prediction.baselines import Baselines
from passenger_info.prediction.widths import Widths
from passenger_info.run import TripRun
from passenger_info.track import Track
from tests.fakes.clock import SettableClock

DEVELOPMENT = (1, 2, 3)
HELD_OUT = (7001, 7002, 7003, 7004)
"""Chosen before the predictor was fitted, not run before it was done."""
FIRST_DAY = date(2025, 10, 6)
LEARNED_DAYS, SCORED_DAYS = 5, 2
EVERY_S = 2.0
LEAST_ETA = 0.92
MOST_OF_KALMAN = 0.90
LEAST_COVERAGE, MOST_COVERAGE = 0.78, 0.82
LEAST_LIVE = 0.995
_AGE_MS = 5000
_EVERY_QUESTION = 90
_DRIVES = 60


def towns(seeds: Sequence[int], lines: frozenset[str] = frozenset()) -> Iterator[Town]:
    """Yield a town for each seed."""
    folder = shipped_region("ilmenau")
    region, demand = load_region(folder), load_demand(folder)
    timetable = timetable_of(region)
    for seed in seeds:
        yield Town(region, demand, timetable, seed, every_s=EVERY_S, lines=lines)


def weekdays(count: int) -> list[date]:
    """Return days of the timetable on which all lines run."""
    days = [FIRST_DAY + timedelta(days=k) for k in range(2 * count + 2)]
    return [day for day in days if day.weekday() < 5 and day != date(2025, 10, 31)][:count]


class Question(NamedTuple):
    """A moment at which the arrivals of a trip were predicted: by call, by us and by the historical mean."""

    trip: TripRef
    at: Instant
    said: Mapping[int, tuple[Instant, Instant]]


class Asked(Scoring):
    """Scoring that notes some of what it is asked, and all arrivals."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self.count = 0
        self.questions: list[Question] = []
        self.arrived: dict[tuple[TripRef, int], Instant] = {}

    def predicted(
        self, track: Track, forecast: Forecast, baselines: Baselines, holds: Mapping[int, Instant] | None = None
    ) -> None:
        """Sample a forecast."""
        run, now = forecast.run, forecast.made_at
        if self.is_due(run.ref, now):
            self.count += 1
            if self.count % _EVERY_QUESTION == 0:
                mean = baselines.predicted(track, now, holds or {}, is_kalman=False)
                first = max(1, forecast.first + track.is_at_stop)
                ours = {i: forecast.calls[i - forecast.first].arrival.p50 for i in range(first, run.last + 1)}
                self.questions.append(Question(run.ref, now, {i: (at, mean[i]) for i, at in ours.items()}))
        super().predicted(track, forecast, baselines, holds or {})

    def happened(self, run: TripRun, call_index: int, actual: Instant, widths: Widths | None = None) -> None:
        """Score an arrival."""
        self.arrived[run.ref, call_index] = actual
        super().happened(run, call_index, actual, widths)


class Errors(NamedTuple):
    """Absolute errors of one prediction, in seconds."""

    ours_s: float
    mean_s: float
    """The historical mean's."""
    best_s: float
    """Of the median of all drives of one who knows the model."""
    half_s: float
    """Of the median of half of them."""


@dataclass(slots=True)
class Live:
    """One service that lives through a town's days."""

    town: Town
    info: PassengerInfo = field(init=False)
    clock: SettableClock = field(init=False)
    floor: list[Errors] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Start a service that knows nothing."""
        self.clock = SettableClock(Instant(0))
        self.info = PassengerInfo(timetable=self.town.timetable, clock=self.clock, specs=self.town.region.fleet)

    def through(self, day: date) -> None:
        """Live through a day."""
        drivers: list[Driver] = []
        deliveries = list(self.town.deliveries(day, drivers))
        tick = deliveries[0].at
        for delivery in deliveries:
            while delivery.at >= tick:
                self.clock.moment = max(self.clock.moment, tick)
                self.info.age(tick)
                tick = Instant(tick + _AGE_MS)
            self.clock.moment = max(self.clock.moment, delivery.at)
            self._take(delivery)
        scoring = self.info.predictor.scoring
        if isinstance(scoring, Asked):
            self._compare(scoring, {cross.trip.trip_id: driver for driver in drivers for cross in driver.crossroads})

    def _take(self, delivery: Delivery) -> None:
        if isinstance(delivery.body, Envelope):
            self.info.facts([delivery.body])
        else:
            self.info.observe(delivery.body)

    def _compare(self, scoring: Asked, drivers: Mapping[str, Driver]) -> None:
        """Ask one who knows the model what was asked of us; each is measured by what it can see arrive."""
        for trip, at, said in scoring.questions:
            driver = drivers[trip.trip_id]
            drives = driven_on(driver, trip.trip_id, at, _DRIVES)
            for i, (ours, mean) in said.items():
                seen, true = scoring.arrived.get((trip, i)), driver.arrivals[trip, i]
                if seen is None or not 0 <= seen - at < 1000 * BUCKETS[-1].to_s:
                    continue
                best, half = (median(drive[i] for drive in some) for some in (drives, drives[: _DRIVES // 2]))
                off_ms = (seen - ours, seen - mean, true - best, true - half)
                self.floor.append(Errors(*(abs(each) / 1000 for each in off_ms)))
        scoring.questions.clear()


def lived(town: Town, learned: int, scored: int, *, with_floor: bool = False) -> Live:
    """Return the service after ``learned`` days that only teach and ``scored`` days that count."""
    live = Live(town)
    for k, day in enumerate(weekdays(learned + scored)):
        if k == learned:
            live.info.predictor.scoring = Asked() if with_floor else Scoring()
        live.through(day)
    return live


def together(summaries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return one summary of several towns, weighted by the arrivals scored."""

    def mean(path: Sequence[str], key: str) -> float:
        parts = [_at(summary, path) for summary in summaries]
        return sum(p["scored"] * p[key] for p in parts) / sum(p["scored"] for p in parts)

    def one(path: Sequence[str]) -> dict[str, Any]:
        buckets = {b.name: [*path, "by_bucket", b.name] for b in BUCKETS}
        scores = {name: mean(place, "eta_accuracy") for name, place in buckets.items()}
        return {
            "eta_accuracy": round(sum(scores.values()) / len(scores), 4),
            "mae_s": round(mean(path, "mae_s"), 2),
            "by_bucket": {name: round(score, 4) for name, score in scores.items()},
        }

    counts = {b.name: [s["by_bucket"][b.name]["scored"] for s in summaries] for b in BUCKETS}
    coverage = {
        name: sum(n * s["interval_coverage_by_bucket"][name] for n, s in zip(found, summaries, strict=True))
        / sum(found)
        for name, found in counts.items()
    }
    baselines = {name: one(["baselines", name]) for name in summaries[0]["baselines"]}
    plain = min(baselines[name]["mae_s"] for name in ("schedule", "constant_delay", "historical_mean"))
    ours = one([])
    return {
        "scored": sum(s["scored"] for s in summaries),
        **ours,
        "interval_coverage": {name: round(share, 4) for name, share in coverage.items()},
        "live_share": min((s["live_share"] for s in summaries if s["live_share"] is not None), default=None),
        "baselines": baselines,
        "ratio_mae_to_plain": round(ours["mae_s"] / plain, 3),
        "ratio_mae_to_kalman": round(ours["mae_s"] / baselines["kalman"]["mae_s"], 3),
    }


def _at(summary: Mapping[str, Any], path: Sequence[str]) -> Any:
    for key in path:
        summary = summary[key]
    return summary


def _broken(found: Mapping[str, Any]) -> list[str]:
    broken = [] if found["eta_accuracy"] >= LEAST_ETA else ["eta_accuracy"]
    broken += [] if found["ratio_mae_to_kalman"] <= MOST_OF_KALMAN else ["ratio_mae_to_kalman"]
    broken += [
        f"coverage {n}" for n, c in found["interval_coverage"].items() if not LEAST_COVERAGE <= c <= MOST_COVERAGE
    ]
    return broken + ([] if found["live_share"] is None or found["live_share"] >= LEAST_LIVE else ["live_share"])


def floor_of(errors: Sequence[Errors]) -> Mapping[str, float]:
    """Return how far we are from what can be known.

    A median of n drives has an error of its own, which falls with 1/n; from all and half of the drives follows what is
    left with endlessly many.
    """
    ours_s, mean_s, best_s, half_s = (sum(column) / len(errors) for column in zip(*errors, strict=True))
    endless_s = 2 * best_s - half_s
    return {
        "compared": len(errors),
        "mae_s": round(ours_s, 2),
        "historical_mean_mae_s": round(mean_s, 2),
        "best_possible_mae_s": round(endless_s, 2),
        "ratio": round(ours_s / endless_s, 3),
        "best_possible_to_historical_mean": round(endless_s / mean_s, 3),
    }


def measured(name: str, seeds: Sequence[int], learned: int, scored: int) -> dict[str, Any]:
    """Return one line: the towns of ``seeds`` after ``learned`` days, scored on ``scored`` days."""
    began = process_time()
    lives = [lived(town, learned, scored, with_floor=learned > 0) for town in towns(seeds)]
    floor = [errors for live in lives for errors in live.floor]
    line = {
        "benchmark": "prediction",
        "set": name,
        "disturbances": DIGEST,
        "towns": len(seeds),
        "learned_days": learned,
        "scored_days": scored,
        **together([dict(live.info.accuracy()) for live in lives]),
    }
    if floor:
        line["floor"] = floor_of(floor)
    return {**line, "cpu_s": round(process_time() - began, 1)}


def main() -> None:
    """Print one JSON line for each set of towns."""
    if "--quick" in sys.argv:
        print(json.dumps(measured("development", DEVELOPMENT[:1], 3, 1)), flush=True)
        return
    held_out = measured("held_out", HELD_OUT, LEARNED_DAYS, SCORED_DAYS)
    broken = _broken(held_out)
    print(json.dumps({**held_out, "limits_broken": broken}), flush=True)
    print(json.dumps(measured("first_day", HELD_OUT, 0, 1)), flush=True)
    print(json.dumps(measured("development", DEVELOPMENT, LEARNED_DAYS, SCORED_DAYS)), flush=True)
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
