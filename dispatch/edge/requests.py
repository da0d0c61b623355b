"""What machines send: bodies of the JSON interface, the idempotency key, and the fingerprint of a command."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Self, TypeVar

from fastapi import Header
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from dispatch.outcome import Outcome
from mobility.core.booking import Channel, WishKind
from mobility.core.errors import RefusedError
from mobility.core.refusal import Refusal, RefusalCode

D = TypeVar("D", bound=date)
LONGEST_REASON = 200
"""Signs of a reason that riders or the record read."""
_LONGEST_KEY = 200
_MOST_PEOPLE = 1000
_FIRST_YEAR, _LAST_YEAR = 2000, 2199


def clean(text: str) -> str:
    """Return ``text`` trimmed; raises ``ValueError`` where it holds control characters or is no valid Unicode."""
    trimmed = text.strip()
    trimmed.encode()  # a lone surrogate is a UnicodeEncodeError, which is a ValueError
    if any(not sign.isprintable() and sign not in "\n\r\t" for sign in trimmed) or "\ufffd" in trimmed:
        raise ValueError("it holds signs that can not be read")
    return trimmed


def is_reason(text: str) -> bool:
    """Return whether a trimmed text can stand as a reason: readable, not empty, not too long."""
    try:
        clean(text)
    except ValueError:
        return False
    return 0 < len(text) <= LONGEST_REASON


Text = Annotated[str, AfterValidator(clean)]


def plausible(moment: D) -> D:
    """Return ``moment``; raises ``ValueError`` far outside the service's life, where local dates may not exist."""
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ValueError(f"it lies outside the years {_FIRST_YEAR} to {_LAST_YEAR}")
    return moment


Day = Annotated[date, AfterValidator(plausible)]
Moment = Annotated[AwareDatetime, AfterValidator(plausible)]


class PlaceRequest(BaseModel):
    """A place on the map, WGS84 degrees. It enters neither ledger nor log."""

    model_config = ConfigDict(extra="forbid")
    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


class TripRequest(BaseModel):
    """A run of a line trip: its id in the timetable and the date its service day starts."""

    model_config = ConfigDict(extra="forbid")
    trip_id: Annotated[Text, Field(min_length=1, max_length=200)]
    start_date: Day


class QuoteRequest(BaseModel):
    """A wish. ``at`` needs an offset; ``kind`` says whether it is when to leave or when to be there.

    Each end is a stop or a place from which stops are looked for on foot.
    """

    model_config = ConfigDict(extra="forbid")
    area_id: Annotated[Text, Field(max_length=100)] | None = None
    origin: Annotated[Text, Field(max_length=100)] | None = None
    destination: Annotated[Text, Field(max_length=100)] | None = None
    origin_place: PlaceRequest | None = None
    destination_place: PlaceRequest | None = None
    after_trip: TripRequest | None = None
    """The line trip or train the rider comes with."""
    before_trip: TripRequest | None = None
    """The line trip the rider goes on with."""
    kind: WishKind = WishKind.DEPART
    at: Moment
    seats: Annotated[int, Field(ge=0, le=_MOST_PEOPLE)] = 1
    wheelchairs: Annotated[int, Field(ge=0, le=_MOST_PEOPLE)] = 0
    prams: Annotated[int, Field(ge=0, le=_MOST_PEOPLE)] = 0
    luggage: Annotated[int, Field(ge=0, le=_MOST_PEOPLE)] = 0
    channel: Channel = Channel.API

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        ends = (("origin", self.origin, self.origin_place), ("destination", self.destination, self.destination_place))
        for name, stop, place in ends:
            if (stop is None) == (place is None):
                raise ValueError(f"give either {name} or {name}_place")
        return self


class BookingRequest(BaseModel):
    """An accepted offer and who rides. Name, phone and note go to the vault alone."""

    model_config = ConfigDict(extra="forbid")
    offer_id: Annotated[Text, Field(max_length=100)]
    name: Annotated[Text, Field(min_length=1, max_length=120)]
    phone: Annotated[Text, Field(max_length=40)] = ""
    note: Annotated[Text, Field(max_length=500)] = ""
    channel: Channel = Channel.API


class OutcomeRequest(BaseModel):
    """What happened at a task and when; without ``at`` now."""

    model_config = ConfigDict(extra="forbid")
    outcome: Outcome
    at: Moment | None = None


async def idempotency_key(idempotency_key: Annotated[str | None, Header()] = None) -> str:
    """Return the ``Idempotency-Key`` header; refuses a request without one with status 400."""
    if not idempotency_key or len(idempotency_key) > _LONGEST_KEY:
        raise RefusedError(Refusal(RefusalCode.INVALID_INPUT, {"detail": "Idempotency-Key"}), 400)
    return idempotency_key


def fingerprint(operation: str, body: Mapping[str, object]) -> str:
    """Return the SHA-256 of a command: the same operation with the same content gives the same digest."""
    text = json.dumps({"operation": operation, "body": body}, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
