"""Repairing a plan: different answers to a disruption side by side, the one that harms people least first.

Everything that can stay stays. What is freed (by force: a vehicle does not go on; or because it is late) is put back
by staged insertion in several orders; each outcome is weighed by ``dispatch.harm.Harm``. Every tour of a proposal was
checked by ``dispatch.feasibility.schedule`` with loads, ride times and windows; windows are wider than was promised
only where a revision says so. Done and frozen tasks of vehicles that go on are never touched. Pure and deterministic.
"""

from dataclasses import replace

from dispatch.at_the_stop import no_show, unannounced
from dispatch.case import case_of
from dispatch.disruption import Upset, day_plan, refused, upset_tours
from dispatch.lanes import lane_of
from dispatch.mending import Improve, differing, mended
from dispatch.proposal import Answer, Proposal, Reason, ReasonCode
from dispatch.quote import Service
from dispatch.weighing import Candidate, Case, weighed
from mobility.core.clock import Instant
from mobility.core.disruption import Disruption, DisruptionKind
from mobility.core.fold import State
from mobility.core.ids import DriverRef
from mobility.core.plan import Tour
from mobility.core.refusal import Refusal
from mobility.core.roster import DutyRole
from mobility.core.service_day import ServiceDay


def proposals(
    service: Service,
    state: State,
    disruption: Disruption,
    now: Instant,
    *,
    roads: Service | None = None,
    improve: Improve | None = None,
    substitute: DriverRef | None = None,
) -> tuple[Proposal, ...] | Refusal:
    """Return different answers to a disruption, the least harmful first, or why the report can not be true.

    ``roads`` is the service with the travel times of the roads that are closed then; ``substitute`` somebody who could
    drive a shift without a driver, where the roster names nobody.
    """
    denied = refused(service, state, disruption, now)
    if denied is not None:
        return denied
    case = case_of(service, state, disruption, now, before=day_plan(service, state, disruption), roads=roads or service)
    match disruption.kind:
        case DisruptionKind.NO_SHOW:
            return no_show(case, state)
        case DisruptionKind.UNANNOUNCED_LOAD:
            return unannounced(case)
        case DisruptionKind.DRIVER_MISSING:
            return differing((*_substituted(case, state, substitute), *mended(case, improve)))
        case _:
            return mended(case, improve)


def _substituted(case: Case, state: State, substitute: DriverRef | None) -> list[Proposal]:
    """Return the answer in which somebody else drives: nothing changes for riders."""
    tours = list(case.before.tours)
    lanes = dict(case.lanes)
    drivers: list[DriverRef] = []
    for position in upset_tours(case.before, case.disruption):
        driver = substitute or _rostered_substitute(case, state, tours[position])
        if driver is None:
            return []
        shift = replace(tours[position].shift, driver=driver)
        tours[position] = replace(tours[position], shift=shift)
        lane = lane_of(case.service, state, position, tours[position], case.now)
        if lane is None:
            return []
        lanes[position] = lane
        drivers.append(driver)
    driven = replace(case.before, tours=tuple(tours))
    manned = replace(case, upset=Upset(state=state, plan=driven), freed=())
    found = weighed(manned, Answer.SUBSTITUTE, Candidate(lanes, ()))
    named = [Reason(ReasonCode.DRIVEN_BY, {"driver": driver}) for driver in dict.fromkeys(drivers)]
    others = (reason for reason in found.reasons if reason.code is not ReasonCode.NOTHING_UPSET)
    return [replace(found, reasons=(*named, *others))]


def _rostered_substitute(case: Case, state: State, tour: Tour) -> DriverRef | None:
    """Return who is named in the roster to step in for a shift."""
    day = ServiceDay(case.disruption.day, case.service.zone)
    for (area_id, _), roster in state.rosters.items():
        if area_id != case.service.area.area_id:
            continue
        for assignment in roster.assignments:
            duty = assignment.duty
            shift = (duty.day, duty.vehicle_id, day.at(duty.starts))
            wanted = (day.date, tour.shift.vehicle_id, tour.shift.span.earliest)
            if duty.role is DutyRole.SUBSTITUTE and shift == wanted:
                return assignment.driver
    return None
