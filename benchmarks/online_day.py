"""A generated day of the citizen bus as it comes: calls one by one, quotes, bookings, a planner in the background.

Vehicles drive as planned, drivers report every stop. Everything goes through the dispatch service with ledger, vault
and clock in memory; the clock jumps from event to event, so that the same seed gives the same day.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dispatch import planner
from dispatch.darp.problem import Floats, Problem, Routes
from dispatch.darp.solve import solve
from dispatch.driven import driven
from dispatch.edge.cpu_budget import CpuSeconds
from dispatch.edge.service import Dispatch, Key
from dispatch.edge.solver import InlineSolver, Solver
from dispatch.feasibility import schedule
from dispatch.outcome import Outcome
from dispatch.promise import broken_by
from dispatch.quote import Service
from dispatch.route import Schedule
from dispatch.service_levels import ServiceLevels, levels_of_day
from dispatch.tours import route_of
from dispatch.travel import matrix
from mobility.core.booking import BookingState, Channel, Load, RideWish, WishKind
from mobility.core.clock import Instant
from mobility.core.errors import RefusedError
from mobility.core.events import Envelope, PlanPublished, RideRefused
from mobility.core.fold import State, evolve
from mobility.core.ids import ServiceAreaId, StopId
from mobility.core.plan import DayPlan, Task, TaskKind
from mobility.core.ports import Person, TravelTimes
from mobility.core.refusal import Refusal
from mobility.core.region import Region
from mobility.core.service_day import ServiceDay
from tests.dispatch.small_region import NoLineBuses
from tests.fakes.clock import SettableClock
from tests.fakes.ledger import MemoryLedger
from tests.fakes.references import CountingReferences
from tests.fakes.vault import MemoryVault

AHEAD_FRAC = 0.5
"""So many call the day before, the others from four hours to the lead time before they want to ride."""
_EVENING_S = -6 * 3600
"""Six in the evening of the day before, as a service time."""


@dataclass(frozen=True, slots=True)
class Call:
    """Somebody asks for a ride."""

    at: Instant
    wish: RideWish


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What a day came to."""

    dispatch: Dispatch
    plan: DayPlan
    """As driven."""
    state: State
    asked: int
    refused: int
    levels: ServiceLevels
    length_m: float
    broken: int
    """Promises that a published improvement would break, and its tours that the plain check calls infeasible."""


def calls_of(region: Region, day: ServiceDay, count: int, seed: int, *, hours: float | None = None) -> list[Call]:
    """Return the calls for a day in the order they come.

    Wishes lie in the hours of service but for the first and the last, or in the first ``hours`` of that.
    """
    area, rng = region.areas[0], random.Random(seed)
    first_s, last_s = area.opens + 3600, area.closes - 3600
    last_s = last_s if hours is None else first_s + round(hours * 3600)
    travel = matrix(region)
    calls: list[Call] = []
    while len(calls) < count:
        origin, destination = rng.sample(area.stops, 2)
        if travel.metres(origin, destination) < area.min_distance_m:
            continue  # on foot
        wished_s = rng.randrange(first_s, last_s, 300)
        notice_s = rng.randrange(round(area.lead_time_s) + 3600, 4 * 3600, 60)
        at_s = _EVENING_S if rng.random() < AHEAD_FRAC else wished_s - notice_s
        wish = RideWish(
            area_id=area.area_id,
            origin=origin,
            destination=destination,
            kind=WishKind.DEPART if rng.random() < 0.65 else WishKind.ARRIVE,
            at=day.at(wished_s),
            load=Load(rng.choice([1, 1, 1, 2])),
        )
        calls.append(Call(day.at(at_s), wish))
    return sorted(calls, key=lambda call: call.at)


async def driven_day(region: Region, day: ServiceDay, calls: Sequence[Call], solver: Solver | None) -> Day:
    """Let a day happen; without a ``solver`` every ride stays where insertion put it."""
    clock, area = SettableClock(calls[0].at), region.areas[0]
    ledger = MemoryLedger(clock)
    dispatch = Dispatch(
        region=region,
        ledger=ledger,
        vault=MemoryVault(),
        clock=clock,
        references=CountingReferences(),
        travel=matrix(region),
        direct=NoLineBuses(),
        solver=solver or InlineSolver(),
        improve_delay_s=0.0,
    )
    world = _World(dispatch, clock, area.area_id, day, improves=solver is not None)
    for number, call in enumerate(calls):
        await world.drive_until(call.at)
        clock.moment = max(clock.moment, call.at)
        await world.take(call, str(number))
    await world.drive_until(Instant(day.at(area.closes) + 6 * 3_600_000))
    return world.result(len(calls), ledger)


