"""Occasions for technical supervision and research: the list, one with its record or as a signed archive, completeness.

``GET /api/v1/occasions``, ``…/completeness``, ``…/{id}``, ``…/{id}/record``, ``…/{id}/archive``.
"""

from datetime import UTC, date, datetime
from typing import Annotated, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from mobility.core.clock import Instant, instant
from mobility.core.errors import BadInputError, CorruptionError, RefusedError
from mobility.core.ids import OccasionId
from mobility.core.ports import FrozenOccasion, Ledger
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.supervision import Occasion, OccasionKind
from v2x.edge.recorder import EventRecorder
from v2x.recorder.archive import archive_of, fingerprint
from v2x.recorder.formats import iso

_Id = Annotated[str, Path(min_length=1, max_length=200)]


def router(*, recorder: EventRecorder, ledger: Ledger, key: Ed25519PrivateKey) -> APIRouter:
    """Return the routes; ``key`` signs archives. Who may open them is told by the table of roles."""
    routes = APIRouter(prefix="/api/v1/occasions", tags=["event recorder"])

    @routes.get("")
    async def occasions(
        *,
        vehicle_id: Annotated[str | None, Query(max_length=64)] = None,
        kind: OccasionKind | None = None,
        since: Annotated[datetime | None, Query(description="ISO 8601 with zone")] = None,
        until: Annotated[datetime | None, Query(description="ISO 8601 with zone")] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> dict[str, Any]:
        """Occasions, newest first."""
        first, last = _at(since, "since"), _at(until, "until")
        found = [
            each
            for each in ledger.state.supervised.occasions.values()
            if (vehicle_id is None or each.vehicle_id == vehicle_id)
            and (kind is None or each.kind is kind)
            and (first is None or each.at >= first)
            and (last is None or each.at <= last)
        ]
        newest = sorted(found, key=lambda each: (-each.at, each.occasion_id))
        return {"total": len(found), "occasions": [_row(each) for each in newest[:limit]]}

    @routes.get("/completeness")
    async def completeness(*, day: date) -> dict[str, Any]:
        """How complete each of the thirteen items is, by vehicle, on a local day."""
        return {"day": day.isoformat(), "vehicles": await recorder.completeness(day)}

    @routes.get("/{occasion_id}")
    async def occasion(*, occasion_id: _Id) -> dict[str, Any]:
        """One occasion and the newest revision frozen of it, ``null`` while its window is open."""
        known = _known(ledger, occasion_id)
        frozen = await recorder.frozen(known.occasion_id)
        told = None if frozen is None else {"revision": frozen.revision, "sha256": frozen.sha256}
        return {**_row(known), "frozen": told, "signing_key_sha256": fingerprint(key.public_key())}

    @routes.get("/{occasion_id}/record")
    async def record(*, occasion_id: _Id) -> Response:
        """The newest revision as it was frozen: thirteen items and the samples."""
        frozen = await _frozen(recorder, _known(ledger, occasion_id))
        headers = {"ETag": f'"{frozen.sha256}"', "Cache-Control": "no-store"}
        return Response(frozen.body, media_type="application/json", headers=headers)

    @routes.get("/{occasion_id}/archive")
    async def archive(*, occasion_id: _Id) -> Response:
        """The newest revision as a signed archive: JSON, GPX, MCAP, manifest and signature."""
        frozen = await _frozen(recorder, _known(ledger, occasion_id))
        headers = {"Content-Disposition": 'attachment; filename="event.zip"', "Cache-Control": "no-store"}
        try:
            packed = archive_of(frozen, key)
        except BadInputError as error:
            raise CorruptionError(f"{frozen.occasion_id} can not be read") from error
        return Response(packed, media_type="application/zip", headers=headers)

    return routes


def _known(ledger: Ledger, occasion_id: str) -> Occasion:
    known = ledger.state.supervised.occasions.get(OccasionId(occasion_id))
    if known is None:
        raise RefusedError(Refusal(RefusalCode.UNKNOWN_OCCASION), status=404)
    return known


async def _frozen(recorder: EventRecorder, occasion: Occasion) -> FrozenOccasion:
    frozen = await recorder.frozen(occasion.occasion_id)
    if frozen is None:
        raise RefusedError(Refusal(RefusalCode.UNKNOWN_OCCASION), status=404)
    return frozen


def _row(each: Occasion) -> dict[str, Any]:
    return {
        "occasion_id": each.occasion_id,
        "vehicle_id": each.vehicle_id,
        "kind": each.kind.value,
        "at": iso(each.at),
        "source": each.source,
        "detail": each.detail,
        "is_accident": each.is_accident,
    }


def _at(moment: datetime | None, name: str) -> Instant | None:
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise RefusedError(Refusal(RefusalCode.INVALID_INPUT, {"detail": name}), status=422)
    return instant(moment.astimezone(UTC))
