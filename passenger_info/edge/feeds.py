"""The pull feeds over HTTP: full datasets as protobuf or JSON, with ETag, Last-Modified and gzip."""

import gzip
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from mobility.core.content_coding import accepts_gzip
from mobility.core.errors import RefusedError
from mobility.core.refusal import Refusal, RefusalCode
from passenger_info.dataset import DatasetKind, Rendered
from passenger_info.edge.service import PassengerInfo
from passenger_info.frames import feed_dict
from passenger_info.profiles import DEFAULT_PROFILE, PROFILES, Profile

_LONGEST_NAME = 50


class FeedFormat(StrEnum):
    """How a full dataset is written; the ending of its address."""

    PB = "pb"
    JSON = "json"


_CONTENT_TYPES = {FeedFormat.PB: "application/x-protobuf", FeedFormat.JSON: "application/json"}


@dataclass(slots=True)
class _Encoded:
    """The newest dataset of a kind in the encodings somebody asked for."""

    rendered: Rendered
    bodies: dict[tuple[FeedFormat, bool], bytes] = field(default_factory=dict)

    def body(self, form: FeedFormat, *, is_zipped: bool) -> bytes:
        if (form, is_zipped) not in self.bodies:
            self.bodies[form, is_zipped] = self._made(form, is_zipped=is_zipped)
        return self.bodies[form, is_zipped]

    def _made(self, form: FeedFormat, *, is_zipped: bool) -> bytes:
        if is_zipped:
            return gzip.compress(self.body(form, is_zipped=False), compresslevel=6, mtime=0)
        if form is FeedFormat.PB:
            return self.rendered.message
        return json.dumps(feed_dict(self.rendered.message), ensure_ascii=False, separators=(",", ":")).encode()


def feed_router(info: PassengerInfo) -> APIRouter:
    """Return ``/gtfs-rt/{vehicle-positions,trip-updates,alerts,all}.{pb,json}``, each in any profile."""
    routes = APIRouter(prefix="/gtfs-rt", tags=["gtfs-rt"])
    newest: dict[tuple[str, DatasetKind], _Encoded] = {}

    @routes.get("/{kind}.{form}", response_class=Response)
    async def feed(
        kind: DatasetKind,
        form: FeedFormat,
        request: Request,
        profile: Annotated[str, Query(max_length=_LONGEST_NAME)] = DEFAULT_PROFILE.name,
    ) -> Response:
        """GTFS-realtime full dataset (FULL_DATASET, version 2.0); poll it every 5 to 30 s with If-None-Match.

        A profile tells the same in the way that a planner understands: reference, otp, motis, legacy.
        """
        known = require_profile(profile)
        rendered = info.rendered(kind, info.clock.now(), known)
        encoded = newest.get((known.name, kind))
        if encoded is None or encoded.rendered is not rendered:
            encoded = newest[known.name, kind] = _Encoded(rendered)
        return _response(encoded, form, request)

    return routes


def require_profile(name: str) -> Profile:
    """Return the profile of a name; raises ``RefusedError`` (404) where there is none."""
    profile = PROFILES.get(name)
    if profile is None:
        parameters = {"profile": name, "profiles": ", ".join(PROFILES)}
        raise RefusedError(Refusal(RefusalCode.UNKNOWN_PROFILE, parameters), status=404)
    return profile


def _response(encoded: _Encoded, form: FeedFormat, request: Request) -> Response:
    is_zipped = accepts_gzip(request.headers.get("accept-encoding", ""))
    etag = f'"{encoded.rendered.etag}-{form}{"-gz" if is_zipped else ""}"'
    modified = datetime.fromtimestamp(encoded.rendered.timestamp_s, tz=UTC)
    headers = {
        "ETag": etag,
        "Last-Modified": format_datetime(modified, usegmt=True),
        "Cache-Control": "no-cache",
        "Vary": "Accept-Encoding",
        "Access-Control-Allow-Origin": "*",
    }
    if is_unchanged(request.headers.get("if-none-match"), request.headers.get("if-modified-since"), etag, modified):
        return Response(status_code=304, headers=headers)
    if is_zipped:
        headers["Content-Encoding"] = "gzip"
    return Response(encoded.body(form, is_zipped=is_zipped), media_type=_CONTENT_TYPES[form], headers=headers)


def is_unchanged(if_none_match: str | None, if_modified_since: str | None, etag: str, modified: datetime) -> bool:
    """Return whether a conditional request already has this version (RFC 9110 §13.2.2: the ETag goes first)."""
    if if_none_match is not None:
        known = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
        return "*" in known or etag in known
    if if_modified_since is None:
        return False
    try:
        since = parsedate_to_datetime(if_modified_since)
    except (ValueError, OverflowError):
        return False
    return since.tzinfo is not None and modified <= since
