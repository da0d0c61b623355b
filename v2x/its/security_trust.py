"""Whether a signed message may be believed: signature, chain to a trusted root, validity, permission.

Not checked: revocation lists, regions, service-specific permissions. Whoever gives a self-signed certificate to the
store trusts it; all others need a chain to such a one.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mobility.core.clock import Instant
from v2x.its.clock import instant_of
from v2x.its.errors import ItsError, ItsErrorKind
from v2x.its.security import Signed
from v2x.its.security_certificate import Certificate, parse_certificate
from v2x.its.security_keys import Curve, PublicKey, Signature, is_signed_by

MOST_LEARNED: Final = 4096
"""Certificates remembered from messages; beyond them the one heard longest ago is forgotten."""
_LONGEST_CHAIN: Final = 6


class TrustState(StrEnum):
    """What is known of a message's origin."""

    UNSIGNED = "unsigned"
    UNCHECKED = "unchecked"
    """Signed, but nobody gave certificates to check it with."""
    UNKNOWN_SIGNER = "unknown_signer"
    """The signer's certificate is not here."""
    UNTRUSTED_ISSUER = "untrusted_issuer"
    """The signature fits the certificate; no trusted root stands behind it."""
    BAD_SIGNATURE = "bad_signature"
    """The message, or a certificate of its chain, was not signed by the key that is said to have."""
    OUTSIDE_VALIDITY = "outside_validity"
    """A certificate of the chain was not valid when the message was made."""
    NOT_PERMITTED = "not_permitted"
    """A certificate of the chain does not allow this kind of message."""
    VERIFIED = "verified"

    @property
    def is_refuted(self) -> bool:
        """Whether the check found the message false, not merely unknown."""
        return self in {TrustState.BAD_SIGNATURE, TrustState.OUTSIDE_VALIDITY, TrustState.NOT_PERMITTED}


@dataclass(frozen=True, slots=True)
class Trust:
    """Outcome of a check, with a word on it for people."""

    state: TrustState
    detail: str = ""


UNSIGNED: Final = Trust(TrustState.UNSIGNED)
UNCHECKED: Final = Trust(TrustState.UNCHECKED)


