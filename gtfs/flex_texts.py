"""What riders are told about booking, made from the rules of the service so that the two can never differ."""

from collections.abc import Mapping
from dataclasses import dataclass

from mobility.core.region import ServiceArea


@dataclass(frozen=True, slots=True)
class BookingTexts:
    """The three messages of a GTFS booking rule."""

    message: str
    """How to book."""
    pickup_message: str
    drop_off_message: str


_TEXTS: Mapping[str, Mapping[str, str]] = {
    "de": {
        "phone": "Diese Fahrt müssen Sie vorher bestellen: telefonisch unter {phone}.",
        "phone_or_web": "Diese Fahrt müssen Sie vorher bestellen: telefonisch unter {phone} oder im Internet.",
        "lead": "Bestellen Sie spätestens {lead} vor der Abfahrt, frühestens {days} Tage vorher.",
        "no_lead": "Sie können bis kurz vor der Abfahrt bestellen, frühestens {days} Tage vorher.",
        "pickup": "Seien Sie zur vereinbarten Zeit an der Haltestelle. Die Abholung wird auf {window} genau zugesagt.",
        "drop_off": "Der Bus nimmt unterwegs andere mit. Die Ankunft wird auf {window} genau zugesagt.",
    },
    "en": {
        "phone": "Book this ride in advance: call {phone}.",
        "phone_or_web": "Book this ride in advance: call {phone} or book online.",
        "lead": "Book at least {lead} before departure, at most {days} days ahead.",
        "no_lead": "You can book until shortly before departure, at most {days} days ahead.",
        "pickup": "Be at the stop at the agreed time. The pickup is promised within a span of {window}.",
        "drop_off": "The bus picks up others on the way. The arrival is promised within a span of {window}.",
    },
}
LANGUAGES = tuple(_TEXTS)
"""Languages that riders are told in; the first where a region names none of them."""


def booking_texts(area: ServiceArea, language: str) -> BookingTexts:
    """Return the messages in one of ``LANGUAGES``; raises ``KeyError`` for another language."""
    texts = _TEXTS[language]
    how = texts["phone_or_web" if area.booking.url else "phone"].format(phone=area.phone)
    lead = texts["lead" if area.lead_time_s else "no_lead"].format(
        lead=_minutes(area.lead_time_s, language), days=area.horizon_days
    )
    return BookingTexts(
        message=" ".join(part for part in (how, lead, area.booking.notes.get(language, "")) if part),
        pickup_message=texts["pickup"].format(window=_minutes(area.pickup_window_s, language)),
        drop_off_message=texts["drop_off"].format(window=_minutes(area.arrival_window_s, language)),
    )


def _minutes(span_s: float, language: str) -> str:
    minutes = round(span_s / 60)
    if language == "de":
        return "1 Minute" if minutes == 1 else f"{minutes} Minuten"
    return "1 minute" if minutes == 1 else f"{minutes} minutes"
