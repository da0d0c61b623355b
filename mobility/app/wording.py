"""The sentence of every refusal: the rooms' own, and those that belong to no room."""

from collections.abc import Mapping
from functools import cache

from dispatch.wording import REFUSALS as OF_DISPATCH
from dispatch.wording import singular
from mobility.core.refusal import Refusal, RefusalCode
from passenger_info.wording import REFUSALS as OF_PASSENGER_INFO
from v2x.wording import REFUSALS as OF_VEHICLES

_OWN: Mapping[RefusalCode, Mapping[str, str]] = {
    RefusalCode.IDEMPOTENCY_MISMATCH: {
        "de": "Diese Anfrage wurde schon einmal mit anderem Inhalt gesendet. Bitte beginnen Sie neu.",
        "en": "This request was sent before with other content. Please start again.",
    },
    RefusalCode.UNKNOWN_TRIP: {
        "de": "Diese Fahrt steht nicht im Fahrplan.",
        "en": "This trip is not in the timetable.",
    },
    RefusalCode.UNKNOWN_VEHICLE: {
        "de": "Dieses Fahrzeug kennen wir nicht.",
        "en": "We do not know this vehicle.",
    },
    RefusalCode.INVALID_INPUT: {
        "de": "Diese Angabe können wir nicht lesen: {detail}.",
        "en": "We can not read this: {detail}.",
    },
    RefusalCode.READ_ONLY: {
        "de": "Im Augenblick kann nichts gespeichert werden. Bitte rufen Sie an.",
        "en": "Nothing can be saved at the moment. Please call us.",
    },
}


@cache
def sentences() -> Mapping[RefusalCode, Mapping[str, str]]:
    """Return German (``de``) and English (``en``) templates of every refusal code."""
    return {**_OWN, **OF_PASSENGER_INFO, **OF_DISPATCH, **OF_VEHICLES}


def sentence(refusal: Refusal, language: str) -> str:
    """Return the whole sentence of a refusal; ``language`` is ``de`` or ``en``."""
    return singular(refusal.told(sentences()[refusal.code][language]))
