"""The keys that sign commands of technical supervision: one of the supervisor's desk, one of the second approver's.

Ed25519 (RFC 8032). The private halves never leave their directory; vehicles get ``PUBLIC_NAME``.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mobility.core.errors import BadInputError
from v2x.edge.key_files import locked, read_private, write_private, write_public

SUPERVISION = "supervision"
"""Key id of who issues a command."""
APPROVAL = "approval"
"""Key id of who approves it."""
KEY_IDS = (SUPERVISION, APPROVAL)
PUBLIC_NAME = "command-keys.json"
"""The public halves: a JSON object of key id to 32 bytes in hex."""
_PUBLIC_BYTES = 32


class CommandKeys:
    """Both key pairs."""

    def __init__(self, keys: Mapping[str, Ed25519PrivateKey]) -> None:
        """Take one private key for each of ``KEY_IDS``."""
        self._keys = dict(keys)

    @classmethod
    def open(cls, directory: Path) -> Self:
        """Read the keys of ``directory``; what is missing is made, readable for its owner only.

        Raises ``BadInputError`` when a file is no such key, ``OSError`` when nothing can be written.
        """
        with locked(directory):
            keys = cls({key_id: _opened(directory / f"command-{key_id}.key") for key_id in KEY_IDS})
            text = json.dumps({key_id: public.hex() for key_id, public in keys.public.items()}, indent=1) + "\n"
            public_file = directory / PUBLIC_NAME
            if not public_file.is_file() or public_file.read_text(encoding="utf-8") != text:
                write_public(public_file, text.encode())
        return keys

    @property
    def public(self) -> dict[str, bytes]:
        """The public halves, 32 bytes each, by key id: what a vehicle's verifier needs."""
        return {key_id: key.public_key().public_bytes_raw() for key_id, key in self._keys.items()}

    def sign(self, key_id: str, message: bytes) -> bytes:
        """Return the signature (64 bytes) of ``message``; raises ``KeyError`` for an unknown key id."""
        return self._keys[key_id].sign(message)


def read_public_keys(file: Path) -> dict[str, bytes]:
    """Read ``PUBLIC_NAME`` as a vehicle does; raises ``BadInputError``."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        keys = {str(key_id): bytes.fromhex(text) for key_id, text in found.items()}
    except OSError as error:
        raise BadInputError(f"can not be read: {error.strerror}", source=str(file)) from error
    except (ValueError, TypeError, AttributeError) as error:
        raise BadInputError(f"holds no command keys: {error}", source=str(file)) from error
    if not keys or any(len(key) != _PUBLIC_BYTES for key in keys.values()):
        raise BadInputError("holds a key that has not 32 bytes, or none", source=str(file))
    return keys


def _opened(file: Path) -> Ed25519PrivateKey:
    if not file.exists():
        made = Ed25519PrivateKey.generate()
        write_private(
            file,
            made.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
        )
        return made
    try:
        key = serialization.load_pem_private_key(read_private(file), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadInputError(f"is no private key: {error}", source=str(file)) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise BadInputError("is no Ed25519 key", source=str(file))
    return key
