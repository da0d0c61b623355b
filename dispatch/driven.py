"""What tours come to in distance and time: with how many people, how much of it empty, how much of the shift busy."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from mobility.core.ids import BookingId, StopId
from mobility.core.plan import Tour
from mobility.core.ports import TravelTimes


@dataclass(frozen=True, slots=True, kw_only=True)
class Driven:
    """Sums over tours. Distances are those of the road network between stops, depot trips included."""

    vehicles: int = 0
    """Tours with at least one task."""
    vehicle_m: float = 0.0
    empty_m: float = 0.0
    """... with nobody but the driver aboard."""
    person_m: float = 0.0
    """Metres times riders aboard."""
    shift_s: float = 0.0
    """Vehicle hours offered to riders (revenue hours), all tours, until a vehicle was out."""
    busy_s: float = 0.0
    """Driving, boarding and alighting."""
    shared: frozenset[BookingId] = frozenset()
    """Rides with another party aboard on some stretch of the way."""


@dataclass(frozen=True, slots=True)
class _Leg:
    origin: StopId
    destination: StopId
    riders: int
    parties: frozenset[BookingId]


def driven(tours: Sequence[Tour], travel: TravelTimes) -> Driven:
    """Return the sums over tours; a vehicle that is out does not drive home."""
    vehicle_m = empty_m = person_m = busy_s = 0.0
    shared: set[BookingId] = set()
    for tour in tours:
        for leg in _legs(tour):
            length_m = 0.0 if leg.origin == leg.destination else travel.metres(leg.origin, leg.destination)
            busy_s += 0.0 if leg.origin == leg.destination else travel.seconds(leg.origin, leg.destination)
            vehicle_m += length_m
            empty_m += 0.0 if leg.riders else length_m
            person_m += leg.riders * length_m
            shared |= leg.parties if len(leg.parties) > 1 else frozenset()
        busy_s += sum(task.service_s for task in tour.tasks)
    return Driven(
        vehicles=sum(bool(tour.tasks) for tour in tours),
        vehicle_m=vehicle_m,
        empty_m=empty_m,
        person_m=person_m,
        shift_s=sum(_shift_s(tour) for tour in tours),
        busy_s=busy_s,
        shared=frozenset(shared),
    )


def _legs(tour: Tour) -> Iterator[_Leg]:
    """Yield the drives between stops, from the depot and back to it."""
    if not tour.tasks:
        return
    aboard: dict[BookingId, int] = {}
    stops = [tour.shift.depot, *(task.stop_id for task in tour.tasks)]
    if tour.out_from is None:
        stops.append(tour.shift.depot)
    for number, (origin, destination) in enumerate(pairwise(stops)):
        yield _Leg(origin, destination, sum(aboard.values()), frozenset(aboard))
        if number < len(tour.tasks):
            task = tour.tasks[number]
            riders = task.load.seats + task.load.wheelchairs
            if riders > 0:
                aboard[task.booking_id] = riders
            else:
                aboard.pop(task.booking_id, None)


def _shift_s(tour: Tour) -> float:
    ends = tour.shift.span.latest if tour.out_from is None else min(tour.out_from, tour.shift.span.latest)
    return max(ends - tour.shift.span.earliest, 0) / 1000
