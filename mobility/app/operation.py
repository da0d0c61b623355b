"""What operators ask a process: does it live, is it ready, how busy is it."""

from collections.abc import Callable, Mapping

from fastapi import APIRouter
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.responses import JSONResponse, Response

Readings = Callable[[], Mapping[str, float]]
"""Name to value; names that end in ``_total`` count up, others go up and down."""


class _Collector:
    """Reads the process's own counters when Prometheus asks, so that nothing is counted twice."""

    def __init__(self, readings: Readings) -> None:
        self._readings = readings

    def collect(self) -> list[Metric]:
        families: list[Metric] = []
        for name, value in self._readings().items():
            family = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
            metric = family(f"mobility_{name.removesuffix('_total')}", name.replace("_", " "))
            metric.add_metric([], value)
            families.append(metric)
        return families


def router(readings: Readings, faults: Callable[[], list[str]]) -> APIRouter:
    """Return ``/healthz``, ``/readyz`` (503 with reasons while ``faults`` names any) and ``/metrics``."""
    routes = APIRouter()
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(readings))

    @routes.get("/healthz", include_in_schema=False)
    async def healthz() -> JSONResponse:
        """The process answers."""
        return JSONResponse({"status": "ok"})

    @routes.get("/readyz", include_in_schema=False)
    async def readyz() -> JSONResponse:
        """The process can do its work; otherwise 503 and why not."""
        found = faults()
        return JSONResponse({"status": "ready" if not found else "not ready", "faults": found}, 503 if found else 200)

    @routes.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        """Counters in Prometheus' text format."""
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return routes
