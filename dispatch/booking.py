"""Accepting an offer and cancelling a ride: decisions that commit booking, promises and plan together."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, overload

from dispatch.feasibility import as_it_comes, schedule
from dispatch.insertion import Insertion
from dispatch.offer import Offer, booking_of, service_s, tasks_of
from dispatch.promise import newly_broken_by
from dispatch.public_tours import public_tours
from dispatch.quote import Service, insert
from dispatch.route import Schedule
from dispatch.tours import Route, plan_of, retimed, route_of, with_tours
from mobility.core.booking import TRANSITIONS, Booking, BookingState, Channel
from mobility.core.clock import Instant
from mobility.core.events import (
    BookingCancelled,
    BookingMade,
    Event,
    PlanPublished,
    PromiseSettled,
    PromiseTold,
)
from mobility.core.fold import State
from mobility.core.ids import BookingId, RiderRef
from mobility.core.plan import DayPlan, Task, TaskKind
from mobility.core.promise import PromiseKind, PromiseOutcome
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.service_day import ServiceDay


def accept(
    service: Service,
    state: State,
    now: Instant,
    *,
    offer: Offer,
    booking_id: BookingId,
    rider: RiderRef,
    channel: Channel,
) -> list[Event] | Refusal:
    """Decide on an accepted offer: its windows are looked for anew in the newest plan, in any vehicle."""
    if now > offer.valid_until:
        return Refusal(RefusalCode.OFFER_EXPIRED)
    day = ServiceDay(offer.day, service.zone)
    plan = plan_of(state.plans, service.area, day, service.fleet, state.rosters)
    found = insert(service, state, plan, now, offer=offer, booking_id=booking_id)
    if found is None:
        return Refusal(RefusalCode.PLAN_CHANGED)
    vehicle_id = found.route.tour.shift.vehicle_id
    booking = booking_of(offer, booking_id=booking_id, vehicle_id=vehicle_id, rider=rider, channel=channel, made_at=now)
    told = ((PromiseKind.PICKUP, offer.pickup), (PromiseKind.ARRIVAL, offer.arrival))
    made: list[Event] = [
        BookingMade(booking=booking),
        *(
            PromiseTold(booking_id=booking_id, kind=kind, window=window, channel=channel, revision=0)
            for kind, window in told
        ),
    ]
    facts = published(
        service, state, _with_ride(service, plan, found, offer, booking_id), "booking", news=made, now=now
    )
    return facts if isinstance(facts, Refusal) else [*made, *facts]


def cancel(
    service: Service, state: State, now: Instant, *, booking_id: BookingId, channel: Channel, reason: str
) -> list[Event] | Refusal:
    """Decide on a cancellation: the promises are released and the rest of the tour is timed anew."""
    booking = moved(state, booking_id, BookingState.CANCELLED)
    if isinstance(booking, Refusal):
        return booking
    return [
        BookingCancelled(booking_id=booking_id, channel=channel, reason=reason),
        *released(booking_id, now),
        *without_ride(service, state, now, booking_id),
    ]


def moved(state: State, booking_id: BookingId, to: BookingState) -> Booking | Refusal:
    """Return the booking when it may go to that state, otherwise why not."""
    booking = state.bookings.get(booking_id)
    if booking is None:
        return Refusal(RefusalCode.UNKNOWN_BOOKING)
    if to not in TRANSITIONS[booking.state]:
        return Refusal(RefusalCode.WRONG_STATE, {"state": booking.state.value})
    return booking


def released(booking_id: BookingId, now: Instant) -> list[Event]:
    """Return the facts that free a rider's promises."""
    return [
        PromiseSettled(booking_id=booking_id, kind=kind, outcome=PromiseOutcome.RELEASED, at=now)
        for kind in PromiseKind
    ]


Reality = Literal["progress", "cancellation"]
"""Causes that nobody decides: what a driver reports and who stays at home is never refused, and reorders nothing."""


@overload
def published(service: Service, state: State, plan: DayPlan, cause: Reality) -> list[Event]:  # noqa: D418 - house rule
    """Return the facts of what nobody decides."""


