"""A roster's new version in plans that are published already: who drives is changed where the roster had named them.

A plan that is not published, and a shift that still has its rule's driver, take theirs from the roster when they are
read (``tours.plan_of``). Here are those left that already drive by an older version. A driver whom a repair put in
stays; so does one who is replaced by nobody: that is a missing driver, and for the dispatcher to repair.
"""

from dataclasses import replace

from mobility.core.clock import Instant
from mobility.core.events import PlanPublished
from mobility.core.fold import State
from mobility.core.plan import DayPlan, Tour
from mobility.core.roster import Roster
from mobility.core.service_day import ServiceDay


def driven_by(state: State, roster: Roster, zone: str, now: Instant) -> list[PlanPublished]:
    """Return new versions of the plans in which somebody else drives by ``roster``; shifts that are over stay."""
    former = state.rosters.get((roster.area_id, roster.first))
    if former is None:
        return []
    plans = (
        plan
        for (area_id, day), plan in state.plans.items()
        if area_id == roster.area_id and roster.first <= day <= roster.last
    )
    changed = ((plan, _driven(plan, former, roster, zone, now)) for plan in plans)
    return [
        PlanPublished(plan=replace(plan, version=plan.version + 1, tours=tours), cause="roster")
        for plan, tours in changed
        if tours != plan.tours
    ]


def _driven(plan: DayPlan, former: Roster, roster: Roster, zone: str, now: Instant) -> tuple[Tour, ...]:
    day = ServiceDay(plan.day, zone)

    def driven(tour: Tour) -> Tour:
        shift = tour.shift
        place = plan.day, shift.vehicle_id, day.time_of(shift.span.earliest)
        before, after = former.driver_of(*place), roster.driver_of(*place)
        stays = before != shift.driver or after in (None, before) or shift.span.latest <= now
        return tour if stays or after is None else replace(tour, shift=replace(shift, driver=after))

    return tuple(driven(tour) for tour in plan.tours)