@dataclass(slots=True)
class _World:
    dispatch: Dispatch
    clock: SettableClock
    area_id: ServiceAreaId
    day: ServiceDay
    improves: bool

    async def take(self, call: Call, name: str) -> None:
        """Answer one call; who is offered something takes what lies nearest to the wish."""
        answer = await self.dispatch.quote(call.wish, Channel.PHONE)
        if not answer.offers:
            return
        key = Key(value=name, fingerprint=name)
        ride = await self.dispatch.accept(answer.offers[0].offer_id, Person(name="Bench"), Channel.PHONE, key)
        if isinstance(ride, Refusal):
            raise RefusedError(ride)  # an offer made a moment ago
        if self.improves:
            await self.dispatch.improve(self.area_id, self.day.date)

    async def drive_until(self, until: Instant) -> None:
        """Let the drivers report every stop that is over by then, in the order of time."""
        while True:
            steps = [step for step in self._next_steps() if step[0] <= until]
            if not steps:
                return
            moment, _, task = min(steps, key=lambda step: (step[0], step[1]))
            self.clock.moment = max(self.clock.moment, moment)
            outcome = Outcome.BOARDED if task.kind is TaskKind.PICKUP else Outcome.ALIGHTED
            key = Key(value=str(task.task_id), fingerprint="")
            tour = next(tour for tour in self._plan().tours if task in tour.tasks)
            refusal = await self.dispatch.report_outcome(
                tour.shift.vehicle_id, task.task_id, outcome, self.clock.now(), key
            )
            if refusal is not None:
                raise RefusedError(refusal)

    def _next_steps(self) -> list[tuple[Instant, int, Task]]:
        return [
            (
                Instant(tour.tasks[tour.done].begin + round(tour.tasks[tour.done].service_s * 1000)),
                number,
                tour.tasks[tour.done],
            )
            for number, tour in enumerate(self._plan().tours)
            if tour.done < len(tour.tasks)
        ]

    def _plan(self) -> DayPlan:
        return self.dispatch.plan(self.dispatch.region.area(self.area_id), self.day.date)

    def result(self, asked: int, ledger: MemoryLedger) -> Day:
        service, facts = self.dispatch.service(self.area_id), list(ledger.read())
        plan = self._plan()
        return Day(
            dispatch=self.dispatch,
            plan=plan,
            state=self.dispatch.state,
            asked=asked,
            refused=sum(isinstance(fact.body, RideRefused) for fact in facts),
            levels=levels_of_day(facts, self.area_id, self.day, service.travel),
            length_m=driven(plan.tours, service.travel).vehicle_m,
            broken=_broken(facts, service),
        )


def _broken(facts: Sequence[Envelope], service: Service) -> int:
    """Look at each improvement as it was published, by the twin of the compiled check."""
    state, broken = State(), 0
    for fact in facts:
        if isinstance(fact.body, PlanPublished) and fact.body.cause == "improvement":
            broken += len(broken_by(state, fact.body.plan))
            routes = (
                route_of(tour, service.fleet[tour.shift.vehicle_id], state.bookings, fact.recorded_at, service.drive)
                for tour in fact.body.plan.tours
            )
            checks = (schedule(route.duty, route.visits, service.drive) for route in routes)
            broken += sum(not isinstance(times, Schedule) for times in checks)
        state = evolve(state, fact)
    return broken


def hindsight_m(day: Day, limit_s: float, *, seeds: Sequence[int] = (1, 2)) -> float:
    """Return the shortest length found for the rides that were served, all windows as promised, known from the begin.

    The search gets ``limit_s`` CPU seconds, shared by runs from what was driven and from nothing, with each seed; so
    the answer is never longer than what was driven. Vehicles take the fastest ways; where a stop in between makes such
    a way shorter, hindsight counts the shorter one. That errs against the day and gives the search the triangle
    inequality.
    """
    problem, present = _in_hindsight(day)
    starts: list[Routes | None] = [present, None]
    share_s = limit_s / (len(starts) * len(seeds))
    found = [solve(problem, CpuSeconds(share_s), seed=seed, start=start) for seed in seeds for start in starts]
    complete = [one.cost for one in found if not one.unserved]
    if not complete:
        raise RuntimeError("hindsight left out rides that were served")
    return min(complete)


def _in_hindsight(day: Day) -> tuple[Problem, Routes]:
    """Return the problem of one who knew all rides, its cost in metres, and the routes that were driven."""
    service = day.dispatch.service(day.dispatch.region.areas[0].area_id)
    bookings = {
        name: replace(booking, state=BookingState.PROMISED, boarded_at=None, alighted_at=None)
        for name, booking in day.state.bookings.items()
    }
    fresh = replace(day.plan, tours=tuple(replace(tour, done=0) for tour in day.plan.tours))
    begin = min(tour.shift.span.earliest for tour in day.plan.tours)
    draft = planner.draft(service, State(bookings=bookings), fresh, Instant(begin - 3_600_000), freeze_ms=-(10**12))
    metres = _shortened(_metres(list(draft.day.place), service.travel))
    return replace(draft.day.problem, cost=metres, waiting_weight=0.0, riding_weight=0.0), draft.day.present


def _metres(stops: Sequence[StopId], travel: TravelTimes) -> Floats:
    return np.array([[0.0 if a == b else travel.metres(a, b) for b in stops] for a in stops])


def _shortened(metres: Floats) -> Floats:
    """Return the shortest lengths by way of other stops (Floyd and Warshall)."""
    for k in range(len(metres)):
        metres = np.minimum(metres, metres[:, k, None] + metres[None, k, :])
    return metres
