"""``/gofs`` over HTTP: discovery leads to every file, live answers ask the port, wrong places are refused."""

import asyncio
from dataclasses import replace

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse

from gtfs.edge.gofs import gofs_router
from gtfs.gofs_live import RideEstimate
from mobility.core.clock import Instant
from mobility.core.errors import RefusedError
from mobility.core.ids import RouteId
from tests.gtfs.small_region import CAMPUS, MARKET, area, region, with_bus

NOW = Instant(1_760_427_600_000)
HERE = {"pickup_lat": "50.6866", "pickup_lon": "10.9135"}
THERE = {"drop_off_lat": "50.6825", "drop_off_lon": "10.9380"}


class StandingClock:
    def now(self):
        return NOW

    async def sleep(self, duration_s):
        raise NotImplementedError


class OneRide:
    """Knows one ride and remembers what it was asked."""

    def __init__(self):
        self.asked = []

    async def estimates(self, pickup, drop_off):
        self.asked.append((pickup, drop_off))
        return (
            RideEstimate(
                route_id=RouteId("village"),
                origin=MARKET,
                destination=None if drop_off is None else CAMPUS,
                pickup=Instant(NOW + 3_600_000),
                wait_s=4500.0,
                travel_s=None if drop_off is None else 600.0,
                fare_cent=None if drop_off is None else 250,
            ),
        )


class NoRide:
    async def estimates(self, pickup, drop_off):
        return ()


def app_of(chosen, estimates, site):
    app = FastAPI()
    app.include_router(gofs_router(chosen, estimates, StandingClock(), site=site))

    async def refused(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RefusedError)
        return JSONResponse({"code": error.refusal.code}, error.status)

    app.add_exception_handler(RefusedError, refused)
    return app


def get(path, *, chosen=None, estimates=None, site="", headers=None, **query):
    async def ask():
        app = app_of(chosen or with_bus(), estimates or OneRide(), site)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://bus.example.org"
        ) as client:
            return await client.get(path, params=query, headers=headers)

    return asyncio.run(ask())


def test_discovery_leads_to_every_file_in_both_languages():
    found = get("/gofs/gofs.json").json()
    assert (found["version"], found["last_updated"]) == ("1.0", NOW // 1000)
    for language in ("de", "en"):
        links = {feed["name"]: feed["url"] for feed in found["data"][language]["feeds"]}
        assert {"system_information", "service_brands", "zones", "operating_rules", "calendars"} <= set(links)
        for name, url in links.items():
            answer = get(url.removeprefix("http://bus.example.org"), **HERE)
            assert (answer.status_code, set(answer.json())) == (200, {"last_updated", "ttl", "version", "data"}), name


def test_links_carry_the_public_address_where_one_is_set():
    feeds = get("/gofs/gofs.json", site="https://bus.example.net/").json()["data"]["de"]["feeds"]
    assert all(feed["url"].startswith("https://bus.example.net/gofs/de/") for feed in feeds)
    versions = get("/gofs/gofs_versions.json", site="https://bus.example.net/").json()["data"]["versions"]
    assert versions == [{"version": "1.0", "url": "https://bus.example.net/gofs/gofs.json"}]


def test_a_file_that_is_known_is_not_sent_again():
    first = get("/gofs/de/zones.json")
    again = get("/gofs/de/zones.json", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", ["/gofs/de/riders.json", "/gofs/fr/zones.json", "/gofs/de/../gofs.txt", "/gofs"])
def test_what_is_no_file_of_the_feed_is_not_found(path):
    assert get(path).status_code in {404, 422}


def test_a_wait_is_asked_of_the_port_and_never_kept():
    estimates = OneRide()
    answer = get("/gofs/de/wait_time", estimates=estimates, **HERE)
    assert answer.json()["data"] == {"wait_times": [{"brand_id": "village", "wait_time": 4500}]}
    assert (answer.json()["ttl"], answer.headers["cache-control"]) == (0, "no-store")
    ((pickup, drop_off),) = estimates.asked
    assert (pickup.lat_deg, drop_off) == (50.6866, None)


def test_a_booking_leads_to_our_own_page():
    (told,) = get("/gofs/en/realtime_booking", **HERE, **THERE).json()["data"]["realtime_booking"]
    assert told["booking_detail"]["web_uri"].startswith("http://bus.example.org/book?origin=market&destination=campus")
    assert (told["travel_cost"], told["travel_time"]) == (2.5, 600)


def test_where_nobody_can_ride_there_is_no_wait():
    assert get("/gofs/de/wait_time", estimates=NoRide(), **HERE).json()["data"] == {"wait_times": []}


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"pickup_lat": "50.7"},
        {**HERE, "drop_off_lat": "50.7"},
        {**HERE, "pickup_lat": "91"},
        {**HERE, "pickup_lat": "nan"},
        {**HERE, "pickup_lon": "inf"},
        {**HERE, "pickup_lat": "north"},
        {**HERE, "brand_id": "x" * 501},
    ],
)
@pytest.mark.parametrize("name", ["wait_time", "realtime_booking"])
def test_half_or_impossible_places_are_refused(name, query):
    estimates = OneRide()
    assert get(f"/gofs/de/{name}", estimates=estimates, **query).status_code == 422
    assert estimates.asked == []


def test_of_several_services_the_one_meant_must_be_named():
    two = with_bus(area(), replace(area(), area_id="other"))
    assert get("/gofs/de/wait_time", chosen=two, **HERE).status_code == 422
    answer = get("/gofs/de/wait_time", chosen=two, brand_id="village,other", **HERE)
    assert [row["brand_id"] for row in answer.json()["data"]["wait_times"]] == ["village"]


def test_a_deep_link_fills_in_the_nearest_stops_and_the_time():
    answer = get("/gofs/book", **HERE, **THERE, pickup_time=str(NOW // 1000))
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/book?origin=market&destination=campus&kind=depart&day=2025-10-14&time=09%3A40",
    )
    late = get("/gofs/book", **HERE, drop_off_time=str(NOW)).headers["location"]
    assert late == "/book?origin=market&kind=arrive&day=2025-10-14&time=09%3A40"
    assert get("/gofs/book").headers["location"] == "/book"
    assert get("/gofs/book", pickup_lat="0", pickup_lon="0").headers["location"] == "/book"
    assert get("/gofs/book", pickup_time="-1").status_code == 422


def test_a_region_without_on_demand_service_has_no_gofs():
    assert get("/gofs/gofs.json", chosen=region()).status_code == 404
