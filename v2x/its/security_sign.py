"""Signing with a development key: a root, a ticket issued by it, and the envelope of TS 103 097 around a payload.

For tests, demonstrations and the command line. Real tickets come from a public-key infrastructure and change often.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature

from mobility.core.clock import Instant
from v2x.its.clock import TimestampIts, timestamp_its
from v2x.its.security import PSID_CAM, PSID_DENM, VERSION
from v2x.its.security_certificate import Certificate, parse_certificate
from v2x.its.security_coer import coer_choice, coer_integer, coer_octets
from v2x.its.security_keys import Curve, Signature, canonical_signature, public_key_bytes, public_key_of

ROOT_YEARS: Final = 3
"""Validity of a development root."""
TICKET_HOURS: Final = 7 * 24
"""Validity of a development ticket."""

PERMISSIONS: Final = {PSID_CAM: bytes.fromhex("01fffc"), PSID_DENM: bytes.fromhex("01ffffff")}
"""What a development ticket may send: PSID to service-specific permissions (version 1, everything allowed)."""

_HOURS, _YEARS = 4, 6
_HAS_SIGNATURE: Final = b"\x80"
_EXPLICIT: Final = b"\x00"
_SHA256: Final = b"\x00"
_NO_LINKAGE: Final = bytes(3 + 2)
_UNKNOWN_ELEVATION: Final = b"\xf0\x00"
_HAS_DATA: Final = b"\x40"


@dataclass(frozen=True, slots=True, kw_only=True)
class DevelopmentSigner:
    """A key with its ticket (NIST P-256). Signatures are deterministic (RFC 6979)."""

    key: ec.EllipticCurvePrivateKey
    certificate: Certificate

    def envelope(
        self,
        payload: bytes,
        *,
        psid: int,
        generated_at: TimestampIts,
        place: tuple[int, int] | None = None,
        with_certificate: bool = True,
    ) -> bytes:
        """Return the signed envelope around a GeoNetworking payload.

        ``place`` is latitude and longitude in 0.1 microdegree, which DENM need; without the certificate only its
        digest goes along.
        """
        to_be_signed = _to_be_signed(payload, psid, generated_at, place)
        signature = _signed(self.key, to_be_signed, self.certificate.canonical)
        signer = coer_choice(0) + self.certificate.hashed_id8
        if with_certificate:
            signer = coer_choice(1) + coer_integer(1) + self.certificate.raw
        head = bytes((VERSION,)) + coer_choice(1) + _SHA256
        return head + to_be_signed + signer + canonical_signature(signature)


def development_root(key: ec.EllipticCurvePrivateKey, now: Instant) -> Certificate:
    """Return a self-signed root that may issue tickets for everything, from now on for ``ROOT_YEARS``."""
    issue_all = coer_integer(1) + b"\x00" + coer_choice(1)
    body = (
        b"\x08"  # issue permissions only
        + coer_choice(1)
        + coer_octets(b"development root")
        + _NO_LINKAGE
        + _validity(now, _YEARS, ROOT_YEARS)
        + issue_all
        + _key_indicator(key)
    )
    return _certificate(body, coer_choice(1) + _SHA256, key, b"")


def development_ticket(
    key: ec.EllipticCurvePrivateKey, *, root: Certificate, root_key: ec.EllipticCurvePrivateKey, now: Instant
) -> Certificate:
    """Return a ticket for CAM and DENM, issued by ``root``, valid from now on for ``TICKET_HOURS``."""
    permissions = b"".join(
        # The permissions are the second alternative of a choice that was extended: an open type.
        _HAS_SIGNATURE + coer_integer(psid) + coer_choice(1) + coer_octets(coer_octets(allowed))
        for psid, allowed in PERMISSIONS.items()
    )
    body = (
        b"\x10"  # application permissions only
        + coer_choice(3)
        + _NO_LINKAGE
        + _validity(now, _HOURS, TICKET_HOURS)
        + coer_integer(len(PERMISSIONS))
        + permissions
        + _key_indicator(key)
    )
    return _certificate(body, coer_choice(0) + root.hashed_id8, root_key, root.canonical)


def _certificate(body: bytes, issuer: bytes, key: ec.EllipticCurvePrivateKey, issuer_canonical: bytes) -> Certificate:
    signature = _signed(key, body, issuer_canonical)
    head = _HAS_SIGNATURE + bytes((VERSION,)) + _EXPLICIT
    return parse_certificate(head + issuer + body + canonical_signature(signature))


def _to_be_signed(payload: bytes, psid: int, generated_at: TimestampIts, place: tuple[int, int] | None) -> bytes:
    data = _HAS_DATA + bytes((VERSION,)) + coer_choice(0) + coer_octets(payload)
    # Presence: no extension, generation time, no expiry, generation location or not, nothing else.
    header = (b"\x40" if place is None else b"\x50") + coer_integer(psid) + (1000 * generated_at).to_bytes(8, "big")
    if place is not None:
        header += b"".join(number.to_bytes(4, "big", signed=True) for number in place) + _UNKNOWN_ELEVATION
    return data + header


def _validity(now: Instant, unit: int, count: int) -> bytes:
    start_s = timestamp_its(now) // 1000
    return start_s.to_bytes(4, "big") + coer_choice(unit) + count.to_bytes(2, "big")


def _key_indicator(key: ec.EllipticCurvePrivateKey) -> bytes:
    return coer_choice(0) + public_key_bytes(public_key_of(key.public_key(), Curve.NIST_P256))


def _signed(key: ec.EllipticCurvePrivateKey, to_be_signed: bytes, signer: bytes) -> Signature:
    digest = sha256(sha256(to_be_signed).digest() + sha256(signer).digest()).digest()
    encoded = key.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256()), deterministic_signing=True))
    r, s = (number.to_bytes(Curve.NIST_P256.size_bytes, "big") for number in decode_dss_signature(encoded))
    return Signature(Curve.NIST_P256, r, s)
