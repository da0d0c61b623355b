"""A proved lower bound of what serving all rides costs, and often the best plan itself.

The problem is relaxed (``fleets``), cut into fragments (``fragments``), and their network is solved, first with
fractions and then in integers among the columns that can matter (``proof``; Rist & Forbes 2021,
doi:10.1287/trsc.2021.1051). This suits days on which windows and ride times leave a vehicle empty now and then; where
fragments are too many there is a weak bound (``arc_bound``).

Why the value is a bound: every plan that serves all rides is, without the stops that the relaxation leaves out, a
choice of columns of the network; no inequality forbids one; and what the linear programme says is proved from prices
(``linear``). Comparisons of times are more generous than the evaluator's. The integer programme's own bound is taken on
trust, a millionth lower.
"""

from dataclasses import dataclass

import numpy as np

from dispatch.darp.arc_bound import arc_bound
from dispatch.darp.fleets import Relaxation, relaxation
from dispatch.darp.fragment_growth import is_exploding
from dispatch.darp.fragments import Fragments, fragments
from dispatch.darp.linear import MARGIN
from dispatch.darp.problem import Budget, Problem, Solution
from dispatch.darp.proof import Proof

_MOST_FRAGMENTS = 300_000
MOST_STEPS = 8_000_000
"""Sequences that may be looked at: some seconds."""
_GROWTH = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What was proved."""

    value: float
    """No plan that serves all rides costs less; rides that no vehicle can serve left out. 0 when nothing was found."""
    is_optimal: bool
    """Whether ``routes``, or else ``upper``, cost no more than the bound, up to a few millionths."""
    routes: tuple[tuple[int, ...], ...] | None
    """A plan that the proof came upon, cheaper than ``upper``: feasible by the evaluator, all rides served."""


def lower_bound(
    problem: Problem,
    budget: Budget,
    *,
    upper: Solution | None = None,
    steps: int = MOST_STEPS,
    is_weak_welcome: bool = True,
) -> Bound:
    """Return the best bound that the budget allows; a counted budget counts linear and integer programmes.

    Waiting and riding are left out of the bound: it stays valid, as their weights only add. An ``upper`` that serves
    all rides makes the proof faster. ``steps`` is how many sequences of stops may be looked at in search of fragments
    (some 2 million a second); where they do not suffice, or fragments explode, the bound is a weak one, which takes a
    second or two on a wide day. Who has no use for that (``is_weak_welcome``) gets what costs nothing.
    """
    relaxed = relaxation(problem)
    upper_cost = upper.cost if upper is not None and not upper.unserved else np.inf
    proof = Proof(problem=problem, relaxed=relaxed, budget=budget, upper_cost=upper_cost, bound=relaxed.base_cost)
    found = _fragments(relaxed, budget, steps) if len(relaxed.rides) else None
    if found is not None:
        proof.run(found)
    elif is_weak_welcome and len(relaxed.rides) and not proof.is_over():
        proof.bound += max(0.0, arc_bound(relaxed))
    value = min(proof.bound, proof.upper_cost)
    is_optimal = proof.upper_cost - value <= 2 * MARGIN * (1.0 + abs(value))
    return Bound(value=value, is_optimal=is_optimal, routes=proof.routes)


def _fragments(relaxed: Relaxation, budget: Budget, steps: int) -> list[Fragments] | None:
    """Return the fragments of all fleets, or ``None`` where they are too many for the budget.

    Tries with few steps first: a budget by the clock then tells what more of them would take.
    """
    if any(is_exploding(fleet.legs) for fleet in relaxed.fleets):
        return None
    tried = min(steps, MOST_STEPS // _GROWTH**2)
    while True:
        before = budget.spent(0)
        found = [_of_fleet(relaxed, number, tried // len(relaxed.fleets)) for number in range(len(relaxed.fleets))]
        whole = [own for own in found if own is not None]
        if len(whole) == len(found):
            return whole
        spent = budget.spent(0)
        if tried >= steps or spent + _GROWTH * (spent - before) >= 1.0:
            return None
        tried = min(steps, tried * _GROWTH)


def _of_fleet(relaxed: Relaxation, number: int, steps: int) -> Fragments | None:
    return fragments(relaxed.fleets[number].legs, most=_MOST_FRAGMENTS // len(relaxed.fleets), steps=steps)
