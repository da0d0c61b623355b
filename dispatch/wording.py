"""The sentence of every refusal of this room, German and English: what does not work, why, and what would."""

import re
from collections.abc import Mapping

from dispatch.line_wording import REFUSALS as OF_LINE
from dispatch.roster.wording import REFUSALS as OF_ROSTER
from mobility.core.refusal import Refusal, RefusalCode

REFUSALS: Mapping[RefusalCode, Mapping[str, str]] = {
    RefusalCode.IN_THE_PAST: {
        "de": "Diese Zeit ist schon vorbei. Bitte wählen Sie eine spätere.",
        "en": "This time has passed. Please choose a later one.",
    },
    RefusalCode.TOO_LATE_TO_BOOK: {
        "de": "Bitte bestellen Sie mindestens {lead_min} Minuten vor der Abfahrt, oder wählen Sie eine spätere Zeit.",
        "en": "Rides can be booked up to {lead_min} minutes before they start. Please choose a later time.",
    },
    RefusalCode.TOO_FAR_AHEAD: {
        "de": "Fahrten können höchstens {days} Tage im Voraus bestellt werden.",
        "en": "Rides can be booked at most {days} days ahead.",
    },
    RefusalCode.OUTSIDE_AREA: {
        "de": "Dorthin oder von dort fährt „{area}“ nicht. Bitte wählen Sie eine Haltestelle aus der Liste.",
        "en": "“{area}” does not serve this place. Please choose a stop from the list.",
    },
    RefusalCode.OUTSIDE_HOURS: {
        "de": "Der Bürgerbus fährt von {opens} bis {closes} Uhr. Die ganze Fahrt muss in dieser Zeit liegen.",
        "en": "The citizen bus runs from {opens} to {closes}. The whole ride has to lie within that time.",
    },
    RefusalCode.NO_SERVICE_ON_DAY: {
        "de": "Am {day} fährt der Bürgerbus nicht. Bitte wählen Sie einen anderen Tag.",
        "en": "The citizen bus does not run on {day}. Please choose another day.",
    },
    RefusalCode.SAME_STOP: {
        "de": "Start und Ziel sind dieselbe Haltestelle. Bitte wählen Sie zwei verschiedene.",
        "en": "Start and destination are the same stop. Please choose two different ones.",
    },
    RefusalCode.TOO_SHORT: {
        "de": "Der Weg ist nur {distance_m} Meter lang. Der Bürgerbus fährt Wege ab {min_distance_m} Metern.",
        "en": "The way is only {distance_m} metres. The citizen bus drives ways of {min_distance_m} metres or more.",
    },
    RefusalCode.PARTY_TOO_LARGE: {
        "de": "Im Bürgerbus sind höchstens {seats} Plätze. Größere Gruppen rufen bitte an ({phone}).",
        "en": "The citizen bus has {seats} seats at most. Please call us about larger groups ({phone}).",
    },
    RefusalCode.NO_WHEELCHAIR_PLACE: {
        "de": "So viele Rollstühle finden zu dieser Zeit im Bürgerbus keinen Platz. Bitte rufen Sie an ({phone}).",
        "en": "There is no room for so many wheelchairs on the citizen bus at this time. Please call us ({phone}).",
    },
    RefusalCode.NO_SEAT_LEFT: {
        "de": "Zu dieser Zeit sind nicht mehr genug Plätze frei. Bitte wählen Sie eine andere Zeit.",
        "en": "There are not enough seats left at this time. Please choose another one.",
    },
    RefusalCode.NO_VEHICLE_IN_TIME: {
        "de": "Der Bürgerbus fährt dann für andere und käme {late_min} Minuten zu spät. Eine andere Zeit kann gehen.",
        "en": "The citizen bus drives for others then and would be {late_min} minutes late. Another time may work.",
    },
    RefusalCode.RIDE_TOO_LONG: {
        "de": "Jemand müsste {over_min} Minuten zu lange im Bus sitzen. Bitte wählen Sie eine andere Zeit.",
        "en": "Somebody would have to sit in the bus {over_min} minutes too long. Please choose another time.",
    },
    RefusalCode.NO_PRAM_PLACE: {
        "de": "Im Bürgerbus ist zu dieser Zeit kein Platz für so viele Kinderwagen. Bitte rufen Sie an ({phone}).",
        "en": "There is no room for so many prams on the citizen bus at this time. Please call us ({phone}).",
    },
    RefusalCode.NO_LUGGAGE_ROOM: {
        "de": "Im Bürgerbus ist zu dieser Zeit kein Platz für so viel Gepäck. Bitte rufen Sie an ({phone}).",
        "en": "There is no room for so much luggage on the citizen bus at this time. Please call us ({phone}).",
    },
    RefusalCode.WAY_CLOSED: {
        "de": "Die Straße dorthin ist gesperrt. Bitte rufen Sie an ({phone}), wann der Bürgerbus wieder durchkommt.",
        "en": "The road there is closed. Please call us ({phone}) to ask when the citizen bus gets through again.",
    },
    RefusalCode.NO_STOP_NEAR: {
        "de": "Im Umkreis von {limit_m} Metern ist keine Haltestelle. Die nächste ist {stop}, {distance_m} Meter weit.",
        "en": "There is no stop within {limit_m} metres. The nearest is {stop}, {distance_m} metres away.",
    },
    RefusalCode.DRIVEN_TOO_LONG: {
        "de": "Die Tour würde {over_min} Minuten länger, als jemand fahren darf. Bitte wählen Sie eine andere Zeit.",
        "en": "The tour would be {over_min} minutes longer than a driver may drive. Please choose another time.",
    },
    RefusalCode.BREAK_DUE: {
        "de": "Der Fahrer hat dann Pause. Bitte wählen Sie eine andere Zeit.",
        "en": "The driver has a break then. Please choose another time.",
    },
    RefusalCode.BATTERY_TOO_LOW: {
        "de": "Die Batterie des Busses reicht für diese Fahrt nicht. Bitte rufen Sie an ({phone}).",
        "en": "The battery of the bus does not last for this ride. Please call us ({phone}).",
    },
    RefusalCode.SHIFT_ENDS: {
        "de": "Der Bus wäre {over_min} Minuten nach Dienstschluss zurück. Bitte wählen Sie eine frühere Zeit.",
        "en": "The bus would be back {over_min} minutes after the driver's shift. Please choose an earlier time.",
    },
    RefusalCode.LINE_BUS_RUNS: {
        "de": "Bus {line} Richtung {headsign} fährt um {time} Uhr ab {stop} direkt dorthin. Bitte nehmen Sie ihn.",
        "en": "Bus {line} towards {headsign} takes you there directly at {time} from {stop}. Please take that bus.",
    },
    RefusalCode.OFFER_EXPIRED: {
        "de": "Dieses Angebot gilt nicht mehr. Bitte fragen Sie noch einmal an.",
        "en": "This offer is no longer valid. Please ask again.",
    },
    RefusalCode.PLAN_CHANGED: {
        "de": "Gerade hat jemand anderes diesen Platz bekommen. Bitte fragen Sie noch einmal an.",
        "en": "Somebody else has just taken this place. Please ask again.",
    },
    RefusalCode.UNKNOWN_BOOKING: {
        "de": "Diese Buchung finden wir nicht. Bitte prüfen Sie die Buchungsnummer oder rufen Sie an.",
        "en": "We cannot find this booking. Please check the reference or call us.",
    },
    RefusalCode.WRONG_STATE: {
        "de": "Das geht jetzt nicht: Die Fahrt hat begonnen, ist beendet oder abgesagt, oder es ist noch zu früh.",
        "en": "This is not possible now: the ride has begun, has ended, was cancelled, or it is too early.",
    },
    RefusalCode.UNKNOWN_CONNECTION: {
        "de": "Diesen Anschluss kennen wir nicht.",
        "en": "We do not know this connection.",
    },
    RefusalCode.BEYOND_HOLD_LIMIT: {
        "de": "So lange kann der Bus nicht warten: höchstens {limit_min} Minuten.",
        "en": "The bus cannot wait that long: {limit_min} minutes at most.",
    },
    RefusalCode.ALREADY_TOLD: {
        "de": "Das weiß der Fahrgast schon: Jemand hat es ihm gesagt, oder er hat es selbst gelesen.",
        "en": "The rider knows this already: somebody has told it, or it was read on the ride's page.",
    },
    RefusalCode.NEWS_CHANGED: {
        "de": "Inzwischen hat sich noch etwas geändert. Bitte lesen Sie die neuen Zeiten.",
        "en": "Something has changed again in the meantime. Please read the new times.",
    },
    RefusalCode.NO_TRANSFER: {
        "de": "Zwischen {trip} und {stop} kann man an diesem Tag nicht umsteigen. Bitte prüfen Sie die Fahrt.",
        "en": "There is no transfer between {trip} and {stop} on this day. Please check the trip.",
    },
    RefusalCode.HOLD_BREAKS_PROMISES: {
        "de": "Wenn der Bus wartet, werden Zusagen an {rides} andere Fahrgäste gebrochen. Er wartet nur, wenn Sie das "
        "ausdrücklich wollen; dann muss es jedem gesagt werden.",
        "en": "If the bus waits, promises to {rides} other riders are broken. It waits only if you say so expressly; "
        "then each of them has to be told.",
    },
    RefusalCode.UNKNOWN_DISRUPTION: {
        "de": "Diese Störung kennen wir nicht, oder sie ist schon vorbei.",
        "en": "We do not know this disruption, or it is over already.",
    },
    RefusalCode.UNKNOWN_DRAFT: {
        "de": "Diesen Entwurf gibt es nicht mehr: Er wurde verworfen, veröffentlicht oder war älter als 30 Minuten.",
        "en": "This draft is gone: it was discarded, published, or was older than 30 minutes.",
    },
    RefusalCode.NOTHING_TO_UNDO: {
        "de": "Es gibt keine veröffentlichte Änderung, die man zurücknehmen könnte.",
        "en": "There is no published repair that could be taken back.",
    },
    RefusalCode.WITHDRAWN_FOR_GOOD: {
        "de": "Das geht nicht zurück, weil Fahrten abgesagt wurden ({rides}). Bitte buchen Sie mit den Fahrgästen neu.",
        "en": "This cannot be taken back, because rides were withdrawn ({rides}). Please book anew with the riders.",
    },
    RefusalCode.ALREADY_HAPPENED: {
        "de": "Das geht nicht zurück: Was an der Haltestelle geschehen ist, bleibt geschehen.",
        "en": "This cannot be taken back: what happened at the stop has happened.",
    },
    RefusalCode.UNDO_BREAKS_PROMISES: {
        "de": "Das geht nicht mehr zurück: Der frühere Plan würde jetzt Zusagen brechen (Fahrten: {rides}).",
        "en": "This cannot be taken back any more: the former plan would break promises now (rides: {rides}).",
    },
    **OF_ROSTER,
    **OF_LINE,
}
"""Templates by code and language; the named gaps are the refusal's parameters."""

