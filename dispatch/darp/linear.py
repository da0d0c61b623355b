"""Linear and integer programmes of 0..1 variables, solved by OR-Tools, and bounds that hold whatever the solver did.

A bound from a linear programme is not the solver's word: any prices of the rows, right or wrong, give one by weak
duality, because every variable lies between 0 and 1 (Neumaier & Shcherbina 2004, doi:10.1007/s10107-003-0433-3). Only
the integer programme's own bound is taken as the solver states it, less a margin for its tolerances.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from ortools.math_opt import model_pb2
from ortools.math_opt.python import mathopt
from ortools.math_opt.solvers import highs_pb2

from dispatch.darp.problem import Floats, Integers

MARGIN = 1e-6
"""Share of its value by which an integer programme's bound is lowered: the solver's tolerances are as large."""
_PRICED = 1e-9
"""Share of the bound by which columns left out may still improve it."""
_HALF = 0.5
_ENTERING = 2000
"""Columns taken in at once."""
_ROUNDING = 1e-9
"""Share of its value by which weak duality's bound is lowered: sums of doubles."""


@dataclass(slots=True, kw_only=True)
class Programme:
    """Minimise ``costs`` x with ``low`` <= A x <= ``high`` and 0 <= x <= 1; A grows row by row."""

    costs: Floats
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    _rows: list[Integers] = field(default_factory=list)
    _columns: list[Integers] = field(default_factory=list)
    _factors: list[Floats] = field(default_factory=list)

    def add_rows(self, low: float, high: float, count: int) -> int:
        """Add rows without entries and return the number of the first."""
        first = len(self.low)
        self.low += [low] * count
        self.high += [high] * count
        return first

    def fill(self, rows: Integers | int, columns: Integers, factor: float) -> None:
        """Set entries of the matrix; no entry may be set twice."""
        self._rows.append(np.broadcast_to(np.asarray(rows, dtype=np.int64), columns.shape))
        self._columns.append(columns.astype(np.int64))
        self._factors.append(np.full(columns.shape, factor))

    def add_at_most(self, more: Integers, less: Integers) -> None:
        """Add the row: the sum of ``more`` is at most the sum of ``less``. What is in both is left out."""
        row = self.add_rows(-np.inf, 0.0, 1)
        self.fill(row, np.setdiff1d(more, less), 1.0)
        self.fill(row, np.setdiff1d(less, more), -1.0)

    def entries(self) -> tuple[Integers, Integers, Floats]:
        """Return rows, columns and factors of the matrix."""
        return np.concatenate(self._rows), np.concatenate(self._columns), np.concatenate(self._factors)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Relaxed:
    """Answer of the linear programme."""

    values: Floats
    """Of the variables; what the solver found, for looking at only."""
    bound: float
    """No solution costs less: proved from prices, not believed."""
    reduced_costs: Floats
    """A solution that has the variable at 1 costs at least ``bound`` plus this (where it is positive)."""
    columns: Integers
    """The columns that were looked at in the end: a good begin for the next time."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Whole:
    """Answer of the integer programme."""

    chosen: Integers
    """Variables that are 1 in the best solution found; empty when there is none."""
    bound: float
    """No solution costs less; ``inf`` when there is none at all."""
    is_settled: bool
    """Whether the search ended by itself."""


def relax(programme: Programme, columns: Integers) -> Relaxed | None:
    """Solve with fractions; ``None`` when even that has no solution or the solver gave up.

    Begins with ``columns`` and takes in others only as their reduced costs ask for it (Gilmore & Gomory 1961,
    doi:10.1287/opre.9.6.849): most never matter.
    """
    best: Relaxed | None = None
    while True:
        solved = _solved(programme, columns)
        if solved is None:
            return best if len(columns) == len(programme.costs) else relax(programme, np.arange(len(programme.costs)))
        found = _priced(programme, columns, *solved)
        missing = np.minimum(found.reduced_costs, 0.0)
        missing[columns] = 0.0
        if best is None or found.bound > best.bound:
            best = found
        if missing.sum() > -_PRICED * (1.0 + abs(found.bound)):
            # The solution of the last round is optimal; bounds of earlier ones are never better but for rounding.
            return found if found.bound >= best.bound else replace(best, values=found.values, columns=columns)
        order = np.argsort(missing, kind="stable")[:_ENTERING]
        columns = np.union1d(columns, order[missing[order] < 0.0])


def _solved(programme: Programme, columns: Integers) -> tuple[Floats, Floats] | None:
    """Return values of ``columns`` and prices of all rows."""
    model = _model(programme, columns, is_whole=False)
    found = mathopt.solve(model, mathopt.SolverType.GLOP, params=mathopt.SolveParameters(threads=1))
    if found.termination.reason != mathopt.TerminationReason.OPTIMAL or not found.has_dual_feasible_solution():
        return None
    values = np.array(found.variable_values(list(model.variables())))
    return values, np.array(found.dual_values(list(model.linear_constraints())))


def _priced(programme: Programme, columns: Integers, values: Floats, prices: Floats) -> Relaxed:
    """Weak duality: sum of price times the row's side it leans on, and of all negative reduced costs."""
    rows, every, factors = programme.entries()
    side = np.where(prices > 0, programme.low, programme.high)
    prices = np.where(np.isfinite(side), prices, 0.0)
    worth = prices * np.where(np.isfinite(side), side, 0.0)
    reduced = programme.costs - np.bincount(every, weights=prices[rows] * factors, minlength=len(programme.costs))
    bound = float(worth.sum() + np.minimum(reduced, 0.0).sum())
    scale = float(np.abs(worth).sum() + np.abs(programme.costs).max(initial=0.0))
    complete = np.zeros(len(programme.costs))
    complete[columns] = values
    return Relaxed(values=complete, bound=bound - _ROUNDING * scale, reduced_costs=reduced, columns=columns)


