"""Why passenger information refuses something, in German and English, for boards in easy German too."""

from collections.abc import Mapping

from mobility.core.refusal import Refusal, RefusalCode

REFUSALS: Mapping[RefusalCode, Mapping[str, str]] = {
    RefusalCode.UNKNOWN_STOP: {
        "de": "Die Haltestelle „{stop_id}“ steht in keinem Fahrplan. In der Liste finden Sie alle Haltestellen.",
        "en": "The stop “{stop_id}” is in no timetable. You find all stops in the list.",
        "de-simple": "Die Halte-Stelle „{stop_id}“ gibt es nicht. In der Liste sind alle Halte-Stellen.",
    },
    RefusalCode.UNKNOWN_TOPIC: {
        "de": "Das Thema „{topic}“ gibt es nicht. Möglich sind all, route:…, stop:…, trip:…, vehicle:… und bbox:….",
        "en": "There is no topic “{topic}”. Possible are all, route:…, stop:…, trip:…, vehicle:… and bbox:….",
    },
    RefusalCode.TOO_MANY_TOPICS: {
        "de": "Nennen Sie 1 bis {most} Themen.",
        "en": "Name 1 to {most} topics.",
    },
    RefusalCode.TOO_MANY_READERS: {
        "de": "Der Live-Strom hat gerade keinen Platz mehr. Bitte versuchen Sie es in einer Minute noch einmal.",
        "en": "The live stream has no room just now. Please try again in a minute.",
    },
    RefusalCode.UNKNOWN_PROFILE: {
        "de": "Das Profil „{profile}“ gibt es nicht. Möglich sind {profiles}.",
        "en": "There is no profile “{profile}”. Possible are {profiles}.",
    },
    RefusalCode.UNKNOWN_ROUTE: {
        "de": "Die Linie „{route_id}“ steht in keinem Fahrplan.",
        "en": "The line “{route_id}” is in no timetable.",
    },
    RefusalCode.TRIP_NOT_ON_DAY: {
        "de": "Die Fahrt „{trip_id}“ gibt es am {day} nicht. Bitte prüfen Sie den Tag.",
        "en": "The trip “{trip_id}” does not exist on {day}. Please check the day.",
    },
    RefusalCode.UNKNOWN_ALERT: {
        "de": "Diese Meldung kennen wir nicht.",
        "en": "We do not know this alert.",
    },
    RefusalCode.ALERT_WITHDRAWN: {
        "de": "Diese Meldung wurde zurückgezogen. Bitte schreiben Sie eine neue.",
        "en": "This alert was withdrawn. Please write a new one.",
    },
    RefusalCode.ALERT_NEEDS_GERMAN: {
        "de": "Der deutsche Text fehlt: Überschrift und Beschreibung müssen ausgefüllt sein.",
        "en": "The German text is missing: heading and description have to be filled.",
    },
    RefusalCode.ALERT_NAMES_NOTHING: {
        "de": "Bitte wählen Sie mindestens eine Linie, eine Haltestelle oder eine Fahrt.",
        "en": "Please choose at least one line, stop or trip.",
    },
    RefusalCode.PERIOD_BACKWARDS: {
        "de": "Das Ende muss nach dem Anfang liegen.",
        "en": "The end has to be after the beginning.",
    },
    RefusalCode.PERIOD_OVER: {
        "de": "Diese Zeit ist schon vorbei, niemand würde die Meldung sehen. Bitte wählen Sie ein späteres Ende.",
        "en": "This time is over, nobody would see the alert. Please choose a later end.",
    },
    RefusalCode.IMPACT_UNSEEN: {
        "de": "Die Meldung wird nicht gezeigt, solange die Störung dauert. Zeigen Sie sie mindestens so lange.",
        "en": "The alert is not shown all the time it is about. Please show it at least that long.",
    },
    RefusalCode.REASON_NEEDED: {
        "de": "Bitte schreiben Sie einen Grund.",
        "en": "Please give a reason.",
    },
}


def sentence(refusal: Refusal, language: str) -> str:
    """Return a refusal's sentence in ``de``, ``en`` or, where it has one, in ``de-simple``; else in German."""
    texts = REFUSALS[refusal.code]
    return refusal.told(texts.get(language, texts["de"]))
