"""How people book: they compare, take alternatives, cancel; and requests survive a broken connection."""

from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from mobility.core.clock import Instant, datetime_at
from mobility.core.errors import BadInputError
from mobility.core.ids import ServiceAreaId, StopId, VehicleId
from mobility.core.service_day import ServiceDay
from sim.edge.loop import run_virtual
from sim.edge.passengers import Passengers
from sim.edge.public_api import PublicApi
from sim.edge.riders import Riders
from sim.edge.world import World
from sim.ride_wishes import WishCall
from tests.sim.stage import VirtualClock, shipped

ZONE = ZoneInfo("Europe/Berlin")
DAY = ServiceDay(shipped()[0].scenario_day, "Europe/Berlin")
NOON = DAY.at(12 * 3600)


def _call(**changes) -> WishCall:
    fields = {
        "wish_id": "w1",
        "calls_at": DAY.at(8 * 3600),
        "area_id": ServiceAreaId("a"),
        "origin": StopId("x"),
        "destination": StopId("y"),
        "kind": "depart",
        "at": NOON,
        "seats": 1,
        "wheelchairs": 0,
        "channel": "phone",
        "name": "Probe",
        "phone": "",
        "cancels_after_s": None,
        "stays_away": False,
        "comes_late_s": 0.0,
        "accepts_alternative": True,
    }
    return WishCall(**(fields | changes))


def _offer(name: str, minutes: int) -> dict:
    earliest = datetime_at(Instant(NOON + minutes * 60_000), ZONE).isoformat()
    return {"offer_id": name, "pickup": {"earliest": earliest}, "arrival": {"latest": earliest}}


class Desk:
    """Answers with what the test gives it and remembers what it was asked."""

    def __init__(self, quote: dict, booking_status: int = 201) -> None:
        self.quote = quote
        self.booking_status = booking_status
        self.asked: list[tuple[str, str, object]] = []
        self.failures_left = 0

    def app(self) -> FastAPI:
        app = FastAPI()
        app.add_route("/{path:path}", self.answer, methods=["GET", "POST"])
        return app

    async def answer(self, request: Request) -> JSONResponse:
        if self.failures_left:
            self.failures_left -= 1
            raise httpx.ConnectError("the line is dead")
        body = await request.json() if request.method == "POST" else None
        self.asked.append((request.url.path, request.headers.get("Idempotency-Key", ""), body))
        if request.url.path.endswith("/quotes"):
            return JSONResponse(self.quote)
        if request.url.path.endswith("/bookings"):
            told = _offer("told", 0)["pickup"]["earliest"]
            window = {"earliest": told, "latest": told}
            answer = {"reference": body["offer_id"], "link": f"/ride/{body['offer_id']}?key=k%201", "pickup": window}
            return JSONResponse(answer, status_code=self.booking_status)
        return JSONResponse({"key": request.query_params.get("key", "")})


def _lets_call(desk: Desk, *calls: WishCall) -> Riders:
    async def main():
        clock = VirtualClock(DAY.at(7 * 3600))
        transport = httpx.ASGITransport(desk.app())
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            world = World(http=http, connect_vehicle=_no_vehicle, clock=clock, run_id="run")
            riders = Riders(PublicApi(world, ZONE), Passengers(), clock)
            riders.expect(calls)
            await riders.run()
            return riders

    return run_virtual(main())


async def _no_vehicle(_):
    raise OSError


def _booked(desk: Desk) -> list[str]:
    return [body["offer_id"] for path, _, body in desk.asked if path.endswith("/bookings")]


def test_the_offer_nearest_to_the_wish_is_taken():
    desk = Desk({"offers": [_offer("early", -30), _offer("near", 5), _offer("late", 15)]})
    riders = _lets_call(desk, _call())
    assert _booked(desk) == ["near"]
    assert (riders.wished, riders.booked, riders.refused) == (1, 1, 0)


def test_who_likes_alternatives_takes_one_and_who_does_not_declines():
    desk = Desk({"offers": [], "refusal": {"code": "x"}, "alternatives": [_offer("other", 60)]})
    riders = _lets_call(desk, _call(), _call(wish_id="w2", accepts_alternative=False))
    assert _booked(desk) == ["other"]
    assert (riders.booked, riders.declined, riders.refused) == (1, 1, 0)


def test_an_offer_that_was_taken_meanwhile_leads_to_the_next_one():
    desk = Desk({"offers": [_offer("a", 0), _offer("b", 10)]}, booking_status=409)
    riders = _lets_call(desk, _call())
    assert _booked(desk) == ["a", "b"]
    assert (riders.booked, riders.refused) == (0, 1)


def test_who_cancels_does_so_with_the_key_of_the_link():
    desk = Desk({"offers": [_offer("a", 0)]})
    riders = _lets_call(desk, _call(cancels_after_s=600.0))
    assert riders.cancelled == 1
    assert desk.asked[-1][0] == "/api/v1/bookings/a/cancel"


def test_every_mutating_request_has_its_own_idempotency_key_and_repeats_it():
    desk = Desk({"offers": [_offer("a", 0)]})
    desk.failures_left = 2
    _lets_call(desk, _call(cancels_after_s=600.0), _call(wish_id="w2"))
    keys = [key for path, key, _ in desk.asked if not path.endswith("/quotes")]
    assert all(key.startswith("run-") for key in keys)
    assert len(set(keys)) == 3


def test_an_answer_that_can_not_be_read_is_named():
    desk = Desk({})

    async def main():
        transport = httpx.ASGITransport(desk.app())
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            world = World(http=http, connect_vehicle=_no_vehicle, clock=VirtualClock(Instant(0)))
            await PublicApi(world, ZONE).manifest(VehicleId("van-1"), DAY.date)

    with pytest.raises(BadInputError, match="manifests"):
        run_virtual(main())
