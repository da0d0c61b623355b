"""Planning a period: the best roster there is, or the best found and how far at most it is from that."""

import math
from dataclasses import dataclass, replace
from datetime import date

from ortools.sat.python.cp_model import OPTIMAL, UNKNOWN, CpSolver

from dispatch.roster.balance import balanced
from dispatch.roster.explain import explained_roster
from dispatch.roster.model import Built, build
from dispatch.roster.period import Holders, Period, holders_of
from dispatch.roster.score import Aim, Score, score
from dispatch.roster.start import give_out
from dispatch.roster.tally import Tally
from mobility.core.errors import BadInputError
from mobility.core.ids import DriverRef, DutyId
from mobility.core.roster import Roster

_WHOLE_RELAXATION = 2
_ROUNDING = 1e-6
"""The solver tells whole numbers as floating point ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How long the solver may search; it uses one worker.

    A work limit gives the same roster on every machine. An elapsed one never costs more CPU seconds than it says,
    and fewer where others have the processor too.
    """

    work_s: float = 60.0
    """CP-SAT's deterministic time: work counted, scaled to be about seconds."""
    elapsed_s: float | None = None
    """Seconds on the wall; ``None``: no such limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A roster and how good it is."""

    roster: Roster
    score: Score
    cost: int
    """``Score.cost`` of it."""
    bound: int
    """No roster of this period costs less: proved."""

    @property
    def is_optimal(self) -> bool:
        """Whether it is proved that no better roster exists."""
        return self.bound == self.cost

    @property
    def gap_frac(self) -> float:
        """How much of the cost might be saved at most, 0 to 1; 0 when optimal."""
        return (self.cost - self.bound) / self.cost if self.cost else 0.0


def plan(
    period: Period,
    limit: Limit | None = None,
    *,
    before: Roster | None = None,
    since: date | None = None,
    aim: Aim = Aim.WISHES,
    seed: int = 0,
) -> Planned:
    """Return the best roster within the limit. Same arguments, same roster (with a work limit).

    ``before`` is the version to stay close to; of it the days before ``since`` stay exactly as they are. Duties that
    nobody can do stay open and say why. Raises ``BadInputError`` where fixed duties break a rule themselves.
    """
    old = {} if before is None else holders_of(before)
    past = {} if since is None else {duty.duty_id: old.get(duty.duty_id) for duty in period.duties if duty.day < since}
    ahead = _without(period, {duty_id for duty_id, driver in past.items() if not _is_known(period, driver)})
    tally = _settled(ahead, {duty_id: driver for duty_id, driver in past.items() if driver is not None})
    known = {duty.duty_id for duty in ahead.duties}
    old = {duty_id: driver for duty_id, driver in old.items() if duty_id in known}
    found = _searched(tally, old, limit or Limit(), aim, seed)
    roster = explained_roster(period, found.holders)
    kept = {each.duty.duty_id: each for each in before.assignments} if before is not None else {}
    assignments = tuple(
        kept.get(each.duty.duty_id, each) if each.duty.duty_id in past else each for each in roster.assignments
    )
    version = 1 if before is None else before.version + 1
    return Planned(
        roster=replace(roster, version=version, assignments=assignments),
        score=found.score,
        cost=found.cost,
        bound=found.bound,
    )


def _is_known(period: Period, driver: DriverRef | None) -> bool:
    return any(volunteer.driver == driver for volunteer in period.volunteers)


def _without(period: Period, gone: set[DutyId]) -> Period:
    """Return the period without duties that are over and were nobody's, or somebody's who is gone."""
    if not gone:
        return period
    fixed = {duty_id: driver for duty_id, driver in period.fixed.items() if duty_id not in gone}
    return replace(period, duties=tuple(duty for duty in period.duties if duty.duty_id not in gone), fixed=fixed)


def _settled(period: Period, past: Holders) -> Tally:
    tally = Tally(period, past)
    for duty_id, driver in period.fixed.items():
        if duty_id in past:
            continue
        reasons = tally.obstacles(driver, duty_id)
        if reasons:
            raise BadInputError(f"{driver} can not be fixed for {duty_id}: {reasons[0].code}", field="fixed")
        tally.give(duty_id, driver)
    return tally


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    holders: Holders
    score: Score
    cost: int
    bound: int


def _searched(tally: Tally, before: Holders, limit: Limit, aim: Aim, seed: int) -> _Found:
    period, settled = tally.period, dict(tally.holder)
    built = build(tally, before=before, aim=aim)
    solver, is_found, is_optimal = _solved(built, limit, seed)
    if is_found:
        chosen = {duty_id: driver for (driver, duty_id), give in built.gives.items() if solver.boolean_value(give)}
        holders = balanced(tally, {**settled, **chosen}, before)
    else:
        # As a hint to the solver this start does harm: it costs more time than it saves.
        give_out(tally, before)
        holders = dict(tally.holder)
    reached = score(period, holders, before)
    cost = reached.cost(aim)
    least = 0
    if is_found and math.isfinite(solver.best_objective_bound):
        # The model leaves constants out: what it lacks at its own solution it lacks everywhere.
        least = math.ceil(solver.best_objective_bound + cost - solver.objective_value - _ROUNDING)
    bound = cost if is_optimal else max(0, min(least, cost))
    return _Found(holders=holders, score=reached, cost=cost, bound=bound)


def _solved(built: Built, limit: Limit, seed: int) -> tuple[CpSolver, bool, bool]:
    solver = CpSolver()
    solver.parameters.num_workers = 1
    # The relaxation is nearly whole by itself: all of it at once, no cuts, no probing (a third of the time each).
    solver.parameters.linearization_level = _WHOLE_RELAXATION
    solver.parameters.add_lp_constraints_lazily = False
    solver.parameters.cut_level = 0
    solver.parameters.cp_model_probing_level = 0
    solver.parameters.symmetry_level = 0
    solver.parameters.random_seed = seed
    solver.parameters.max_deterministic_time = limit.work_s
    if limit.elapsed_s is not None:
        solver.parameters.max_time_in_seconds = limit.elapsed_s
    status = solver.solve(built.cp)
    return solver, status != UNKNOWN, status == OPTIMAL
