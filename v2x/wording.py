"""The sentence of every refusal of this room, German and English: what does not work, why, and what would."""

from collections.abc import Mapping

from mobility.core.refusal import RefusalCode

REFUSALS: Mapping[RefusalCode, Mapping[str, str]] = {
    RefusalCode.UNKNOWN_MANOEUVRE: {
        "de": "Diese Anfrage des Fahrzeugs kennen wir nicht.",
        "en": "We do not know this request of the vehicle.",
    },
    RefusalCode.MANOEUVRE_CLOSED: {
        "de": "Über diese Anfrage ist schon entschieden, ihre Frist ist vorbei, oder das Fahrzeug fragt nicht mehr.",
        "en": "This request was decided already, its deadline has passed, or the vehicle no longer asks.",
    },
    RefusalCode.DECISION_UNDER_WAY: {
        "de": "Darüber wird schon entschieden. Bitte warten Sie kurz auf die Antwort des Fahrzeugs.",
        "en": "A decision is under way already. Please wait a moment for the answer of the vehicle.",
    },
    RefusalCode.CAUSE_NEEDED: {
        "de": "Aus dem risikominimalen Zustand geht es nur mit dokumentierter Ursache und Notwendigkeit (§ 14 AFGBV).",
        "en": "Leaving the minimal-risk condition needs its cause and the necessity documented (AFGBV § 14).",
    },
    RefusalCode.NOT_FOR_THIS_VEHICLE: {
        "de": "„{vehicle}“ (SAE-Stufe {level}) nimmt diesen Befehl nicht an: Dort entscheidet, wer an Bord ist.",
        "en": "“{vehicle}” (SAE level {level}) does not take this command: the person aboard decides there.",
    },
    RefusalCode.VEHICLE_NOT_CONNECTED: {
        "de": "Das Fahrzeug ist gerade nicht verbunden. Es wurde nichts gesendet.",
        "en": "The vehicle is not connected at the moment. Nothing was sent.",
    },
    RefusalCode.UNKNOWN_COMMAND: {
        "de": "Diesen Befehl kennen wir nicht.",
        "en": "We do not know this command.",
    },
    RefusalCode.NOT_WAITING_FOR_APPROVAL: {
        "de": "Dieser Befehl wartet nicht auf eine Freigabe: Er ist schon erteilt oder verfallen.",
        "en": "This command does not wait for approval: it was issued already or has lapsed.",
    },
    RefusalCode.SAME_PERSON: {
        "de": "Die Freigabe muss von einer zweiten Person kommen.",
        "en": "The approval has to come from a second person.",
    },
    RefusalCode.NOT_YOUR_ROLE: {
        "de": "Mit dieser Rolle dürfen Sie das nicht tun.",
        "en": "You may not do this in this role.",
    },
    RefusalCode.UNKNOWN_OCCASION: {
        "de": "Diesen Anlass kennen wir nicht, oder seine Daten sind noch nicht aufgezeichnet.",
        "en": "We do not know this occasion, or its data are not recorded yet.",
    },
}
"""Templates by code and language; the named gaps are the refusal's parameters."""
