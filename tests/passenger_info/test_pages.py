"""Board pages, read-aloud text, the departures API and the pull feeds, over HTTP in process."""

import asyncio
import re
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI
from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from gtfs.timetable import Timetable
from mobility.app.web.language import LanguageMiddleware
from mobility.app.web.templating import page_templates
from mobility.core.clock import shifted
from mobility.core.errors import RefusedError
from mobility.core.ids import StopId
from passenger_info.board import minutes_left
from passenger_info.departures import expected
from passenger_info.edge.routes import router
from tests.passenger_info.day import ONE_HOUR, Drive, at, run_on, timetable_of
from tests.passenger_info.world import World


@pytest.fixture(scope="module")
def timetable(tmp_path_factory: pytest.TempPathFactory) -> Timetable:
    return timetable_of(ONE_HOUR, tmp_path_factory.mktemp("feed"))


@pytest.fixture
def world(timetable: Timetable) -> World:
    world = World(timetable, at("07:59"))
    drive = Drive(run_on(timetable, "D1"), timetable, start_late_s=200)
    world.run(drive.states(), until=at("08:02"))
    return world


def asked(world: World, path: str, **headers: str) -> httpx.Response:
    """The answer to one GET request."""
    templates = page_templates(
        clock=world.clock, zone=ZoneInfo("Europe/Berlin"), is_demo=True, room_packages=("passenger_info",)
    )
    app = FastAPI()
    app.include_router(router(world.info, templates))
    app.add_middleware(LanguageMiddleware)

    async def main() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get(path, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return asyncio.run(main())


class Balanced(HTMLParser):
    """Checks that every element is closed, and collects texts by element."""

    VOID = frozenset({"meta", "link", "input", "br", "path", "img", "circle", "use"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def text_of(page: httpx.Response) -> str:
    parser = Balanced()
    parser.feed(page.text)
    assert parser.open == []
    return re.sub(r"\s+", " ", " ".join(parser.text))


def late_minutes(world: World) -> int:
    """By how many minutes the clock times of the first departure differ."""
    first = world.info.departures(StopId("station"), horizon_s=3600)[0]
    return expected(first) // 60_000 - first.status.calls[0].scheduled_departure // 60_000


def test_the_board_says_in_whole_sentences_what_leaves(world: World) -> None:
    page = asked(world, "/board/station")
    text = text_of(page)
    assert page.status_code == 200
    assert late_minutes(world) in (2, 3)
    assert f"Linie D fährt um 08:00 Uhr nach Campus, voraussichtlich {late_minutes(world)} Minuten später." in text
    assert "Linie D fährt nach Fahrplan um 09:00 Uhr nach Campus." in text
    assert "Dienstag, 14. Oktober 2025" in text
    assert "<caption>" in page.text
    assert 'class="state state--late"' in page.text
    assert "<script" not in page.text.partition("</head>")[2]
    assert re.findall("<script (\\w+)", page.text) == ["defer"]
    assert "<svg" in page.text
    assert "refresh" not in page.text


def test_the_board_speaks_english_on_request(world: World) -> None:
    text = text_of(asked(world, "/board/station?lang=en"))
    assert f"Line D leaves at 08:00 for Campus, expected {late_minutes(world)} minutes later." in text
    assert "Tuesday 14 October 2025" in text


def test_the_wall_display_renews_itself(world: World) -> None:
    page = asked(world, "/board/station?screen=1")
    assert re.search(r'<noscript><meta http-equiv="refresh" content="24;url=/board/station\?screen=1', page.text)
    assert "body--wall" in page.text
    assert text_of(page)


def test_a_silent_vehicle_makes_its_trip_unconfirmed_with_the_age_of_its_last_word(world: World) -> None:
    world.pass_to(at("08:02:40"))
    text = text_of(asked(world, "/board/station"))
    assert "Das ist nicht bestätigt: Seit 40 Sekunden meldet sich das Fahrzeug nicht." in text
    assert "pünktlich" not in text.partition("Was die Zeichen bedeuten")[0]


def test_a_cancelled_trip_is_struck_and_says_why(world: World) -> None:
    world.cancel(run_on(world.info.timetable, "D3").ref, "Die Straße ist gesperrt.")
    page = asked(world, "/board/station")
    assert "Linie D um 09:00 Uhr nach Campus fällt aus. Grund: Die Straße ist gesperrt." in text_of(page)
    assert "is-cancelled" in page.text


def test_the_board_can_be_read_aloud(world: World) -> None:
    page = asked(world, "/board/station.txt")
    assert page.headers["content-type"].startswith("text/plain")
    lines = page.text.splitlines()
    assert lines[0] == "Abfahrten an der Haltestelle Station. Dienstag, 14. Oktober 2025, 08:02 Uhr."
    assert lines[1].startswith("Linie D fährt um 08:00 Uhr nach Campus")


def test_an_empty_board_says_so(world: World) -> None:
    world.pass_to(at("20:00"))
    assert "fährt hier nichts nach Fahrplan ab" in text_of(asked(world, "/board/station"))


@pytest.mark.parametrize("stop_id", ["nowhere", "..%2F..%2Fetc%2Fpasswd", "%3Cscript%3E", "x" * 500, "%00"])
def test_an_unknown_stop_is_a_page_with_a_sentence(world: World, stop_id: str) -> None:
    page = asked(world, f"/board/{stop_id}")
    assert page.status_code == 404
    assert "steht in keinem Fahrplan" in text_of(page)
    assert "<script>" not in page.text
    assert asked(world, f"/board/{stop_id}.txt").status_code == 404


def test_stops_are_found_by_part_of_their_name(world: World) -> None:
    everything, some, none = (asked(world, f"/board?name={name}") for name in ("", "CAMP", "xyz"))
    assert all(f"/board/{stop}" in everything.text for stop in ("station", "market", "north", "campus"))
    assert "/board/campus" in some.text
    assert "/board/north" not in some.text
    assert "Keine Haltestelle im Fahrplan heißt so." in text_of(none)
    assert text_of(everything)


def test_the_departures_api_tells_quantiles_and_standing(world: World) -> None:
    answer = asked(world, "/api/v1/departures/station").json()
    first = answer["departures"][0]
    assert (first["trip_id"], first["standing"], first["vehicle_id"]) == ("D1", "running", "shuttle-1")
    assert first["scheduled"] == "2025-10-14T08:00:00+02:00"
    assert first["predicted"]["p10"] <= first["predicted"]["p50"] <= first["predicted"]["p90"]
    assert [stop["stop_id"] for stop in asked(world, "/api/v1/stops").json()["stops"]] == [
        "campus",
        "market",
        "north",
        "station",
    ]
    assert "baselines" in asked(world, "/api/v1/predictions/accuracy").json()
    with pytest.raises(RefusedError):
        asked(world, "/api/v1/departures/nowhere")


@pytest.mark.parametrize("kind", ["vehicle-positions", "trip-updates", "alerts", "all"])
def test_each_feed_is_a_valid_message_in_both_formats(world: World, kind: str) -> None:
    binary = asked(world, f"/gtfs-rt/{kind}.pb", accept_encoding="identity")
    message = gtfs_realtime.FeedMessage.FromString(binary.content)
    assert binary.headers["content-type"] == "application/x-protobuf"
    assert message.IsInitialized()
    assert len(message.entity) == {"vehicle-positions": 1, "trip-updates": 3, "alerts": 0, "all": 4}[kind]
    as_json = asked(world, f"/gtfs-rt/{kind}.json")
    assert as_json.headers["content-type"] == "application/json"
    assert as_json.json()["header"]["gtfs_realtime_version"] == "2.0"
    assert len(as_json.json().get("entity", [])) == len(message.entity)


def test_a_feed_is_not_sent_again_while_it_is_unchanged(world: World) -> None:
    first = asked(world, "/gtfs-rt/all.pb")
    again = asked(world, "/gtfs-rt/all.pb", if_none_match=first.headers["etag"])
    since = asked(world, "/gtfs-rt/all.pb", if_modified_since=first.headers["last-modified"])
    assert (again.status_code, again.content, since.status_code) == (304, b"", 304)
    world.pass_to(shifted(world.clock.moment, 16))
    later = asked(world, "/gtfs-rt/all.pb", if_none_match=first.headers["etag"])
    assert later.status_code == 200
    assert later.headers["etag"] != first.headers["etag"]
    assert asked(world, "/gtfs-rt/all.pb", if_modified_since="gestern").status_code == 200


def test_feeds_are_zipped_for_those_who_accept_it(world: World) -> None:
    zipped = asked(world, "/gtfs-rt/all.pb", accept_encoding="gzip")
    plain = asked(world, "/gtfs-rt/all.pb", accept_encoding="gzip;q=0")
    assert zipped.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert zipped.content == plain.content
    assert zipped.headers["etag"] != plain.headers["etag"]


def test_an_unknown_feed_is_refused(world: World) -> None:
    assert asked(world, "/gtfs-rt/trains.pb").status_code == 422
    assert asked(world, "/gtfs-rt/all.xml").status_code == 422


@pytest.mark.parametrize(
    ("left_s", "words"),
    [
        (59, ("jetzt", "now", "jetzt")),
        (60, ("in 1 min", "in 1 min", "in 1 Minute")),
        (3599, ("in 59 min", "in 59 min", "in 59 Minuten")),
        (3600, ("in 1 h", "in 1 h", "in 1 Stunde")),
        (5000, ("in 1 h 23 min", "in 1 h 23 min", "in mehr als 1 Stunde")),
        (9599, ("in 2 h 39 min", "in 2 h 39 min", "in mehr als 2 Stunden")),
    ],
)
def test_time_left_is_told_in_hours_from_an_hour_on(left_s: int, words: tuple[str, str, str]) -> None:
    assert tuple(minutes_left(left_s, language) for language in ("de", "en", "de-simple")) == words


def test_an_expected_time_stands_only_where_it_differs_from_the_timetable(world: World) -> None:
    late = asked(world, "/board/station").text
    world.pass_to(at("08:30"))
    later = asked(world, "/board/station").text
    assert late.count('data-label="Erwartet"') == 1
    assert "wie im Fahrplan" in late
    assert "Erwartet" not in later


def test_the_departures_api_tells_what_boards_tell(world: World) -> None:
    first = asked(world, "/api/v1/departures/station").json()["departures"][0]
    assert first["wheelchair"] is True
    assert (first["is_extra"], first["is_skipped"], first["is_ramp_broken"]) == (False, False, False)
    assert {"note", "instead", "is_on_detour", "occupancy", "free_seats"} <= first.keys()
    assert "Dieses Fahrzeug hat eine Rampe." in asked(world, "/board/station.txt").text
