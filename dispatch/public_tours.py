"""What the public may see of a pooled tour: public stops, times and free seats. Never a tour of one rider."""

from collections.abc import Mapping, Sequence

from mobility.core.clock import Instant
from mobility.core.events import PublicCall, PublicTourPublished
from mobility.core.ids import TourId, VehicleId
from mobility.core.plan import DayPlan, Tour
from mobility.core.vehicle import VehicleSpec

POOLED_FROM = 2
"""A tour with fewer rides would show one rider's way."""


def tour_id(plan: DayPlan, tour: Tour) -> TourId:
    """Return the lasting name of a tour: vehicle, day and the number of its shift that day."""
    shifts = [other.shift for other in plan.tours if other.shift.vehicle_id == tour.shift.vehicle_id]
    number = sorted(shift.span.earliest for shift in shifts).index(tour.shift.span.earliest) + 1
    return TourId(f"{tour.shift.vehicle_id}-{plan.day:%Y%m%d}-{number}")


def public_tours(
    plan: DayPlan, fleet: Mapping[VehicleId, VehicleSpec], known: Mapping[TourId, PublicTourPublished]
) -> tuple[PublicTourPublished, ...]:
    """Return the public view of every tour whose view differs from the ``known`` one."""
    views = (_view(plan, tour, fleet[tour.shift.vehicle_id]) for tour in plan.tours)
    return tuple(view for view in views if _is_news(view, known.get(view.tour_id)))


def _is_news(view: PublicTourPublished, before: PublicTourPublished | None) -> bool:
    return view != before if before is not None else bool(view.calls)


def _view(plan: DayPlan, tour: Tour, spec: VehicleSpec) -> PublicTourPublished:
    rides = {task.booking_id for task in tour.tasks}
    return PublicTourPublished(
        area_id=plan.area_id,
        tour_id=tour_id(plan, tour),
        day=plan.day,
        vehicle_id=tour.shift.vehicle_id,
        calls=_calls(tour, spec) if len(rides) >= POOLED_FROM else (),
    )


def _calls(tour: Tour, spec: VehicleSpec) -> tuple[PublicCall, ...]:
    calls: list[PublicCall] = []
    taken = 0
    for task in tour.tasks:
        taken += task.load.seats + task.load.wheelchairs * spec.seats_lost_per_wheelchair
        departure = Instant(task.begin + round(task.service_s * 1000))
        calls.append(PublicCall(task.stop_id, departure, max(0, spec.seats - taken)))
    return _merged(calls)


def _merged(calls: Sequence[PublicCall]) -> tuple[PublicCall, ...]:
    """Return one call for all consecutive tasks at one stop: the last departure, the seats free then."""
    last_of_stop = (call for k, call in enumerate(calls) if k + 1 == len(calls) or calls[k + 1].stop_id != call.stop_id)
    return tuple(last_of_stop)