def whole(programme: Programme, columns: Integers, *, nodes: int) -> Whole:
    """Solve in integers with ``columns`` only, the others are 0; give up after ``nodes`` nodes of the search tree.

    Deterministic: the solver sees no clock and has one thread.
    """
    model = _model(programme, columns, is_whole=True)
    options = highs_pb2.HighsOptionsProto(string_options={"parallel": "off"})
    found = mathopt.solve(
        model,
        mathopt.SolverType.HIGHS,
        params=mathopt.SolveParameters(
            node_limit=nodes, relative_gap_tolerance=1e-9, absolute_gap_tolerance=1e-9, highs=options
        ),
    )
    reason = found.termination.reason
    chosen = np.empty(0, dtype=np.int64)
    if found.has_primal_feasible_solution():
        chosen = columns[np.array(found.variable_values(list(model.variables()))) > _HALF]
    if reason in (mathopt.TerminationReason.INFEASIBLE, mathopt.TerminationReason.INFEASIBLE_OR_UNBOUNDED):
        # Nothing is unbounded between 0 and 1.
        return Whole(chosen=chosen, bound=np.inf, is_settled=True)
    bound = float(found.termination.objective_bounds.dual_bound)
    is_settled = reason == mathopt.TerminationReason.OPTIMAL
    return Whole(chosen=chosen, bound=bound - MARGIN * (1.0 + abs(bound)), is_settled=is_settled)


def _model(programme: Programme, columns: Integers, *, is_whole: bool) -> mathopt.Model:
    """Return the programme restricted to ``columns``. Written as one message: ten times faster."""
    proto = model_pb2.ModelProto()
    count, rows = len(columns), len(programme.low)
    proto.variables.ids.extend(range(count))
    proto.variables.lower_bounds.extend([0.0] * count)
    proto.variables.upper_bounds.extend([1.0] * count)
    proto.variables.integers.extend([is_whole] * count)
    proto.objective.linear_coefficients.ids.extend(range(count))
    proto.objective.linear_coefficients.values.extend(programme.costs[columns].tolist())
    proto.linear_constraints.ids.extend(range(rows))
    proto.linear_constraints.lower_bounds.extend(programme.low)
    proto.linear_constraints.upper_bounds.extend(programme.high)
    row, column, factor = _restricted(programme, columns)
    proto.linear_constraint_matrix.row_ids.extend(row)
    proto.linear_constraint_matrix.column_ids.extend(column)
    proto.linear_constraint_matrix.coefficients.extend(factor)
    return mathopt.Model.from_model_proto(proto)


def _restricted(programme: Programme, columns: Integers) -> tuple[Sequence[int], Sequence[int], Sequence[float]]:
    rows, every, factors = programme.entries()
    number: NDArray[np.int64] = np.full(len(programme.costs), -1)
    number[columns] = np.arange(len(columns))
    kept = number[every] >= 0
    row, column, factor = rows[kept], number[every[kept]], factors[kept]
    order = np.lexsort((column, row))
    return row[order].tolist(), column[order].tolist(), factor[order].tolist()
