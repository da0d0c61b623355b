"""Gaps to best known solutions: the table they are kept in, and what runs come to per instance and per series."""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from math import isfinite
from statistics import fmean
from typing import Any

from mobility.cli.darp_runs import Run
from mobility.core.errors import BadInputError

_PR = re.compile(r"pr(\d\d?)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Best:
    """A best known solution: its cost, and how sure that is."""

    cost: float
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """All runs of one instance."""

    instance: str
    best: Best | None
    runs: Sequence[Run]

    @property
    def mean_cost(self) -> float:
        """Mean over the seeds."""
        return fmean(run.cost for run in self.runs)

    @property
    def least_cost(self) -> float:
        """Of the best seed."""
        return min(run.cost for run in self.runs)

    @property
    def unserved(self) -> int:
        """Requests left out, over all seeds."""
        return sum(len(run.unserved) for run in self.runs)

    @property
    def faults(self) -> list[str]:
        """What the check found, with the seed."""
        return [f"seed {run.seed}: {fault}" for run in self.runs for fault in run.faults]

    def gap_percent(self, cost: float) -> float | None:
        """Return how far above the best known cost; ``None`` where none is known or requests were left out."""
        if self.best is None or self.unserved:
            return None
        return 100.0 * (cost / self.best.cost - 1.0)


def best_known(text: str, name: str) -> Mapping[str, Best]:
    """Return the rows ``instance,bks[,status]`` of a CSV file; raises ``BadInputError`` with file and line."""
    reader = csv.DictReader(StringIO(text))
    if not {"instance", "bks"} <= set(reader.fieldnames or ()):
        raise BadInputError("expected the columns instance and bks", source=f"{name}, line 1")
    found: dict[str, Best] = {}
    for row in reader:
        value = (row["bks"] or "").strip()
        try:
            cost = float(value)
        except ValueError:
            cost = 0.0
        if not (isfinite(cost) and cost > 0):
            raise BadInputError(
                f"expected a cost above 0, found {value!r}", source=f"{name}, line {reader.line_num}", field="bks"
            )
        found[(row["instance"] or "").strip().lower()] = Best(cost, (row.get("status") or "").strip())
    return found


def best_of(instance: str, known: Mapping[str, Best]) -> Best | None:
    """Return an instance's best known solution, by either of its names: pr01 to pr20 are R1a to R10a, R1b to R10b."""
    name = instance.lower()
    match = _PR.fullmatch(name)
    if name not in known and match is not None:
        number = int(match[1]) - 1
        name = f"r{number % 10 + 1}{'ab'[number // 10 % 2]}"
    return known.get(name)


def series_of(instance: str) -> str:
    """Return the letters of a name: ``a8-96`` belongs to a, ``R10a`` to Ra."""
    return re.sub(r"[^A-Za-z]", "", instance)


def natural(instance: str) -> tuple[tuple[int, str], ...]:
    """Return a key that sorts R9a before R10a."""
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", instance) if part)


def summary(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return mean and greatest gap of each series, and of all together, in percent."""
    names = list(dict.fromkeys(series_of(row.instance) for row in rows))
    groups = [(name, [row for row in rows if series_of(row.instance) == name]) for name in names]
    return [_group(name, members) for name, members in ([*groups, ("all", list(rows))] if len(groups) > 1 else groups)]


def _group(name: str, rows: Sequence[Row]) -> dict[str, Any]:
    means = [gap for row in rows if (gap := row.gap_percent(row.mean_cost)) is not None]
    least = [gap for row in rows if (gap := row.gap_percent(row.least_cost)) is not None]
    return {
        "series": name,
        "instances": len(rows),
        "with_gap": len(means),
        "mean_gap_percent": round(fmean(means), 4) if means else None,
        "max_gap_percent": round(max(means), 4) if means else None,
        "best_seed_mean_gap_percent": round(fmean(least), 4) if least else None,
        "unserved": sum(row.unserved for row in rows),
    }


def row_as_json(row: Row) -> dict[str, Any]:
    """Return what the command prints of one instance."""
    mean, least = row.gap_percent(row.mean_cost), row.gap_percent(row.least_cost)
    return {
        "instance": row.instance,
        "bks": None if row.best is None else row.best.cost,
        "status": None if row.best is None else row.best.status,
        "mean_cost": row.mean_cost,
        "best_cost": row.least_cost,
        "mean_gap_percent": None if mean is None else round(mean, 4),
        "best_gap_percent": None if least is None else round(least, 4),
        "unserved": row.unserved,
        "valid": not row.faults,
        "runs": [run.as_json() for run in row.runs],
    }
