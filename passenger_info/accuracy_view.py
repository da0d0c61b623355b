"""What the page about accuracy shows: the score as whole numbers, and what is too little to say anything."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mobility.core.clock import Instant
from passenger_info.accuracy import BUCKETS, PREDICTORS

FEW = 100
"""Fewer predictions than these in a bucket say little: one late vehicle moves the share by more than a percent."""
OURS = PREDICTORS[0]


@dataclass(frozen=True, slots=True)
class Score:
    """How good predictions were, rounded against us: shares down, errors up."""

    scored: int
    accurate_percent: int | None
    """``None`` where nothing was scored, here and below."""
    error_s: int | None
    """Mean distance between prediction and arrival."""

    @property
    def is_few(self) -> bool:
        """Whether they are too few to rely on."""
        return self.scored < FEW


@dataclass(frozen=True, slots=True)
class BucketRow:
    """A band of the benchmark with our score in it."""

    from_min: int
    to_min: int
    early_s: int
    late_s: int
    score: Score
    covered_percent: int | None
    """How often the vehicle came within the interval we gave, nearest percent."""


@dataclass(frozen=True, slots=True)
class PredictorRow:
    """One way to predict, with its score over all and in each bucket."""

    name: str
    total: Score
    buckets: tuple[Score, ...]


@dataclass(frozen=True, slots=True)
class AccuracyView:
    """The page's content."""

    total: Score
    covered_percent: int | None
    live_percent: float | None
    """Share of the time with a fresh position in which a trip had a prediction, down to a tenth of a percent."""
    since: Instant | None
    buckets: tuple[BucketRow, ...]
    predictors: tuple[PredictorRow, ...]
    better: tuple[str, ...]
    """Names of plain ways whose mean error is smaller than ours."""

    @property
    def is_few(self) -> bool:
        """Whether some bucket is too small to rely on."""
        return any(row.score.is_few for row in self.buckets)


def accuracy_view(summary: Mapping[str, object]) -> AccuracyView:
    """Return the view of a summary of ``passenger_info.accuracy``; keys that are absent count as not known."""
    covered = _mapping(summary.get("interval_coverage_by_bucket"))
    rows = {OURS: _row(OURS, summary)}
    for name, baseline in _mapping(summary.get("baselines")).items():
        rows[name] = _row(name, _mapping(baseline))
    ours = rows[OURS]
    since = summary.get("since_ms")
    live = _number(summary.get("live_share"))
    return AccuracyView(
        total=ours.total,
        covered_percent=_percent(summary.get("interval_coverage")),
        live_percent=None if live is None else math.floor(live * 1000) / 10,
        since=Instant(since) if isinstance(since, int) else None,
        buckets=tuple(
            BucketRow(
                from_min=round(bucket.from_s / 60),
                to_min=round(bucket.to_s / 60),
                early_s=round(bucket.early_s),
                late_s=round(bucket.late_s),
                score=score,
                covered_percent=_percent(covered.get(bucket.name)),
            )
            for bucket, score in zip(BUCKETS, ours.buckets, strict=True)
        ),
        predictors=tuple(rows.values()),
        better=_better(summary),
    )


def _better(summary: Mapping[str, object]) -> tuple[str, ...]:
    ours_s = _number(summary.get("mae_s"))
    if ours_s is None:
        return ()
    others = ((name, _number(_mapping(each).get("mae_s"))) for name, each in _mapping(summary.get("baselines")).items())
    return tuple(name for name, error_s in others if error_s is not None and error_s < ours_s)


def _row(name: str, summary: Mapping[str, object]) -> PredictorRow:
    buckets = _mapping(summary.get("by_bucket"))
    return PredictorRow(name, _score(summary), tuple(_score(_mapping(buckets.get(bucket.name))) for bucket in BUCKETS))


def _score(values: Mapping[str, object]) -> Score:
    accuracy, error_s = _number(values.get("eta_accuracy")), _number(values.get("mae_s"))
    return Score(
        scored=round(_number(values.get("scored")) or 0),
        accurate_percent=None if accuracy is None else math.floor(accuracy * 100 + 1e-9),
        error_s=None if error_s is None else math.ceil(error_s),
    )


def _percent(value: object) -> int | None:
    share = _number(value)
    return None if share is None else round(share * 100)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def accuracy_readings(summary: Mapping[str, object]) -> Mapping[str, float]:
    """Return the score as figures for monitoring: shares 0..1 end in ``_frac``, errors in seconds in ``_s``.

    What is not known yet is left out, so that nobody takes a nought for a bad score.
    """
    found: dict[str, float | None] = {
        "predictions_scored_total": _number(summary.get("scored")),
        "prediction_eta_accuracy_frac": _number(summary.get("eta_accuracy")),
        "prediction_error_s": _number(summary.get("mae_s")),
        "prediction_interval_coverage_frac": _number(summary.get("interval_coverage")),
        "prediction_live_frac": _number(summary.get("live_share")),
    }
    buckets, covered = _mapping(summary.get("by_bucket")), _mapping(summary.get("interval_coverage_by_bucket"))
    for bucket in BUCKETS:
        values, name = _mapping(buckets.get(bucket.name)), bucket.name.replace("-", "_")
        found[f"prediction_eta_accuracy_{name}_min_frac"] = _number(values.get("eta_accuracy"))
        found[f"prediction_error_{name}_min_s"] = _number(values.get("mae_s"))
        found[f"prediction_interval_coverage_{name}_min_frac"] = _number(covered.get(bucket.name))
    for name, values in _mapping(summary.get("baselines")).items():
        found[f"prediction_baseline_{name}_eta_accuracy_frac"] = _number(_mapping(values).get("eta_accuracy"))
        found[f"prediction_baseline_{name}_error_s"] = _number(_mapping(values).get("mae_s"))
    return {name: value for name, value in found.items() if value is not None}


def bucket_names(rows: Sequence[BucketRow]) -> Sequence[str]:
    """Return what the buckets are called, from and to in minutes."""
    return [f"{row.from_min}\N{EN DASH}{row.to_min}" for row in rows]
