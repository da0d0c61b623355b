"""The page about accuracy: what it says of many, few and no predictions, in three languages, and the figures of it."""

import asyncio
import re
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from mobility.app.web.language import LanguageMiddleware
from mobility.app.web.templating import page_templates
from passenger_info.accuracy import BUCKETS, PREDICTORS, Scoring
from passenger_info.accuracy_texts import TEXTS, count_text, duration_text, percent_text, verdict_text
from passenger_info.accuracy_view import accuracy_readings, accuracy_view
from passenger_info.edge.accuracy_page import accuracy_router
from tests.fakes.clock import SettableClock
from tests.passenger_info.day import at

LANGUAGES = ("de", "en", "de-simple")


def scores(accuracy: float, mae_s: float, scored: int = 1000) -> dict[str, Any]:
    """The summary of one way to predict, alike in all buckets."""
    each = {"scored": scored, "eta_accuracy": accuracy, "mae_s": mae_s}
    return {**each, "scored": scored * len(BUCKETS), "by_bucket": {bucket.name: each for bucket in BUCKETS}}


def summary(ours: dict[str, Any], **baselines: dict[str, Any]) -> dict[str, Any]:
    return {
        **ours,
        "interval_coverage": 0.801,
        "interval_coverage_by_bucket": {bucket.name: 0.79 + k / 100 for k, bucket in enumerate(BUCKETS)},
        "live_share": 0.99791,
        "since_ms": at("06:30"),
        "baselines": baselines,
    }


GOOD = summary(
    scores(0.9649, 17.2),
    schedule=scores(0.61, 95.0),
    constant_delay=scores(0.82, 48.0),
    historical_mean=scores(0.85, 40.0),
    kalman=scores(0.91, 24.0),
)


def answer_to(values: Any, language: str) -> httpx.Response:
    """The page for a summary."""
    clock = SettableClock(at("09:00"))
    templates = page_templates(
        clock=clock, zone=ZoneInfo("Europe/Berlin"), is_demo=False, room_packages=("passenger_info",)
    )
    info = cast("Any", SimpleNamespace(accuracy=lambda: values, timetable=SimpleNamespace(zone="Europe/Berlin")))
    app = FastAPI()
    app.include_router(accuracy_router(info, templates))
    app.add_middleware(LanguageMiddleware)

    async def main() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get("/accuracy", headers={"cookie": f"language={language}"})

    return asyncio.run(main())


def page(values: Any, language: str = "de") -> str:
    """The page's text for a summary."""
    answer = answer_to(values, language)
    assert answer.status_code == 200
    assert answer.headers["content-language"] == language
    assert "<script" not in answer.text
    body = answer.text.split("</head>")[1]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def test_the_page_says_how_many_of_a_hundred_were_right_and_how_far_they_were_off() -> None:
    text = page(GOOD)
    assert "96 von 100 Vorhersagen waren genau genug." in text
    assert "Im Mittel lagen zwischen Vorhersage und Ankunft 18 Sekunden." in text
    assert "Gezählt wird seit Dienstag, 14. Oktober 2025, 06:30 Uhr: 4 000 Vorhersagen." in text
    assert "gab es zu 99,7 % der Zeit eine Vorhersage." in text
    assert "Das sind noch wenige" not in text
    assert "/api/v1/predictions/accuracy" in text


def test_every_bucket_stands_with_its_limits_and_its_interval() -> None:
    text = page(GOOD)
    assert "0\N{EN DASH}3 Minuten bis 30 Sekunden zu früh, bis 1 Minute und 30 Sekunden zu spät 96 %" in text
    assert "10\N{EN DASH}15 Minuten bis 1 Minute und 30 Sekunden zu früh, bis 4 Minuten und 30 Sekunden zu spät" in text
    assert "79 %" in text
    assert "82 %" in text


def test_the_baselines_stand_in_the_same_table() -> None:
    text = page(GOOD)
    assert "Keines der einfachen Verfahren zum Vergleich lag im Mittel näher" in text
    for name in PREDICTORS:
        assert TEXTS["de"][name] in text
    assert "Kalman-Filter je Abschnitt 91 % 91 % 91 % 91 % 91 % 24 Sekunden" in text


