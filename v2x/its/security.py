"""The signed envelope of TS 103 097 v1.3 and later (IEEE 1609.2 data): opened, its signer and header reported.

Opening checks the form only; whether the signature holds is ``security_trust``'s work.
"""

from dataclasses import dataclass
from typing import Final

from v2x.its.clock import TimestampIts
from v2x.its.errors import ItsError, ItsErrorKind
from v2x.its.security_certificate import Certificate, read_certificate
from v2x.its.security_coer import CoerReader
from v2x.its.security_keys import Curve, Signature, read_point, read_signature

VERSION: Final = 3
OLD_VERSIONS: Final = frozenset({1, 2})
"""First byte of the envelopes of TS 103 097 v1.1 and v1.2, which are built differently."""

PSID_CAM: Final = 36
PSID_DENM: Final = 37

_CONTENTS: Final = ("unsecuredData", "signedData", "encryptedData", "signedCertificateRequest")
_MOST_CERTIFICATES: Final = 8
_MICROSECONDS_PER_MS: Final = 1000
_LOCATION_BYTES: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What was around a signed payload."""

    to_be_signed: bytes
    """The bytes the signature is over, together with the signer's certificate."""
    psid: int
    generation_time_us: int | None
    """TAI microseconds since 2004."""
    digest: bytes | None
    """HashedId8 of the signer; ``None`` where the certificate itself is here, or the signer is "self"."""
    certificates: tuple[Certificate, ...]
    """The signer's certificate first, then its issuers, as far as they were sent."""
    signature: Signature
    hash_id: int
    """0 SHA-256, 1 SHA-384: what the envelope says of its hash."""

    @property
    def signer_id(self) -> bytes | None:
        """HashedId8 of the signer's certificate; ``None`` for a message that names none ("self")."""
        return self.certificates[0].hashed_id8 if self.certificates else self.digest

    @property
    def generated_at(self) -> TimestampIts | None:
        """Generation time in ITS milliseconds."""
        if self.generation_time_us is None:
            return None
        return TimestampIts(self.generation_time_us // _MICROSECONDS_PER_MS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """An opened envelope: the payload, and by whom it was signed."""

    payload: bytes
    signed: Signed | None
    """``None`` where the envelope says it carries unsecured data."""


def open_envelope(data: bytes, start: int = 0) -> tuple[Envelope, int]:
    """Return the envelope at ``start`` and where it ends; raises ``ItsError``.

    Refused by name: TS 103 097 v1.2 and older, encrypted data, certificate requests, a payload given by hash only.
    """
    reader = CoerReader(data, start)
    _require_version(reader)
    content = reader.choice()
    if content == 0:
        payload = reader.octets()
        return Envelope(payload=payload, signed=None), reader.at
    if content != 1:
        name = _CONTENTS[content] if content < len(_CONTENTS) else f"content {content}"
        raise ItsError(ItsErrorKind.UNSUPPORTED_MESSAGE, f"the security envelope holds {name}")
    hash_id = reader.unsigned(1)
    if hash_id not in {0, 1}:
        raise ItsError(ItsErrorKind.UNSUPPORTED_MESSAGE, f"hash algorithm {hash_id}")
    tbs_start = reader.at
    payload = _payload(reader)
    psid, generation_time_us = _header_info(reader)
    to_be_signed = data[tbs_start : reader.at]
    digest, certificates = _signer(reader)
    signed = Signed(
        to_be_signed=to_be_signed,
        psid=psid,
        generation_time_us=generation_time_us,
        digest=digest,
        certificates=certificates,
        signature=read_signature(reader),
        hash_id=hash_id,
    )
    return Envelope(payload=payload, signed=signed), reader.at


def _require_version(reader: CoerReader) -> None:
    version = reader.unsigned(1)
    if version in OLD_VERSIONS:
        detail = f"security envelope of TS 103 097 v1.2 or older (version {version})"
        raise ItsError(ItsErrorKind.UNSUPPORTED_PROTOCOL_VERSION, detail)
    if version != VERSION:
        raise ItsError(ItsErrorKind.UNSUPPORTED_PROTOCOL_VERSION, f"security envelope version {version}")


def _payload(reader: CoerReader) -> bytes:
    has_more, has_data, has_hash = reader.preamble(3)
    if has_more or has_hash or not has_data:
        raise ItsError(ItsErrorKind.UNSUPPORTED_MESSAGE, "a signed payload that is not, or not only, the data itself")
    _require_version(reader)
    content = reader.choice()
    if content != 0:
        name = _CONTENTS[content] if content < len(_CONTENTS) else f"content {content}"
        raise ItsError(ItsErrorKind.UNSUPPORTED_MESSAGE, f"the signed payload holds {name}")
    return reader.octets()


def _header_info(reader: CoerReader) -> tuple[int, int | None]:
    has_more, has_time, has_expiry, has_place, has_request, has_missing, has_key = reader.preamble(7)
    psid = reader.integer()
    generation_time_us = reader.unsigned(8) if has_time else None
    if has_expiry:
        reader.take(8)
    if has_place:
        reader.take(_LOCATION_BYTES)
    if has_request:
        reader.take(3)
    if has_missing:
        _skip_missing_crl(reader)
    if has_key:
        _skip_encryption_key(reader)
    if has_more:
        reader.extensions()
    return psid, generation_time_us


def _skip_missing_crl(reader: CoerReader) -> None:
    (has_more,) = reader.preamble(1)
    reader.take(3 + 2)
    if has_more:
        reader.extensions()


def _skip_encryption_key(reader: CoerReader) -> None:
    if reader.choice() != 0:
        raise ItsError(ItsErrorKind.UNSUPPORTED_MESSAGE, "a symmetric key in the header of a signed message")
    reader.take(1)
    if reader.choice() <= 1:
        read_point(reader, Curve.NIST_P256.size_bytes)
    else:
        reader.octets()


def _signer(reader: CoerReader) -> tuple[bytes | None, tuple[Certificate, ...]]:
    match reader.choice():
        case 0:
            return reader.take(8), ()
        case 1:
            count = reader.quantity()
            if not 1 <= count <= _MOST_CERTIFICATES:
                raise ItsError(ItsErrorKind.MALFORMED, f"{count} certificates of a signer")
            return None, tuple(read_certificate(reader) for _ in range(count))
        case 2:
            return None, ()
        case other:
            raise ItsError(ItsErrorKind.UNSUPPORTED_MESSAGE, f"a signer of kind {other}")
