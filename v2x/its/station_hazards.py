"""DENM as hazards on the road: what is news, and which facts the ledger gets of it.

A DENM is repeated many times a second; only a new reference time is news (EN 302 637-3). Cancellation and
negation end the hazard.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from mobility.core.clock import Instant, shifted
from mobility.core.errors import BadInputError
from mobility.core.events import Event, HazardEnded, HazardReported
from mobility.core.fold import State
from mobility.core.ids import HazardId
from mobility.core.ports import Decision
from mobility.core.supervision import Hazard
from v2x.its.clock import AHEAD_MS, TimestampIts, instant_of
from v2x.its.message import ItsMessage
from v2x.its.station import place_of

DEFAULT_VALIDITY_S: Final = 600
"""``defaultValidity`` of a DENM that does not tell its own."""
MOST_REMEMBERED: Final = 10_000
"""Hazards whose last reference time is remembered; beyond them the one heard longest ago is forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardNews:
    """What one DENM says."""

    hazard_id: HazardId
    reference_time: TimestampIts
    hazard: Hazard | None
    """``None`` when the DENM ends the hazard."""


def hazard_news(message: ItsMessage) -> HazardNews:
    """Return what a DENM says; raises ``BadInputError`` for one without a position or identity."""
    management = message.value.get("denm", {}).get("management", {})
    action = management.get("actionID", {})
    try:
        hazard_id = HazardId(f"{action['originatingStationID']}:{action['sequenceNumber']}")
        reference_time = TimestampIts(management["referenceTime"])
        detected_at = instant_of(TimestampIts(management["detectionTime"]))
    except KeyError as error:
        raise BadInputError("a DENM without its identity or times", field=str(error)) from error
    if "termination" in management:
        return HazardNews(hazard_id=hazard_id, reference_time=reference_time, hazard=None)
    return HazardNews(
        hazard_id=hazard_id,
        reference_time=reference_time,
        hazard=_hazard(message, management, hazard_id, detected_at),
    )


def decide_hazard(news: HazardNews) -> Decision:
    """Return the decision that turns news into facts: nothing that is known already, nothing that is over already."""

    def decide(state: State, now: Instant) -> list[Event]:
        known = state.supervised.hazards.get(news.hazard_id)
        if news.hazard is None:
            return [] if known is None else [HazardEnded(hazard_id=news.hazard_id, at=now)]
        hazard = _not_ahead(news.hazard, now)
        return [] if hazard == known or hazard.valid_until <= now else [HazardReported(hazard=hazard)]

    return decide


class HazardMemory:
    """The newest reference time of each hazard, so that repetitions end here and not in the ledger."""

    def __init__(self) -> None:
        """Start knowing nothing; after a restart the ledger's own hazards tell repetitions apart."""
        self._newest: OrderedDict[HazardId, TimestampIts] = OrderedDict()

    def is_news(self, news: HazardNews) -> bool:
        """Return whether the reference time is newer than all before."""
        before = self._newest.get(news.hazard_id)
        return before is None or news.reference_time > before

    def remember(self, news: HazardNews) -> None:
        """Take the reference time as told."""
        self._newest[news.hazard_id] = news.reference_time
        self._newest.move_to_end(news.hazard_id)
        if len(self._newest) > MOST_REMEMBERED:
            self._newest.popitem(last=False)

    def forget(self, news: HazardNews) -> None:
        """Undo ``remember`` where the ledger could not take the news, so that the next repetition is news again."""
        if self._newest.get(news.hazard_id) == news.reference_time:
            del self._newest[news.hazard_id]


def _not_ahead(hazard: Hazard, now: Instant) -> Hazard:
    """Date a hazard by its receipt where its sender's clock is ahead; else it would stand until that time comes."""
    ahead_ms = hazard.detected_at - now
    if ahead_ms <= AHEAD_MS:
        return hazard
    return replace(hazard, detected_at=now, valid_until=Instant(hazard.valid_until - ahead_ms))


def _hazard(message: ItsMessage, management: Mapping[str, Any], hazard_id: HazardId, detected_at: Instant) -> Hazard:
    return Hazard(
        hazard_id=hazard_id,
        # 0 is "reserved": a DENM may come without its situation.
        cause_code=message.cause_code or 0,
        sub_cause_code=message.sub_cause_code or 0,
        place=place_of(message),
        detected_at=detected_at,
        valid_until=shifted(detected_at, management.get("validityDuration", DEFAULT_VALIDITY_S)),
        reported_by=str(message.station_id),
    )
