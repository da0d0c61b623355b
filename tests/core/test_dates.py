"""Dates read as people say them."""

from datetime import date, timedelta

import pytest

from mobility.core.dates import long_date


def test_a_german_date_has_weekday_day_and_month() -> None:
    assert long_date(date(2026, 3, 1), "de") == "Sonntag, 1. März 2026"


def test_an_english_date_has_no_commas() -> None:
    assert long_date(date(2025, 10, 14), "en") == "Tuesday 14 October 2025"


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_day_of_a_year_has_a_name_of_its_own(language: str) -> None:
    days = [date(2028, 1, 1) + timedelta(days=n) for n in range(366)]
    assert len({long_date(day, language) for day in days}) == 366
