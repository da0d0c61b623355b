"""Why the gateway ends a connection."""

from enum import StrEnum


class GoodbyeReason(StrEnum):
    """Reasons in the order of their numbers on the wire."""

    UNKNOWN = "unknown"
    UNSUPPORTED_PROTOCOL = "unsupported_protocol"
    BAD_TOKEN = "bad_token"  # noqa: S105 - the name of a reason
    VEHICLE_MISMATCH = "vehicle_mismatch"
    REPLACED = "replaced"
    READ_ONLY = "read_only"
    NO_HELLO = "no_hello"
    SHUTTING_DOWN = "shutting_down"


BY_NUMBER = tuple(GoodbyeReason)
"""Wire number to reason."""
NUMBERS = {reason: number for number, reason in enumerate(BY_NUMBER)}
"""Reason to wire number."""
