"""What is said to a rider when something changes, as whole sentences to read aloud, German and English."""

from collections.abc import Callable, Mapping

from dispatch.telling import Call
from mobility.core.booking import BookingState, Window
from mobility.core.clock import Instant
from mobility.core.promise import RevisionReason

SAY: Mapping[str, Mapping[str, str]] = {
    "de": {
        "hello": "Guten Tag, hier ist der Bürgerbus.",
        "pickup": "Ihr Bus kommt {day} nicht zwischen {o0} und {o1} Uhr, sondern zwischen {n0} und {n1} Uhr.",
        "pickup_same": "Ihr Bus kommt {day} wie zugesagt zwischen {n0} und {n1} Uhr.",
        "arrival": "Sie sind zwischen {n0} und {n1} Uhr am Ziel.",
        "aboard": "Sie sind nicht zwischen {o0} und {o1} Uhr am Ziel, sondern zwischen {n0} und {n1} Uhr.",
        "vehicle": "Es kommt ein anderes Fahrzeug: {vehicle}.",
        "withdrawn": "Ihre Fahrt {day} zwischen {o0} und {o1} Uhr können wir leider nicht fahren.",
        "withdrawn_arrival": "Ihre Fahrt {day} können wir leider nicht fahren.",
        "instead": "Wir suchen gern mit Ihnen eine andere Fahrt.",
        "sorry": "Es tut uns leid.",
        "cancel": "Wenn Ihnen das nicht passt, können Sie die Fahrt jetzt kostenlos absagen.",
        "today": "heute",
        "on": "am {day}",
    },
    "en": {
        "hello": "Hello, this is the citizen bus.",
        "pickup": "{day} your bus does not come between {o0} and {o1}, but between {n0} and {n1}.",
        "pickup_same": "{day} your bus comes between {n0} and {n1}, as promised.",
        "arrival": "You arrive between {n0} and {n1}.",
        "aboard": "You do not arrive between {o0} and {o1}, but between {n0} and {n1}.",
        "vehicle": "Another vehicle comes: {vehicle}.",
        "withdrawn": "We are sorry that we cannot give you the ride {day} between {o0} and {o1}.",
        "withdrawn_arrival": "We are sorry that we cannot give you the ride {day}.",
        "instead": "We are glad to look for another ride with you.",
        "sorry": "We are sorry.",
        "cancel": "If this does not suit you, you can cancel the ride now, free of charge.",
        "today": "today",
        "on": "on {day}",
    },
}

WHY: Mapping[str, Mapping[RevisionReason, str]] = {
    "de": {
        RevisionReason.VEHICLE_LATE: "Der Bus hat Verspätung.",
        RevisionReason.BREAKDOWN: "Ein Fahrzeug ist ausgefallen.",
        RevisionReason.DRIVER_MISSING: "Eine Fahrerin oder ein Fahrer ist ausgefallen.",
        RevisionReason.ROAD_CLOSED: "Eine Straße ist gesperrt.",
        RevisionReason.NO_SPACE: "Der Platz im Bus reicht nicht für alle.",
        RevisionReason.CONNECTION: "Der Bus wartet auf einen verspäteten Anschluss.",
    },
    "en": {
        RevisionReason.VEHICLE_LATE: "The bus is late.",
        RevisionReason.BREAKDOWN: "A vehicle has broken down.",
        RevisionReason.DRIVER_MISSING: "A driver is not available.",
        RevisionReason.ROAD_CLOSED: "A road is closed.",
        RevisionReason.NO_SPACE: "There is not enough room in the bus for everybody.",
        RevisionReason.CONNECTION: "The bus waits for a late connection.",
    },
}
"""Why, as a sentence a rider understands; nothing in it is about another person."""

