"""``/gofs``: the GOFS feed of the on-demand service, its two live queries, and the link into the booking page."""

import json
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from gtfs.flex_texts import LANGUAGES
from gtfs.gofs import VERSION, static_feeds
from gtfs.gofs_live import RideEstimates, booking_link, realtime_bookings, stop_near, wait_times
from gtfs.on_demand import on_demand_services
from mobility.core.clock import Clock, Instant
from mobility.core.errors import RefusedError
from mobility.core.geo import LatLon
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.region import Region

_TTL_S = 3600
_LIVE = ("wait_time", "realtime_booking")
_SITES_KEPT = 16
_MOST_BRANDS = 500
_LAST_S = 4_102_444_800
"""The year 2100; a larger number means milliseconds, as in the example of the specification."""
_Lat = Annotated[float, Query(ge=-90, le=90, allow_inf_nan=False)]
_Lon = Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False)]
_OptionalLat = Annotated[float | None, Query(ge=-90, le=90, allow_inf_nan=False)]
_OptionalLon = Annotated[float | None, Query(ge=-180, le=180, allow_inf_nan=False)]
_Time = Annotated[int | None, Query(ge=0, le=_LAST_S * 1000)]
_Brands = Annotated[str, Query(max_length=_MOST_BRANDS)]
_Language = Literal["de", "en"]


