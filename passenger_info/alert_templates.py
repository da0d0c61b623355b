"""Templates of alerts: what is usually said about cancelled trips, detours, closed stops and the like.

A template fills itself with what is affected, in German, English and easy German; whoever publishes may change it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from mobility.core.alert import AlertCause, AlertEffect, AlertSeverity, AlertText
from passenger_info.alert_phrases import CAUSES, PHRASES


class Template(StrEnum):
    """What there is a template for, in the order it is offered."""

    CANCELLED_TRIPS = "cancelled_trips"
    DETOUR = "detour"
    STOP_CLOSED = "stop_closed"
    STOP_MOVED = "stop_moved"
    DELAY = "delay"
    NO_RAMP = "no_ramp"
    STRIKE = "strike"
    WEATHER = "weather"
    EXTRA_TRIPS = "extra_trips"
    FREE = "free"
    """No text at all: everything is written by hand."""


@dataclass(frozen=True, slots=True)
class Usual:
    """How an alert of this template is marked unless somebody says otherwise."""

    cause: AlertCause
    effect: AlertEffect
    severity: AlertSeverity
    parts: tuple[str, ...]
    """What its description says, in this order; see ``passenger_info.alert_phrases``."""
    concerns: Literal["routes", "stops", "trips"] = "routes"
    """Which of the lists of what may be affected is looked at first."""


USUAL: Mapping[Template, Usual] = {
    Template.CANCELLED_TRIPS: Usual(
        AlertCause.UNKNOWN_CAUSE, AlertEffect.NO_SERVICE, AlertSeverity.SEVERE, ("off", "because", "see_board"), "trips"
    ),
    Template.DETOUR: Usual(
        AlertCause.CONSTRUCTION,
        AlertEffect.DETOUR,
        AlertSeverity.WARNING,
        ("detour", "unserved", "only", "instead", "because"),
    ),
    Template.STOP_CLOSED: Usual(
        AlertCause.CONSTRUCTION,
        AlertEffect.MODIFIED_SERVICE,
        AlertSeverity.WARNING,
        ("closed", "only", "instead", "because"),
        "stops",
    ),
    Template.STOP_MOVED: Usual(
        AlertCause.CONSTRUCTION,
        AlertEffect.STOP_MOVED,
        AlertSeverity.WARNING,
        ("moved", "only", "instead", "because"),
        "stops",
    ),
    Template.DELAY: Usual(
        AlertCause.UNKNOWN_CAUSE,
        AlertEffect.SIGNIFICANT_DELAYS,
        AlertSeverity.WARNING,
        ("late", "only", "because", "see_times"),
    ),
    Template.NO_RAMP: Usual(
        AlertCause.TECHNICAL_PROBLEM,
        AlertEffect.ACCESSIBILITY_ISSUE,
        AlertSeverity.WARNING,
        ("no_ramp", "listed", "call"),
    ),
    Template.STRIKE: Usual(
        AlertCause.STRIKE, AlertEffect.REDUCED_SERVICE, AlertSeverity.SEVERE, ("strike", "see_board")
    ),
    Template.WEATHER: Usual(
        AlertCause.WEATHER, AlertEffect.SIGNIFICANT_DELAYS, AlertSeverity.WARNING, ("weather", "late", "see_times")
    ),
    Template.EXTRA_TRIPS: Usual(
        AlertCause.OTHER_CAUSE, AlertEffect.ADDITIONAL_SERVICE, AlertSeverity.INFO, ("extra", "because"), "trips"
    ),
    Template.FREE: Usual(AlertCause.UNKNOWN_CAUSE, AlertEffect.UNKNOWN_EFFECT, AlertSeverity.INFO, ()),
}


@dataclass(frozen=True, slots=True)
class TripName:
    """A trip as riders know it."""

    time: str
    """Local clock time of departure, e.g. ``14:07``."""
    towards: str


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What an alert is about, in names that riders know."""

    lines: Sequence[str] = ()
    stops: Sequence[str] = ()
    trips: Sequence[TripName] = ()
    cause: AlertCause = AlertCause.UNKNOWN_CAUSE
    minutes: int | None = None
    """How late, at most."""
    instead: str = ""
    """The stop to go to."""
    reason: str = ""
    """In German, in words of whoever decided; stands for the cause in German."""


def filled(template: Template, about: About, language: str) -> AlertText | None:
    """Return a template's text in ``de``, ``en`` or ``de-simple``, ``None`` where it has none."""
    parts = USUAL[template].parts
    if not parts:
        return None
    phrases = PHRASES[language]
    gaps = _gaps(about, language)
    said = [phrase for part in parts if (phrase := _phrase(phrases, part, about, gaps))]
    is_easy = language == "de-simple"
    return AlertText(
        language=language,
        header=_heading(phrases, template, about).format(**gaps),
        description=("\n" if is_easy else " ").join(said),
    )


def _gaps(about: About, language: str) -> Mapping[str, str]:
    phrases = PHRASES[language]
    trips = [phrases["trip"].format(time=trip.time, towards=trip.towards) for trip in about.trips]
    return {
        "subject": _subject(about, phrases),
        "stops": phrases["and"].join(about.stops),
        "trip": trips[0] if trips else "",
        "trips": phrases["list"].join(trips),
        "time": about.trips[0].time if about.trips else "",
        "minutes": str(about.minutes or ""),
        "instead": about.instead,
        "cause": _cause(about, language),
    }


def _cause(about: About, language: str) -> str:
    own = about.reason.strip().rstrip(". ") if language == "de" else ""
    return own or CAUSES[language].get(about.cause, "")


def _subject(about: About, phrases: Mapping[str, str]) -> str:
    """Lines where any are named, else stops: what a rider looks for first."""
    for key, names in (("line", about.lines), ("stop", about.stops)):
        if names:
            return phrases[key if len(names) == 1 else f"{key}s"].format(names=phrases["and"].join(names))
    return phrases["service"]


def _heading(phrases: Mapping[str, str], template: Template, about: About) -> str:
    one = f"{template}_heading_one"
    return phrases[one] if len(about.trips) == 1 and one in phrases else phrases[f"{template}_heading"]


def _phrase(phrases: Mapping[str, str], part: str, about: About, gaps: Mapping[str, str]) -> str:
    """Return a part of the description; empty where there is nothing to say."""
    if (part == "because" and not gaps["cause"]) or (part == "instead" and not about.instead):
        return ""
    counted: Mapping[str, int] = {
        "off": len(about.trips),
        "extra": len(about.trips),
        "listed": len(about.trips),
        "only": len(about.trips),
        "unserved": len(about.stops),
        "closed": len(about.stops),
        "moved": len(about.stops),
        "late": about.minutes or 0,
    }
    if part not in counted:
        return phrases[part].format(**gaps)
    form = ("none", "one", "many")[min(counted[part], 2)]
    return phrases[f"{part}_{form}"].format(**gaps)
