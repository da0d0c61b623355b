"""What machines send about alerts, and the alert it describes."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal, TypeVar

from fastapi import Header
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from mobility.core.alert import Alert, AlertCause, AlertEffect, AlertPeriod, AlertSeverity, AlertText
from mobility.core.clock import instant
from mobility.core.errors import RefusedError
from mobility.core.ids import AlertId, RouteId, StopId, TripId
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.vehicle import TripRef
from passenger_info.alert_decide import LONGEST_DESCRIPTION, LONGEST_HEADER
from passenger_info.alert_draft import is_readable

D = TypeVar("D", bound=date)
_LONGEST_KEY = 200
_MOST_NAMES = 500
_MOST_PERIODS = 50
_FIRST_YEAR, _LAST_YEAR = 2000, 2199


def clean(text: str) -> str:
    """Return ``text`` trimmed, every line end a newline; raises ``ValueError`` where it holds unreadable signs."""
    trimmed = "\n".join(line.rstrip() for line in text.strip().splitlines())
    if not is_readable(trimmed):
        raise ValueError("it holds signs that can not be read")
    return trimmed


def plausible(moment: D) -> D:
    """Return ``moment``; raises ``ValueError`` far outside the service's life, where local dates may not exist."""
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ValueError(f"it lies outside the years {_FIRST_YEAR} to {_LAST_YEAR}")
    return moment


_Text = Annotated[str, AfterValidator(clean)]
_Name = Annotated[_Text, Field(min_length=1, max_length=200)]
_Moment = Annotated[AwareDatetime, AfterValidator(plausible)]
_Day = Annotated[date, AfterValidator(plausible)]


class PeriodRequest(BaseModel):
    """A span of time; an end that is left out is open."""

    model_config = ConfigDict(extra="forbid")
    begins: _Moment | None = None
    ends: _Moment | None = None

    def period(self) -> AlertPeriod:
        """Return the period."""
        return AlertPeriod(
            None if self.begins is None else instant(self.begins), None if self.ends is None else instant(self.ends)
        )


class TextRequest(BaseModel):
    """What an alert says in one language."""

    model_config = ConfigDict(extra="forbid")
    language: Literal["de", "en", "de-simple"]
    header: Annotated[_Text, Field(max_length=LONGEST_HEADER)]
    description: Annotated[_Text, Field(max_length=LONGEST_DESCRIPTION)]
    spoken: Annotated[_Text, Field(max_length=LONGEST_DESCRIPTION)] = ""


class AlertTripRequest(BaseModel):
    """A run of a trip."""

    model_config = ConfigDict(extra="forbid")
    trip_id: _Name
    start_date: _Day


class AlertRequest(BaseModel):
    """An alert; it names at least one line, stop or trip and has a German text."""

    model_config = ConfigDict(extra="forbid")
    cause: AlertCause = AlertCause.UNKNOWN_CAUSE
    effect: AlertEffect = AlertEffect.UNKNOWN_EFFECT
    severity: AlertSeverity = AlertSeverity.INFO
    communication: PeriodRequest = PeriodRequest()
    impact: Annotated[list[PeriodRequest], Field(max_length=_MOST_PERIODS)] = []
    texts: Annotated[list[TextRequest], Field(min_length=1, max_length=3)]
    routes: Annotated[list[_Name], Field(max_length=_MOST_NAMES)] = []
    stops: Annotated[list[_Name], Field(max_length=_MOST_NAMES)] = []
    trips: Annotated[list[AlertTripRequest], Field(max_length=_MOST_NAMES)] = []
    url: Annotated[_Text, Field(max_length=500)] = ""
    template: Annotated[_Text, Field(max_length=60)] = ""

    def alert(self, alert_id: AlertId) -> Alert:
        """Return the alert under an id; an empty one makes it new."""
        return Alert(
            alert_id=alert_id,
            cause=self.cause,
            effect=self.effect,
            severity=self.severity,
            communication=self.communication.period(),
            impact=tuple(each.period() for each in self.impact),
            texts=tuple(
                AlertText(language=each.language, header=each.header, description=each.description, spoken=each.spoken)
                for each in self.texts
            ),
            routes=tuple(dict.fromkeys(RouteId(each) for each in self.routes)),
            stops=tuple(dict.fromkeys(StopId(each) for each in self.stops)),
            trips=tuple(dict.fromkeys(TripRef(TripId(each.trip_id), each.start_date) for each in self.trips)),
            url=self.url,
            template=self.template,
        )


class WithdrawRequest(BaseModel):
    """Why an alert is not shown any more."""

    model_config = ConfigDict(extra="forbid")
    reason: Annotated[_Text, Field(min_length=1, max_length=200)]


async def idempotency_key(idempotency_key: Annotated[str | None, Header()] = None) -> str:
    """Return the ``Idempotency-Key`` header; refuses a request without one with status 400."""
    if not idempotency_key or len(idempotency_key) > _LONGEST_KEY:
        raise RefusedError(Refusal(RefusalCode.INVALID_INPUT, {"detail": "Idempotency-Key"}), 400)
    return idempotency_key


def fingerprint(operation: str, body: Mapping[str, object]) -> str:
    """Return the SHA-256 of a command: the same operation with the same content gives the same digest."""
    text = json.dumps({"operation": operation, "body": body}, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
