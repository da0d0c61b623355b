"""What goes wrong at a stop: nobody comes, or somebody comes with more than was booked."""

from dataclasses import replace

from dispatch.disruption import Upset, standing_at
from dispatch.lanes import Lane, lane_of
from dispatch.mending import differing
from dispatch.proposal import Answer, Proposal, Reason, ReasonCode
from dispatch.reinsertion import Order, Ride, put_back
from dispatch.tours import route_of
from dispatch.weighing import Candidate, Case, weighed
from mobility.core.clock import Instant
from mobility.core.fold import State
from mobility.core.ids import BookingId
from mobility.core.plan import TaskKind, Tour

WAIT_MS = 300_000
"""How long a vehicle may wait for who did not come."""


def no_show(case: Case, state: State) -> tuple[Proposal, ...]:
    """Return driving on without the rider, and waiting some minutes more. ``state`` is as before the no-show."""
    gone = weighed(case, Answer.DRIVE_ON, Candidate(case.lanes, ()))
    driven = replace(gone, reasons=(Reason(ReasonCode.RELEASED), *gone.reasons))
    return differing((driven, *_waited(case, state)))


def unannounced(case: Case) -> tuple[Proposal, ...]:
    """Return taking the load along, with others moved if need be, and fetching it later.

    Nobody else's ride is given up for it: answers that would are left out.
    """
    every = (*_taken_along(case), *_fetched_later(case))
    fair = [each for each in every if set(each.withdrawn) <= {_booking_id(case)} and not each.stranded]
    along = sorted((each for each in fair if each.answer is Answer.TAKE_ALONG), key=lambda each: each.harm)
    later = sorted((each for each in fair if each.answer is Answer.NEXT_VEHICLE), key=lambda each: each.harm)
    return differing((*along[:2], *later))


def _waited(case: Case, state: State) -> list[Proposal]:
    position, planned = _carrier(case, case.before.tours)
    tour = standing_at(planned, _booking_id(case), case.now)
    spec = case.service.fleet[tour.shift.vehicle_id]
    start = route_of(tour, spec, state.bookings, case.now, case.service.drive).duty.start
    pickup = next(t for t in tour.tasks if t.booking_id == _booking_id(case) and t.kind is TaskKind.PICKUP)
    # The vehicle stands at the stop already; as its place counts the one before.
    until = Instant(case.now + WAIT_MS - case.service.drive(start, pickup.stop_id))
    held = replace(tour, held_until=max(until, tour.held_until or until))
    lane = lane_of(case.service, state, position, held, case.now)
    if lane is None:
        return []
    tours = tuple(held if k == position else each for k, each in enumerate(case.before.tours))
    plan = replace(case.before, tours=tours)
    passed = {**case.passed, position: lane.route.passed}
    waiting = replace(case, upset=Upset(state=state, plan=plan), passed=passed)
    kept = weighed(waiting, Answer.WAIT, Candidate({**case.lanes, position: lane}, ()))
    return [replace(kept, reasons=(Reason(ReasonCode.WAITS_MINUTES, {"minutes": WAIT_MS // 60_000}), *kept.reasons))]


def _taken_along(case: Case) -> list[Proposal]:
    """Return the answers in which the rider boards now: as it is, or with others of the tour moved."""
    position, tour = _carrier(case, case.upset.plan.tours)
    others = {k: lane for k, lane in case.lanes.items() if k != position}
    whole = lane_of(case.service, case.upset.state, position, tour, case.now)
    found: list[Proposal] = []
    if whole is not None:
        fits = weighed(case, Answer.TAKE_ALONG, Candidate({**others, position: whole}, ()))
        found.append(replace(fits, reasons=(_room(case, tour), *fits.reasons)))
    if whole is None or whole.late_ms():
        found.extend(_making_room(case, others, position, tour))
    return found


def _making_room(case: Case, others: dict[int, Lane], position: int, tour: Tour) -> list[Proposal]:
    passed, state = case.passed[position], case.upset.state
    boarding = [t.booking_id for t in tour.tasks[passed:] if t.kind is TaskKind.PICKUP]
    moved = [booking_id for booking_id in dict.fromkeys(boarding) if booking_id != _booking_id(case)]
    alone = lane_of(case.service, state, position, _less(tour, passed, set(moved)), case.now)
    if alone is None or not moved:
        return []
    rides = [_ride(case, tour, booking_id, position) for booking_id in moved]
    found: list[Proposal] = []
    for order in Order:
        candidate = Candidate(*put_back(case.bench, {**others, position: alone}, rides, order))
        full = weighed(case, Answer.TAKE_ALONG, candidate)
        count = sum(each.to_vehicle not in (None, tour.shift.vehicle_id) for each in full.affected)
        gave_way = (Reason(ReasonCode.OTHERS_MOVED, {"count": count}),) if count else ()
        found.append(replace(full, reasons=(_room(case, tour), *gave_way, *full.reasons)))
    return found


def _fetched_later(case: Case) -> list[Proposal]:
    """Return the answer in which the vehicle goes on without the rider, who is fetched by the next one with room."""
    position, tour = _carrier(case, case.upset.plan.tours)
    passed, state, booking_id = case.passed[position], case.upset.state, _booking_id(case)
    rest = lane_of(case.service, state, position, _less(tour, passed, {booking_id}), case.now)
    if rest is None:
        return []
    lanes = {**case.lanes, position: rest}
    ride = _ride(case, tour, booking_id, position)
    found = weighed(case, Answer.NEXT_VEHICLE, Candidate(*put_back(case.bench, lanes, (ride,), Order.SOONEST)))
    return [replace(found, reasons=(*_waiting(found, booking_id), *found.reasons))]


def _waiting(found: Proposal, booking_id: BookingId) -> tuple[Reason, ...]:
    for tour in found.plan.tours:
        for task in tour.tasks[tour.done :]:
            if task.booking_id == booking_id and task.kind is TaskKind.PICKUP:
                return (Reason(ReasonCode.WAITS_FOR, {"vehicle": tour.shift.vehicle_id, "time": task.begin}),)
    return ()


def _room(case: Case, tour: Tour) -> Reason:
    load = case.upset.state.bookings[_booking_id(case)].wish.load
    folded = load.wheelchairs * case.service.fleet[tour.shift.vehicle_id].seats_lost_per_wheelchair
    return Reason(ReasonCode.FITS_FOLDED, {"seats": folded}) if folded else Reason(ReasonCode.FITS)


def _booking_id(case: Case) -> BookingId:
    booking_id = case.disruption.booking_id
    assert booking_id is not None  # noqa: S101 - checked before the case was opened
    return booking_id


def _carrier(case: Case, tours: tuple[Tour, ...]) -> tuple[int, Tour]:
    booking_id = _booking_id(case)
    return next((k, tour) for k, tour in enumerate(tours) if any(t.booking_id == booking_id for t in tour.tasks))


def _less(tour: Tour, passed: int, gone: set[BookingId]) -> Tour:
    left = tuple(task for k, task in enumerate(tour.tasks) if k < passed or task.booking_id not in gone)
    return replace(tour, tasks=left)


def _ride(case: Case, tour: Tour, booking_id: BookingId, home: int) -> Ride:
    tasks = {task.kind: task for task in tour.tasks if task.booking_id == booking_id}
    booking = case.upset.state.bookings[booking_id]
    return Ride(booking, tasks[TaskKind.PICKUP], tasks[TaskKind.DROPOFF], home)