class TrustStore:
    """Certificates that were given, and those that were learned from messages whose chain held."""

    def __init__(self, certificates: Iterable[Certificate] = ()) -> None:
        """Trust the self-signed among ``certificates``; use the others as links."""
        self._given = {certificate.hashed_id8: certificate for certificate in certificates}
        self._learned: OrderedDict[bytes, Certificate] = OrderedDict()
        self._issued: OrderedDict[tuple[bytes, bytes], None] = OrderedDict()

    def check(self, signed: Signed, now: Instant) -> Trust:
        """Return whether the message may be believed; without a generation time its certificates are judged by ``now``.

        Certificates in a message that holds are remembered, for those after it that name only the digest.
        """
        certificate, sent = _certificate(signed), {each.hashed_id8: each for each in signed.certificates[1:]}
        certificate = certificate or self._find(signed.digest, {})
        if certificate is None:
            name = "itself" if signed.digest is None else signed.digest.hex()
            return Trust(TrustState.UNKNOWN_SIGNER, f"no certificate of {name}")
        if not _is_signed(signed, certificate):
            return Trust(TrustState.BAD_SIGNATURE, "the message was not signed with its signer's key")
        made_at = now if signed.generated_at is None else instant_of(signed.generated_at)
        if signed.psid not in certificate.psids:
            return Trust(TrustState.NOT_PERMITTED, f"the signer may not send PSID {signed.psid}")
        trust = self._chain(certificate, sent, signed.psid, made_at)
        if trust.state is TrustState.VERIFIED:
            self._learn(signed.certificates)
        return trust

    def _chain(self, certificate: Certificate, sent: dict[bytes, Certificate], psid: int, made_at: Instant) -> Trust:
        for _ in range(_LONGEST_CHAIN):
            if not certificate.valid_from <= made_at < certificate.valid_until:
                return Trust(TrustState.OUTSIDE_VALIDITY, f"certificate {certificate.hashed_id8.hex()}")
            if certificate.issuer is None:
                return self._root(certificate)
            issuer = self._find(certificate.issuer, sent)
            if issuer is None:
                return Trust(TrustState.UNTRUSTED_ISSUER, f"no certificate of issuer {certificate.issuer.hex()}")
            if not self._is_issued(certificate, issuer):
                return Trust(TrustState.BAD_SIGNATURE, f"certificate {certificate.hashed_id8.hex()}")
            if issuer.issued_psids is not None and psid not in issuer.issued_psids:
                return Trust(TrustState.NOT_PERMITTED, f"issuer {issuer.hashed_id8.hex()} may not permit PSID {psid}")
            certificate = issuer
        return Trust(TrustState.UNTRUSTED_ISSUER, f"a chain of more than {_LONGEST_CHAIN} certificates")

    def _root(self, certificate: Certificate) -> Trust:
        if not self._is_issued(certificate, None):
            return Trust(TrustState.BAD_SIGNATURE, f"certificate {certificate.hashed_id8.hex()}")
        if self._given.get(certificate.hashed_id8) != certificate:
            return Trust(TrustState.UNTRUSTED_ISSUER, f"root {certificate.hashed_id8.hex()} is not trusted")
        return Trust(TrustState.VERIFIED)

    def _is_issued(self, certificate: Certificate, issuer: Certificate | None) -> bool:
        """Return whether the issuer signed the certificate; a yes is remembered, tickets sign for days."""
        pair = certificate.canonical, b"" if issuer is None else issuer.canonical
        if pair in self._issued:
            return True
        if not _is_issued(certificate, issuer):
            return False
        self._issued[pair] = None
        if len(self._issued) > MOST_LEARNED:
            self._issued.popitem(last=False)
        return True

    def _find(self, digest: bytes | None, sent: dict[bytes, Certificate]) -> Certificate | None:
        if digest is None:
            return None
        return self._given.get(digest) or sent.get(digest) or self._learned.get(digest)

    def _learn(self, certificates: tuple[Certificate, ...]) -> None:
        for certificate in certificates:
            self._learned[certificate.hashed_id8] = certificate
            self._learned.move_to_end(certificate.hashed_id8)
        while len(self._learned) > MOST_LEARNED:
            self._learned.popitem(last=False)


def parse_certificates(text: str, source: str = "") -> list[Certificate]:
    """Return the certificates of a text, one a line in hex; blank lines and lines after ``#`` are passed over.

    Raises ``ItsError`` naming the line.
    """
    certificates = []
    for number, line in enumerate(text.splitlines(), 1):
        written = line.partition("#")[0].strip()
        if not written:
            continue
        try:
            certificates.append(parse_certificate(bytes.fromhex(written)))
        except ItsError as error:
            raise ItsError(error.kind, f"{source} line {number}: {error.detail}".strip()) from error
        except ValueError as error:
            raise ItsError(ItsErrorKind.MALFORMED, f"{source} line {number}: no hex digits".strip()) from error
    return certificates


def _certificate(signed: Signed) -> Certificate | None:
    return signed.certificates[0] if signed.certificates else None


def _is_signed(signed: Signed, certificate: Certificate) -> bool:
    # The hash follows from the key; the envelope's word on it is not signed and must not say otherwise.
    is_sha384 = certificate.curve is Curve.BRAINPOOL_P384R1
    return bool(signed.hash_id) is is_sha384 and _holds(
        signed.signature, signed.to_be_signed, certificate.canonical, certificate.key
    )


def _is_issued(certificate: Certificate, issuer: Certificate | None) -> bool:
    if certificate.signature is None:
        return False
    key = certificate.key if issuer is None else issuer.key
    return _holds(certificate.signature, certificate.to_be_signed, b"" if issuer is None else issuer.canonical, key)


def _holds(signature: Signature, to_be_signed: bytes, signer: bytes, key: PublicKey | None) -> bool:
    """Return whether ``key`` signed; the hash is over both hashes (IEEE 1609.2, ECDSA), ``signer`` canonical."""
    if key is None or not key.point.is_canonical_key:
        # An uncompressed key would have to be compressed before hashing; TS 103 097 asks for compressed ones.
        return False
    digest = key.curve.digest(key.curve.digest(to_be_signed) + key.curve.digest(signer))
    return is_signed_by(signature, digest, key)
