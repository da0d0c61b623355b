"""Road condition over HTTP: roughness, hazards and junction delay as map layers and tables; lights of junctions."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter

from v2x.edge.road_watch import Layer, RoadWatch
from v2x.road.layers import collection, table


def router(watch: RoadWatch, *, signals: Callable[[], list[dict[str, Any]]] = list) -> APIRouter:
    """Return ``/api/v1/road`` and, for each layer, ``/api/v1/road/{layer}`` with its twin ``…/{layer}/table``.

    ``signals`` tells what the lights of junctions show now (``SignalBoard.rows``), for ``/api/v1/road/signals``.
    """
    routes = APIRouter(prefix="/api/v1/road", tags=["road"])

    @routes.get("")
    async def layers() -> dict[str, Any]:
        """The layers, and how many features each has now."""
        return {"layers": {layer.value: len(watch.layer(layer)) for layer in Layer}}

    @routes.get("/signals")
    async def lights() -> dict[str, Any]:
        """What the lights of junctions show now, as SPATEM tell it: a row for each signal group heard of lately."""
        return {"rows": signals()}

    @routes.get("/{layer}")
    async def road_layer(layer: Layer) -> dict[str, Any]:
        """One layer as GeoJSON.

        `roughness`: median over the newest passes of the RMS of vertical acceleration at 36 km/h, by section and
        direction. `junctions`: mean delay by approach. `hazards`: what DENMs report and nobody has cancelled.
        """
        return collection(watch.layer(layer))

    @routes.get("/{layer}/table")
    async def road_table(layer: Layer) -> dict[str, Any]:
        """The same as rows, what is worst first."""
        return {"rows": table(watch.layer(layer))}

    return routes
