"""The background planner: after each change it lets the solver look at the day, and publishes what is better."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import date

from dispatch import booking as bookings
from dispatch import planner, solver_watch
from dispatch.edge.solver import Solver
from dispatch.quote import Service
from dispatch.tours import FREEZE_MS
from mobility.core.clock import Clock, Instant
from mobility.core.events import Envelope, Event, PlanPublished
from mobility.core.fold import State
from mobility.core.ids import ServiceAreaId
from mobility.core.ports import Committed, Ledger
from mobility.core.refusal import Refusal, RefusalCode

_SOLVER_MS = 15_000
"""How long a worker may take; the plan stays frozen so much further ahead."""
_CAUSES = ("booking", "cancellation")
"""Published plans that leave something to improve. A repair is a person's choice and stays until the next change."""


class Improver:
    """Improves plans with one solver. State lies in the ledger; what is dirty is lost with the process."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        clock: Clock,
        solver: Solver,
        service: Callable[[ServiceAreaId, State, Instant], Service],
        delay_s: float,
    ) -> None:
        """Bind the ports. A better plan takes effect ``delay_s`` after the change that called for it."""
        self._ledger = ledger
        self._clock = clock
        self._solver = solver
        self._service = service
        self._delay_s = delay_s
        self._dirty: dict[tuple[ServiceAreaId, date], None] = {}
        self._changed = asyncio.Event()
        self.improvements = 0
        """Published plans that came from the solver."""
        ledger.subscribe(self._noted)

    async def run(self) -> None:
        """Improve plans after changes, until cancelled; then the solver is closed."""
        try:
            await self._solver.warm()
            while True:
                await self._watch()
                await self._changed.wait()
                self._changed.clear()
                dirty, self._dirty = self._dirty, {}
                for area_id, day in dirty:
                    await self.improve(area_id, day)
                if self._solver.is_lost:
                    # Replaced at once, not when the next rider waits for it.
                    await self._solver.warm()
        finally:
            await self._solver.close()

    async def improve(self, area_id: ServiceAreaId, day: date) -> bool:
        """Let the solver look at the rest of a day; return whether a better plan was published.

        It looks in slices: what a short one finds is published before a longer one begins. A change that comes in
        meanwhile ends the longer ones.
        """
        is_better = False
        for number in range(self._solver.slices):
            if number and self._changed.is_set():
                break
            is_better |= await self._look(area_id, day, number)
        return is_better

    async def _look(self, area_id: ServiceAreaId, day: date, number: int) -> bool:
        state, now = self._ledger.state, self._clock.now()
        plan = state.plans.get((area_id, day))
        if plan is None:
            return False
        service = self._service(area_id, state, now)
        freeze_ms = FREEZE_MS + round(self._delay_s * 1000) + _SOLVER_MS
        draft = planner.draft(service, state, plan, now, freeze_ms=freeze_ms)
        if not draft.is_worth_solving:
            return False
        solution = await self._solver.solve(draft.day.problem, draft.day.present, number=number)
        await self._watch()
        if solution is None:
            return False
        await self._clock.sleep(self._delay_s)

        def decide(newest: State, moment: Instant) -> list[Event] | Refusal:
            current = newest.plans.get((area_id, day))
            if current is None or current.version != plan.version:
                return Refusal(RefusalCode.PLAN_CHANGED)
            # As of the snapshot: what is frozen then is frozen far enough ahead to be so still.
            newly = self._service(area_id, newest, now)
            again = planner.draft(newly, newest, current, now, freeze_ms=freeze_ms)
            better = planner.improved(newly, again, solution)
            return [] if better is None else bookings.published(newly, newest, better, "improvement", now=moment)

        done = await self._ledger.submit(decide, actor="planner")
        is_published = isinstance(done, Committed) and bool(done.envelopes)
        self.improvements += is_published
        return is_published

    async def _watch(self) -> None:
        """Raise the alarm of a lost solver, or clear it, where the ledger does not know yet."""
        is_lost = self._solver.is_lost
        if solver_watch.watched(self._ledger.state, self._clock.now(), is_lost=is_lost):
            await self._ledger.submit(
                lambda state, now: solver_watch.watched(state, now, is_lost=is_lost), actor="planner"
            )

    def _noted(self, envelopes: Sequence[Envelope]) -> None:
        for envelope in envelopes:
            body = envelope.body
            if isinstance(body, PlanPublished) and body.cause in _CAUSES:
                self._dirty[body.plan.area_id, body.plan.day] = None
                self._changed.set()
                self._solver.hurry()
