"""Board pages over HTTP: three languages, alerts, films, booking, wall, day sheet, weight of the first view."""

import asyncio
import gzip
import re
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest

from mobility.app.web.assets import BUILT, HAND_WRITTEN
from mobility.core.alert import AlertEffect, AlertRecord, AlertSeverity, AlertText
from mobility.core.service_day import ServiceDay
from passenger_info.board_texts import LANGUAGES, PAGE
from tests.fakes.clock import SettableClock
from tests.passenger_info.board_scene import NOW, alert, at, ilmenau, scene_app
from tests.passenger_info.test_pages import text_of

BOARD = "/board/busbahnhof"


def asked(
    path: str, *, now: int = NOW, is_plain: bool = False, more: Sequence[AlertRecord] = (), **headers: str
) -> httpx.Response:
    app = scene_app(SettableClock(at(now)), is_plain=is_plain, more=more)

    async def main() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get(path, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("de", "Linie B fährt um 14:05 Uhr nach Langewiesen, pünktlich."),
        ("en", "Line B leaves at 14:05 for Langewiesen, on time."),
        ("de-simple", "Linie B fährt um 14:05 Uhr. Das Ziel ist: Langewiesen. Der Bus ist pünktlich."),
    ],
)
def test_a_board_speaks_three_languages(language: str, sentence: str) -> None:
    page = asked(f"{BOARD}?lang={language}")
    assert f'<html lang="{language}">' in page.text
    assert sentence in text_of(page)
    assert sentence in asked(f"{BOARD}.txt?lang={language}").text
    assert f'hreflang="{language}" aria-current="true"' in page.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_stop_finder_speaks_three_languages(language: str) -> None:
    page = asked(f"/board?lang={language}")
    assert PAGE[language]["find_title"] in text_of(page)
    assert BOARD in page.text


def test_a_choice_of_easy_german_is_kept_for_boards() -> None:
    page = asked(BOARD, cookie="language=de-simple")
    assert '<html lang="de-simple">' in page.text


def test_alerts_stand_above_the_departures_and_mere_information_below() -> None:
    page = asked(f"{BOARD}?lang=de")
    text = text_of(page)
    places = [page.text.index(text) for text in ("Umleitung der Linie 300", "<caption>", "Markt am Samstag")]
    assert places == sorted(places)
    assert "Gilt bis 18:00 Uhr." in text
    assert 'role="img" aria-label="Umleitung"' in page.text
    assert 'href="https://example.org/baustelle"' in page.text
    assert '<a class="film" href="/films/umleitung">' in page.text
    assert '<a class="film" href="https://example.org/faellt-aus">' in page.text


