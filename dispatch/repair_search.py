"""Looking for a cheaper order of a repaired plan with the dial-a-ride search: counted, hence deterministic."""

from dispatch import planner
from dispatch.darp.problem import Iterations
from dispatch.quote import Service
from mobility.core.clock import Instant
from mobility.core.fold import State
from mobility.core.plan import DayPlan

ITERATIONS = 300
"""A fraction of a second on a day of 150 rides."""


def cheaper(service: Service, state: State, plan: DayPlan, now: Instant) -> DayPlan | None:
    """Return a cheaper order of the plan's open part within its windows, ``None`` when none was found.

    The search only names an order; it is checked by ``dispatch.planner.improved`` before anybody sees it.
    """
    from dispatch.darp.solve import solve  # noqa: PLC0415 - loads the compiled search, which only this needs

    draft = planner.draft(service, state, plan, now)
    if not draft.is_worth_solving:
        return None
    found = solve(draft.day.problem, Iterations(ITERATIONS), start=draft.day.present, prove=False)
    return planner.improved(service, draft, found.routes)
