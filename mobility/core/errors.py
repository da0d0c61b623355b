"""The tree of faults. What a user can cause and mend is a Refusal, not one of these.

MobilityError
├── BadInputError            a file or message is wrong; names file, row and field
├── StorageError
│   ├── ReadOnlyError        nothing more is acknowledged (full disk, failed fsync)
│   └── CorruptionError      stored bytes do not match their checksum or chain
├── StreamClosedError        the other side of a connection is gone
└── RefusedError             a Refusal on its way out of a request handler
"""

from mobility.core.refusal import Refusal


class MobilityError(Exception):
    """Root of all faults raised by this project."""


class BadInputError(MobilityError):
    """Input from outside that can not be used; nothing of it was taken over."""

    def __init__(self, message: str, *, source: str = "", row: int | None = None, field: str = "") -> None:
        """Keep where it happened: ``source`` file or feed, ``row`` (1 = first data row), ``field`` name."""
        parts = (source, f"row {row}" if row is not None else "", f"field {field}" if source and field else field)
        place = ", ".join(part for part in parts if part)
        super().__init__(f"{place}: {message}" if place else message)
        self.source = source
        self.row = row
        self.field = field


class StorageError(MobilityError):
    """A fact could not be kept; it was not acknowledged."""


class ReadOnlyError(StorageError):
    """Storage accepts nothing more until an operator has acted and the process was restarted."""


class CorruptionError(StorageError):
    """Stored bytes contradict their checksum or hash chain."""


class StreamClosedError(MobilityError):
    """A frame stream ended; there is nothing more to receive or send."""


class RefusedError(MobilityError):
    """Carries a refusal out of a request handler; the application answers with ``status`` and its sentence."""

    def __init__(self, refusal: Refusal, status: int = 409) -> None:
        """Keep the refusal and the HTTP status (4xx)."""
        super().__init__(refusal.code)
        self.refusal = refusal
        self.status = status
