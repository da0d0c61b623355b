"""Whole days on which one thing after the other goes wrong: no published repair breaks a promise silently."""

import asyncio
import random
from dataclasses import replace

import pytest

from dispatch.edge.repairs import Repairs
from dispatch.edge.service import Key
from dispatch.outcome import Outcome
from dispatch.promise import broken_by
from dispatch.tours import ASSUMED_DONE_MS
from dispatch.what_if import Draft
from mobility.core.booking import Load
from mobility.core.disruption import Disruption
from mobility.core.ids import DisruptionId
from mobility.core.plan import TaskKind
from tests.dispatch.room import Room
from tests.dispatch.small_region import AREA, DAY, at
from tests.dispatch.upset_days import absent, broken, busy_room, came_with, check_proposal, driverless, late, seen


def something(rng: random.Random, here: Room, clock: str) -> Disruption:
    """Return any disruption, possible or not."""
    vehicle, booking = f"bus-{rng.randint(1, 3):02d}", rng.choice(list(here.ledger.state.bookings))
    what = rng.choice(
        (
            late(vehicle, rng.randint(3, 60), begins=clock),
            broken(vehicle, begins=clock, stop=rng.choice("ABCDEFGHIJKL")),
            driverless(vehicle, begins=clock),
            came_with(booking, Load(1, 1), begins=clock),
            absent(booking, begins=clock),
        )
    )
    return replace(what, disruption_id=DisruptionId(f"d-{clock}"))


async def driven(rng: random.Random, here: Room) -> None:
    """Let drivers report what they have done by now; some forget it."""
    now = here.clock.now()
    for tour in here.ledger.state.plans[AREA, DAY.date].tours:
        while tour.out_from is None:
            current = next(t for t in here.ledger.state.plans[AREA, DAY.date].tours if t.shift == tour.shift)
            if current.done == len(current.tasks) or current.tasks[current.done].begin > now or rng.random() < 0.1:
                break
            task = current.tasks[current.done]
            outcome = Outcome.BOARDED if task.kind is TaskKind.PICKUP else Outcome.ALIGHTED
            key = Key(value=f"{task.task_id}@{now}", fingerprint="")
            done = here.dispatch.report_outcome(tour.shift.vehicle_id, task.task_id, outcome, task.begin, key)
            assert await done is None


async def troubled(rng: random.Random, here: Room, repairs: Repairs, clock: str) -> int:
    """Let something go wrong and publish any of the answers; return how many promises it breaks without saying so."""
    what = something(rng, here, clock)
    draft = await repairs.what_if(what)
    if not isinstance(draft, Draft):
        return 0
    day = seen(here, clock)
    for proposal in draft.proposals:
        check_proposal(day, proposal, what)
    chosen = rng.choice(draft.proposals)
    if await repairs.publish(draft.draft_id, chosen.name, Key(value=f"p{clock}", fingerprint=""), "d") is not None:
        return 0
    state = here.ledger.state
    broken_now = [
        each
        for each in broken_by(state, state.plans[AREA, DAY.date])
        if each.booking_id not in chosen.stranded and (each.planned or 0) >= day.now - ASSUMED_DONE_MS
    ]
    if rng.random() < 0.3:
        await repairs.undo(Key(value=f"u{clock}", fingerprint=""), "d")
    elif rng.random() < 0.6:
        await repairs.end(what.disruption_id, Key(value=f"e{clock}", fingerprint=""), "d")
    return len(broken_now)


@pytest.mark.parametrize("seed", range(6))
def test_no_published_repair_breaks_a_promise_without_a_revision(seed: int) -> None:
    async def story() -> tuple[int, int]:
        rng = random.Random(seed)
        here = await busy_room(seed, 24, 3)
        repairs = Repairs(dispatch=here.dispatch, ledger=here.ledger)
        broken_silently = troubles = 0
        for minute in range(8 * 60 + 30, 16 * 60, 4):
            clock = f"{minute // 60:02d}:{minute % 60:02d}"
            here.clock.moment = at(clock)
            await driven(rng, here)
            if rng.random() < 0.15:
                troubles += 1
                broken_silently += await troubled(rng, here, repairs, clock)
        return broken_silently, troubles

    broken_silently, troubles = asyncio.run(story())
    assert troubles > 3
    assert broken_silently == 0
