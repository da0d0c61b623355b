"""A ride that is put off or withdrawn as a published repair does it: plan, news and settled promises in one commit."""

from collections.abc import Sequence
from dataclasses import replace

from dispatch.booking import located, without_ride
from mobility.core.booking import Window
from mobility.core.clock import Instant
from mobility.core.disruption_events import BookingWithdrawn, RevisionDue
from mobility.core.events import Event, PlanPublished, PromiseSettled
from mobility.core.fold import State
from mobility.core.ids import BookingId, VehicleId
from mobility.core.plan import DayPlan, Task, TaskKind
from mobility.core.promise import PromiseKind, PromiseOutcome, Revision, RevisionReason
from tests.dispatch.room import Room
from tests.dispatch.small_region import at


def later(window: Window, minutes: int) -> Window:
    return Window(Instant(window.earliest + minutes * 60_000), Instant(window.latest + minutes * 60_000))


def put_off_plan(plan: DayPlan, booking_id: BookingId, minutes: int) -> DayPlan:
    """The plan with one ride later by so many minutes, windows and all."""

    def moved(task: Task) -> Task:
        if task.booking_id != booking_id:
            return task
        return replace(task, window=later(task.window, minutes), begin=Instant(task.begin + minutes * 60_000))

    tours = tuple(replace(tour, tasks=tuple(moved(task) for task in tour.tasks)) for tour in plan.tours)
    return replace(plan, tours=tours, version=plan.version + 1)


async def put_off(
    here: Room, booking_id: BookingId, minutes: int = 20, *, tell_by: str = "09:30", vehicle: str = "bus"
) -> None:
    def decide(state: State, _now: Instant) -> Sequence[Event]:
        place = located(state, booking_id)
        assert place is not None
        tasks = {t.kind: t for tour in place[0].tours for t in tour.tasks if t.booking_id == booking_id}
        revision = Revision(
            booking_id=booking_id,
            reason=RevisionReason.VEHICLE_LATE,
            tell_by=at(tell_by),
            vehicle_id=VehicleId(vehicle),
            pickup=later(tasks[TaskKind.PICKUP].window, minutes),
            arrival=later(tasks[TaskKind.DROPOFF].window, minutes),
        )
        plan = put_off_plan(place[0], booking_id, minutes)
        return [PlanPublished(plan=plan, cause="repair:vehicle_late"), RevisionDue(revision=revision)]

    await here.ledger.submit(lambda state, now: list(decide(state, now)), actor="dispatcher")


async def withdraw(here: Room, booking_id: BookingId, *, tell_by: str = "09:30") -> None:
    def decide(state: State, now: Instant) -> list[Event]:
        revision = Revision(
            booking_id=booking_id,
            reason=RevisionReason.BREAKDOWN,
            tell_by=at(tell_by),
            vehicle_id=state.bookings[booking_id].vehicle_id,
            is_withdrawn=True,
        )
        service = here.dispatch.service(state.bookings[booking_id].wish.area_id)
        return [
            *without_ride(service, state, now, booking_id),
            RevisionDue(revision=revision),
            BookingWithdrawn(booking_id=booking_id, reason="breakdown"),
            *(
                PromiseSettled(booking_id=booking_id, kind=kind, outcome=PromiseOutcome.BROKEN, at=now)
                for kind in PromiseKind
            ),
        ]

    await here.ledger.submit(decide, actor="dispatcher")
