"""Booked days on the street village that something upsets, and what every proposal for them has to obey."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass

from dispatch.feasibility import schedule
from dispatch.lanes import lane_of
from dispatch.news import promise_of
from dispatch.promise import keeps
from dispatch.proposal import Answer, Proposal
from dispatch.quote import Service
from dispatch.repair import proposals
from dispatch.route import Schedule
from dispatch.tours import ASSUMED_DONE_MS, route_of
from mobility.core.booking import Load, RideWish
from mobility.core.clock import Instant
from mobility.core.disruption import Disruption, DisruptionKind
from mobility.core.events import RiderNoShow
from mobility.core.fold import State
from mobility.core.geo import LatLon
from mobility.core.ids import BookingId, DisruptionId, StopId, VehicleId
from mobility.core.plan import DayPlan, Task, TaskKind, Tour
from mobility.core.promise import PromiseKind
from mobility.core.region import Region
from tests.dispatch.room import Room, room
from tests.dispatch.small_region import AREA, DAY, NAMES, at, bus, region, wish


@dataclass(frozen=True, slots=True)
class Upset:
    """A day on which something happened."""

    here: Room
    service: Service
    state: State
    now: Instant

    @property
    def plan(self) -> DayPlan:
        return self.state.plans[AREA, DAY.date]

    def answers(self, happened: Disruption, **more: object) -> tuple[Proposal, ...]:
        found = proposals(self.service, self.state, happened, self.now, **more)  # type: ignore[arg-type]  # as given
        assert isinstance(found, tuple), found
        for proposal in found:
            check_proposal(self, proposal, happened)
        return found

    def least_harm(self, happened: Disruption) -> Proposal:
        return min(self.answers(happened), key=lambda each: each.harm)


def booked(wishes: Sequence[RideWish], *, place: Region | None = None, now: str = "08:00", buses: int = 2) -> Upset:
    """Return a day on which these wishes were booked in order; the first is ``R-001``."""

    async def book() -> Room:
        here = room(place or region([bus(f"bus-{k + 1}") for k in range(buses)]))
        for number, each in enumerate(wishes):
            await here.book(each, key=f"k{number}")
        return here

    return seen(asyncio.run(book()), now)


def seen(here: Room, now: str) -> Upset:
    here.clock.moment = at(now)
    return Upset(here, here.dispatch.service(AREA), here.ledger.state, at(now))


async def busy_room(seed: int, rides: int, buses: int) -> Room:
    here = room(region([bus(f"bus-{k + 1:02d}") for k in range(buses)], stops=12))
    rng = random.Random(seed)
    for number in range(rides):
        origin, destination = rng.sample(NAMES, 2)
        offers = await here.offers(
            wish(
                origin,
                destination,
                f"{rng.randint(9, 15)}:{rng.randint(0, 59):02d}",
                seats=rng.choice((1, 1, 2, 3)),
                wheelchairs=rng.random() < 0.1,
            )
        )
        if offers:
            await here.accept(offers[0].offer_id, key=f"r{number}")
    return here


def happened(kind: DisruptionKind, *, begins: str = "08:00", **more: object) -> Disruption:
    """Return a disruption of the test day."""
    return Disruption(
        disruption_id=DisruptionId("d-1"),
        kind=kind,
        area_id=AREA,
        day=DAY.date,
        begins=at(begins),
        **more,  # type: ignore[arg-type]  # as the test names them
    )


def late(vehicle: str, minutes: float, *, begins: str = "08:00") -> Disruption:
    return happened(DisruptionKind.VEHICLE_LATE, begins=begins, vehicle_id=VehicleId(vehicle), delay_s=minutes * 60.0)


def broken(vehicle: str, *, begins: str = "08:00", stop: str | None = None) -> Disruption:
    stop_id = None if stop is None else StopId(stop)
    return happened(DisruptionKind.BREAKDOWN, begins=begins, vehicle_id=VehicleId(vehicle), stop_id=stop_id)


def driverless(vehicle: str, *, begins: str = "08:00") -> Disruption:
    return happened(DisruptionKind.DRIVER_MISSING, begins=begins, vehicle_id=VehicleId(vehicle))


def closed(place: LatLon, radius_m: float = 50.0, *, begins: str = "08:00") -> Disruption:
    return happened(DisruptionKind.ROAD_CLOSED, begins=begins, centre=place, radius_m=radius_m)


def came_with(booking: str, load: Load, *, begins: str) -> Disruption:
    return happened(DisruptionKind.UNANNOUNCED_LOAD, begins=begins, booking_id=BookingId(booking), load=load)


def absent(booking: str, *, begins: str) -> Disruption:
    return happened(DisruptionKind.NO_SHOW, begins=begins, booking_id=BookingId(booking))


def named(found: Sequence[Proposal], answer: Answer) -> Proposal:
    return next(each for each in found if each.answer is answer)


def tour_of(plan: DayPlan, vehicle: str) -> Tour:
    return next(tour for tour in plan.tours if tour.shift.vehicle_id == vehicle)


def carried_by(plan: DayPlan, booking: str) -> str:
    return next(
        tour.shift.vehicle_id
        for tour in plan.tours
        for task in tour.tasks
        if task.booking_id == booking and task.kind is TaskKind.DROPOFF
    )


def check_proposal(day: Upset, proposal: Proposal, happened: Disruption) -> None:
    """Assert what must hold of every proposal, whatever it is for."""
    check_riders(day, proposal)
    check_promises(day, proposal)
    check_frozen(day, proposal, happened)
    check_tours(day, proposal)


def check_riders(day: Upset, proposal: Proposal) -> None:
    """Every ride that was to end still ends once, or is named as withdrawn, stranded or not there."""
    gone = {*proposal.withdrawn, *proposal.stranded}
    no_shows = {fact.booking_id for fact in proposal.facts if isinstance(fact, RiderNoShow)}
    before = [t.booking_id for tour in day.plan.tours for t in tour.tasks if t.kind is TaskKind.DROPOFF]
    after = [t.booking_id for tour in proposal.plan.tours for t in tour.tasks if t.kind is TaskKind.DROPOFF]
    assert len(after) == len(set(after))
    assert set(after) - set(proposal.stranded) == set(before) - gone - no_shows


def check_promises(day: Upset, proposal: Proposal) -> None:
    """A told window that the plan does not keep has a revision that names a window the plan keeps."""
    known = {k: revision for k, revision in day.state.revisions.items() if k not in proposal.lapsed}
    revised = known | {revision.booking_id: revision for revision in proposal.revisions}
    for task in open_tasks(proposal.plan):
        promise = promise_of(day.state, task)
        if task.booking_id in proposal.stranded:
            assert revised[task.booking_id].is_withdrawn
            continue
        if task.begin < day.now - ASSUMED_DONE_MS:
            continue  # taken as done as planned
        assert keeps(task, task.window), task
        if promise is None or keeps(task, promise.window):
            continue
        revision = revised[task.booking_id]
        window = revision.pickup if promise.kind is PromiseKind.PICKUP else revision.arrival
        assert window == task.window
    for booking_id in proposal.withdrawn:
        assert revised[booking_id].is_withdrawn
    assert all(revision.tell_by >= day.now for revision in proposal.revisions)


def check_frozen(day: Upset, proposal: Proposal, happened: Disruption) -> None:
    """Tours of vehicles that go on begin with what was done and frozen, in the same order."""
    for before, after in zip(day.plan.tours, proposal.plan.tours, strict=True):
        route = route_of(
            before, day.service.fleet[before.shift.vehicle_id], day.state.bookings, day.now, day.service.drive
        )
        kept = route.passed if before.shift.vehicle_id == happened.vehicle_id else route.passed + route.frozen
        if happened.kind in (DisruptionKind.NO_SHOW, DisruptionKind.UNANNOUNCED_LOAD, DisruptionKind.ROAD_CLOSED):
            kept = before.done
        names = [task.task_id for task in before.tasks[:kept]]
        assert [task.task_id for task in after.tasks[:kept]] == names


def check_tours(day: Upset, proposal: Proposal) -> None:
    """Loads and ride times of every tour that goes on hold by the plain feasibility check."""
    loads = {t.booking_id: t.load for t in open_tasks(proposal.plan) if t.kind is TaskKind.PICKUP}
    assert set(loads) <= set(day.state.bookings)
    for k, tour in enumerate(proposal.plan.tours):
        if tour.out_from is not None:
            continue
        lane = lane_of(day.service, day.state, k, tour, day.now)
        assert lane is not None
        assert isinstance(schedule(lane.duty, lane.visits, day.service.drive), Schedule)
        check_ride_times(day, tour)


def check_ride_times(day: Upset, tour: Tour) -> None:
    """Nobody who boards from now on rides longer than was promised."""
    boards = {t.booking_id: t for t in tour.tasks[tour.done :] if t.kind is TaskKind.PICKUP and t.begin >= day.now}
    for task in tour.tasks[tour.done :]:
        pickup = boards.get(task.booking_id)
        if task.kind is TaskKind.DROPOFF and pickup is not None:
            ride_ms = task.begin - pickup.begin - round(pickup.service_s * 1000)
            assert ride_ms <= round(day.state.bookings[task.booking_id].max_ride_s * 1000), task


def open_tasks(plan: DayPlan) -> list[Task]:
    return [task for tour in plan.tours for task in tour.tasks[tour.done :]]
