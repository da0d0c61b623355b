"""Frames that could not be used, kept as they came for whoever has to find out why."""

from base64 import b64encode

from mobility.core.ids import VehicleId
from mobility.storage.day_lines import DayLines

MAX_FRAME_BYTES = 64 * 1024
"""Of a longer frame only the beginning is kept, with its full length."""


class FileQuarantine:
    """Keeps vehicle, reason, length and bytes (base64), one line each."""

    def __init__(self, lines: DayLines) -> None:
        """Write to ``lines``; its day limit keeps a hostile vehicle from filling the disk."""
        self._lines = lines

    def keep(self, vehicle_id: VehicleId | None, reason: str, frame: bytes) -> None:
        """Keep a frame of a vehicle, ``None`` before it named itself. Returns at once and never raises."""
        kept = b64encode(frame[:MAX_FRAME_BYTES]).decode()
        self._lines.append({"vehicle_id": vehicle_id, "reason": reason, "length": len(frame), "frame": kept})