def test_a_baseline_that_is_better_is_named() -> None:
    values = summary(scores(0.9, 30.0), schedule=scores(0.95, 12.0), kalman=scores(0.95, 13.0))
    text = page(values)
    assert "Im Mittel näher an der wirklichen Ankunft lag: Fahrplan und Kalman-Filter je Abschnitt." in text
    assert "Keines der einfachen Verfahren" not in text


def test_few_predictions_are_called_few() -> None:
    text = page(summary(scores(1.0, 3.0, scored=7), schedule=scores(0.5, 100.0, scored=7)))
    assert "Das sind noch wenige: Wo weniger als 100 Vorhersagen gezählt sind, steht es dabei." in text
    assert "100 % (noch wenige)" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_any_arrival_the_page_says_so_and_shows_no_figures(language: str) -> None:
    text = page(Scoring().summary(), language)
    assert TEXTS[language]["none"] in text
    assert "%" not in text.split(TEXTS[language]["how"])[0]
    assert "None" not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_is_complete(language: str) -> None:
    assert set(TEXTS[language]) == set(TEXTS["de"])
    text = page(GOOD, language)
    assert "{" not in text
    assert TEXTS[language]["score"].format(percent=96) in text
    for name in PREDICTORS:
        assert TEXTS[language][name] in text


def test_easy_german_has_short_sentences() -> None:
    sentences = [s for text in TEXTS["de-simple"].values() for s in re.split(r"[.!?:] ", text)]
    assert max(len(sentence.split()) for sentence in sentences) <= 15


def test_a_bucket_without_arrivals_has_none_and_not_nought() -> None:
    values = summary(scores(0.9, 20.0))
    del values["by_bucket"]["10-15"]
    del values["interval_coverage_by_bucket"]["10-15"]
    view = accuracy_view(values)
    assert view.buckets[3].score.accurate_percent is None
    assert view.buckets[3].covered_percent is None
    row = page(values).split("10\N{EN DASH}15 Minuten")[1]
    assert "noch keine" in row


@given(accuracy=st.floats(0, 1), mae_s=st.floats(0, 5000))
def test_shares_are_rounded_down_and_errors_up(accuracy: float, mae_s: float) -> None:
    total = accuracy_view(summary(scores(accuracy, mae_s))).total
    assert total.accurate_percent is not None
    assert total.error_s is not None
    assert total.accurate_percent <= accuracy * 100 + 1e-6
    assert total.error_s >= mae_s
    assert (total.accurate_percent == 100) is (accuracy * 100 + 1e-9 >= 100)


@given(st.integers(0, 100_000))
def test_a_duration_in_words_names_the_same_seconds(duration_s: int) -> None:
    counts = [int(n) for n in re.findall(r"\d+", duration_text(duration_s, "de"))]
    units = re.findall(r"(Minute|Sekunde)", duration_text(duration_s, "de"))
    assert sum(n * (60 if unit == "Minute" else 1) for n, unit in zip(counts, units, strict=True)) == duration_s


def test_numbers_are_written_as_the_language_does() -> None:
    assert count_text(1234567, "en") == "1,234,567"
    assert count_text(1234567, "de") == "1\N{NARROW NO-BREAK SPACE}234\N{NARROW NO-BREAK SPACE}567"
    assert [percent_text(99.7, language) for language in ("en", "de", "de-simple")] == ["99.7", "99,7", "99"]
    assert {percent_text(100.0, language) for language in ("en", "de", "de-simple")} == {"100"}
    assert verdict_text(accuracy_view(GOOD), "en").startswith("None of the plain ways")


def test_the_readings_are_the_summarys_figures_and_leave_out_what_is_not_known() -> None:
    readings = accuracy_readings(GOOD)
    assert readings["prediction_eta_accuracy_frac"] == pytest.approx(0.9649)
    assert readings["prediction_eta_accuracy_6_10_min_frac"] == pytest.approx(0.9649)
    assert readings["prediction_interval_coverage_0_3_min_frac"] == pytest.approx(0.79)
    assert readings["prediction_baseline_kalman_error_s"] == pytest.approx(24.0)
    assert readings["predictions_scored_total"] == 4000
    assert readings["prediction_live_frac"] == pytest.approx(0.99791)
    assert accuracy_readings(Scoring().summary()) == {"predictions_scored_total": 0.0}
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in readings)
