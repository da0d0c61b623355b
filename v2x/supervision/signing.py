"""Signing a command: Ed25519 (RFC 8032) over a fixed prefix and the body, one key for issuers, one for approvers.

The prefix keeps a signature from meaning anything in another protocol that might share the key.
"""

from collections.abc import Sequence
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

PREFIX = b"mobility-command-v1"
SUPERVISION = "supervision"
"""Key id of who issues."""
APPROVAL = "approval"
"""Key id of the second person."""

Signatures = Sequence[tuple[str, bytes]]
"""Key id and signature (64 bytes)."""


class SigningKeys(Protocol):
    """Both private keys, wherever they are kept."""

    def sign(self, key_id: str, message: bytes) -> bytes:
        """Return the Ed25519 signature (64 bytes) with the key ``SUPERVISION`` or ``APPROVAL``."""
        ...


def signed(keys: SigningKeys, body: bytes, *, is_approved: bool) -> tuple[tuple[str, bytes], ...]:
    """Return the signatures of a body: the issuer's, and the approver's over the same bytes where there is one."""
    key_ids = (SUPERVISION, APPROVAL) if is_approved else (SUPERVISION,)
    return tuple((key_id, keys.sign(key_id, PREFIX + body)) for key_id in key_ids)


def is_signed(key: Ed25519PublicKey, body: bytes, signature: bytes) -> bool:
    """Return whether ``signature`` is the key's over this body."""
    try:
        key.verify(signature, PREFIX + body)
    except InvalidSignature:
        return False
    return True


def role_of(key_id: str) -> str:
    """Return the role of a key: its id up to a first ``-``, so that ``approval-2`` may follow ``approval``."""
    return key_id.partition("-")[0]
