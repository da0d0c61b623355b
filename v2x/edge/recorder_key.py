"""The key that signs event archives: an Ed25519 pair made at first use, its private half for the owner's eyes only."""

from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from mobility.core.errors import BadInputError
from v2x.edge.key_files import locked, read_private, write_private

NAME = "recorder.key"


def recorder_key(directory: Path) -> Ed25519PrivateKey:
    """Return the key in ``directory``; made where there is none yet.

    Raises ``BadInputError`` when the file is no such key or open to others, ``OSError`` when it can not be written.
    """
    file = directory / NAME
    with locked(directory):
        if not file.exists():
            made = Ed25519PrivateKey.generate()
            write_private(file, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            return made
        try:
            key = load_pem_private_key(read_private(file), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise BadInputError(f"is no private key: {error}", source=str(file)) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise BadInputError("is no Ed25519 key", source=str(file))
    return key
