"""Elliptic-curve points and signatures of IEEE 1609.2: parsed, made canonical, checked."""

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256, sha384
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

from v2x.its.errors import ItsError, ItsErrorKind
from v2x.its.security_coer import CoerReader, coer_choice, coer_octets

_X_ONLY, _FILL, _Y_0, _Y_1, _UNCOMPRESSED = range(5)
_FIRST_EXTENSION: Final = 2
"""Alternatives from here on were added to the choice later, so they stand in an open type."""


class Curve(StrEnum):
    """The curves of TS 103 097, in the order of their alternatives in the standard's choices."""

    NIST_P256 = "nistP256"
    BRAINPOOL_P256R1 = "brainpoolP256r1"
    BRAINPOOL_P384R1 = "brainpoolP384r1"

    @property
    def size_bytes(self) -> int:
        """Bytes of a coordinate."""
        return 48 if self is Curve.BRAINPOOL_P384R1 else 32

    def digest(self, data: bytes) -> bytes:
        """Return the hash that goes with the curve: SHA-384 for 384 bits, else SHA-256."""
        return (sha384 if self is Curve.BRAINPOOL_P384R1 else sha256)(data).digest()


_CURVES: Final = tuple(Curve)
_EC: Final[dict[Curve, ec.EllipticCurve]] = {
    Curve.NIST_P256: ec.SECP256R1(),
    Curve.BRAINPOOL_P256R1: ec.BrainpoolP256R1(),
    Curve.BRAINPOOL_P384R1: ec.BrainpoolP384R1(),
}


@dataclass(frozen=True, slots=True)
class Point:
    """A point as it was encoded."""

    form: int
    """Number of the alternative: x-only, fill, compressed (y even, y odd), uncompressed."""
    x: bytes
    y: bytes = b""
    """Uncompressed points only."""

    @property
    def is_canonical_key(self) -> bool:
        """Whether this is the form in which keys are hashed: compressed."""
        return self.form in {_Y_0, _Y_1}


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A verification key."""

    curve: Curve
    point: Point


@dataclass(frozen=True, slots=True)
class Signature:
    """An ECDSA signature; ``r`` and ``s`` big-endian, of the curve's size."""

    curve: Curve
    r: bytes
    s: bytes


def read_point(reader: CoerReader, size_bytes: int) -> Point:
    """Read an EccP256CurvePoint or EccP384CurvePoint; raises ``ItsError``."""
    form = reader.choice()
    if form > _UNCOMPRESSED:
        raise ItsError(ItsErrorKind.MALFORMED, f"a curve point of form {form}")
    if form == _FILL:
        return Point(form, b"")
    x = reader.take(size_bytes)
    return Point(form, x, reader.take(size_bytes) if form == _UNCOMPRESSED else b"")


def read_public_key(reader: CoerReader) -> PublicKey:
    """Read a PublicVerificationKey; raises ``ItsError``, also for a curve that TS 103 097 does not name."""
    curve, inner = _curve(reader, "verification key")
    key = PublicKey(curve, read_point(inner, curve.size_bytes))
    if inner is not reader:
        inner.finish("the verification key")
    return key


def read_signature(reader: CoerReader) -> Signature:
    """Read a Signature; raises ``ItsError``."""
    curve, inner = _curve(reader, "signature")
    point = read_point(inner, curve.size_bytes)
    if point.form == _FILL:
        raise ItsError(ItsErrorKind.MALFORMED, "a signature without r")
    signature = Signature(curve, point.x, inner.take(curve.size_bytes))
    if inner is not reader:
        inner.finish("the signature")
    return signature


def canonical_signature(signature: Signature) -> bytes:
    """Return a signature as it is hashed: r as x only (canonical form of IEEE 1609.2)."""
    return _alternative(signature.curve, coer_choice(_X_ONLY) + signature.r + signature.s)


def public_key_bytes(key: PublicKey) -> bytes:
    """Return a compressed key as PublicVerificationKey."""
    return _alternative(key.curve, coer_choice(key.point.form) + key.point.x)


def public_key_of(key: ec.EllipticCurvePublicKey, curve: Curve) -> PublicKey:
    """Return a key of the library in compressed form."""
    numbers = key.public_numbers()
    return PublicKey(curve, Point(_Y_1 if numbers.y & 1 else _Y_0, numbers.x.to_bytes(curve.size_bytes, "big")))


def is_signed_by(signature: Signature, digest: bytes, key: PublicKey) -> bool:
    """Return whether ``key`` made ``signature`` over what has this ``digest``."""
    if signature.curve is not key.curve or key.point.form in {_X_ONLY, _FILL}:
        return False
    try:
        public = ec.EllipticCurvePublicKey.from_encoded_point(_EC[key.curve], _sec1(key.point))
        r, s = (int.from_bytes(part, "big") for part in (signature.r, signature.s))
        algorithm = hashes.SHA384() if key.curve is Curve.BRAINPOOL_P384R1 else hashes.SHA256()
        public.verify(encode_dss_signature(r, s), digest, ec.ECDSA(Prehashed(algorithm)))
    except (InvalidSignature, ValueError):
        # ValueError: the point does not lie on the curve.
        return False
    return True


def _curve(reader: CoerReader, what: str) -> tuple[Curve, CoerReader]:
    number = reader.choice()
    if number >= len(_CURVES):
        raise ItsError(ItsErrorKind.UNSUPPORTED_MESSAGE, f"a {what} of algorithm {number}")
    inner = CoerReader(reader.octets()) if number >= _FIRST_EXTENSION else reader
    return _CURVES[number], inner


def _alternative(curve: Curve, encoded: bytes) -> bytes:
    number = _CURVES.index(curve)
    return coer_choice(number) + (coer_octets(encoded) if number >= _FIRST_EXTENSION else encoded)


def _sec1(point: Point) -> bytes:
    """Return the point as SEC 1 writes it, which the library reads."""
    if point.form == _UNCOMPRESSED:
        return b"\x04" + point.x + point.y
    return bytes((point.form,)) + point.x
