"""Facts as bytes: kind, schema version and canonical JSON; foreign bytes are refused with one clear error.

Canonical means: sorted keys, no blanks, UTF-8, no NaN or infinity. The hash chain of the ledger runs over these bytes.
A class name in ``mobility.core.events`` is part of the format: it is stored in snake case as the kind.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from mobility.core.clock import Instant
from mobility.core.errors import BadInputError, CorruptionError
from mobility.core.events import Envelope, Event
from mobility.core.plan import DayPlan

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
"""Turns the JSON of one schema version into that of the next."""


def _with_defaults(plain: dict[str, Any]) -> dict[str, Any]:
    """Only fields with defaults were added: prams and luggage, held and broken-down vehicles, trips of connections."""
    return plain


UPCASTERS: Mapping[tuple[str, int], Upcaster] = MappingProxyType(
    {
        **{(kind, 1): _with_defaults for kind in ("booking_made", "ride_refused", "plan_published")},
        **{(kind, 1): _with_defaults for kind in ("connection_planned", "connection_decided")},
        **{(kind, 2): _with_defaults for kind in ("booking_made", "ride_refused")},
    }
)
"""(kind, version) to the step that raises it to version + 1."""


def _kind_of_class(event_class: type) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", event_class.__name__).lower()


KINDS: Mapping[str, type] = MappingProxyType({_kind_of_class(member): member for member in get_args(Event)})
"""Stored kind to class, for every member of the closed union."""

_KIND_OF: Mapping[type, str] = MappingProxyType({member: kind for kind, member in KINDS.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedEvent:
    """A fact's body as it is stored."""

    kind: str
    schema: int
    """Version of the kind's fields, from 1."""
    body: bytes
    """Canonical JSON object in UTF-8."""


def encode_event(event: Event) -> EncodedEvent:
    """Return the stored form; raises ``BadInputError`` for a value no fact may hold (NaN, a wrong type)."""
    kind = _KIND_OF.get(type(event))
    if kind is None:
        raise BadInputError(f"{type(event).__name__} is no kind of fact")
    try:
        plain = _adapter(kind).dump_python(event, mode="json", warnings="error")
        return EncodedEvent(kind=kind, schema=KINDS[kind].SCHEMA, body=_canonical(plain))  # type: ignore[attr-defined]  # every member carries SCHEMA
    except (PydanticSerializationError, ValueError) as error:
        raise BadInputError(f"this {kind} can not be stored: {error}") from error


def decode_event(encoded: EncodedEvent, upcasters: Mapping[tuple[str, int], Upcaster] = UPCASTERS) -> Event:
    """Return the fact, raised to the newest schema; raises ``CorruptionError`` for what this version can not read."""
    if encoded.kind not in KINDS:
        raise CorruptionError(f"unknown kind of fact {encoded.kind!r}")
    newest: int = KINDS[encoded.kind].SCHEMA  # type: ignore[attr-defined]  # every member carries SCHEMA
    try:
        if encoded.schema == newest:
            return _adapter(encoded.kind).validate_json(encoded.body, strict=True, extra="forbid")
        plain = _upcast(encoded, newest, upcasters)
        return _adapter(encoded.kind).validate_json(_canonical(plain), strict=True, extra="forbid")
    except (ValidationError, ValueError) as error:
        raise CorruptionError(f"body of {encoded.kind} version {encoded.schema} is unreadable: {error}") from error


def encode_envelope(envelope: Envelope) -> bytes:
    """Return the canonical bytes of a fact with its number, time and actor; raises like ``encode_event``."""
    return envelope_bytes(envelope.seq, envelope.recorded_at, envelope.actor, encode_event(envelope.body))


def envelope_bytes(seq: int, recorded_at: int, actor: str, encoded: EncodedEvent) -> bytes:
    """Return an envelope's canonical bytes from its stored columns; ``recorded_at`` in UTC milliseconds."""
    head = {"actor": actor, "kind": encoded.kind, "recorded_at": recorded_at, "schema": encoded.schema, "seq": seq}
    try:
        return b'{"body":' + encoded.body + b"," + _canonical(head)[1:]
    except ValueError as error:
        raise BadInputError(f"actor {actor!r} can not be stored") from error


def decode_envelope(data: bytes) -> Envelope:
    """Return the envelope of ``encode_envelope``'s bytes; raises ``CorruptionError`` for anything else."""
    try:
        plain = json.loads(data)
        encoded = EncodedEvent(kind=plain["kind"], schema=plain["schema"], body=_canonical(plain["body"]))
        seq, recorded_at, actor = plain["seq"], plain["recorded_at"], plain["actor"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CorruptionError(f"these bytes are no fact: {error}") from error
    if not (_is_whole(seq) and _is_whole(recorded_at) and _is_whole(encoded.schema) and isinstance(actor, str)):
        raise CorruptionError("a fact's head has wrong types")
    if not isinstance(encoded.kind, str):
        raise CorruptionError("a fact's kind is no text")
    return Envelope(seq=seq, recorded_at=Instant(recorded_at), actor=actor, body=decode_event(encoded))


def encode_plan(plan: DayPlan) -> bytes:
    """Return a plan as canonical JSON, for its projection; raises ``BadInputError`` like ``encode_event``."""
    try:
        return _canonical(_plan_adapter().dump_python(plan, mode="json", warnings="error"))
    except (PydanticSerializationError, ValueError) as error:
        raise BadInputError(f"this plan can not be stored: {error}") from error


def _canonical(plain: object) -> bytes:
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def _upcast(encoded: EncodedEvent, newest: int, upcasters: Mapping[tuple[str, int], Upcaster]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(encoded.body)
    for version in range(encoded.schema, newest):
        step = upcasters.get((encoded.kind, version))
        if step is None:
            raise CorruptionError(f"no way from version {version} of {encoded.kind} to {newest}")
        plain = step(plain)
    if encoded.schema > newest:
        raise CorruptionError(f"{encoded.kind} version {encoded.schema} is newer than this program ({newest})")
    return plain


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


@cache
def _adapter(kind: str) -> TypeAdapter[Event]:
    return TypeAdapter(KINDS[kind])


@cache
def _plan_adapter() -> TypeAdapter[DayPlan]:
    return TypeAdapter(DayPlan)
