"""Why nobody can do a duty, in words: one sentence for a single reason, one for all of them together."""

from collections.abc import Iterable, Mapping

from mobility.core.refusal import Refusal, RefusalCode

REFUSALS: Mapping[RefusalCode, Mapping[str, str]] = {
    RefusalCode.NOBODY_ON_THE_LIST: {
        "de": "Es gibt keine Freiwilligen, die man fragen könnte.",
        "en": "There are no volunteers who could be asked.",
    },
    RefusalCode.NOT_THEIR_TASK: {
        "de": "Diese Aufgabe übernehmen nicht: {count}.",
        "en": "Do not take this task: {count}.",
    },
    RefusalCode.LICENCE_EXPIRED: {
        "de": "Der Führerschein ist an diesem Tag abgelaufen bei: {count}.",
        "en": "The driving licence has expired on this day for: {count}.",
    },
    RefusalCode.MEDICAL_EXPIRED: {
        "de": "Die ärztliche Bescheinigung ist an diesem Tag abgelaufen bei: {count}.",
        "en": "The medical certificate has expired on this day for: {count}.",
    },
    RefusalCode.SAID_NO_TO_DAY: {
        "de": "An diesem Tag können nicht: {count}.",
        "en": "Not free on this day: {count}.",
    },
    RefusalCode.SAID_NO_TO_GROUP: {
        "de": "Diese Dienstgruppe wollen nicht: {count}.",
        "en": "Do not want this duty group: {count}.",
    },
    RefusalCode.SAID_NO_TO_HOURS: {
        "de": "Zu dieser Uhrzeit können nicht: {count}.",
        "en": "Not free at this hour: {count}.",
    },
    RefusalCode.HAS_OTHER_DUTY: {
        "de": "Einen anderen Dienst zur selben Zeit oder zu kurz davor oder danach haben: {count}.",
        "en": "Have another duty at the same time, or too shortly before or after: {count}.",
    },
    RefusalCode.WEEK_IS_FULL: {
        "de": "So viele Dienste, wie sie in einer Woche höchstens wollen, haben schon: {count}.",
        "en": "Already have as many duties as they take in a week: {count}.",
    },
    RefusalCode.PERIOD_IS_FULL: {
        "de": "So viele Dienste, wie sie in diesem Zeitraum höchstens wollen, haben schon: {count}.",
        "en": "Already have as many duties as they take in this period: {count}.",
    },
    RefusalCode.MUST_BE_APART: {
        "de": "Mit jemandem in dieser Schicht sollen nicht zusammen Dienst tun: {count}.",
        "en": "Must not serve together with somebody in this shift: {count}.",
    },
    RefusalCode.UNKNOWN_DUTY: {
        "de": "Diesen Dienst gibt es im Dienstplan nicht: {duty}.",
        "en": "There is no such duty in the roster: {duty}.",
    },
    RefusalCode.UNKNOWN_VOLUNTEER: {
        "de": "Diesen Freiwilligen gibt es in diesem Zeitraum nicht: {driver}.",
        "en": "There is no such volunteer in this period: {driver}.",
    },
    RefusalCode.UNKNOWN_ROSTER: {
        "de": "Für diesen Zeitraum gibt es noch keinen Dienstplan.",
        "en": "There is no roster for this period yet.",
    },
    RefusalCode.ROSTER_CHANGED: {
        "de": "Jemand hat den Dienstplan gerade geändert. Bitte sehen Sie ihn sich noch einmal an.",
        "en": "Somebody has just changed the roster. Please look at it again.",
    },
    RefusalCode.DUTY_IS_OPEN: {
        "de": "Diesen Dienst hat niemand; es gibt nichts abzusagen: {duty}.",
        "en": "Nobody has this duty, there is nothing to cancel: {duty}.",
    },
}
"""Templates by code and language; ``count`` is a number of people."""

_ONE_MANY: Mapping[RefusalCode, Mapping[str, tuple[str, str]]] = {
    RefusalCode.NOT_THEIR_TASK: {
        "de": ("1 übernimmt diese Aufgabe nicht", "{count} übernehmen diese Aufgabe nicht"),
        "en": ("1 does not take this task", "{count} do not take this task"),
    },
    RefusalCode.LICENCE_EXPIRED: {
        "de": ("1 Führerschein ist abgelaufen", "{count} Führerscheine sind abgelaufen"),
        "en": ("1 licence has expired", "{count} licences have expired"),
    },
    RefusalCode.MEDICAL_EXPIRED: {
        "de": ("1 ärztliche Bescheinigung ist abgelaufen", "{count} ärztliche Bescheinigungen sind abgelaufen"),
        "en": ("1 medical certificate has expired", "{count} medical certificates have expired"),
    },
    RefusalCode.SAID_NO_TO_DAY: {
        "de": ("1 hat für diesen Tag abgesagt", "{count} haben für diesen Tag abgesagt"),
        "en": ("1 said no to this day", "{count} said no to this day"),
    },
    RefusalCode.SAID_NO_TO_GROUP: {
        "de": ("1 will diese Dienstgruppe nicht", "{count} wollen diese Dienstgruppe nicht"),
        "en": ("1 does not want this group", "{count} do not want this group"),
    },
    RefusalCode.SAID_NO_TO_HOURS: {
        "de": ("1 kann zu dieser Uhrzeit nicht", "{count} können zu dieser Uhrzeit nicht"),
        "en": ("1 is not free at this hour", "{count} are not free at this hour"),
    },
    RefusalCode.HAS_OTHER_DUTY: {
        "de": ("1 hat um diese Zeit schon Dienst", "{count} haben um diese Zeit schon Dienst"),
        "en": ("1 has another duty then or close to it", "{count} have another duty then or close to it"),
    },
    RefusalCode.WEEK_IS_FULL: {
        "de": ("1 hat in dieser Woche schon genug Dienste", "{count} haben in dieser Woche schon genug Dienste"),
        "en": ("1 has enough duties in this week", "{count} have enough duties in this week"),
    },
    RefusalCode.PERIOD_IS_FULL: {
        "de": ("1 hat schon genug Dienste", "{count} haben schon genug Dienste"),
        "en": ("1 already has the most duties they take", "{count} already have the most duties they take"),
    },
    RefusalCode.MUST_BE_APART: {
        "de": ("1 soll nicht mit den anderen fahren", "{count} sollen nicht mit den anderen fahren"),
        "en": ("1 must not serve with somebody in this shift", "{count} must not serve with somebody in this shift"),
    },
}  # fmt: skip

_NOBODY = {"de": "Niemand kann: ", "en": "Nobody can: "}


def explained(reasons: Iterable[Refusal], language: str) -> str:
    """Return one sentence that says why nobody does a duty; ``language`` is ``de`` or ``en``; empty without reasons."""
    parts = [_part(reason, language) for reason in reasons]
    return f"{_NOBODY[language]}{', '.join(parts)}." if parts else ""


def _part(reason: Refusal, language: str) -> str:
    forms = _ONE_MANY.get(reason.code)
    if forms is None:
        return REFUSALS[reason.code][language].rstrip(".")
    count = int(reason.parameters.get("count", 1))
    return forms[language][count != 1].format(count=count)
