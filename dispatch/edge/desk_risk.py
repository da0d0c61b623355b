"""Whom a vehicle will be late for, as the dispatcher's page shows it, and the report that would say so."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import urlencode

from dispatch.edge.desk_form import LONGEST_DELAY_MIN
from dispatch.edge.desk_view import DeskView
from dispatch.watch import AtRisk, Lateness
from mobility.core.disruption import DisruptionKind
from mobility.core.plan import DayPlan, Tour

_MINUTE_S = 60


class Watch(Protocol):
    """Keeps looking whether vehicles will come when riders were told."""

    @property
    def at_risk(self) -> Sequence[AtRisk]:
        """What the newest look found; a repair may have been published since."""
        ...


def risks(found: Sequence[AtRisk], plan: DayPlan, view: DeskView) -> list[dict[str, Any]]:
    """Return the vehicles of a plan that will be late for somebody, with the answers that fill the report.

    A look is half a minute old at most; tasks that were done, moved or promised anew since are left out.
    """
    rows: list[dict[str, Any]] = []
    for risk in found:
        for tour in plan.tours:
            late = _still_late(risk, tour)
            if late:
                filled = _filled(risk, _delay_min(risk))
                rows.append(view.risk(tour, late) | {"query": urlencode(filled)})
    return rows


def _still_late(risk: AtRisk, tour: Tour) -> list[Lateness]:
    if tour.shift.vehicle_id != risk.vehicle_id:
        return []
    open_ends = {(task.booking_id, task.kind, task.window.latest) for task in tour.tasks[tour.done :]}
    return [each for each in risk.late if (each.booking_id, each.kind, each.latest) in open_ends]


def _delay_min(risk: AtRisk) -> int:
    """Return by how many whole minutes the vehicle leaves its last stop later than planned, at least 1."""
    return min(max(1, math.ceil(risk.delay_s / _MINUTE_S)), LONGEST_DELAY_MIN)


def _filled(risk: AtRisk, delay_min: int) -> Mapping[str, str]:
    kind = DisruptionKind.VEHICLE_LATE.value
    return {"kind": kind, "vehicle_id": risk.vehicle_id, "delay_min": str(delay_min)}
