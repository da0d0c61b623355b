"""W3C trace context in a user property of MQTT 5: taken from what a vehicle sends, given back with the answer."""

import re

PROPERTY = "traceparent"
"""Name of the user property (W3C Trace Context for MQTT)."""
_PATTERN = re.compile(r"[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)
_FORBIDDEN_VERSION = "ff-"


def traceparent_of(properties: list[tuple[str, str]]) -> str:
    """Return the first valid trace parent among user properties (Trace Context §3.2), empty where there is none."""
    for name, text in properties:
        if name == PROPERTY and _PATTERN.fullmatch(text) and not text.startswith(_FORBIDDEN_VERSION):
            return text
    return ""
