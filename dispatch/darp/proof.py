"""The search of a proof: bound, cut, and look for the best plan in a band above the bound that grows.

Within the band only columns matter whose reduced cost does not lead out of it; without a plan in it, its upper edge is
a bound. So no good plan is needed beforehand, and integer programmes stay small.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dispatch.darp.chain_cuts import add_chain_cuts, add_pair_cuts
from dispatch.darp.chains import Chain, chains
from dispatch.darp.evaluate import evaluate
from dispatch.darp.fleets import Relaxation
from dispatch.darp.fragment_network import Network, networks
from dispatch.darp.fragments import Fragments
from dispatch.darp.linear import MARGIN, Programme, Relaxed, relax, whole
from dispatch.darp.problem import Budget, Integers, Problem

_BANDS = (0.002, 0.006, 0.02, 0.06, 0.2, 1.0, np.inf)
"""Heights of the band, shares of the bound."""
_MOST_COLUMNS = 20_000
"""More are too many for an integer programme."""
_NODES = 500
"""Of the first search tree; doubled whenever they do not suffice."""
_SMALL = 4
"""Stops in a fragment that the linear programme begins with."""


@dataclass(slots=True, kw_only=True)
class Proof:
    """What is known so far; all costs with ``base_cost``."""

    problem: Problem
    relaxed: Relaxation
    budget: Budget
    upper_cost: float
    """Of the best plan known; ``inf`` for none."""
    bound: float
    routes: tuple[tuple[int, ...], ...] | None = None
    """The best plan, where it was found here."""
    solved: int = 0
    """Linear and integer programmes so far."""
    nodes: int = _NODES

    def run(self, found: list[Fragments]) -> None:
        """Raise the bound until it is tight or the budget is used up."""
        programme, built = networks(self.relaxed, found)
        columns = _first_columns(built)
        for height in _BANDS:
            solution = self._relax(programme, built, columns)
            if solution is None:
                return
            columns = solution.columns
            edge = min(solution.bound + height * (1.0 + abs(solution.bound)), self._open_cost())
            if self._search(programme, built, solution, edge) or edge >= self._open_cost():
                return

    def is_over(self) -> bool:
        """Whether the budget is used up."""
        return self.budget.spent(self.solved) >= 1.0

    def _open_cost(self) -> float:
        return self.upper_cost - self.relaxed.base_cost

    def _raise(self, bound: float) -> None:
        if np.isfinite(bound):
            self.bound = max(self.bound, bound + self.relaxed.base_cost)

    def _relax(self, programme: Programme, built: Sequence[Network], columns: Integers) -> Relaxed | None:
        """Solve with fractions and cut until no pair of fragments violates the clock."""
        best: Relaxed | None = None
        while not self.is_over():
            self.solved += 1
            solution = relax(programme, columns)
            if solution is None:
                break
            if best is None or solution.bound >= best.bound:
                best = solution
            self._raise(best.bound)
            columns = solution.columns
            if not sum(add_pair_cuts(programme, network, solution.values) for network in built):
                break
        return best

    def _search(self, programme: Programme, built: Sequence[Network], solution: Relaxed, edge: float) -> bool:
        """Look for the best plan below ``edge``; return whether the search is at its end, for good or bad."""
        is_near = solution.reduced_costs <= edge - solution.bound + MARGIN * (1.0 + abs(edge))
        columns = np.nonzero(is_near)[0]
        if len(columns) > _MOST_COLUMNS:
            return True
        before = columns
        while not self.is_over():
            self.solved += 1
            answer = whole(programme, columns, nodes=self.nodes)
            self._raise(min(answer.bound, edge))
            if answer.bound >= edge:
                return False
            if not answer.is_settled:
                self.nodes *= 2
            plan = [chain for network in built for chain in chains(network, answer.chosen)]
            added = sum(add_chain_cuts(programme, built, chain) for chain in plan)
            if plan and not added:
                self._keep(plan)
                if answer.is_settled:
                    return True
            if added and np.array_equal(answer.chosen, before):
                # Rounding let through what was forbidden; it would do so for ever.
                return True
            before = answer.chosen
        return True

    def _keep(self, plan: Sequence[Chain]) -> None:
        """Take a plan over if it is one of the whole problem and the evaluator lets it pass."""
        if not self.relaxed.is_exact:
            return
        routes: list[tuple[int, ...]] = [()] * self.problem.vehicles
        free = {id(fleet): list(fleet.vehicles) for fleet in self.relaxed.fleets}
        ends = np.concatenate([self.problem.pickup[self.relaxed.rides], self.problem.dropoff[self.relaxed.rides]])
        cost = 0.0
        for chain in plan:
            vehicle = free[id(chain.network.fleet)].pop(0)
            routes[vehicle] = tuple(ends[chain.stops()].tolist())
            timing = evaluate(self.problem, vehicle, routes[vehicle])
            if timing is None:
                return
            cost += timing.cost
        if cost < self.upper_cost:
            self.upper_cost, self.routes = cost, tuple(routes)


def _first_columns(built: Sequence[Network]) -> Integers:
    """Return all links, starts and ends, and the fragments of few rides."""
    found: list[Integers] = []
    for network in built:
        small = np.nonzero(np.diff(network.fragments.begins) <= _SMALL)[0]
        found += [network.base + small, np.arange(network.link_base, network.end_base + network.rides)]
    return np.concatenate(found).astype(np.int64)
