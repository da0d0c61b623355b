"""Keeps looking whether vehicles will come when riders were told; raises an alarm before a promise breaks."""

import math
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter

from dispatch.edge.service import Dispatch
from dispatch.travel import PLANNING_FACTOR
from dispatch.watch import Ahead, AtRisk, at_risk
from mobility.core.clock import Instant, datetime_at
from mobility.core.events import AlarmCleared, AlarmRaised, Event
from mobility.core.fold import State
from mobility.core.ids import AlarmId, StopId, VehicleId
from mobility.core.ports import Ledger, VehicleStates
from mobility.core.supervision import Alarm, AlarmKind
from mobility.core.vehicle import VehicleState

LOOK_S = 30.0
FRESH_S = 60.0
"""An older position says nothing about when a vehicle arrives."""
_KEPT = AlarmKind.PROMISE_AT_RISK


class PromiseWatch:
    """The vehicles that will be late for somebody, newest look; and the alarms about them."""

    def __init__(self, dispatch: Dispatch, ledger: Ledger, vehicles: VehicleStates | None) -> None:
        """Watch the plans of ``dispatch`` against reports, and against positions of ``vehicles`` if there are any."""
        self._dispatch = dispatch
        self._ledger = ledger
        self._vehicles = vehicles
        self.at_risk: Sequence[AtRisk] = ()
        region = dispatch.region
        stops = {stop for area in region.areas for stop in area.stops}
        self._nodes = {stop: region.network.nearest_node(region.stops[stop].place) for stop in sorted(stops)}

    async def run(self) -> None:
        """Look twice a minute, until cancelled."""
        while True:
            await self.look()
            await self._dispatch.clock.sleep(LOOK_S)

    async def look(self) -> Sequence[AtRisk]:
        """Look once at today's plans, raise and clear alarms, and return who is at risk."""
        dispatch, now = self._dispatch, self._dispatch.clock.now()
        state, today = dispatch.state, dispatch.today.date
        found: list[AtRisk] = []
        for area in dispatch.region.areas:
            plan = state.plans.get((area.area_id, today))
            if plan is not None and any(len(tour.tasks) > tour.done for tour in plan.tours):
                found.extend(at_risk(dispatch.service(area.area_id), state, plan, now, self._ahead(now)))
        self.at_risk = tuple(found)
        if _changes(state, found, now):
            await self._ledger.submit(lambda newest, moment: _changes(newest, found, moment), actor="watch")
        return self.at_risk

    def _ahead(self, now: Instant) -> Ahead:
        if self._vehicles is None:
            return {}
        vehicles = {shift.vehicle_id for area in self._dispatch.region.areas for shift in area.shifts}
        latest = self._vehicles.latest()
        fresh = {
            each: latest[each] for each in sorted(vehicles) if each in latest and latest[each].age_s(now) < FRESH_S
        }
        return {vehicle_id: self._drives_ms(state) for vehicle_id, state in fresh.items()}

    def _drives_ms(self, vehicle: VehicleState) -> dict[StopId, int]:
        network = self._dispatch.region.network
        times_s = network.times_from(network.nearest_node(vehicle.sample.place))
        drives_s = {stop: float(times_s[node]) * PLANNING_FACTOR for stop, node in self._nodes.items()}
        return {stop: round(drive_s * 1000) for stop, drive_s in drives_s.items() if math.isfinite(drive_s)}


def _alarm_id(vehicle_id: VehicleId) -> AlarmId:
    return AlarmId(f"{_KEPT}:{vehicle_id}")


def _changes(state: State, found: Sequence[AtRisk], now: Instant) -> list[Event]:
    """Return the facts that bring the standing alarms to what was found."""
    standing = {each for each, alarm in state.supervised.alarms.items() if alarm.kind is _KEPT}
    wanted = {_alarm_id(risk.vehicle_id): risk for risk in found}
    cleared = [AlarmCleared(alarm_id=each, at=now) for each in sorted(standing - wanted.keys())]
    raised = [_raised(alarm_id, risk, now) for alarm_id, risk in wanted.items() if alarm_id not in standing]
    return [*cleared, *raised]


def _raised(alarm_id: AlarmId, risk: AtRisk, now: Instant) -> AlarmRaised:
    worst_min = max(-(-(each.expected - each.latest) // 60_000) for each in risk.late)
    detail = f"{len(risk.late)} riders {worst_min} min late"
    return AlarmRaised(
        alarm=Alarm(alarm_id=alarm_id, kind=_KEPT, vehicle_id=risk.vehicle_id, raised_at=now, detail=detail)
    )


def watch_router(watch: PromiseWatch, zone: str) -> APIRouter:
    """Return ``GET /api/v1/promises/at-risk``: vehicles that will be late, for whom, and by when they are expected."""
    info = ZoneInfo(zone)

    def moment(at: Instant) -> str:
        return datetime_at(at, info).isoformat(timespec="seconds")

    async def newest() -> dict[str, Any]:
        """Return what the newest look found."""
        return {
            "at_risk": [
                {
                    "vehicle_id": risk.vehicle_id,
                    "held_until": moment(risk.held_until),
                    "delay_s": risk.delay_s,
                    "late": [
                        {
                            "reference": each.booking_id,
                            "kind": each.kind,
                            "stop_id": each.stop_id,
                            "latest": moment(each.latest),
                            "expected": moment(each.expected),
                        }
                        for each in risk.late
                    ],
                }
                for risk in watch.at_risk
            ]
        }

    routes = APIRouter(prefix="/api/v1/promises", tags=["dispatch"])
    routes.add_api_route("/at-risk", newest, methods=["GET"])
    return routes
