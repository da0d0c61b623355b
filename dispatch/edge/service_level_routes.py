"""``/api/v1/service-levels``: how a service day went, or is going to go."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query

from dispatch.edge.service import Dispatch
from dispatch.service_levels import levels_of_day, levels_of_plan
from mobility.core.errors import RefusedError
from mobility.core.evidence import Factor
from mobility.core.ids import ServiceAreaId
from mobility.core.ports import Ledger
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.service_day import ServiceDay


def service_level_router(dispatch: Dispatch, ledger: Ledger, factors: Sequence[Factor] = ()) -> APIRouter:
    """Return the route; without ``factors`` it tells no energy and no climate figures."""
    routes = APIRouter(prefix="/api/v1", tags=["dispatch"])
    region = dispatch.region

    @routes.get("/service-levels")
    async def service_levels(
        day: Annotated[date | None, Query(alias="date")] = None,
        area: Annotated[str | None, Query(max_length=100)] = None,
        plan: Annotated[bool, Query()] = False,
    ) -> dict[str, Any]:
        """Service levels of a day (today without ``date``) in an area (the first without ``area``).

        ``plan=true`` gives what the newest plan foresees, otherwise what the facts tell so far.
        """
        known = [each for each in region.areas if area in (None, each.area_id)]
        if not known:
            raise RefusedError(Refusal(RefusalCode.OUTSIDE_AREA, {"area": area or ""}), 404)
        area_id, wanted = known[0].area_id, day or dispatch.today.date
        travel = dispatch.service(area_id).travel
        if plan:
            levels = levels_of_plan(dispatch.state, dispatch.plan(known[0], wanted), region.zone, travel, factors)
        else:
            service_day = ServiceDay(wanted, region.zone)
            levels = levels_of_day(list(ledger.read()), area_id, service_day, travel, factors)
        return {"area_id": ServiceAreaId(area_id), **levels.as_json()}

    return routes