RIDE_NEWS: Mapping[str, Mapping[str, str]] = {
    "de": {
        "news_heading": "Ihre Fahrt hat sich geändert",
        "news_withdrawn": "Ihre Fahrt fällt aus",
        "read": "Gelesen",
        "read_hint": "Bitte bestätigen Sie, damit wir Sie nicht anrufen müssen.",
        "withdrawn": "Diese Fahrt können wir leider nicht fahren.",
        "before": "bisher zugesagt {o0} bis {o1} Uhr",
        "from_feeder": "Sie kommen mit {name}, Ankunft {time} Uhr.",
        "to_trip": "Weiter geht es mit {name} um {time} Uhr.",
        "bus_waits": "Ihr Anschluss ist verspätet. Der Bus wartet bis {time} Uhr auf Sie.",
        "bus_goes": "Ihr Anschluss ist zu spät. Der Bus kann nicht warten. Bitte rufen Sie uns an.",
        "trip_waits": "Ihr Anschluss wartet bis {time} Uhr.",
        "trip_goes": "Der Anschluss ist nicht sicher. Bitte rufen Sie uns an.",
        "thanks": "Danke. Wir wissen jetzt, dass Sie es gelesen haben.",
    },
    "en": {
        "news_heading": "Your ride has changed",
        "news_withdrawn": "Your ride does not take place",
        "read": "I have read this",
        "read_hint": "Please confirm, so that we need not call you.",
        "withdrawn": "Unfortunately we cannot give you this ride.",
        "before": "promised before: {o0} to {o1}",
        "from_feeder": "You come with {name}, which arrives at {time}.",
        "to_trip": "You go on with {name} at {time}.",
        "bus_waits": "Your connection is late. The bus waits for you until {time}.",
        "bus_goes": "Your connection is too late. The bus cannot wait. Please call us.",
        "trip_waits": "Your connection waits until {time}.",
        "trip_goes": "The connection is not certain. Please call us.",
        "thanks": "Thank you. We know now that you have read it.",
    },
}
"""What a rider's own page needs besides ``dispatch.ride_texts.RIDE``."""

Clock = Callable[[Instant], str]
"""Writes an instant as a local clock time, e.g. ``14:07``."""


def news(call: Call, language: str, *, clock: Clock, day: str, vehicle: str) -> tuple[str, ...]:
    """Return the sentences that say what has changed, the most important first.

    ``day`` is ``today`` or ``on Tuesday, 7 October`` in the language; ``vehicle`` is what is written on the vehicle
    that comes now, empty where it is the one the rider expects.
    """
    texts, revision = SAY[language], call.revision
    why = WHY[language][revision.reason]
    if revision.is_withdrawn:
        before = call.pickup or call.arrival
        said = texts["withdrawn_arrival" if before is None else "withdrawn"].format(day=day, **_old(before, clock))
        return (_begun(said), why, *([texts["sorry"]] if language == "de" else []), texts["instead"])
    parts = [_pickup(call, texts, clock, day), _arrival(call, texts, clock)]
    if vehicle and call.booking.state is BookingState.PROMISED:
        parts.append(texts["vehicle"].format(vehicle=vehicle))
    return tuple(_begun(part) for part in (*parts, why) if part)


def spoken(call: Call, language: str, *, clock: Clock, day: str, vehicle: str) -> str:
    """Return the whole message, ready to be read aloud on the phone."""
    texts = SAY[language]
    sentences = news(call, language, clock=clock, day=day, vehicle=vehicle)
    may_cancel = not call.revision.is_withdrawn and call.booking.state is BookingState.PROMISED
    return " ".join((texts["hello"], *sentences, *([texts["cancel"]] if may_cancel else [])))


def _pickup(call: Call, texts: Mapping[str, str], clock: Clock, day: str) -> str:
    new, old = call.revision.pickup, call.pickup
    if old is None:
        return ""
    if new is None or new == old:
        return texts["pickup_same"].format(day=day, **_new(old, clock))
    return texts["pickup"].format(day=day, **_old(old, clock), **_new(new, clock))


def _arrival(call: Call, texts: Mapping[str, str], clock: Clock) -> str:
    new, old = call.revision.arrival, call.arrival
    if new is None or new == old:
        return ""
    if call.pickup is None and old is not None:
        return texts["aboard"].format(**_old(old, clock), **_new(new, clock))
    return texts["arrival"].format(**_new(new, clock))


def _old(window: Window | None, clock: Clock) -> dict[str, str]:
    return {} if window is None else {"o0": clock(window.earliest), "o1": clock(window.latest)}


def _new(window: Window, clock: Clock) -> dict[str, str]:
    return {"n0": clock(window.earliest), "n1": clock(window.latest)}


def _begun(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