_SHARED: Mapping[RefusalCode, Mapping[str, str]] = {
    RefusalCode.INVALID_INPUT: {
        "de": "Diese Angabe können wir nicht lesen: {detail}.",
        "en": "We cannot read this: {detail}.",
    },
    RefusalCode.IDEMPOTENCY_MISMATCH: {
        "de": "Diese Anfrage wurde schon einmal mit anderem Inhalt gesendet. Bitte beginnen Sie neu.",
        "en": "This request was sent before with other content. Please start again.",
    },
    RefusalCode.UNKNOWN_VEHICLE: {
        "de": "Dieses Fahrzeug kennen wir nicht.",
        "en": "We do not know this vehicle.",
    },
    RefusalCode.UNKNOWN_STOP: {
        "de": "Diese Haltestelle kennen wir nicht.",
        "en": "We do not know this stop.",
    },
}
"""Sentences of codes that belong to no room but show up on this room's pages."""


_SINGULAR: Mapping[str, str] = {
    "Minuten": "Minute",
    "minutes": "minute",
    "Tage": "Tag",
    "days": "day",
}
_ONE_OF_MANY = re.compile(rf"(?<![\d.,:])(1 )({'|'.join(_SINGULAR)})\b")


def sentence(refusal: Refusal, language: str) -> str:
    """Return the whole sentence of a refusal this room can give; ``language`` is ``de`` or ``en``."""
    template = {**_SHARED, **REFUSALS}[refusal.code][language]
    return singular(refusal.told(template))


def singular(text: str) -> str:
    """Return a sentence whose counts of one are followed by one thing: ``1 Minuten`` becomes ``1 Minute``."""
    return _ONE_OF_MANY.sub(lambda found: f"{found[1]}{_SINGULAR[found[2]]}", text)
