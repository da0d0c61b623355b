"""An alert as it is typed into the editor: answers checked field by field, and the alert they describe."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

from mobility.core.alert import Alert, AlertCause, AlertEffect, AlertPeriod, AlertRecord, AlertSeverity, AlertText
from mobility.core.clock import Instant
from mobility.core.ids import AlertId, RouteId, StopId
from mobility.core.trip_name import trip_name, trip_named
from passenger_info.alert_decide import LONGEST_DESCRIPTION, LONGEST_HEADER
from passenger_info.alert_templates import Template
from passenger_info.alert_times import MomentFault, local_moment, typed
from passenger_info.alert_view import LANGUAGES

Kind = TypeVar("Kind", bound=StrEnum)

PERIODS = 3
"""Periods of impact the editor offers room for; an alert may have up to ``MOST_PERIODS``."""
MOST_PERIODS = 50
LISTS = ("routes", "stops", "trips")
"""Answers of which there may be several."""
PARTS = ("header", "description", "spoken")
"""Of a text."""
_LONGEST_URL = 500
_MOST_MINUTES = 720


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What was typed. Keys that are missing are empty."""

    values: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """Return a trimmed answer, every line end a newline."""
        return "\n".join(line.rstrip() for line in self.values.get(name, "").strip().splitlines())

    def several(self, name: str) -> Sequence[str]:
        """Return the answers to a question with several, each once."""
        return tuple(dict.fromkeys(self.lists.get(name, ())))


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The alert as far as the answers go, and the fields that do not do with what is wrong there.

    Faults: ``day``, ``clock``, ``skipped`` and ``twice`` of times, ``number``, ``choice``, ``long``, ``signs``,
    ``half`` where a text has only one of heading and description.
    """

    alert: Alert
    faults: Mapping[str, str]


def draft_of(given: Typed, alert_id: AlertId, zone: ZoneInfo) -> Draft:
    """Return the alert that was typed. Without a period to be shown in, it is shown until its impact ends."""
    faults: dict[str, str] = {}
    impact = tuple(
        period
        for n in range(1, MOST_PERIODS + 1)
        if (period := _period(given, f"from_{n}", f"to_{n}", zone, faults)) is not None
    )
    shown = _period(given, "show_from", "show_to", zone, faults) or AlertPeriod(None, None)
    if shown.ends is None and impact and all(period.ends is not None for period in impact):
        shown = AlertPeriod(shown.begins, max(period.ends for period in impact if period.ends is not None))
    texts = tuple(text for language in LANGUAGES if (text := _text(given, language, faults)) is not None)
    minutes_of(given, faults)
    if any(trip_named(each) is None for each in given.several("trips")):
        faults["trips"] = "choice"
    if len(given.get("url")) > _LONGEST_URL or not is_readable(given.get("url")):
        faults["url"] = "long"
    alert = Alert(
        alert_id=alert_id,
        cause=_choice(given, "cause", AlertCause.UNKNOWN_CAUSE, faults),
        effect=_choice(given, "effect", AlertEffect.UNKNOWN_EFFECT, faults),
        severity=_choice(given, "severity", AlertSeverity.INFO, faults),
        communication=shown,
        impact=impact,
        texts=texts,
        routes=tuple(RouteId(each) for each in given.several("routes")),
        stops=tuple(StopId(each) for each in given.several("stops")),
        trips=tuple(ref for each in given.several("trips") if (ref := trip_named(each)) is not None),
        url=given.get("url"),
        template=template_of(given).value,
    )
    return Draft(alert=alert, faults=faults)


def typed_from(record: AlertRecord, zone: ZoneInfo, language: str) -> Typed:
    """Return what would have to be typed for an alert, to revise it."""
    alert = record.alert
    values = {"template": alert.template or Template.FREE.value, "url": alert.url}
    values |= {"cause": alert.cause.value, "effect": alert.effect.value, "severity": alert.severity.value}
    spans = {f"{n}": period for n, period in enumerate(alert.impact[:MOST_PERIODS], 1)}
    for n, period in spans.items():
        values |= _moment_fields(f"from_{n}", period.begins, zone, language)
        values |= _moment_fields(f"to_{n}", period.ends, zone, language)
    values |= _moment_fields("show_from", alert.communication.begins, zone, language)
    values |= _moment_fields("show_to", alert.communication.ends, zone, language)
    for text in alert.texts:
        values |= text_fields(text)
    lists = {"routes": alert.routes, "stops": alert.stops, "trips": tuple(trip_name(ref) for ref in alert.trips)}
    return Typed(values=values, lists=lists)


def text_fields(text: AlertText) -> Mapping[str, str]:
    """Return the answers that give a text."""
    return {f"{part}_{text.language}": getattr(text, part) for part in PARTS}


def template_of(given: Typed) -> Template:
    """Return the template that was chosen; an unknown one is none."""
    name = given.get("template")
    return Template(name) if name in tuple(Template) else Template.FREE


def minutes_of(given: Typed, faults: dict[str, str] | None = None) -> int | None:
    """Return the typed minutes, ``None`` where there are none."""
    text = given.get("minutes")
    if not text:
        return None
    minutes = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(_MOST_MINUTES)) else 0
    if 0 < minutes <= _MOST_MINUTES:
        return minutes
    if faults is not None:
        faults["minutes"] = "number"
    return None


def _period(given: Typed, begin: str, end: str, zone: ZoneInfo, faults: dict[str, str]) -> AlertPeriod | None:
    begins = _moment(given, begin, zone, faults, is_end=False)
    ends = _moment(given, end, zone, faults, is_end=True)
    return None if begins is None and ends is None else AlertPeriod(begins, ends)


def _moment(given: Typed, name: str, zone: ZoneInfo, faults: dict[str, str], *, is_end: bool) -> Instant | None:
    moment = local_moment(given.get(f"{name}_day"), given.get(f"{name}_time"), zone, is_end=is_end)
    if isinstance(moment, MomentFault):
        faults[f"{name}_{'day' if moment is MomentFault.DAY else 'time'}"] = moment.value
        return None
    return moment


def _moment_fields(name: str, at: Instant | None, zone: ZoneInfo, language: str) -> Mapping[str, str]:
    day, clock = typed(at, zone, language)
    return {f"{name}_day": day, f"{name}_time": clock}


def _text(given: Typed, language: str, faults: dict[str, str]) -> AlertText | None:
    header, description, spoken = (given.get(f"{part}_{language}") for part in PARTS)
    for part, text, longest in (
        ("header", header, LONGEST_HEADER),
        ("description", description, LONGEST_DESCRIPTION),
        ("spoken", spoken, LONGEST_DESCRIPTION),
    ):
        if len(text) > longest:
            faults[f"{part}_{language}"] = "long"
        elif not is_readable(text):
            faults[f"{part}_{language}"] = "signs"
    if not (header or description):
        return None
    if not header:
        faults[f"header_{language}"] = "half"
    if not description:
        faults[f"description_{language}"] = "half"
    return AlertText(language=language, header=header, description=description, spoken=spoken)


def _choice(given: Typed, name: str, usual: Kind, faults: dict[str, str]) -> Kind:
    text = given.get(name)
    try:
        return type(usual)(text) if text else usual
    except ValueError:
        faults[name] = "choice"
        return usual


def is_readable(text: str) -> bool:
    """Return whether a text holds nothing but signs and line ends: no control character, no half of a sign."""
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return all(sign.isprintable() or sign == "\n" for sign in text) and "\ufffd" not in text
