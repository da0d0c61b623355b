"""The roster as a constraint program.

One 0/1 variable for each volunteer and duty that nothing speaks against. Without pairs the rules nest (duties that
collide, in a week, in the period), so that the linear relaxation is that of a flow network and nearly always whole:
that is why the optimum of a season is proved in seconds, if the solver is told to look at the whole relaxation from
the begin (see ``dispatch.roster.plan``). Weights beyond a few millions would cost more precision than the solver's
bounds have, and with it the proof. The squared deviation is written as rising steps, a sum of 0/1 variables: convex, so
the relaxation takes them in their order by itself. What each level means stands in ``dispatch.roster.score``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ortools.sat.python.cp_model import CpModel, IntVar, LinearExpr

from dispatch.roster.period import Holders, Shift, shift_of
from dispatch.roster.rules import begins_s, ends_s, week_of
from dispatch.roster.score import OPEN_COST, WEIGHTS, Aim, Score, misfit
from dispatch.roster.tally import Tally
from dispatch.roster.volunteer import PairWish, Volunteer
from mobility.core.ids import DriverRef, DutyId
from mobility.core.roster import Duty

Give = tuple[DriverRef, DutyId]


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A model and what its variables mean."""

    cp: CpModel
    gives: Mapping[Give, IntVar]
    """1 where a volunteer does a duty."""
    opens: Mapping[DutyId, IntVar]
    """1 where nobody does it."""


def build(tally: Tally, *, before: Holders, aim: Aim) -> Built:
    """Return the model of all duties that nobody holds in ``tally``; those held there stay as they are.

    It minimises ``Score.cost`` but for a constant.
    """
    return _Builder(tally, before, WEIGHTS[aim]).built()


