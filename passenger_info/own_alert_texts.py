"""What the alerts say that the feed makes by itself, in German, English and easy German."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mobility.core.alert import AlertText
from passenger_info.alert_view import LANGUAGES


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the sentences are made of."""

    line: str
    """What stands on the line's sign."""
    times: Sequence[str]
    """Departures as ``HH:MM``, local."""
    towards: str = ""
    stops: Sequence[str] = ()
    """Names of stops that are not served."""
    others: Sequence[str] = ()
    """Names of stops that are served instead."""
    feeder: str = ""
    until: str = ""
    reason: str = ""
    """In German; other languages leave it out."""


_CANCELLED: Mapping[str, tuple[str, str, str]] = {
    "de": (
        "Linie {line}: Fahrt fällt aus",
        "Linie {line}: {count} Fahrten fallen aus",
        "Betroffene Abfahrten: {times} Uhr.",
    ),
    "en": ("Line {line}: trip cancelled", "Line {line}: {count} trips cancelled", "Cancelled departures: {times}."),
    "de-simple": (
        "Linie {line}: Ein Bus fährt nicht",
        "Linie {line}: {count} Busse fahren nicht",
        "Der Bus fährt nicht um: {times} Uhr.",
    ),
}
_DETOUR: Mapping[str, tuple[str, str, str, str]] = {
    "de": (
        "Linie {line} fährt eine Umleitung",
        "Das gilt für die Abfahrten um {times} Uhr.",
        "Nicht bedient: {stops}.",
        "Dafür wird gehalten an: {others}.",
    ),
    "en": (
        "Line {line} takes a detour",
        "This applies to the departures at {times}.",
        "Not served: {stops}.",
        "Served instead: {others}.",
    ),
    "de-simple": (
        "Linie {line} fährt anders",
        "Das gilt für die Abfahrten um {times} Uhr.",
        "Der Bus hält nicht hier: {stops}.",
        "Der Bus hält hier: {others}.",
    ),
}
_WAITS: Mapping[str, tuple[str, str]] = {
    "de": ("Linie {line} wartet auf {feeder} bis {until} Uhr", "Die Abfahrt um {times} Uhr nach {towards} wartet."),
    "en": ("Line {line} waits for {feeder} until {until}", "The departure at {times} for {towards} waits."),
    "de-simple": (
        "Linie {line} wartet bis {until} Uhr",
        "Der Bus nach {towards} wartet auf {feeder}. Er sollte um {times} Uhr fahren.",
    ),
}
FEEDERS: Mapping[str, Mapping[str, str]] = {
    "de": {"train": "den Zug {name}", "line": "{name}"},
    "en": {"train": "the train {name}", "line": "{name}"},
    "de-simple": {"train": "den Zug {name}", "line": "{name}"},
}
"""What riders call who brings them, by language and kind."""


def cancelled_texts(said: Said) -> tuple[AlertText, ...]:
    """Return what an alert says of cancelled trips."""
    texts: list[AlertText] = []
    for language in LANGUAGES:
        one, many, body = _CANCELLED[language]
        header = (one if len(said.times) == 1 else many).format(line=said.line, count=len(said.times))
        texts.append(_text(language, header, [body.format(times=", ".join(said.times))], said))
    return tuple(texts)


def detour_texts(said: Said) -> tuple[AlertText, ...]:
    """Return what an alert says of a detour."""
    texts: list[AlertText] = []
    for language in LANGUAGES:
        header, when, without, instead = _DETOUR[language]
        parts = [when.format(times=", ".join(said.times))]
        parts.extend([without.format(stops=", ".join(said.stops))] if said.stops else [])
        parts.extend([instead.format(others=", ".join(said.others))] if said.others else [])
        texts.append(_text(language, header.format(line=said.line), parts, said))
    return tuple(texts)


def waiting_texts(said: Said, kind: str) -> tuple[AlertText, ...]:
    """Return what an alert says of a departure that waits; ``kind`` is one of ``FEEDERS``."""
    texts: list[AlertText] = []
    for language in LANGUAGES:
        header, body = _WAITS[language]
        feeder = FEEDERS[language][kind].format(name=said.feeder)
        words = {"line": said.line, "feeder": feeder, "until": said.until, "towards": said.towards}
        words["times"] = ", ".join(said.times)
        texts.append(_text(language, header.format(**words), [body.format(**words)], said))
    return tuple(texts)


def _text(language: str, header: str, parts: Sequence[str], said: Said) -> AlertText:
    reason = said.reason.strip()
    if reason and language != "en":
        parts = [*parts, reason if reason.endswith((".", "!")) else f"{reason}."]
    return AlertText(language=language, header=header, description=" ".join(parts))
