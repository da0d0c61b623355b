"""Files of keys and certificates: written whole or not at all, private ones for their owner's eyes only."""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mobility.core.errors import BadInputError

_PRIVATE, _PUBLIC = 0o600, 0o644
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Keep other processes from changing the directory meanwhile; it is made (0700) where it is missing."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(directory / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def write_private(file: Path, content: bytes) -> None:
    """Write a file that only its owner may read; durable, and never half there."""
    _write(file, content, _PRIVATE)


def write_public(file: Path, content: bytes) -> None:
    """Write a file that everybody may read; durable, and never half there."""
    _write(file, content, _PUBLIC)


def read_private(file: Path) -> bytes:
    """Read a private file; raises ``BadInputError`` when others may read it too, or nobody."""
    try:
        with file.open("rb") as opened:
            if os.fstat(opened.fileno()).st_mode & _OTHERS:
                raise BadInputError("is open to others; only its owner may read it (chmod 600)", source=str(file))
            return opened.read()
    except OSError as error:
        raise BadInputError(f"can not be read: {error.strerror}", source=str(file)) from error


def _write(file: Path, content: bytes, mode: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        fresh.replace(file)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    directory = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
