"""The GOFS feed: every file has the fields its specification asks for and none that it does not know."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtfs.flex import ring
from gtfs.flex_texts import LANGUAGES
from gtfs.gofs import international, static_feeds
from gtfs.gofs_live import RideEstimate, booking_link, realtime_bookings, stop_near, wait_times
from gtfs.on_demand import on_demand_services
from mobility.core.clock import instant
from mobility.core.geo import LatLon, distance_m
from mobility.core.ids import RouteId, StopId
from mobility.core.region import ServiceZone
from tests.gtfs.small_region import CAMPUS, FAR, MARKET, VILLAGE, area, with_bus

BOOK = "https://bus.example.org/gofs/book"
NOW = instant(datetime(2025, 10, 14, 7, 40, tzinfo=UTC))
FIELDS = {
    "service_brands": ({"brand_id", "brand_name"}, {"brand_color", "brand_text_color"}),
    "vehicle_types": ({"vehicle_type_id"}, {"max_capacity", "wheelchair_boarding"}),
    "operating_rules": (
        {"from_zone_id", "to_zone_id", "calendars", "vehicle_type_id"},
        {"start_pickup_window", "end_pickup_window", "end_dropoff_window", "brand_id", "fare_id"},
    ),
    "calendars": ({"calendar_id", "start_date", "end_date"}, {"days", "excepted_dates"}),
    "fares": (
        {"fare_id", "currency"},
        {"kilometer", "minute", "active_minute", "idle_minute", "rider", "luggage"},
    ),
    "booking_rules": (
        {"from_zone_ids", "booking_type"},
        {
            *("to_zone_ids", "prior_notice_duration_min", "prior_notice_duration_max", "prior_notice_last_day"),
            *("prior_notice_last_time", "prior_notice_start_day", "prior_notice_start_time"),
            *("prior_notice_calendar_id", "message", "pickup_message", "drop_off_message", "phone_number"),
            *("info_url", "booking_url"),
        },
    ),
}
"""Required and optional fields of each record (reference.md of v1.0)."""


def feeds(*areas, language="de"):
    return static_feeds(with_bus(*areas), language, booking_url=BOOK)


def ride(**changes):
    plain = RideEstimate(
        route_id=RouteId("village"),
        origin=MARKET,
        destination=VILLAGE,
        pickup=NOW,
        wait_s=4500.4,
        travel_s=900.0,
        fare_cent=250,
    )
    return replace(plain, **changes)


@pytest.mark.parametrize("name", FIELDS)
def test_every_record_has_the_required_fields_and_no_unknown_one(name):
    required, optional = FIELDS[name]
    records = feeds()[name][name]
    assert records
    for record in records:
        assert required <= set(record) <= required | optional


def test_the_system_names_itself_its_zone_and_its_phone_with_country():
    system = feeds()["system_information"]
    assert {"language", "timezone", "name"} <= set(system)
    assert (system["timezone"], system["phone_number"]) == ("Europe/Berlin", "+493677123456")


def test_two_services_with_two_phones_have_no_common_number():
    other = replace(area(), area_id="other", phone="0361 9", stops=(MARKET, CAMPUS))
    assert "phone_number" not in feeds(area(), other)["system_information"]
    assert feeds(area(), other)["system_information"]["name"] == "Small"


def test_each_stop_is_a_small_zone_around_its_place():
    collection = feeds()["zones"]["zones"]
    assert collection["type"] == "FeatureCollection"
    assert [feature["zone_id"] for feature in collection["features"]] == [MARKET, CAMPUS, VILLAGE]
    for feature in collection["features"]:
        (outline,) = feature["geometry"]["coordinates"]
        assert outline[0] == outline[-1]
        centre = FAR[feature["zone_id"]]
        assert all(distance_m(centre, LatLon(lat, lon)) == pytest.approx(30, abs=0.2) for lon, lat in outline)
        # Counterclockwise: the order in which a ring of corners is written stays as it is.
        assert ring([LatLon(lat, lon) for lon, lat in outline[:-1]]) == outline


def test_rides_go_from_every_stop_to_every_other_and_within_a_zone():
    pairs = [(rule["from_zone_id"], rule["to_zone_id"]) for rule in feeds()["operating_rules"]["operating_rules"]]
    assert len(pairs) == len(set(pairs)) == 3 * 2
    field = ServiceZone(zone_id="field", name="Feld", outline=(LatLon(50, 10), LatLon(50, 11), LatLon(51, 10)))
    rules = feeds(area(zones=(field,)))["operating_rules"]["operating_rules"]
    assert len(rules) == 4 * 4 - 3


def test_everything_that_is_referred_to_exists():
    found = feeds()
    zones = {feature["zone_id"] for feature in found["zones"]["zones"]["features"]}
    calendars = {calendar["calendar_id"] for calendar in found["calendars"]["calendars"]}
    brands = {brand["brand_id"] for brand in found["service_brands"]["service_brands"]}
    types = {kind["vehicle_type_id"] for kind in found["vehicle_types"]["vehicle_types"]}
    fares = {fare["fare_id"] for fare in found["fares"]["fares"]}
    for rule in found["operating_rules"]["operating_rules"]:
        assert {rule["from_zone_id"], rule["to_zone_id"]} <= zones
        assert set(rule["calendars"]) <= calendars
        assert set(rule["vehicle_type_id"]) <= types
        assert (rule["brand_id"] in brands, rule["fare_id"] in fares) == (True, True)


def test_the_calendar_has_days_and_public_holidays():
    (calendar,) = feeds()["calendars"]["calendars"]
    assert (calendar["days"], calendar["excepted_dates"]) == (["tue", "thu"], ["20250923"])


def test_notice_fields_follow_the_booking_type():
    (ahead,) = feeds()["booking_rules"]["booking_rules"]
    assert (ahead["booking_type"], ahead["prior_notice_duration_min"], ahead["booking_url"]) == (1, 60, BOOK)
    assert (ahead["prior_notice_start_day"], ahead["prior_notice_start_time"]) == (14, "00:00:00")
    (at_once,) = feeds(area(lead_min=0))["booking_rules"]["booking_rules"]
    assert at_once["booking_type"] == 0
    assert not [name for name in at_once if name.startswith("prior_notice")]


def test_messages_are_told_in_the_language_of_the_feed():
    told = {language: feeds(language=language)["booking_rules"]["booking_rules"][0] for language in LANGUAGES}
    assert told["de"]["message"].startswith("Diese Fahrt")
    assert told["en"]["message"].startswith("Book this ride")
    with pytest.raises(KeyError):
        feeds(language="fr")


@pytest.mark.parametrize(
    ("phone", "told"),
    [
        ("03677 88890", "+49367788890"),
        ("+49 (3677) 888-90", "+49367788890"),
        ("0049 3677 88890", "+49367788890"),
        ("112", "+49112"),
        ("keine", ""),
    ],
)
def test_phones_are_told_with_country_and_without_signs(phone, told):
    assert international(phone) == told


@given(st.text(max_size=30))
def test_whatever_stands_for_a_phone_becomes_digits_or_nothing(phone):
    told = international(phone)
    assert not told or (told[0] == "+" and told[1:].isascii() and told[1:].isdigit())


def test_waits_are_whole_seconds_of_the_brands_asked_for():
    rides = [ride(), ride(route_id=RouteId("other"), wait_s=60.0)]
    assert wait_times(rides, []) == {
        "wait_times": [{"brand_id": "village", "wait_time": 4500}, {"brand_id": "other", "wait_time": 60}]
    }
    assert [row["brand_id"] for row in wait_times(rides, ["other", "unknown"])["wait_times"]] == ["other"]


def test_a_ride_tomorrow_is_no_wait():
    assert wait_times([ride(wait_s=86_401.0)], []) == {"wait_times": []}


def test_a_booking_tells_time_fare_page_and_phone():
    services = on_demand_services(with_bus())
    (told,) = realtime_bookings([ride()], [], services, site="https://bus.example.org", zone="Europe/Berlin")[
        "realtime_booking"
    ]
    assert (told["wait_time"], told["travel_time"], told["travel_cost"], told["travel_cost_currency"]) == (
        4500,
        900,
        2.5,
        "EUR",
    )
    assert told["booking_detail"] == {
        "service_name": "Bürgerbus Dorf",
        "web_uri": (
            "https://bus.example.org/book?origin=market&destination=village-hall&kind=depart&day=2025-10-14&time=09%3A40"
        ),
        "phone_number": "+493677123456",
    }


def test_without_a_destination_nothing_is_said_about_travel():
    services = on_demand_services(with_bus())
    unbound = ride(destination=None, travel_s=None, fare_cent=None)
    (told,) = realtime_bookings([unbound], [], services, site="", zone="Europe/Berlin")["realtime_booking"]
    assert set(told) == {"brand_id", "wait_time", "booking_detail"}
    assert "destination" not in told["booking_detail"]["web_uri"]


def test_a_link_without_answers_is_the_bare_page():
    assert booking_link("https://bus.example.org/", None, None, None, "Europe/Berlin") == "https://bus.example.org/book"
    assert "kind=arrive" in booking_link("", None, StopId("a b&c"), NOW, "Europe/Berlin", kind="arrive")
    assert "destination=a+b%26c" in booking_link("", None, StopId("a b&c"), None, "Europe/Berlin")


def test_the_nearest_stop_within_a_walk_is_found():
    assert stop_near(FAR, LatLon(50.6867, 10.9136)) == MARKET
    assert stop_near(FAR, LatLon(50.6000, 10.9000)) is None
    assert stop_near({}, LatLon(50.6867, 10.9136)) is None
