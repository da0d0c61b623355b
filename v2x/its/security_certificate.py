"""Certificates of IEEE 1609.2 as TS 103 097 v1.3 and later profile them: what they allow, to whom, by whom."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from mobility.core.clock import Instant
from v2x.its.clock import TimestampIts, instant_of
from v2x.its.errors import ItsError, ItsErrorKind
from v2x.its.security_coer import CoerReader
from v2x.its.security_keys import (
    Curve,
    PublicKey,
    Signature,
    canonical_signature,
    read_point,
    read_public_key,
    read_signature,
)
from v2x.its.security_region import skip_region

VERSION: Final = 3
_DURATION_UNITS_MS: Final = (0.001, 1.0, 1e3, 60e3, 3600e3, 216_000e3, 31_556_952e3)
"""Microseconds, milliseconds, seconds, minutes, hours, sixty hours, years (Duration of IEEE 1609.2)."""
_MOST_PERMISSIONS: Final = 256


@dataclass(frozen=True)
class Certificate:
    """One explicit certificate. ``canonical`` is what is hashed and signed over; ``raw`` is how it came."""

    raw: bytes
    canonical: bytes
    to_be_signed: bytes
    issuer: bytes | None
    """HashedId8 of the issuer, 8 bytes; ``None`` when it signed itself."""
    name: str
    """Host name in the certificate; empty where it has none, as authorization tickets do."""
    valid_from: Instant
    valid_until: Instant
    psids: tuple[int, ...]
    """Application permissions: which kinds of message its holder may sign."""
    issued_psids: frozenset[int] | None
    """Which it may pass on to certificates it issues; ``None`` for all."""
    key: PublicKey | None
    """``None`` for an implicit certificate, whose key is not in it."""
    signature: Signature | None

    @cached_property
    def hashed_id8(self) -> bytes:
        """Last 8 bytes of the hash over the canonical certificate; a signer is named by it."""
        return self.curve.digest(self.canonical)[-8:]

    @property
    def curve(self) -> Curve:
        """Curve of its key; NIST P-256 where it has none."""
        return Curve.NIST_P256 if self.key is None else self.key.curve


def parse_certificate(encoded: bytes) -> Certificate:
    """Return the certificate that ``encoded`` is, whole; raises ``ItsError``."""
    reader = CoerReader(encoded)
    certificate = read_certificate(reader)
    reader.finish("the certificate")
    return certificate


def read_certificate(reader: CoerReader) -> Certificate:
    """Read one certificate; raises ``ItsError`` for another version, an implicit one, or what is not canonical."""
    start = reader.at
    (is_signed,) = reader.preamble(1)
    version, kind = reader.unsigned(1), reader.unsigned(1)
    if version != VERSION:
        raise ItsError(ItsErrorKind.UNSUPPORTED_PROTOCOL_VERSION, f"certificate version {version}")
    if kind != 0:
        raise ItsError(ItsErrorKind.UNSUPPORTED_MESSAGE, f"certificate type {kind}, only explicit ones are read")
    issuer = _issuer(reader)
    tbs_start = reader.at
    fields = _to_be_signed(reader)
    tbs_end = reader.at
    signature = read_signature(reader) if is_signed else None
    data = reader.data
    return Certificate(
        raw=data[start : reader.at],
        canonical=data[start:tbs_end] + (b"" if signature is None else canonical_signature(signature)),
        to_be_signed=data[tbs_start:tbs_end],
        issuer=issuer,
        signature=signature,
        name=fields.name,
        valid_from=fields.valid_from,
        valid_until=fields.valid_until,
        psids=fields.psids,
        issued_psids=fields.issued_psids,
        key=fields.key,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fields:
    name: str
    valid_from: Instant
    valid_until: Instant
    psids: tuple[int, ...]
    issued_psids: frozenset[int] | None
    key: PublicKey | None


def _issuer(reader: CoerReader) -> bytes | None:
    match reader.choice():
        case 0:
            return reader.take(8)
        case 1:
            reader.take(1)
            return None
        case 2:
            # sha384AndDigest came with a later edition: an open type.
            digest = reader.octets()
            if len(digest) != 8:  # noqa: PLR2004 - HashedId8
                raise ItsError(ItsErrorKind.MALFORMED, f"an issuer's digest of {len(digest)} bytes")
            return digest
        case other:
            raise ItsError(ItsErrorKind.UNSUPPORTED_MESSAGE, f"a certificate's issuer of kind {other}")


def _to_be_signed(reader: CoerReader) -> _Fields:
    has_more, has_region, has_assurance, has_app, has_issue, has_request, has_rollover, has_encryption = (
        reader.preamble(8)
    )
    name = _name(reader)
    reader.take(3 + 2)  # cracaId, crlSeries
    valid_from, valid_until = _validity(reader)
    if has_region:
        skip_region(reader)
    if has_assurance:
        reader.take(1)
    psids = _app_permissions(reader) if has_app else ()
    issued = _group_permissions(reader) if has_issue else frozenset()
    if has_request:
        _group_permissions(reader)
    del has_rollover  # NULL: nothing to read
    if has_encryption:
        _skip_encryption_key(reader)
    key = _verification_key(reader)
    if has_more:
        reader.extensions()
    return _Fields(name=name, valid_from=valid_from, valid_until=valid_until, psids=psids, issued_psids=issued, key=key)


def _name(reader: CoerReader) -> str:
    match reader.choice():
        case 1:
            return _text(reader.octets())
        case 2:
            return reader.octets().hex()
        case 3:
            return ""
        case other:
            raise ItsError(ItsErrorKind.UNSUPPORTED_MESSAGE, f"a certificate's id of kind {other}")


def _text(octets: bytes) -> str:
    try:
        return octets.decode()
    except UnicodeDecodeError as error:
        raise ItsError(ItsErrorKind.MALFORMED, "a certificate's name is no UTF-8") from error


def _validity(reader: CoerReader) -> tuple[Instant, Instant]:
    start_ms = 1000 * reader.unsigned(4)
    unit = reader.choice()
    if unit >= len(_DURATION_UNITS_MS):
        raise ItsError(ItsErrorKind.MALFORMED, f"a duration in unit {unit}")
    length_ms = round(reader.unsigned(2) * _DURATION_UNITS_MS[unit])
    return instant_of(TimestampIts(start_ms)), instant_of(TimestampIts(start_ms + length_ms))


def _app_permissions(reader: CoerReader) -> tuple[int, ...]:
    psids = []
    for _ in range(_quantity(reader)):
        (has_ssp,) = reader.preamble(1)
        psids.append(reader.integer())
        if has_ssp:
            reader.choice()
            reader.octets()  # opaque, or the open type around a bitmap
    return tuple(psids)


def _group_permissions(reader: CoerReader) -> frozenset[int] | None:
    """Return the PSIDs of all groups, ``None`` for all there are; ranges of specific permissions are skipped."""
    psids: set[int] = set()
    are_all = False
    for _ in range(_quantity(reader)):
        has_least, has_range, has_types = reader.preamble(3)
        chosen = reader.choice()
        if chosen == 0:
            psids.update(_psid_ranges(reader))
        elif chosen == 1:
            are_all = True
        else:
            raise ItsError(ItsErrorKind.UNSUPPORTED_MESSAGE, f"subject permissions of kind {chosen}")
        for is_there in (has_least, has_range):
            if is_there:
                reader.octets()
        if has_types:
            reader.take(1)
    return None if are_all else frozenset(psids)


def _psid_ranges(reader: CoerReader) -> list[int]:
    psids = []
    for _ in range(_quantity(reader)):
        (has_range,) = reader.preamble(1)
        psids.append(reader.integer())
        if has_range:
            _skip_ssp_range(reader)
    return psids


def _skip_ssp_range(reader: CoerReader) -> None:
    match reader.choice():
        case 0:
            for _ in range(_quantity(reader)):
                reader.octets()
        case 1:
            return
        case _:
            reader.octets()


def _skip_encryption_key(reader: CoerReader) -> None:
    reader.take(1)  # symmetric algorithm
    _skip_point(reader)


def _skip_point(reader: CoerReader) -> None:
    if reader.choice() <= 1:
        read_point(reader, Curve.NIST_P256.size_bytes)
    else:
        reader.octets()


def _verification_key(reader: CoerReader) -> PublicKey | None:
    match reader.choice():
        case 0:
            return read_public_key(reader)
        case other:
            raise ItsError(ItsErrorKind.UNSUPPORTED_MESSAGE, f"a certificate's key indicator of kind {other}")


def _quantity(reader: CoerReader) -> int:
    count = reader.quantity()
    if count > _MOST_PERMISSIONS:
        raise ItsError(ItsErrorKind.MALFORMED, f"{count} permissions")
    return count