def forty() -> list[AlertRecord]:
    """Many warnings at once, as on the morning after a storm."""
    texts = (AlertText(language="de", header=f"Meldung {i}", description="Ein Baum liegt quer.") for i in range(38))
    return [alert(f"a{i}", AlertEffect.DETOUR, AlertSeverity.WARNING, (text,)) for i, text in enumerate(texts)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_many_alerts_fold_up_and_are_said_after_the_departures(language: str) -> None:
    page = asked(f"{BOARD}?lang={language}", more=forty()).text
    above = page[: page.index("<table")]
    more = above.index('<details class="alerts__more">')
    assert above[:more].count('<details class="alert alert--warning">') == 3
    assert PAGE[language]["more_alerts"].format(count=36) in above
    said = asked(f"{BOARD}.txt?lang={language}", more=forty()).text.splitlines()
    first = next(i for i, line in enumerate(said) if "14:05" in line)
    alerts = [i for i, line in enumerate(said) if "Meldung " in line]
    assert len(alerts) == 38
    assert len([i for i in alerts if i < first]) <= 3
    assert "alerts__more" not in asked(f"{BOARD}?lang={language}").text


def test_an_emergency_stands_open_and_everything_else_is_folded_to_its_headline() -> None:
    storm = AlertText(language="de", header="Alle Busse fallen aus", description="Es brennt im Betriebshof.")
    page = asked(f"{BOARD}?lang=de", more=[alert("fire", AlertEffect.NO_SERVICE, AlertSeverity.SEVERE, (storm,))]).text
    above = page[: page.index("<table")]
    assert above.index('<article class="alert alert--severe">') < above.index('<details class="alert alert--warning">')
    folded = above[above.index("<details") :]
    headline, text = folded.split("</summary>")
    assert "Umleitung der Linie 300" in headline
    assert "Wegen einer Baustelle" in text
    # on a wall nobody unfolds anything
    assert "<details" not in asked(f"{BOARD}?screen=1").text


def test_who_listens_hears_no_abbreviation() -> None:
    page = asked(f"{BOARD}?lang=de").text
    assert '<span aria-hidden="true">in 1 h 3 min</span><span class="visually-hidden">in 1 Stunde 3 Minuten' in page
    for language in LANGUAGES:
        assert not re.search(r"\d (min|h|s|Std|Min)\b", asked(f"{BOARD}.txt?lang={language}").text)


def test_scripts_and_styles_of_boards_work_in_browsers_of_a_few_years_ago() -> None:
    for name in ("board.js", "board-worker.js"):
        script = (HAND_WRITTEN / name).read_text(encoding="utf-8")
        assert not re.findall(r"AbortSignal\.timeout\(|\?\.|\?\?|replaceChildren|\.at\(", script), name
    # a list in :not() has the whole rule dropped: what is only heard would be seen, fields would have no border
    for sheet in HAND_WRITTEN.glob("*.css"):
        rules = re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not re.findall(r":not\([^()]*,[^()]*\)", rules), sheet.name
        # as has one that is unknown beside one that is known
        assert not re.findall(r"[^{}]*,[^{}]*:has\([^{}]*{|[^{}]*:has\([^{}]*,[^{}]*{", rules), sheet.name


def test_a_text_in_german_only_is_marked_as_german_on_other_pages() -> None:
    page = asked(f"{BOARD}?lang=en")
    assert '<span lang="de">Markt am Samstag</span>' in page.text
    assert '<span class="reason" lang="de">Die Straße ist gesperrt.</span>' in page.text


def test_a_board_without_films_shows_no_empty_slot() -> None:
    assert "film" not in asked(BOARD, is_plain=True).text


def test_every_shape_on_a_board_is_drawn_on_it() -> None:
    page = asked(BOARD)
    used, drawn = (set(re.findall(pattern, page.text)) for pattern in (r'href="#s-(\w+)"', r'<symbol id="s-(\w+)"'))
    assert used <= drawn
    assert drawn - used == {"lost"}


def test_a_stop_on_request_tells_how_to_book_on_page_and_aloud() -> None:
    page = asked(BOARD)
    assert 'href="tel:0367788890"' in page.text
    assert 'href="/book"' in page.text
    assert "Telefon 03677 88890." in asked(f"{BOARD}.txt").text
    assert "Hier hält auch" not in asked("/board/neuhaeuser-weg").text


def test_what_is_read_aloud_stands_on_the_page_without_scripts() -> None:
    page = asked(BOARD)
    aloud = page.text[page.text.index('id="aloud"') :]
    assert "Grund: Die Straße ist gesperrt." in aloud.split("</details>")[0]
    assert re.search(r'<button[^>]*id="speak"[^>]* hidden>', page.text)


def test_what_speaks_of_this_moment_can_vanish_and_what_is_decided_stays() -> None:
    page = asked(BOARD).text
    assert page.count('class="state state--running live"') == 2
    assert 'class="state state--cancelled live"' not in page
    assert page.count("state--unknown unsure") == 3
    assert 'data-lost="Echtzeit verloren: Stand {time}, seit {age} ohne Verbindung.' in page


def test_a_wall_turns_its_pages_without_scripts() -> None:
    first = asked(f"{BOARD}?screen=1&lang=de")
    assert "Seite 1 von 3." in text_of(first)
    assert re.search(r'content="12;url=/board/busbahnhof\?screen=1&amp;lang=de&amp;page=2"', first.text)
    last = asked(f"{BOARD}?screen=1&lang=de&page=3")
    assert "page=1" in last.text
    everything = "".join(asked(f"{BOARD}?screen=1&page={page}").text for page in (1, 2, 3))
    assert "Markt am Samstag" in everything
    assert "Frauenwald Tourist-Information" in everything
    assert first.text.count("<tr") == 1 + 5


def test_a_wall_counts_what_it_has_no_room_for_and_says_where_it_stands() -> None:
    crowded = text_of(asked(f"{BOARD}?screen=1&lang=de", more=forty()))
    assert "Seite 1 von 6." in crowded
    assert "Weitere Meldungen: 34. Spätere Abfahrten: 2. Alles unter test/board/busbahnhof" in crowded
    assert "Alles unter" not in text_of(asked(f"{BOARD}?screen=1&lang=de&rows=14"))


def test_a_tall_wall_takes_more_rows() -> None:
    tall = asked(f"{BOARD}?screen=1&rows=14")
    assert tall.text.count("<tr") == 1 + 14
    assert "rows=14" in tall.text


@pytest.mark.parametrize("query", ["page=0", "page=x", "rows=-1", "rows=1000"])
def test_a_senseless_wall_is_refused(query: str) -> None:
    assert asked(f"{BOARD}?screen=1&{query}").status_code == 422


def test_the_days_sheet_holds_all_departures_also_those_that_have_left() -> None:
    page = asked(f"{BOARD}?day=1&lang=de")
    text = text_of(page)
    region, timetable = ilmenau()
    day = ServiceDay(region.scenario_day, region.zone)
    expected = timetable.departures_between("busbahnhof", day.start, day.plus(1).start)
    assert page.text.count('class="sheet__minute"') == len(expected) > 60
    assert "Alle Abfahrten am Dienstag, 14. Oktober 2025." in text
    assert "Bus 300 nach Frauenwald" in text
    assert "03677 88890" in text


def test_a_quiet_hour_is_told_and_read_aloud() -> None:
    assert "fährt hier nichts nach Fahrplan ab" in text_of(asked(BOARD, now=23 * 3600))
    lines = asked(f"{BOARD}.txt", now=23 * 3600, is_plain=True).text.splitlines()
    assert lines[1] == "In den nächsten 3 Stunden fährt hier nichts nach Fahrplan ab."
    assert lines[2] == "Die nächste Abfahrt ist am Mittwoch, 15. Oktober 2025 um 05:36 Uhr: Bus 300 nach Frauenwald."
    assert lines[2] in text_of(asked(f"{BOARD}?screen=1&lang=de", now=23 * 3600, is_plain=True))


@pytest.mark.parametrize("stop_id", ["..%2F..%2Fetc%2Fpasswd", "%2e%2e/%2e%2e/etc/passwd", "busbahnhof/../x", "%00"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_stop_with_path_tricks_gets_the_page_that_names_it(stop_id: str, language: str) -> None:
    page = asked(f"/board/{stop_id}?lang={language}")
    assert page.status_code == 404
    assert PAGE[language]["unknown_title"] in text_of(page)
    assert "root:" not in page.text


def first_view(page: httpx.Response) -> dict[str, int]:
    """Bytes, zipped, of what a browser needs before it shows the board: page, style sheets, blocking scripts."""
    weights = {"page": len(gzip.compress(page.content, 6))}
    links = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page.text)
    scripts = re.findall(r"<script(?![^>]*\bdefer\b)[^>]*src=\"([^\"]+)\"", page.text)
    for address in [*links, *scripts]:
        name = address.split("?")[0]
        folder: Path = HAND_WRITTEN if name.startswith("/web/") else BUILT
        weights[name] = len(gzip.compress((folder / name.split("/", 2)[2]).read_bytes(), 6))
    return weights


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_view_of_the_fullest_board_weighs_at_most_fourteen_kilobytes(language: str) -> None:
    weights = first_view(asked(f"{BOARD}?lang={language}"))
    assert len(weights) >= 3
    assert sum(weights.values()) <= 14_000, weights


def test_pages_and_files_travel_zipped() -> None:
    zipped = asked(BOARD, accept_encoding="gzip")
    assert zipped.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in zipped.headers["vary"]
    assert zipped.text == asked(BOARD, accept_encoding="identity").text
    sheet = asked("/web/board.css?v=1", accept_encoding="gzip")
    assert sheet.headers["content-encoding"] == "gzip"
    assert sheet.headers["cache-control"].endswith("immutable")
    assert sheet.content == (HAND_WRITTEN / "board.css").read_bytes()
    assert asked("/web/nothing.css", accept_encoding="gzip").status_code == 404


def test_the_worker_may_answer_for_boards_only() -> None:
    worker = asked("/web/board-worker.js", accept_encoding="gzip")
    assert worker.headers["service-worker-allowed"] == "/board"
    assert worker.headers["cache-control"] == "no-cache"
    assert "service-worker-allowed" not in asked("/web/board.js").headers