@overload
def published(  # noqa: D418 - house rule
    service: Service,
    state: State,
    plan: DayPlan,
    cause: str,
    *,
    news: Sequence[Event] = ...,
    now: Instant | None = ...,
) -> list[Event] | Refusal:
    """Return the facts of what somebody decides, or why it is not published."""


def published(
    service: Service,
    state: State,
    plan: DayPlan,
    cause: str,
    *,
    news: Sequence[Event] = (),
    now: Instant | None = None,
) -> list[Event] | Refusal:
    """Return the facts that publish a plan version, with what the public may see of it.

    A plan that would break a promise is refused with ``PLAN_CHANGED``, unless reality made it so. ``news`` are the
    other facts of the same commit: the windows they tell or revise count as they will then. With ``now`` the plan is
    held against what the present one has come to by then: a bus that is late already breaks nothing anew.
    """
    if cause not in ("progress", "cancellation"):
        standing = state if now is None else _as_it_stands(service, state, plan, now)
        if newly_broken_by(standing, plan, news):
            return Refusal(RefusalCode.PLAN_CHANGED)
    return [PlanPublished(plan=plan, cause=cause), *public_tours(plan, service.fleet, state.public_tours)]


def _as_it_stands(service: Service, state: State, plan: DayPlan, now: Instant) -> State:
    """Return the state with the published plan of that day timed anew, in the order it has."""
    key = (plan.area_id, plan.day)
    present = state.plans.get(key)
    if present is None:
        return state
    for position in range(len(present.tours)):
        present = replanned(service, state, present, position, now)
    return replace(state, plans={**state.plans, key: present})


def replanned(service: Service, state: State, plan: DayPlan, position: int, now: Instant) -> DayPlan:
    """Return the plan's next version with one tour's open tasks timed anew; what is late stays late, in order."""
    tour = plan.tours[position]
    route = route_of(tour, service.fleet[tour.shift.vehicle_id], state.bookings, now, service.drive)
    times = schedule(route.duty, route.visits, service.drive)
    begins_ms = times.begin_ms if isinstance(times, Schedule) else as_it_comes(route.duty, route.visits, service.drive)
    return with_tours(plan, {position: retimed(route, tour.tasks[route.passed :], begins_ms)})


def located(state: State, booking_id: BookingId) -> tuple[DayPlan, int] | None:
    """Return the plan and the position of the tour that brings a rider to the destination, else of one that did not."""
    found: tuple[DayPlan, int] | None = None
    for plan in state.plans.values():
        for position, tour in enumerate(plan.tours):
            kinds = {task.kind for task in tour.tasks if task.booking_id == booking_id}
            if TaskKind.DROPOFF in kinds:
                return plan, position
            found = (plan, position) if kinds else found
    return found


def without_ride(service: Service, state: State, now: Instant, booking_id: BookingId) -> list[Event]:
    """Return the facts of the plan without a ride."""
    place = located(state, booking_id)
    if place is None:
        return []
    plan, position = place
    tour = plan.tours[position]
    left = tuple(task for task in tour.tasks if task.booking_id != booking_id)
    tours = (*plan.tours[:position], replace(tour, tasks=left), *plan.tours[position + 1 :])
    rest = replanned(service, state, replace(plan, tours=tours), position, now)
    return published(service, state, rest, "cancellation")


def _with_ride(service: Service, plan: DayPlan, found: Insertion, offer: Offer, booking_id: BookingId) -> DayPlan:
    pickup, dropoff = tasks_of(
        booking_id, offer.wish, (offer.pickup, offer.arrival), service_s(service.area, offer.wish.load)
    )
    tasks = list(_open_tasks(found.route))
    tasks.insert(found.pickup, pickup)
    tasks.insert(found.dropoff, dropoff)
    position = next(k for k, tour in enumerate(plan.tours) if tour is found.route.tour)
    return with_tours(plan, {position: retimed(found.route, tasks, found.schedule.begin_ms)})


def _open_tasks(route: Route) -> tuple[Task, ...]:
    return route.tour.tasks[route.passed :]
