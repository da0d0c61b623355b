"""Why a change of the line service is not taken: what does not work, why, and what would."""

from collections.abc import Mapping

from mobility.core.refusal import RefusalCode

REFUSALS: Mapping[RefusalCode, Mapping[str, str]] = {
    RefusalCode.UNKNOWN_TRIP: {
        "de": "Diese Fahrt steht nicht im Fahrplan.",
        "en": "This trip is not in the timetable.",
    },
    RefusalCode.TRIP_NOT_ON_DAY: {
        "de": "Die Fahrt „{trip_id}“ gibt es am {day} nicht. Bitte prüfen Sie den Tag.",
        "en": "The trip “{trip_id}” does not exist on {day}. Please check the day.",
    },
    RefusalCode.REASON_NEEDED: {
        "de": "Bitte schreiben Sie einen Grund.",
        "en": "Please give a reason.",
    },
    RefusalCode.PERIOD_BACKWARDS: {
        "de": "Das Ende muss nach dem Anfang liegen.",
        "en": "The end has to be after the beginning.",
    },
    RefusalCode.NO_TRIP_NAMED: {
        "de": "Bitte wählen Sie mindestens eine Fahrt.",
        "en": "Please choose at least one trip.",
    },
    RefusalCode.TRIP_OVER: {
        "de": "Die Fahrt um {time} Uhr ist schon zu Ende.",
        "en": "The trip at {time} is over.",
    },
    RefusalCode.TRIP_RUNS_NOW: {
        "de": "Die Fahrt um {time} Uhr ist gerade unterwegs; sie lässt sich weder ausblenden noch zurücknehmen. "
        "Sagen Sie sie ab, wenn sie nicht weiterfährt.",
        "en": "The trip at {time} is under way and can neither be hidden nor taken back. Cancel it if it stops here.",
    },
    RefusalCode.ALREADY_CANCELLED: {
        "de": "Die Fahrt um {time} Uhr fällt schon aus.",
        "en": "The trip at {time} is cancelled already.",
    },
    RefusalCode.NOT_CANCELLED: {
        "de": "Die Fahrt um {time} Uhr fällt nicht aus, sie muss also nicht wieder eingesetzt werden.",
        "en": "The trip at {time} is not cancelled, so it need not be reinstated.",
    },
    RefusalCode.ALREADY_CHANGED: {
        "de": "Das gilt schon durch die Änderung „{change_id}“. Beenden Sie diese zuerst.",
        "en": "The change “{change_id}” says this or something else about it already. Please end that one first.",
    },
    RefusalCode.ALREADY_PASSED: {
        "de": "Die Fahrt um {time} Uhr ist an {stop} schon vorbei.",
        "en": "The trip at {time} has passed {stop} already.",
    },
    RefusalCode.STOP_NOT_ON_TRIP: {
        "de": "Die Fahrt um {time} Uhr hält nicht an {stop}.",
        "en": "The trip at {time} does not call at {stop}.",
    },
    RefusalCode.DETOUR_BACKWARDS: {
        "de": "Die Umleitung muss an einer späteren Haltestelle enden, als sie beginnt.",
        "en": "The detour has to end at a later stop than it begins.",
    },
    RefusalCode.DETOUR_TOO_FAST: {
        "de": "Zwischen {start} und {end} müsste das Fahrzeug {speed_kmh} km/h fahren, höchstens {limit_kmh} km/h sind "
        "glaubhaft. Bitte geben Sie mehr Fahrzeit an.",
        "en": "Between {start} and {end} the vehicle would have to drive {speed_kmh} km/h, {limit_kmh} km/h are "
        "plausible at most. Please give more driving time.",
    },
    RefusalCode.DETOUR_APART: {
        "de": "Der Weg der Umleitung liegt {distance_m} Meter von {stop} entfernt, höchstens {limit_m} Meter sind "
        "glaubhaft.",
        "en": "The way of the detour lies {distance_m} metres from {stop}, {limit_m} metres are plausible at most.",
    },
    RefusalCode.NO_WAY: {
        "de": "Von {start} nach {end} finden wir keinen Weg im Straßennetz. Bitte geben Sie ihn Punkt für Punkt an.",
        "en": "We find no way from {start} to {end} in the road network. Please give it point by point.",
    },
    RefusalCode.TOO_FEW_STOPS: {
        "de": "Von der Fahrt um {time} Uhr blieben weniger als zwei Haltestellen. Sagen Sie sie lieber ganz ab.",
        "en": "Fewer than two stops would be left of the trip at {time}. Please cancel it instead.",
    },
    RefusalCode.EXTRA_TRIP_EXISTS: {
        "de": "Diese zusätzliche Fahrt um {time} Uhr gibt es schon: Änderung „{change_id}“.",
        "en": "This extra trip at {time} exists already: change “{change_id}”.",
    },
    RefusalCode.EXTRA_TRIP_CHANGED: {
        "de": "Die Fahrt um {time} Uhr ist selbst eine zusätzliche und steht in keinem Fahrplan. Statt sie "
        "auszublenden, beenden Sie die Änderung „{change_id}“, oder sagen Sie die Fahrt ab.",
        "en": "The trip at {time} is an extra one and in no timetable. Instead of hiding it, end the change "
        "“{change_id}” or cancel the trip.",
    },
    RefusalCode.VEHICLE_ELSEWHERE: {
        "de": "{vehicle} fährt zu dieser Zeit die Fahrt um {time} Uhr nach {towards}.",
        "en": "{vehicle} drives the trip at {time} to {towards} at that time.",
    },
    RefusalCode.SWAP_WITH_ITSELF: {
        "de": "{vehicle} kann nicht mit sich selbst tauschen. Bitte wählen Sie zwei Fahrzeuge.",
        "en": "{vehicle} can not swap with itself. Please choose two vehicles.",
    },
    RefusalCode.SWAP_OF_OTHERS: {
        "de": "Die Fahrt um {time} Uhr fährt weder {vehicle} noch {other}. Bitte wählen Sie nur Fahrten der beiden.",
        "en": "The trip at {time} is driven neither by {vehicle} nor by {other}. Please choose trips of these two.",
    },
    RefusalCode.NOTHING_TO_SWAP: {
        "de": "{vehicle} hat dabei nichts abzugeben. Teilen Sie das andere Fahrzeug lieber einfach ein.",
        "en": "{vehicle} has nothing to give away here. Rather assign the other vehicle.",
    },
    RefusalCode.VEHICLE_OUT: {
        "de": "{vehicle} ist als ausgefallen gemeldet. Beenden Sie zuerst diese Meldung.",
        "en": "{vehicle} is reported as out of service. Please end that report first.",
    },
    RefusalCode.NOT_FOR_LINES: {
        "de": "{vehicle} fährt nicht im Linienverkehr.",
        "en": "{vehicle} does not drive on lines.",
    },
    RefusalCode.NO_RAMP: {
        "de": "{vehicle} hat keine Rampe.",
        "en": "{vehicle} has no ramp.",
    },
    RefusalCode.UNKNOWN_CHANGE: {
        "de": "Diese Änderung kennen wir nicht, oder sie ist schon beendet.",
        "en": "We do not know this change, or it has ended already.",
    },
    RefusalCode.OLDER_REPORT: {
        "de": "Es gibt schon eine spätere Meldung zum Straßenzustand, von {time} Uhr.",
        "en": "There is a later report about the road already, from {time}.",
    },
}
