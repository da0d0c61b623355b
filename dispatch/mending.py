"""Mending a plan whose tours are late or fall out: candidates in several orders, and which of them are shown."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from dispatch.case import without
from dispatch.lanes import Lane, lane_of
from dispatch.proposal import Answer, Proposal
from dispatch.quote import Service
from dispatch.reinsertion import Order, Ride, put_back
from dispatch.weighing import Candidate, Case, proposed, weighed
from mobility.core.clock import Instant
from mobility.core.fold import State
from mobility.core.ids import BookingId
from mobility.core.plan import DayPlan

MOST_PROPOSALS = 4
_MOST_HELPERS = 4
"""So many vans are looked at as rescuers: those that can be there first."""

Improve = Callable[[Service, State, DayPlan, Instant], DayPlan | None]
"""A search for a cheaper order of a plan's open part; returns the next version, ``None`` when it finds none."""


def mended(case: Case, improve: Improve | None) -> tuple[Proposal, ...]:
    """Return least harm, only times, rescues, cheapest and withdrawal, as far as they differ."""
    candidates = _candidates(case)
    every = [weighed(case, Answer.LEAST_HARM, candidate) for candidate in candidates]
    best = min(every, key=lambda each: each.harm)
    found = [best, *_only_times(case), *_rescues(case, candidates), *_cheapest(case, every, best, improve)]
    return differing((*found, *_withdrawn(case)))


def _candidates(case: Case) -> list[Candidate]:
    """Return what comes of freeing nothing more, the late rides, or all rides of late tours, in every order."""
    touched = [lane for position, lane in case.lanes.items() if position in case.touched]
    late = late_rides(touched)
    crowded = [b for lane in touched if lane.late_ms() for b in lane.movable()]
    found: list[Candidate] = []
    for more in ((), late, crowded) if late else ((),):
        found.extend(put(case, more))
    return [*found, *_helped(case)]


def put(case: Case, more: Iterable[BookingId]) -> list[Candidate]:
    """Return what comes of freeing some more rides and putting all back, once for each order."""
    taken = without(case, more)
    if taken is None:
        return []
    lanes, freed = taken
    rides = (*case.freed, *freed)
    orders = tuple(Order) if len(rides) > 1 else (Order.SOONEST,)
    return [Candidate(*put_back(case.bench, lanes, rides, order)) for order in orders]


def _helped(case: Case) -> list[Candidate]:
    """Return, for the vans that can be there first, what comes of letting each fetch the riders of a broken one."""
    aboard = [ride for ride in case.freed if ride.is_aboard]
    if not aboard:
        return []
    found: list[Candidate] = []
    for position in _nearest(case, aboard[0]):
        taken = without(case, case.lanes[position].movable())
        if taken is None:
            continue
        lanes, given_way = taken
        fetched, left = put_back(case.bench, lanes, aboard, Order.SOONEST, only=(position,))
        others = [ride for ride in case.freed if not ride.is_aboard]
        full, unfit = put_back(case.bench, fetched, (*left, *others, *given_way), Order.SOONEST)
        helper = case.before.tours[position].shift.vehicle_id
        found.append(Candidate(full, unfit, helper))
    return found


def _nearest(case: Case, ride: Ride) -> list[int]:
    def there_ms(position: int) -> int:
        lane = case.lanes[position]
        frozen = lane.calls[lane.frozen - 1] if lane.frozen else None
        if frozen is None:
            return lane.duty.leave_ms + case.service.drive(lane.duty.start, ride.pickup.stop_id)
        ready_ms = lane.times.earliest_ms[lane.frozen - 1] + frozen.visit.service_ms
        return ready_ms + case.service.drive(frozen.visit.stop_id, ride.pickup.stop_id)

    return sorted(case.lanes, key=lambda position: (there_ms(position), position))[:_MOST_HELPERS]


def _only_times(case: Case) -> list[Proposal]:
    """Return the answer in which every ride keeps its vehicle and its order; none where a vehicle does not go on."""
    if case.freed:
        return []
    return [weighed(case, Answer.ONLY_TIMES, Candidate(case.lanes, ()))]


def _rescues(case: Case, candidates: Sequence[Candidate]) -> list[Proposal]:
    helped = [weighed(case, Answer.RESCUE, each) for each in candidates if each.helper is not None]
    able = [each for each in helped if not each.stranded]
    return sorted(able, key=lambda each: each.harm)[:2]


def _cheapest(case: Case, every: Sequence[Proposal], best: Proposal, improve: Improve | None) -> list[Proposal]:
    """Return the least costly answer that strands and withdraws no more than the least harmful one."""
    loss = (best.harm.stranded, best.harm.withdrawn)
    as_good = [each for each in every if (each.harm.stranded, each.harm.withdrawn) <= loss]
    chosen = min(as_good, key=lambda each: (each.cost_after_ms, each.harm))
    cheap = replace(chosen, answer=Answer.CHEAPEST, vehicle_id=None)
    better = improve(case.service, case.upset.state, cheap.plan, case.now) if improve is not None else None
    if better is None:
        return [cheap]
    plan = replace(better, version=cheap.plan.version)
    cost_ms = _cost_ms(case, plan)
    if cost_ms is None or cost_ms >= cheap.cost_after_ms:
        return [cheap]
    left = [ride for ride in case.freed if ride.booking_id in {*cheap.withdrawn, *cheap.stranded}]
    return [proposed(case, Answer.CHEAPEST, plan, left=left, cost_ms=cost_ms)]


def _cost_ms(case: Case, plan: DayPlan) -> int | None:
    cost_ms = 0
    for position in case.lanes:
        lane = lane_of(case.service, case.upset.state, position, plan.tours[position], case.now)
        if lane is None or lane.late_ms():
            return None
        cost_ms += lane.times.cost_ms
    return cost_ms


def _withdrawn(case: Case) -> list[Proposal]:
    """Return the answer that troubles nobody else: what is upset is not given. Riders aboard are fetched even so."""
    late = without(case, late_rides(lane for k, lane in case.lanes.items() if k in case.touched))
    if late is None:
        return []
    lanes, upset_rides = late
    aboard = [ride for ride in case.freed if ride.is_aboard]
    others = tuple(ride for ride in case.freed if not ride.is_aboard)
    if not (others or upset_rides):
        return []
    fetched, stranded = put_back(case.bench, lanes, aboard, Order.SOONEST)
    return [weighed(case, Answer.WITHDRAW, Candidate(fetched, (*stranded, *others, *upset_rides)))]


def late_rides(lanes: Iterable[Lane]) -> tuple[BookingId, ...]:
    """Return the rides that can not be served in their windows and may go elsewhere."""
    return tuple(b for lane in lanes for late in (lane.late_ms(),) for b in lane.movable() if b in late)


def differing(found: Sequence[Proposal]) -> tuple[Proposal, ...]:
    """Return proposals that differ in whom they carry how; of equal ones the first stays, with its name."""
    shown: dict[object, Proposal] = {}
    for each in found:
        order = tuple(tuple(task.task_id for task in tour.tasks) for tour in each.plan.tours)
        drivers = tuple((tour.shift.driver, tour.out_from, tour.held_until) for tour in each.plan.tours)
        shown.setdefault((order, drivers, each.withdrawn, each.stranded, len(each.facts)), each)
    return tuple(shown.values())[:MOST_PROPOSALS]
