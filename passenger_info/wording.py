"""Every sentence passenger information says, in German and English."""

from collections.abc import Mapping

from mobility.core.refusal import Refusal, RefusalCode

REFUSALS: Mapping[RefusalCode, Mapping[str, str]] = {
    RefusalCode.UNKNOWN_STOP: {
        "de": "Die Haltestelle „{stop_id}“ steht in keinem Fahrplan. In der Liste finden Sie alle Haltestellen.",
        "en": "The stop “{stop_id}” is in no timetable. You find all stops in the list.",
    },
}


def sentence(refusal: Refusal, language: str) -> str:
    """Return a refusal's sentence in ``de`` or ``en``."""
    return REFUSALS[refusal.code][language].format(**refusal.parameters)


PAGE: Mapping[str, Mapping[str, str]] = {
    "de": {
        "departures": "Abfahrten",
        "title": "Abfahrten: {stop}",
        "caption": "Abfahrten in den nächsten {hours} Stunden",
        "as_of": "Stand {date}, {time} Uhr.",
        "reload": "Die Seite zeigt diesen Stand, bis Sie sie neu laden.",
        "reload_button": "Neu laden",
        "read_aloud": "Als Text, zum Beispiel zum Vorlesen",
        "screen": "Als Anzeige für die Wand",
        "other_stop": "Andere Haltestelle",
        "line": "Linie",
        "towards": "Richtung",
        "scheduled": "Fahrplan",
        "expected": "Erwartet",
        "minutes": "Abfahrt",
        "as_scheduled": "wie im Fahrplan",
        "state": "Zustand",
        "none": "In den nächsten {hours} Stunden fährt hier nichts ab.",
        "scan": "Diese Tafel auf dem Telefon: Code mit der Kamera öffnen.",
        "qr": "QR-Code mit der Adresse dieser Tafel",
        "find_title": "Haltestelle finden",
        "find_lead": "Wählen Sie Ihre Haltestelle. Wir zeigen, was dort als Nächstes abfährt.",
        "search": "Name der Haltestelle",
        "search_button": "Suchen",
        "found": "{count} Haltestellen",
        "found_one": "1 Haltestelle",
        "found_none": "Keine Haltestelle im Fahrplan heißt so. Prüfen Sie den Namen oder lassen Sie das Feld leer.",
        "unknown_title": "Haltestelle nicht gefunden",
        "all_stops": "Zur Liste aller Haltestellen",
        "meaning": "Was die Zeichen bedeuten",
        "wheelchair": "Die Haltestelle ist stufenlos erreichbar.",
        "no_wheelchair": "Die Haltestelle ist nicht stufenlos erreichbar.",
    },
    "en": {
        "departures": "Departures",
        "title": "Departures: {stop}",
        "caption": "Departures in the next {hours} hours",
        "as_of": "As of {date}, {time}.",
        "reload": "The page shows this state until you reload it.",
        "reload_button": "Reload",
        "read_aloud": "As text, for example to be read aloud",
        "screen": "As a wall display",
        "other_stop": "Another stop",
        "line": "Line",
        "towards": "Towards",
        "scheduled": "Timetable",
        "expected": "Expected",
        "minutes": "Leaves",
        "as_scheduled": "as in the timetable",
        "state": "State",
        "none": "Nothing leaves here in the next {hours} hours.",
        "scan": "This board on your phone: open the code with the camera.",
        "qr": "QR code with the address of this board",
        "find_title": "Find a stop",
        "find_lead": "Choose your stop. We show what leaves there next.",
        "search": "Name of the stop",
        "search_button": "Search",
        "found": "{count} stops",
        "found_one": "1 stop",
        "found_none": "No stop in the timetable has this name. Check the spelling or leave the field empty.",
        "unknown_title": "Stop not found",
        "all_stops": "To the list of all stops",
        "meaning": "What the signs mean",
        "wheelchair": "The stop can be reached without steps.",
        "no_wheelchair": "The stop cannot be reached without steps.",
    },
}

