"""Development keys for signed ITS messages, kept in a folder: a root, and a ticket made anew when it expires."""

import os
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from mobility.core.clock import Instant
from mobility.core.errors import BadInputError
from v2x.its.errors import ItsError
from v2x.its.security_certificate import Certificate
from v2x.its.security_sign import DevelopmentSigner, development_root, development_ticket
from v2x.its.security_trust import parse_certificates

CERTIFICATES: Final = "certificates.hex"
"""Root and ticket, one a line in hex: what ``mobility v2x decode --certificates`` takes."""
_ROOT_KEY, _TICKET_KEY = "root.pem", "ticket.pem"
_MARGIN_MS: Final = 3_600_000
"""A certificate with less time left is made anew."""


def development_signer(folder: Path, now: Instant) -> DevelopmentSigner:
    """Return the signer of a folder; makes it, its keys (readable by the owner only) and certificates where needed.

    Raises ``BadInputError`` for files that are no keys or certificates, ``OSError`` where they can not be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    root_key, ticket_key = _key(folder / _ROOT_KEY), _key(folder / _TICKET_KEY)
    file = folder / CERTIFICATES
    known = _certificates(file)
    root = _still_valid(known[:1], root_key, now) or development_root(root_key, now)
    ticket = _still_valid(known[1:], ticket_key, now)
    if ticket is None or ticket.issuer != root.hashed_id8:
        ticket = development_ticket(ticket_key, root=root, root_key=root_key, now=now)
    lines = f"# root\n{root.raw.hex()}\n# ticket\n{ticket.raw.hex()}\n"
    if known != [root, ticket]:
        file.write_text(lines, encoding="utf-8")
    return DevelopmentSigner(key=ticket_key, certificate=ticket)


def _key(file: Path) -> ec.EllipticCurvePrivateKey:
    if not file.exists():
        made = ec.generate_private_key(ec.SECP256R1())
        written = made.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(written)
        return made
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise BadInputError("is no private key without a password", source=file.name) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise BadInputError("is no key on NIST P-256", source=file.name)
    return key


def _certificates(file: Path) -> list[Certificate]:
    if not file.exists():
        return []
    try:
        return parse_certificates(file.read_text(encoding="utf-8"), file.name)
    except (ItsError, UnicodeDecodeError) as error:
        raise BadInputError(f"holds no certificates: {error}", source=file.name) from error


def _still_valid(found: list[Certificate], key: ec.EllipticCurvePrivateKey, now: Instant) -> Certificate | None:
    """Return the certificate if it is one of this key and will last a while."""
    for certificate in found:
        x = key.public_key().public_numbers().x.to_bytes(32, "big")
        is_its = certificate.key is not None and certificate.key.point.x == x
        if is_its and certificate.valid_from <= now < certificate.valid_until - _MARGIN_MS:
            return certificate
    return None
