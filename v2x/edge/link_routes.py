"""Link quality over HTTP: the fleet's links, and where the radio fails as map layer and table."""

from datetime import UTC
from typing import Annotated, Any

from fastapi import APIRouter, Query

from mobility.core.clock import Clock, datetime_at
from v2x.edge.link_watch import LinkWatch
from v2x.link.quality import LATE_AFTER_MS
from v2x.link.state import LOST_AFTER_MS, STALE_AFTER_MS
from v2x.link.where import KEPT_DAYS
from v2x.road.layers import collection, table

Days = Annotated[int, Query(ge=1, le=KEPT_DAYS, description="How many days back, today included.")]


def router(watch: LinkWatch, clock: Clock) -> APIRouter:
    """Return ``/api/v1/links``, ``/api/v1/links/coverage`` and its twin ``/api/v1/links/coverage/table``."""
    routes = APIRouter(prefix="/api/v1/links", tags=["links"])

    @routes.get("")
    async def links() -> dict[str, Any]:
        """Every vehicle heard of since the start: state of its link, latency, loss, bandwidth, reconnects of today.

        ``loss_frac`` is the share of the last ten minutes' samples that came more than 2 s late or are still missing.
        """
        now = clock.now()
        return {
            "now": datetime_at(now, UTC).isoformat(),
            "stale_after_s": STALE_AFTER_MS / 1000,
            "lost_after_s": LOST_AFTER_MS / 1000,
            "late_after_s": LATE_AFTER_MS / 1000,
            "vehicles": watch.views(now),
        }

    @routes.get("/coverage")
    async def coverage(days: Days = KEPT_DAYS) -> dict[str, Any]:
        """GeoJSON lines, one for each piece of street: samples, share delivered late, round trips, reconnects."""
        return collection(watch.picture(days))

    @routes.get("/coverage/table")
    async def coverage_table(days: Days = KEPT_DAYS) -> dict[str, Any]:
        """The same as rows, the worst piece of street first."""
        return {"days": days, "rows": table(watch.picture(days))}

    return routes