class _Builder:
    def __init__(self, tally: Tally, before: Holders, weights: Score) -> None:
        self.tally, self.before, self.weights = tally, before, weights
        self.cp = CpModel()
        free = [duty for duty in tally.period.duties if duty.duty_id not in tally.holder]
        self.opens = {duty.duty_id: self.cp.new_bool_var("") for duty in free}
        # Who can not do it beside the duties that stay gets no variable: it could never be 1.
        self.gives: dict[Give, IntVar] = {
            (driver, duty.duty_id): self.cp.new_bool_var("")
            for duty in free
            for driver in tally.volunteers
            if not tally.obstacles(driver, duty.duty_id)
        }
        self.by_driver: dict[DriverRef, list[Duty]] = {driver: [] for driver in tally.volunteers}
        self.by_duty: dict[DutyId, list[IntVar]] = {duty.duty_id: [] for duty in free}
        for (driver, duty_id), variable in self.gives.items():
            self.by_driver[driver].append(tally.duties[duty_id])
            self.by_duty[duty_id].append(variable)
        self.terms: list[tuple[IntVar, int]] = []

    def built(self) -> Built:
        for duty_id, takers in self.by_duty.items():
            self.cp.add_exactly_one([*takers, self.opens[duty_id]])
            role = self.tally.duties[duty_id].role
            self.terms.append((self.opens[duty_id], self.weights.uncovered * OPEN_COST[role]))
        for volunteer in self.tally.period.volunteers:
            self._limits(volunteer)
            self._numbers(volunteer)
            self._tastes(volunteer)
        for pair in self.tally.period.pairs:
            if pair.wish is PairWish.APART:
                self._apart(pair.one, pair.other)
            else:
                self._together(pair.one, pair.other)
        for duty_id, driver in self.before.items():
            if (driver, duty_id) in self.gives:
                self.terms.append((self.gives[driver, duty_id], -self.weights.changes))
        variables, factors = [term[0] for term in self.terms], [term[1] for term in self.terms]
        self.cp.minimize(LinearExpr.weighted_sum(variables, factors))
        return Built(cp=self.cp, gives=self.gives, opens=self.opens)

    def _limits(self, volunteer: Volunteer) -> None:
        driver, duties = volunteer.driver, self.by_driver[volunteer.driver]
        for clique in _cliques(duties, self.tally.period.rest_s):
            self.cp.add_at_most_one(self._of(driver, clique))
        weeks: dict[tuple[int, int], list[Duty]] = {}
        for duty in duties:
            weeks.setdefault(week_of(duty.day), []).append(duty)
        held = [week_of(self.tally.duties[other].day) for other in self.tally.held(driver)]
        for week, members in weeks.items():
            self._at_most(self._of(driver, members), volunteer.most_per_week - held.count(week))

    def _at_most(self, variables: Sequence[IntVar], most: int) -> None:
        if most <= 1:
            self.cp.add_at_most_one(variables)  # who has none left has no variables
        elif len(variables) > most:
            self.cp.add(LinearExpr.sum(list(variables)) <= most)

    def _numbers(self, volunteer: Volunteer) -> None:
        mine = self._of(volunteer.driver, self.by_driver[volunteer.driver])
        held = len(self.tally.held(volunteer.driver))
        steps = [self.cp.new_bool_var("") for _ in range(min(len(mine), max(volunteer.most - held, 0)))]
        if not steps:
            return
        self.cp.add(LinearExpr.sum(list(mine)) == LinearExpr.sum(list(steps)))
        for lower, higher in pairwise(steps):
            self.cp.add_implication(higher, lower)
        for count, step in enumerate(steps, held + 1):
            over = count - volunteer.target
            self.terms.append((step, self.weights.deviation * (over**2 - (over - 1) ** 2)))

    def _tastes(self, volunteer: Volunteer) -> None:
        for duty in self.by_driver[volunteer.driver]:
            cost = misfit(volunteer, duty)
            if cost:
                self.terms.append((self.gives[volunteer.driver, duty.duty_id], self.weights.misfit * cost))

    def _apart(self, one: DriverRef, other: DriverRef) -> None:
        theirs, others = self._shifts(one), self._shifts(other)
        for shift, variables in theirs.items():
            if shift in others:
                self._each_excludes(variables, others[shift])

    def _each_excludes(self, ones: Sequence[IntVar], others: Sequence[IntVar]) -> None:
        # Somebody may hold two duties of one shift that do not collide, so the two sides are not one clique.
        for one in ones:
            for other in others:
                self.cp.add_at_most_one((one, other))

    def _together(self, one: DriverRef, other: DriverRef) -> None:
        ours, theirs = self._shifts(one), self._shifts(other)
        for variable in (*_flat(ours), *_flat(theirs)):
            self.terms.append((variable, self.weights.misfit))
        held = [{shift_of(self.tally.duties[duty_id]) for duty_id in self.tally.held(who)} for who in (one, other)]
        for shift in dict.fromkeys((*ours, *theirs)):
            sides = [(ours.get(shift, []), shift in held[0]), (theirs.get(shift, []), shift in held[1])]
            self._company([side for side, is_held in sides if not is_held])

    def _company(self, sides: list[list[IntVar]]) -> None:
        if not sides or not all(sides):
            return
        both = self.cp.new_bool_var("")
        for side in sides:
            self.cp.add(both <= LinearExpr.sum(list(side)))
        self.terms.append((both, -2 * self.weights.misfit))

    def _shifts(self, driver: DriverRef) -> dict[Shift, list[IntVar]]:
        found: dict[Shift, list[IntVar]] = {}
        for duty in self.by_driver[driver]:
            found.setdefault(shift_of(duty), []).append(self.gives[driver, duty.duty_id])
        return found

    def _of(self, driver: DriverRef, duties: Iterable[Duty]) -> list[IntVar]:
        return [self.gives[driver, duty.duty_id] for duty in duties]


def _flat(shifts: Mapping[Shift, Sequence[IntVar]]) -> list[IntVar]:
    return [variable for variables in shifts.values() for variable in variables]


def _cliques(duties: Sequence[Duty], rest_s: int) -> list[list[Duty]]:
    """Return the largest sets of duties that all collide: of intervals, those that cover a common moment."""
    ordered = sorted(duties, key=lambda duty: (begins_s(duty), duty.duty_id))
    cliques: list[list[Duty]] = []
    active: list[Duty] = []
    for duty in ordered:
        staying = [other for other in active if ends_s(other) + rest_s > begins_s(duty)]
        if len(staying) < len(active) and len(active) > 1:
            cliques.append(active)
        active = [*staying, duty]
    return [*cliques, active] if len(active) > 1 else cliques
