"""How long a ride would be waited for: the answer of quoting, without a trace of having asked."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI

from gtfs.edge.gofs import gofs_router
from mobility.app.ride_estimates import QuotedEstimates
from mobility.core.geo import LatLon
from tests.app.server import in_ilmenau

MANEBACH = LatLon(50.6798, 10.8593)
HOSPITAL = LatLon(50.6811, 10.9227)
MARKET = LatLon(50.6866, 10.9136)
SEA = LatLon(54.0, 10.0)


def asked(folder, pickup, drop_off, *, starts_s):
    async def visit(server, http):
        dispatch = server.dispatch.dispatch
        before = server.stores.ledger.state.seq
        found = await QuotedEstimates(dispatch, server.info).estimates(pickup, drop_off)
        assert server.stores.ledger.state.seq == before
        return found, dispatch.clock.now()

    return in_ilmenau(folder, visit, starts_s=starts_s)


def test_a_ride_is_waited_for_as_long_as_the_notice_and_the_window(tmp_path):
    (ride,), now = asked(tmp_path, MANEBACH, HOSPITAL, starts_s=9 * 3600)
    assert (ride.route_id, ride.origin, ride.destination) == ("buergerbus", "manebach-bahnhof", "krankenhaus")
    # An hour's notice, a window of a quarter of an hour, and offers every quarter.
    assert 3600 + 900 <= ride.wait_s <= 3600 + 900 + 1800
    assert ride.pickup >= now + 3_600_000
    assert (ride.fare_cent, ride.travel_s > 0) == (0, True)


def test_who_does_not_say_where_to_learns_how_soon_the_bus_can_come(tmp_path):
    (ride,), _ = asked(tmp_path, MANEBACH, None, starts_s=9 * 3600)
    assert (ride.origin, ride.destination, ride.travel_s, ride.fare_cent) == ("manebach-bahnhof", None, None, None)
    assert ride.wait_s >= 3600


def test_before_the_service_opens_the_first_ride_of_the_day_counts(tmp_path):
    (ride,), now = asked(tmp_path, MANEBACH, HOSPITAL, starts_s=5 * 3600)
    assert ride.wait_s > 3 * 3600
    assert (ride.pickup - now) // 1000 >= 3 * 3600


@pytest.mark.parametrize("places", [(SEA, HOSPITAL), (MANEBACH, SEA), (SEA, None)])
def test_far_from_every_stop_there_is_no_ride(tmp_path, places):
    assert asked(tmp_path, *places, starts_s=9 * 3600)[0] == ()


def test_the_live_files_of_gofs_answer_from_the_free_room(tmp_path):
    async def visit(server, http):
        del http
        dispatch = server.dispatch.dispatch
        app = FastAPI()
        app.include_router(gofs_router(dispatch.region, QuotedEstimates(dispatch, server.info), dispatch.clock))
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://server.invalid") as client:
            here = {"pickup_lat": MANEBACH.lat_deg, "pickup_lon": MANEBACH.lon_deg}
            there = {"drop_off_lat": MARKET.lat_deg, "drop_off_lon": MARKET.lon_deg}
            return await asyncio.gather(
                client.get("/gofs/de/wait_time", params=here),
                client.get("/gofs/de/realtime_booking", params={**here, **there}),
            )

    wait, booking = in_ilmenau(tmp_path, visit, starts_s=9 * 3600)
    (told,) = wait.json()["data"]["wait_times"]
    assert told["wait_time"] >= 3600
    (offer,) = booking.json()["data"]["realtime_booking"]
    assert "origin=manebach-bahnhof&destination=marktplatz" in offer["booking_detail"]["web_uri"]
