"""What the MQTT side has counted since it started."""

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class MqttCounters:
    """Running figures; every one only ever rises, except ``streams``."""

    streams: int = 0
    """Vehicles with an open stream at the moment."""
    links: int = 0
    """Connections to the broker that stood."""
    failures: int = 0
    """Attempts to connect that failed."""
    messages: int = 0
    """Messages the broker delivered, whatever became of them."""
    acknowledged: int = 0
    """Messages we acknowledged to the broker: durable, or nothing to keep."""
    repeated: int = 0
    """Messages that the broker marked as delivered before."""
    raw: int = 0
    """Raw ITS messages handed on."""
    positions: int = 0
    """VDV 435 positions handed on."""
    foreign: int = 0
    """Messages under topics that are none of ours or no UTF-8, and of vehicles that are not of the fleet."""
    unusable: int = 0
    """Payloads that were set aside: no position, no status."""
    oversized: int = 0
    """Payloads beyond what a frame may hold."""
    without_hello: int = 0
    """Frames of vehicles that have no open stream; they were asked for a Hello."""
    dropped: int = 0
    """Frames and messages dropped because a queue was full."""
