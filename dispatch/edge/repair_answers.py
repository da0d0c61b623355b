"""What machines get about upset days: drafts, proposals and disruptions as JSON, sentences in one language."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.proposal import Affected, Proposal, Reason
from dispatch.repair_texts import RepairWords
from dispatch.what_if import Draft
from mobility.core.booking import Window
from mobility.core.clock import Instant, datetime_at
from mobility.core.disruption import Disruption
from mobility.core.promise import Revision
from mobility.core.region import Region


class RepairAnswers:
    """Builds answers for one region."""

    def __init__(self, region: Region) -> None:
        """Write times in the region's zone, name its vehicles and stops."""
        self._zone = ZoneInfo(region.zone)
        self._words = RepairWords(region)

    def draft(self, draft: Draft, language: str) -> dict[str, Any]:
        """Return a draft with its proposals side by side."""
        return {
            "draft_id": draft.draft_id,
            "disruption": self.disruption(draft.disruption),
            "is_reported": draft.is_reported,
            "plan_version": draft.base_version,
            "made_at": self._moment(draft.made_at),
            "expires_at": self._moment(draft.expires_at),
            "proposals": [self._proposal(each, language) for each in draft.proposals],
        }

    def disruption(self, disruption: Disruption) -> dict[str, Any]:
        """Return a disruption."""
        centre = disruption.centre
        return {
            "disruption_id": disruption.disruption_id,
            "kind": disruption.kind,
            "area_id": disruption.area_id,
            "date": disruption.day.isoformat(),
            "begins": self._moment(disruption.begins),
            "ends": self._maybe(disruption.ends),
            "vehicle_id": disruption.vehicle_id,
            "booking_id": disruption.booking_id,
            "stop_id": disruption.stop_id,
            "delay_s": disruption.delay_s,
            "load": None if disruption.load is None else asdict(disruption.load),
            "centre": None if centre is None else {"lat": centre.lat_deg, "lon": centre.lon_deg},
            "radius_m": disruption.radius_m,
            "note": disruption.note,
        }

    def _proposal(self, proposal: Proposal, language: str) -> dict[str, Any]:
        harm: Mapping[str, int] = asdict(proposal.harm)
        return {
            "choice": proposal.name,
            "answer": proposal.answer,
            "title": self._words.title(proposal, language),
            "vehicle_id": proposal.vehicle_id,
            "reasons": [self._reason(each, language) for each in proposal.reasons],
            "cost_before_s": proposal.cost_before_ms / 1000,
            "cost_after_s": proposal.cost_after_ms / 1000,
            "harm": {name: value for name, value in harm.items() if not name.endswith("_ms")}
            | {"beyond_s": proposal.harm.beyond_ms / 1000},
            "affected": [self._affected(each) for each in proposal.affected],
            "to_tell": [self._revision(each) for each in proposal.revisions],
            "withdrawn": list(proposal.withdrawn),
            "stranded": list(proposal.stranded),
        }

    def _reason(self, reason: Reason, language: str) -> dict[str, Any]:
        return {
            "code": reason.code,
            "sentence": self._words.reason(reason, language),
            "parameters": dict(reason.parameters),
        }

    def _affected(self, affected: Affected) -> dict[str, Any]:
        return {
            "reference": affected.booking_id,
            "is_aboard": affected.is_aboard,
            "from_vehicle": affected.from_vehicle,
            "to_vehicle": affected.to_vehicle,
            "pickup_before": self._maybe(affected.pickup_before),
            "pickup_after": self._maybe(affected.pickup_after),
            "arrival_before": self._moment(affected.arrival_before),
            "arrival_after": self._maybe(affected.arrival_after),
        }

    def _revision(self, revision: Revision) -> dict[str, Any]:
        return {
            "reference": revision.booking_id,
            "tell_by": self._moment(revision.tell_by),
            "reason": revision.reason,
            "vehicle_id": revision.vehicle_id,
            "pickup": self._window(revision.pickup),
            "arrival": self._window(revision.arrival),
            "is_withdrawn": revision.is_withdrawn,
        }

    def _window(self, window: Window | None) -> dict[str, str] | None:
        if window is None:
            return None
        return {"earliest": self._moment(window.earliest), "latest": self._moment(window.latest)}

    def _maybe(self, at: Instant | None) -> str | None:
        return None if at is None else self._moment(at)

    def _moment(self, at: Instant) -> str:
        return datetime_at(at, self._zone).isoformat(timespec="seconds")
