"""What boards say: complete in three languages, connections, booking, pages of a wall, sheets, films."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtfs.timetable import Timetable
from mobility.app.web.wording import LAYOUT
from mobility.core.alert import AlertEffect, AlertSeverity, AlertText
from mobility.core.arrivals import TripStanding
from mobility.core.clock import datetime_at, instant, shifted
from mobility.core.connection import Connection, ConnectionDecision
from mobility.core.ids import BookingId, ConnectionId, StopId, TripId
from mobility.core.ports import Departure
from mobility.core.vehicle import TripRef
from passenger_info.accuracy_texts import TEXTS as ACCURACY
from passenger_info.alert_phrases import CAUSES, PHRASES
from passenger_info.board import BoardFacts, board_rows, duration_words, minutes_said, read_aloud
from passenger_info.board_booking import booking_view, weekday_words
from passenger_info.board_connections import ConnectionStanding, by_trip, connection_line, standing_of
from passenger_info.board_day import day_tables
from passenger_info.board_screen import Heights, row_height, screen_page
from passenger_info.board_sentences import BOOKING, DEPARTURES, FEEDERS, NOTES
from passenger_info.board_texts import LANGUAGES, MEANINGS, PAGE, PLANNED, STATES
from passenger_info.board_videos import sign_videos, video_of_alert
from tests.fakes.clock import SettableClock
from tests.passenger_info.board_scene import NOW, STOP, StagedInfo, alert, at, ilmenau

BERLIN = ZoneInfo("Europe/Berlin")
TRIP = TripRef(TripId("D1"), datetime_at(at(NOW), BERLIN).date())


def pieces(text: object) -> list[str]:
    if isinstance(text, Mapping):
        return [piece for value in text.values() for piece in pieces(value)]
    return [piece for value in text for piece in pieces(value)] if isinstance(text, tuple) else [str(text)]


EASY = [
    text["de-simple"]
    for text in (PAGE, STATES, MEANINGS, DEPARTURES, NOTES, BOOKING, PHRASES, CAUSES, LAYOUT, ACCURACY)
]


def test_easy_german_is_easy() -> None:
    """Short sentences, no passive, no abbreviation, no genitive, one spelling (after DIN SPEC 33429)."""
    sentences = [line for text in EASY for piece in pieces(text) for line in re.split(r"(?<=[.!?])\s+|\n", piece)]
    assert len(sentences) > 250
    assert [line for line in sentences if len(line.split()) > 13] == []
    hard = r"\b(wird|werden|wurden?|des|eines|wegen|obwohl|min|Std|bzw|ca)\b|z\. ?B\.|[Hh]altestelle|Fahrplan"
    assert [line for line in sentences if re.search(hard, line)] == []


def fields(text: object) -> set[str]:
    return set(re.findall(r"{(\w+)", str(text)))


@pytest.mark.parametrize("texts", [PAGE, STATES, MEANINGS, DEPARTURES, NOTES, FEEDERS, BOOKING])
def test_every_text_stands_in_all_three_languages_with_the_same_parameters(texts) -> None:
    assert tuple(texts) == LANGUAGES
    assert tuple(PLANNED) == LANGUAGES
    for language in LANGUAGES:
        assert texts[language].keys() == texts["de"].keys()
        assert all(str(text).strip() for text in texts[language].values())
    for key, german in texts["de"].items():
        assert fields(texts["en"][key]) == fields(german), key
        assert fields(texts["de-simple"][key]) - fields(german) <= {"feeder", "waited"}, key


def test_easy_german_keeps_to_short_sentences() -> None:
    said = [text for texts in (MEANINGS, DEPARTURES, PAGE) for text in texts["de-simple"].values()]
    said += [text for pair in NOTES["de-simple"].values() for text in pair]
    sentences = [part for text in said for part in re.split(r"[.?!:]", text)]
    assert max(len(part.split()) for part in sentences) <= 12


def staged(language: str) -> list:
    info = StagedInfo(SettableClock(at(NOW)))
    facts = BoardFacts(
        departures=info.departures(STOP, horizon_s=3 * 3600), connections=info.connections_at(STOP, at(NOW))
    )
    return board_rows(info.timetable, facts, at(NOW), language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_and_note_has_a_symbol_a_word_and_a_sentence_that_is_read_aloud(language: str) -> None:
    rows = staged(language)
    assert {row.state for row in rows} == {"running", "late", "expected", "unknown", "cancelled", "skipped"}
    symbols = {note.symbol for row in rows for note in row.notes}
    assert symbols >= {"wheelchair", "ramp_broken", "no_wheelchair", "seats_low", "seats_medium", "seats_high"}
    assert symbols >= {"wait", "undecided", "missed", "extra", "tour", "detour", "stop"}
    for row in rows:
        assert row.state_word
        assert row.spoken.startswith(row.sentence)
        assert row.sentence.rstrip().endswith(".")
        assert f"{row.scheduled:%H:%M}" in row.sentence
        assert "  " not in row.spoken
        assert all(note.sentence in row.spoken for note in row.notes)


def test_a_reason_is_seen_and_heard() -> None:
    cancelled = next(row for row in staged("de") if row.state == "cancelled")
    assert cancelled.reason == "Die Straße ist gesperrt."
    assert cancelled.sentence.endswith("fällt aus. Grund: Die Straße ist gesperrt.")
    assert "Reason (in German): Die Straße ist gesperrt." in next(
        row.sentence for row in staged("en") if row.state == "cancelled"
    )


def test_a_skipped_stop_names_the_stop_to_use_instead() -> None:
    skipped = next(row for row in staged("de") if row.state == "skipped")
    assert "hält heute nicht hier. Grund: Umleitung wegen einer Baustelle." in skipped.sentence
    assert skipped.spoken.endswith("Ersatz: Haltestelle Homburger Platz.")
    assert [note.short for note in skipped.notes] == ["Ersatz: Haltestelle Homburger Platz"]
    assert skipped.minutes == ""


def test_a_trip_beside_the_timetable_is_not_called_by_the_timetable() -> None:
    extra = next(row for row in staged("de") if any(note.symbol == "extra" for note in row.notes))
    assert (extra.state, extra.state_word) == ("expected", "geplant")
    assert "nach Fahrplan" not in extra.sentence


def test_what_waits_for_a_train_says_for_which_and_how_long() -> None:
    waiting = next(row for row in staged("de") if any(note.symbol == "wait" for note in row.notes))
    assert waiting.notes[0].short == "wartet auf den Zug RB 46 aus Erfurt bis 14:24"
    assert waiting.reason == ""


def train(**changes) -> Connection:
    leaves = at(NOW)
    given = {
        "connection_id": ConnectionId("c"),
        "feeder": "RB 46",
        "feeder_arrival": shifted(leaves, -300),
        "trip": TRIP,
        "stop_id": STOP,
        "departure": leaves,
        "transfer_s": 120.0,
        "hold_limit_s": 300.0,
    }
    return Connection(**(given | changes))


@pytest.mark.parametrize(
    ("changes", "leaves_later_s", "standing"),
    [
        ({}, 0, ConnectionStanding.KEPT),
        ({"feeder_delay_s": 180.0}, 0, ConnectionStanding.KEPT),
        ({"feeder_delay_s": 181.0}, 0, ConnectionStanding.UNDECIDED),
        ({"feeder_delay_s": 181.0}, 60, ConnectionStanding.KEPT),
        ({"feeder_delay_s": 600.0, "decision": ConnectionDecision.GO}, 0, ConnectionStanding.MISSED),
        ({"feeder_delay_s": 60.0, "decision": ConnectionDecision.GO}, 0, ConnectionStanding.KEPT),
        ({"decision": ConnectionDecision.HOLD, "hold_until": at(NOW + 240)}, 0, ConnectionStanding.WAITS),
    ],
)
def test_the_state_of_a_connection_follows_from_delay_and_decision(changes, leaves_later_s, standing) -> None:
    assert standing_of(train(**changes), shifted(at(NOW), leaves_later_s)) is standing


def test_a_line_that_feeds_is_not_called_a_train() -> None:
    line = connection_line(train(feeder="Linie A", feeder_trip=TRIP), at(NOW), "de", BERLIN)
    assert line.sentence == "Anschluss von Linie A, Ankunft 13:58 Uhr: wird erreicht."


def test_a_ride_of_one_person_is_never_told_on_a_board() -> None:
    own = train(booking_id=BookingId("XYZ"), feeder="Bürgerbus")
    fetched = train(trip=None, booking_id=BookingId("XYZ"))
    assert by_trip([own, fetched]) == {}
    assert list(by_trip([own, train()])[TRIP]) == [train()]


TALL: Heights[tuple[int, int], str] = Heights(row=lambda row: row[1], alert=lambda alert: 300)


@given(st.lists(st.integers(50, 3000), max_size=40), st.integers(0, 50), st.integers(-5, 10_000), st.integers(0, 20))
def test_what_a_wall_shows_comes_round_and_no_departure_is_away_for_longer_than_two_pages(
    heights: list[int], alerts: int, page: int, size: int
) -> None:
    rows, given_alerts = list(enumerate(heights)), [f"a{i}" for i in range(alerts)]
    seen_rows: set[tuple[int, int]] = set()
    seen_alerts: set[str] = set()
    here = screen_page(rows, given_alerts, page, heights=TALL, size=size)
    assert 1 <= here.page <= here.pages <= 6
    shown: list[Sequence[tuple[int, int]]] = []
    for _ in range(here.pages):
        shown.append(here.rows)
        assert len(here.alerts) == min(1, alerts)
        if size:
            assert len(here.rows) <= size
        elif len(here.rows) > 1:
            assert sum(height for _, height in here.rows) <= 2300 - 300 * min(1, alerts)
        seen_rows |= set(here.rows)
        seen_alerts |= set(here.alerts)
        here = screen_page(rows, given_alerts, here.next_page, heights=TALL, size=size)
    assert seen_rows == set(rows[: len(rows) - here.rows_left])
    assert seen_alerts == set(given_alerts[: alerts - here.alerts_left])
    assert here.alerts_left == max(0, alerts - 6)
    assert bool(rows) == bool(seen_rows)
    for row in seen_rows:
        at_pages = [i for i, there in enumerate(shown * 2) if row in there]
        assert max((later - sooner for sooner, later in pairwise(at_pages)), default=0) <= 3


def test_a_row_with_more_to_say_stands_higher_on_the_wall() -> None:
    rows = staged("de")
    plain = replace(rows[0], notes=(), reason="", age="")
    assert row_height(plain) == min(row_height(row) for row in rows)
    assert row_height(replace(plain, reason="weil " * 30)) > row_height(plain)
    assert row_height(replace(plain, towards="Frauenwald Tourist-Information")) > row_height(plain)


def test_booking_is_told_with_days_hours_lead_time_and_phone() -> None:
    _, timetable = ilmenau()
    (service,) = timetable.bookable_at(STOP)
    german, english, easy = (booking_view(service, language) for language in LANGUAGES)
    assert german.sentences == (
        (
            "Bürgerbus Ilmenau fährt auf Bestellung, dienstags und donnerstags von 08:00 bis 17:00 Uhr, "
            "nicht an Feiertagen."
        ),
        "Bestellen Sie spätestens 1 Stunde vorher.",
    )
    assert "on Tuesdays and on Thursdays" in english.sentences[0]
    assert easy.sentences[0].endswith("Er fährt nicht an Feier-Tagen.")
    assert service.area.phone in german.spoken
    assert timetable.bookable_at(StopId("nowhere")) == ()


@pytest.mark.parametrize(
    ("days", "german"),
    [({0}, "montags"), ({0, 1, 4}, "montags, dienstags und freitags"), (set(range(7)), "täglich")],
)
def test_days_of_the_week_are_listed_as_people_say_them(days: set[int], german: str) -> None:
    assert weekday_words(days, "de") == german


def departures_of_day(timetable: Timetable) -> list[Departure]:
    info = StagedInfo(SettableClock(at(NOW)))
    runs = info.runs.departing([STOP], at(0), at(30 * 3600))
    return [Departure(status=info.status_of(run), call_index=index) for run, index in runs]


def test_the_days_sheet_holds_every_departure_once_under_its_line_and_hour() -> None:
    _, timetable = ilmenau()
    rows = departures_of_day(timetable)
    tables = day_tables(timetable, rows, "de")
    told = [minute for table in tables for hour in table.hours for minute in hour.minutes]
    assert len(told) == len(rows) > 50
    assert all(f"{minute.at:%H}" == hour.hour for table in tables for hour in table.hours for minute in hour.minutes)
    assert tables[0].title.startswith("Bus 300 nach ")


def test_the_sheet_marks_what_is_cancelled() -> None:
    _, timetable = ilmenau()
    rows = departures_of_day(timetable)
    rows[0] = replace(rows[0], status=replace(rows[0].status, standing=TripStanding.CANCELLED))
    first = day_tables(timetable, rows, "de")[0].hours[0].minutes[0]
    assert (first.mark, first.is_off) == ("fällt aus", True)


def test_the_hour_that_comes_twice_in_autumn_stands_twice() -> None:
    _, timetable = ilmenau()
    row = departures_of_day(timetable)[0]
    midnight = datetime_at(at(0), BERLIN).replace(month=10, day=26)
    minutes = []
    for hours in (0.5, 1.5, 2.5, 3.5):
        moment = int((midnight.timestamp() + hours * 3600) * 1000)
        call = row.status.calls[0]
        shown = type(call)(stop_id=call.stop_id, stop_sequence=1, scheduled_arrival=moment, scheduled_departure=moment)
        status = type(row.status)(
            trip=row.status.trip,
            route_id=row.status.route_id,
            headsign="Nacht",
            standing=TripStanding.EXPECTED,
            as_of=moment,
            calls=(shown,),
        )
        minutes.append(Departure(status=status, call_index=0))
    (table,) = day_tables(timetable, minutes, "de")
    assert [hour.hour for hour in table.hours] == ["00", "01", "02", "02"]
    assert [hour.season for hour in table.hours] == ["", "", "Sommerzeit", "Winterzeit"]
    night = BoardFacts(departures=minutes[::-1])
    rows = board_rows(timetable, night, instant(midnight), "de")
    assert [row.expected.timestamp() for row in rows] == sorted(row.expected.timestamp() for row in rows)
    assert [f"{row.scheduled:%H:%M} {row.season}" for row in rows[-2:]] == ["02:30 Sommerzeit", "02:30 Winterzeit"]
    assert "um 02:30 Uhr Winterzeit nach Nacht" in rows[-1].spoken
    assert "at 02:30 (summer time)" in board_rows(timetable, night, instant(midnight), "en")[-2].spoken
    assert "um 02:30 Uhr Sommer-Zeit." in board_rows(timetable, night, instant(midnight), "de-simple")[-2].spoken
    assert (
        "bis 02:34 Winterzeit"
        in connection_line(
            train(hold_until=instant(midnight.replace(hour=2, minute=34, fold=1)), decision=ConnectionDecision.HOLD),
            at(NOW),
            "de",
            BERLIN,
        ).short
    )
    assert "Winterzeit" in read_aloud("Markt", [], midnight.replace(hour=2, fold=1), "de")
    assert table.hours[3].minutes[0].at - table.hours[2].minutes[0].at == timedelta(0)  # the same clock time


def test_a_film_is_found_by_alert_then_template_then_effect() -> None:
    record = alert(
        "a1", AlertEffect.DETOUR, AlertSeverity.INFO, (AlertText(language="de", header="x", description=""),)
    )
    films = sign_videos({"detour": "/films/d", "alert:a1": "https://example.org/a1", "detour.poster": "/films/d.jpg"})
    assert set(films) == {"detour", "alert:a1"}
    assert films["detour"].poster == "/films/d.jpg"
    found = video_of_alert(films, record.alert)
    assert found is not None
    assert found.url == "https://example.org/a1"
    assert video_of_alert({}, record.alert) is None


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//elsewhere.example/x", "", "x.mp4"])
def test_an_address_that_is_no_web_page_never_becomes_a_link(url: str) -> None:
    assert sign_videos({"cancelled": url}) == {}


@given(st.floats(0, 1e6))
def test_a_duration_in_words_never_says_more_than_has_passed(duration_s: float) -> None:
    words = duration_words(duration_s, "de")
    number, unit = words.split()
    assert int(number) * (60 if unit.startswith("Minute") else 1) <= duration_s


@pytest.mark.parametrize(
    ("left_s", "words"),
    [
        (59, ("jetzt", "now", "jetzt")),
        (60, ("in 1 Minute", "in 1 minute", "in 1 Minute")),
        (3600, ("in 1 Stunde", "in 1 hour", "in 1 Stunde")),
        (7380, ("in 2 Stunden 3 Minuten", "in 2 hours 3 minutes", "in mehr als 2 Stunden")),
    ],
)
def test_time_left_is_said_without_abbreviations(left_s: int, words: tuple[str, str, str]) -> None:
    assert tuple(minutes_said(left_s, language) for language in LANGUAGES) == words
