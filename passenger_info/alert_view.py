"""An alert as a rider sees and hears it, in one language. Nothing here is HTML."""

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from mobility.core.alert import Alert, AlertCause, AlertEffect, AlertPeriod, AlertRecord, AlertSeverity, AlertText
from mobility.core.clock import Instant
from mobility.core.ids import AlertId
from passenger_info.alert_words import period_sentence

LANGUAGES = ("de", "en", "de-simple")
"""Languages of alerts; German must be there, the others fall back to it."""

SYMBOLS: Mapping[str, Mapping[str, str]] = {
    "de": {
        "cancelled": "fällt aus",
        "late": "Verspätung",
        "detour": "Umleitung",
        "extra": "zusätzliche Fahrt",
        "stop": "Haltestelle",
        "step": "Barriere",
        "weather": "Wetter",
        "info": "Hinweis",
    },
    "en": {
        "cancelled": "cancelled",
        "late": "delay",
        "detour": "detour",
        "extra": "extra trip",
        "stop": "stop",
        "step": "barrier",
        "weather": "weather",
        "info": "notice",
    },
    "de-simple": {
        "cancelled": "Fährt nicht",
        "late": "Kommt später",
        "detour": "Fährt anders",
        "extra": "Fährt extra",
        "stop": "Halte-Stelle",
        "step": "Stufe",
        "weather": "Wetter",
        "info": "Wichtig",
    },
}
"""What each symbol is called, by language."""

_BY_EFFECT: Mapping[AlertEffect, str] = {
    AlertEffect.NO_SERVICE: "cancelled",
    AlertEffect.REDUCED_SERVICE: "cancelled",
    AlertEffect.SIGNIFICANT_DELAYS: "late",
    AlertEffect.DETOUR: "detour",
    AlertEffect.ADDITIONAL_SERVICE: "extra",
    AlertEffect.STOP_MOVED: "stop",
    AlertEffect.ACCESSIBILITY_ISSUE: "step",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertView:
    """One alert in words of one language."""

    alert_id: AlertId
    language: str
    """The language the text is really in: German where the asked one is missing. For the ``lang`` attribute."""
    header: str
    description: str
    """May be empty; paragraphs are parted by line breaks."""
    spoken: str
    """All of it for reading aloud, with the period."""
    period_sentence: str
    """When it holds, a whole sentence in the asked language."""
    severity: AlertSeverity
    symbol: str
    """Name of the shape beside the text: a key of ``SYMBOLS``."""
    symbol_word: str
    """What the symbol is called in the asked language."""
    url: str
    """A page that says more, empty without one."""
    is_in_force: bool
    """Whether things differ now, and not only later."""


def alert_view(record: AlertRecord, language: str, zone: ZoneInfo, now: Instant) -> AlertView:
    """Return an alert as seen at ``now`` in ``de``, ``en`` or ``de-simple``; another language reads German."""
    alert, asked = record.alert, language if language in LANGUAGES else LANGUAGES[0]
    text = _text_in(alert, asked)
    periods = _impact_of(alert)
    sentence = period_sentence(periods, asked, zone, now)
    said = text.spoken or _spoken(text)
    # An alert read aloud stays in one language, so its period does too.
    heard = sentence if text.language == asked else period_sentence(periods, text.language, zone, now)
    symbol = symbol_of(alert)
    return AlertView(
        alert_id=alert.alert_id,
        language=text.language,
        header=text.header,
        description=text.description,
        spoken=f"{said} {heard}",
        period_sentence=sentence,
        severity=alert.severity,
        symbol=symbol,
        symbol_word=SYMBOLS[asked][symbol],
        url=alert.url,
        is_in_force=any(period.holds(now) for period in periods),
    )


def _text_in(alert: Alert, language: str) -> AlertText:
    """Return the text in a language, German where it is missing."""
    by_language = {text.language: text for text in reversed(alert.texts)}
    found = by_language.get(language) or by_language.get(LANGUAGES[0])
    return found if found is not None else alert.texts[0]


def _impact_of(alert: Alert) -> tuple[AlertPeriod, ...]:
    """Return when things differ: the impact periods, or the communication period where none are given."""
    return alert.impact or (alert.communication,)


def symbol_of(alert: Alert) -> str:
    """Return the name of the shape that goes with an alert: by its effect, else by its cause."""
    other = "weather" if alert.cause is AlertCause.WEATHER else "info"
    return _BY_EFFECT.get(alert.effect, other)


def _spoken(text: AlertText) -> str:
    """Header and description as sentences, with a pause between them."""
    parts = [text.header, *text.description.splitlines()]
    trimmed = (part.strip() for part in parts)
    return " ".join(part if part.endswith((".", "!", "?", ":")) else f"{part}." for part in trimmed if part)