STATES: Mapping[str, Mapping[str, str]] = {
    "de": {
        "running": "pünktlich unterwegs",
        "late": "{minutes} min später",
        "expected": "nach Fahrplan",
        "unknown": "nicht bestätigt",
        "cancelled": "fällt aus",
    },
    "en": {
        "running": "on time",
        "late": "{minutes} min late",
        "expected": "by timetable",
        "unknown": "not confirmed",
        "cancelled": "cancelled",
    },
}

MEANINGS: Mapping[str, Mapping[str, str]] = {
    "de": {
        "running": "Das Fahrzeug ist unterwegs und meldet sich.",
        "late": "Das Fahrzeug kommt später als im Fahrplan.",
        "expected": "Die Fahrt steht im Fahrplan, das Fahrzeug ist noch nicht losgefahren.",
        "unknown": "Wir wissen im Augenblick nicht, wo das Fahrzeug ist. Es kann anders kommen als im Fahrplan.",
        "cancelled": "Diese Fahrt findet nicht statt.",
    },
    "en": {
        "running": "The vehicle is on its way and reports its position.",
        "late": "The vehicle comes later than the timetable says.",
        "expected": "The trip is in the timetable, the vehicle has not left yet.",
        "unknown": "We do not know where the vehicle is at the moment. It may differ from the timetable.",
        "cancelled": "This trip does not run.",
    },
}

DEPARTURES: Mapping[str, Mapping[str, str]] = {
    "de": {
        "line": "Linie {name}",
        "bus": "Bus {name}",
        "running": "{line} fährt um {time} Uhr nach {towards}, pünktlich.",
        "late": "{line} fährt um {time} Uhr nach {towards}, voraussichtlich {delay} später.",
        "expected": "{line} fährt nach Fahrplan um {time} Uhr nach {towards}.",
        "expected_late": "{line} fährt um {time} Uhr nach {towards}, voraussichtlich {delay} später.",
        "unknown": "{line} soll um {time} Uhr nach {towards} fahren. Das ist nicht bestätigt{since}.",
        "unknown_since": ": Seit {age} meldet sich das Fahrzeug nicht",
        "cancelled": "{line} um {time} Uhr nach {towards} fällt aus.",
        "reason": "Grund: {reason}",
        "waits": "Die Fahrt wartet: {reason}",
        "minute": "1 Minute",
        "minutes": "{count} Minuten",
        "second": "1 Sekunde",
        "seconds": "{count} Sekunden",
        "now": "jetzt",
        "in": "in {count} min",
        "in_hours": "in {hours} Std. {minutes} Min.",
        "in_full_hours": "in {hours} Std.",
        "aloud_begin": "Abfahrten an der Haltestelle {stop}. {date}, {time} Uhr.",
        "age": "letzte Meldung vor {age}",
    },
    "en": {
        "line": "Line {name}",
        "bus": "Bus {name}",
        "running": "{line} leaves at {time} for {towards}, on time.",
        "late": "{line} leaves at {time} for {towards}, expected {delay} later.",
        "expected": "{line} leaves for {towards} at {time} by the timetable.",
        "expected_late": "{line} leaves at {time} for {towards}, expected {delay} later.",
        "unknown": "{line} should leave at {time} for {towards}. This is not confirmed{since}.",
        "unknown_since": ": the vehicle has not reported for {age}",
        "cancelled": "{line} at {time} for {towards} is cancelled.",
        "reason": "Reason: {reason}",
        "waits": "The trip waits: {reason}",
        "minute": "1 minute",
        "minutes": "{count} minutes",
        "second": "1 second",
        "seconds": "{count} seconds",
        "now": "now",
        "in": "in {count} min",
        "in_hours": "in {hours} h {minutes} min",
        "in_full_hours": "in {hours} h",
        "aloud_begin": "Departures at {stop}. {date}, {time}.",
        "age": "last report {age} ago",
    },
}
