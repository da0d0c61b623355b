"""Places instead of stops: the nearest stops on foot, and nothing of the place is kept."""

import asyncio
from datetime import datetime
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.walk import FARTHEST_M, MOST_STOPS, WALKING_MPS, Walk, walk_m, walks
from dispatch.wording import sentence
from mobility.core.geo import LatLon, distance_m
from mobility.core.ids import StopId
from mobility.core.refusal import Refusal, RefusalCode
from tests.dispatch.room import Room, client, ledger_text, room
from tests.dispatch.small_region import NAMES, region

PLACE = region()
STOPS = tuple(StopId(name) for name in NAMES[:8])
FAR = LatLon(50.7, 11.2)


def beside(stop: str, metres: float) -> LatLon:
    """A place some metres east of a stop."""
    centre = PLACE.stops[StopId(stop)].place
    return LatLon(centre.lat_deg, centre.lon_deg + metres / 70_600)


@given(lat=st.floats(50.5, 50.8), lon=st.floats(10.8, 11.0))
def test_walks_are_the_nearest_stops_in_order_none_of_them_too_far(lat: float, lon: float) -> None:
    here = LatLon(lat, lon)
    found = walks(here, STOPS, PLACE.stops)
    every = sorted(walk_m(here, PLACE.stops[stop].place) for stop in STOPS)
    if isinstance(found, Refusal):
        assert every[0] > FARTHEST_M
        assert found.parameters["distance_m"] == every[0]
    else:
        assert [walk.walk_m for walk in found] == [m for m in every if m <= FARTHEST_M][:MOST_STOPS]
        assert all(walk.walk_min * 60 * WALKING_MPS >= walk.walk_m for walk in found)


def test_a_way_on_foot_is_longer_than_the_straight_line() -> None:
    a, b = PLACE.stops[STOPS[0]].place, PLACE.stops[STOPS[1]].place
    assert walk_m(a, b) == round(1.3 * distance_m(a, b))
    assert Walk(stop_id=STOPS[0]).walk_min == 0
    assert Walk(stop_id=STOPS[0], walk_m=73).walk_min == 2


def asked(body: dict[str, Any], *, language: str = "en") -> tuple[Room, httpx.Response]:
    async def story() -> tuple[Room, httpx.Response]:
        here = room()
        async with client(here) as http:
            wish = {"at": "2025-10-07T10:00:00+02:00", **body}
            return here, await http.post("/api/v1/quotes", json=wish, headers={"accept-language": language})

    return asyncio.run(story())


def as_json(place: LatLon) -> dict[str, float]:
    return {"lat": place.lat_deg, "lon": place.lon_deg}


def test_a_place_is_offered_from_the_nearest_stop_once_one_can_have_walked_there() -> None:
    _, answer = asked({"origin_place": as_json(beside("C", 200)), "destination_place": as_json(beside("G", 10))})
    first = answer.json()["offers"][0]
    assert first["origin"]["stop_id"] == "C"
    assert first["origin"]["walk_m"] == pytest.approx(260, abs=5)
    assert first["origin"]["walk_min"] == 4
    assert first["destination"]["stop_id"] == "G"
    assert first["destination"]["walk_min"] == 1
    assert datetime.fromisoformat(first["pickup"]["earliest"]) == datetime.fromisoformat("2025-10-07T10:04:00+02:00")


def test_who_wants_to_arrive_has_time_to_walk_at_the_end() -> None:
    _, answer = asked({"origin": "C", "destination_place": as_json(beside("G", 300)), "kind": "arrive"})
    first = answer.json()["offers"][0]
    assert first["origin"]["walk_m"] == 0
    assert first["destination"]["walk_min"] == 6
    assert datetime.fromisoformat(first["arrival"]["latest"]) <= datetime.fromisoformat("2025-10-07T09:54:00+02:00")


@pytest.mark.parametrize("language", ["de", "en"])
def test_without_a_stop_near_the_nearest_one_is_named_with_its_distance(language: str) -> None:
    here, answer = asked({"origin_place": as_json(FAR), "destination": "D"}, language=language)
    refusal = answer.json()["refusal"]
    assert refusal["code"] == "no_stop_near"
    assert "Haltestelle H" in refusal["sentence"]
    assert "800" in refusal["sentence"]
    assert "…" not in refusal["sentence"]
    assert not list(here.ledger.read())


def test_the_place_reaches_neither_offers_nor_ledger() -> None:
    place = beside("C", 123)
    here, answer = asked({"origin_place": as_json(place), "destination": "G", "seats": 40})
    assert answer.json()["refusal"]["code"] == "party_too_large"
    assert "RideRefused" in ledger_text(here)
    for digits in (str(place.lon_deg), f"{place.lon_deg:.4f}"):
        assert digits not in ledger_text(here)
        assert digits not in answer.text


def test_both_ends_at_one_stop_are_refused_as_such() -> None:
    _, answer = asked({"origin_place": as_json(beside("C", 20)), "destination_place": as_json(beside("C", 30))})
    assert answer.json()["refusal"]["code"] == "same_stop"


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"origin": "A"},
        {"origin": "A", "origin_place": {"lat": 50.6, "lon": 10.9}, "destination": "B"},
        {"origin_place": {"lat": 91, "lon": 0}, "destination": "B"},
        {"origin_place": {"lat": "north", "lon": 0}, "destination": "B"},
        {"origin_place": {"lat": 50.6}, "destination": "B"},
        {"origin_place": {"lat": 50.6, "lon": 10.9, "name": "home"}, "destination": "B"},
    ],
)
def test_an_end_is_either_a_stop_or_a_place(change: dict[str, Any]) -> None:
    _, answer = asked(change)
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_input"


def test_the_refusal_has_both_languages() -> None:
    refusal = Refusal(RefusalCode.NO_STOP_NEAR, {"stop": "Markt", "distance_m": 900, "limit_m": 800})
    assert (
        sentence(refusal, "de")
        == "Im Umkreis von 800 Metern ist keine Haltestelle. Die nächste ist Markt, 900 Meter weit."
    )
    assert sentence(refusal, "en").startswith("There is no stop within 800 metres.")
