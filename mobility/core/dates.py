"""Dates as people say them, with their weekday, in German and in English."""

from collections.abc import Mapping
from datetime import date

_WEEKDAYS: Mapping[str, str] = {
    "de": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
}
_MONTHS: Mapping[str, str] = {
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "en": "January February March April May June July August September October November December",
}


def long_date(day: date, language: str) -> str:
    """Return ``Dienstag, 14. Oktober 2025`` (``de``) or ``Tuesday 14 October 2025`` (``en``)."""
    weekday, month = _WEEKDAYS[language].split()[day.weekday()], _MONTHS[language].split()[day.month - 1]
    if language == "de":
        return f"{weekday}, {day.day}. {month} {day.year}"
    return f"{weekday} {day.day} {month} {day.year}"
