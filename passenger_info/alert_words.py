"""Periods of alerts in words: from when until when something holds, in German, English and easy German."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from mobility.core.alert import AlertPeriod
from mobility.core.clock import Instant, datetime_at
from mobility.core.dates import long_date

_MOST_SAID = 3
"""More periods than these are only counted."""

WORDS: Mapping[str, Mapping[str, str]] = {
    "de": {
        "open": "Gilt bis auf Weiteres.",
        "until": "Gilt bis {end}.",
        "from": "Gilt ab {begin} bis auf Weiteres.",
        "today": "Gilt heute von {from_time} bis {to_time}.",
        "one_day": "Gilt am {day}, von {from_time} bis {to_time}.",
        "span": "Gilt von {begin} bis {end}.",
        "over": "Galt bis {end}.",
        "more": "Danach noch {n}-mal.",
        "moment_today": "{time}",
        "moment": "{day}, {time}",
        "clock": "{time} Uhr",
        "summer": "Sommerzeit",
        "winter": "Winterzeit",
    },
    "en": {
        "open": "Until further notice.",
        "until": "Until {end}.",
        "from": "From {begin} until further notice.",
        "today": "Today from {from_time} to {to_time}.",
        "one_day": "On {day} from {from_time} to {to_time}.",
        "span": "From {begin} to {end}.",
        "over": "This was until {end}.",
        "more": "After that {n} more times.",
        "moment_today": "{time}",
        "moment": "{day}, {time}",
        "clock": "{time}",
        "summer": "(summer time)",
        "winter": "(winter time)",
    },
    "de-simple": {
        "open": "Wir wissen noch nicht, wie lange.",
        "until": "So lange: bis {end}.",
        "from": "Es beginnt: {begin}. Wir wissen noch nicht, wie lange.",
        "today": "Heute von {from_time} bis {to_time}.",
        "one_day": "Am {day}, von {from_time} bis {to_time}.",
        "span": "Es beginnt: {begin}. Es endet: {end}.",
        "over": "Das ist vorbei. Es war bis {end}.",
        "more": "Danach noch {n}-mal.",
        "moment_today": "{time}",
        "moment": "{day}, {time}",
        "clock": "{time} Uhr",
        "summer": "Sommer-Zeit",
        "winter": "Winter-Zeit",
    },
}


def period_sentence(periods: Sequence[AlertPeriod], language: str, zone: ZoneInfo, now: Instant) -> str:
    """Return when something holds, as seen from ``now``: what is over is left out, as long as anything is ahead.

    ``language`` is ``de``, ``en`` or ``de-simple``. Clock times of the hour that comes twice in autumn say which one.
    """
    words = WORDS[language]
    ordered = sorted(periods, key=lambda each: (each.begins or 0, each.ends or 0))
    ahead = [each for each in ordered if each.ends is None or each.ends > now]
    if not ahead:
        last = max((each.ends for each in ordered if each.ends is not None), default=None)
        return words["open"] if last is None else words["over"].format(end=_moment(last, language, zone, now))
    said = [_sentence(each, language, zone, now) for each in ahead[:_MOST_SAID]]
    if len(ahead) > _MOST_SAID:
        said.append(words["more"].format(n=len(ahead) - _MOST_SAID))
    return " ".join(said)


def season_word(local: datetime, language: str) -> str:
    """Return the season that tells which of two a local time is that comes twice that night; empty for any other."""
    twin = local.replace(fold=1 - local.fold)
    return "" if twin.utcoffset() == local.utcoffset() else WORDS[language]["winter" if local.fold else "summer"]


def clock_words(local: datetime, language: str) -> str:
    """Return a local clock time; where it comes twice that night, with the season that tells which."""
    return f"{WORDS[language]['clock'].format(time=f'{local:%H:%M}')} {season_word(local, language)}".rstrip()


def _sentence(period: AlertPeriod, language: str, zone: ZoneInfo, now: Instant) -> str:
    words, begins, ends = WORDS[language], period.begins, period.ends
    if begins is None or begins <= now:
        return words["open"] if ends is None else words["until"].format(end=_moment(ends, language, zone, now))
    if ends is None:
        return words["from"].format(begin=_moment(begins, language, zone, now))
    first, last = datetime_at(begins, zone), datetime_at(ends, zone)
    if first.date() != last.date():
        return words["span"].format(begin=_moment(begins, language, zone, now), end=_moment(ends, language, zone, now))
    return words["today" if _is_today(first, zone, now) else "one_day"].format(
        day=_day(first, language),
        from_time=clock_words(first, language),
        to_time=clock_words(last, language),
    )


def _moment(at: Instant, language: str, zone: ZoneInfo, now: Instant) -> str:
    local = datetime_at(at, zone)
    words = WORDS[language]["moment_today" if _is_today(local, zone, now) else "moment"]
    return words.format(day=_day(local, language), time=clock_words(local, language))


def _is_today(local: datetime, zone: ZoneInfo, now: Instant) -> bool:
    return local.date() == datetime_at(now, zone).date()


def _day(local: datetime, language: str) -> str:
    return long_date(local.date(), "en" if language == "en" else "de")