class Gofs:
    """Handlers bound to a region and to who knows the free room."""

    def __init__(self, region: Region, estimates: RideEstimates, clock: Clock, *, site: str = "") -> None:
        """Answer for ``region``; ``site`` is the public address of the server, empty: that of each request."""
        self._region = region
        self._services = on_demand_services(region)
        self._estimates = estimates
        self._clock = clock
        self._site = site.rstrip("/")
        self._made_at = clock.now()
        self._stops = {stop_id: region.stops[stop_id].place for service in self._services for stop_id in service.stops}
        self._static = lru_cache(maxsize=_SITES_KEPT)(self._files)

    async def discovery(self, request: Request) -> Response:
        """The feeds in each language."""
        return self._file(request, "", "gofs")

    async def versions(self, request: Request) -> Response:
        """The versions of the feed."""
        return self._file(request, "", "gofs_versions")

    async def static(self, request: Request, language: _Language, name: str) -> Response:
        """A static file; 404 for a name that is none."""
        return self._file(request, language, name)

    async def wait_time(
        self,
        *,
        language: _Language,
        pickup_lat: _Lat,
        pickup_lon: _Lon,
        drop_off_lat: _OptionalLat = None,
        drop_off_lon: _OptionalLon = None,
        brand_id: _Brands = "",
    ) -> Response:
        """How long a rider waits at most for the soonest ride from a place; no entry where nobody rides today."""
        del language  # the answer is numbers
        drop_off = _optional_place(drop_off_lat, drop_off_lon)
        found = await self._estimates.estimates(LatLon(pickup_lat, pickup_lon), drop_off)
        return self._live(wait_times(found, self._brands(brand_id)))

    async def realtime_booking(
        self,
        *,
        request: Request,
        language: _Language,
        pickup_lat: _Lat,
        pickup_lon: _Lon,
        drop_off_lat: _OptionalLat = None,
        drop_off_lon: _OptionalLon = None,
        brand_id: _Brands = "",
    ) -> Response:
        """The same with travel time, fare, and the page where the ride is booked."""
        del language  # the page asks for its own
        drop_off = _optional_place(drop_off_lat, drop_off_lon)
        found = await self._estimates.estimates(LatLon(pickup_lat, pickup_lon), drop_off)
        site, zone = self._address(request), self._region.zone
        return self._live(realtime_bookings(found, self._brands(brand_id), self._services, site=site, zone=zone))

    async def book(
        self,
        *,
        pickup_lat: _OptionalLat = None,
        pickup_lon: _OptionalLon = None,
        drop_off_lat: _OptionalLat = None,
        drop_off_lon: _OptionalLon = None,
        pickup_time: _Time = None,
        drop_off_time: _Time = None,
    ) -> Response:
        """Lead on to the booking page with the nearest stops and the time filled in."""
        ends = [
            None if place is None else stop_near(self._stops, place)
            for place in (_optional_place(pickup_lat, pickup_lon), _optional_place(drop_off_lat, drop_off_lon))
        ]
        kind, wished = ("depart", pickup_time) if drop_off_time is None else ("arrive", drop_off_time)
        at = None if wished is None else Instant(wished if wished > _LAST_S else wished * 1000)
        return RedirectResponse(booking_link("", ends[0], ends[1], at, self._region.zone, kind=kind), 303)

    def _brands(self, given: str) -> list[str]:
        brands = [brand for brand in given.split(",") if brand]
        if len(self._services) > 1 and not brands:
            raise RefusedError(Refusal(RefusalCode.INVALID_INPUT, {"detail": "brand_id"}), 422)
        return brands

    def _file(self, request: Request, language: str, name: str) -> Response:
        found = self._static(self._address(request)).get(f"{language}/{name}" if language else name)
        if found is None:
            return Response(status_code=404)
        body, etag = found
        headers = {"ETag": etag, "Cache-Control": f"public, max-age={_TTL_S}", "Access-Control-Allow-Origin": "*"}
        if etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="application/json", headers=headers)

    def _files(self, site: str) -> Mapping[str, tuple[bytes, str]]:
        files: dict[str, Mapping[str, Any]] = {}
        names: list[str] = []
        for language in LANGUAGES:
            feeds = static_feeds(self._region, language, booking_url=f"{site}/gofs/book")
            files |= {f"{language}/{name}": data for name, data in feeds.items()}
            names = [*feeds, *_LIVE]
        files["gofs"] = {language: {"feeds": [_link(site, language, name) for name in names]} for language in LANGUAGES}
        files["gofs_versions"] = {"versions": [{"version": VERSION, "url": f"{site}/gofs/gofs.json"}]}
        return {name: _packed(self._enclosed(data, _TTL_S, self._made_at)) for name, data in files.items()}

    def _live(self, data: Mapping[str, Any]) -> Response:
        headers = {"Cache-Control": "no-store", "Access-Control-Allow-Origin": "*"}
        return JSONResponse(self._enclosed(data, 0, self._clock.now()), headers=headers)

    def _enclosed(self, data: Mapping[str, Any], ttl_s: int, at: Instant) -> dict[str, Any]:
        return {"last_updated": at // 1000, "ttl": ttl_s, "version": VERSION, "data": data}

    def _address(self, request: Request) -> str:
        return self._site or str(request.base_url).rstrip("/")


def gofs_router(region: Region, estimates: RideEstimates, clock: Clock, *, site: str = "") -> APIRouter:
    """Return the routes below ``/gofs``; none for a region without on-demand service."""
    routes = APIRouter(prefix="/gofs", tags=["open data"])
    if not on_demand_services(region):
        return routes
    gofs = Gofs(region, estimates, clock, site=site)
    routes.add_api_route("/gofs.json", gofs.discovery, methods=["GET"])
    routes.add_api_route("/gofs_versions.json", gofs.versions, methods=["GET"])
    routes.add_api_route("/book", gofs.book, methods=["GET"])
    routes.add_api_route("/{language}/wait_time", gofs.wait_time, methods=["GET"])
    routes.add_api_route("/{language}/realtime_booking", gofs.realtime_booking, methods=["GET"])
    routes.add_api_route("/{language}/{name}.json", gofs.static, methods=["GET"])
    return routes


def _link(site: str, language: str, name: str) -> dict[str, str]:
    return {"name": name, "url": f"{site}/gofs/{language}/{name}{'' if name in _LIVE else '.json'}"}


def _packed(content: Mapping[str, Any]) -> tuple[bytes, str]:
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return body, f'"{sha256(body).hexdigest()[:32]}"'


def _optional_place(lat_deg: float | None, lon_deg: float | None) -> LatLon | None:
    if lat_deg is None and lon_deg is None:
        return None
    if lat_deg is None or lon_deg is None:
        # One without the other is forbidden by the specification, and half a place is none.
        raise RefusedError(Refusal(RefusalCode.INVALID_INPUT, {"detail": "lat, lon"}), 422)
    return LatLon(lat_deg, lon_deg)
