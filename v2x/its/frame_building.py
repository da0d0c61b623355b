"""A whole packet for a message: where it is sent from and to whom follows from the message itself."""

from typing import Any, Final

from v2x.its.clock import TimestampIts
from v2x.its.errors import ItsError, ItsErrorKind
from v2x.its.frame import Sender, Sign, packet
from v2x.its.geonetworking import Area, AreaShape
from v2x.its.message import ItsMessage
from v2x.its.security import PSID_CAM, PSID_DENM
from v2x.its.security_sign import DevelopmentSigner

DEFAULT_RADIUS_M: Final = 1000
"""Radius of a DENM's destination area where it does not say how far it matters."""

_RADII_M: Final = {
    "lessThan50m": 50,
    "lessThan100m": 100,
    "lessThan200m": 200,
    "lessThan500m": 500,
    "lessThan1000m": 1000,
    "lessThan5km": 5_000,
    "lessThan10km": 10_000,
    "over10km": 20_000,
}
"""``relevanceDistance`` of a DENM to metres."""
_PSIDS: Final = {"CAM": PSID_CAM, "DENM": PSID_DENM}
_UNAVAILABLE_LATITUDE, _UNAVAILABLE_LONGITUDE = 900_000_001, 1_800_000_001
_UNAVAILABLE_SPEED, _UNAVAILABLE_HEADING = 16_383, 3_601


def message_packet(
    message: ItsMessage, uper: bytes, *, timestamp: TimestampIts, signer: DevelopmentSigner | None = None
) -> bytes:
    """Return the GeoNetworking packet of a message: geo-broadcast for DENM, single-hop broadcast for all others.

    ``timestamp`` is when it is sent. Raises ``ItsError`` for a message without a BTP port, or without a PSID when it
    shall be signed.
    """
    sender = _sender(message, timestamp)
    return packet(message.message, uper, sender, area=_area(message), sign=_sign(message, sender, signer))


def link_address(station_id: int) -> bytes:
    """Return a locally administered address that tells the station, 6 bytes."""
    return b"\x02\x00" + station_id.to_bytes(4, "big")


def _sign(message: ItsMessage, sender: Sender, signer: DevelopmentSigner | None) -> Sign | None:
    if signer is None:
        return None
    psid = _PSIDS.get(message.message)
    if psid is None:
        raise ItsError(ItsErrorKind.UNSUPPORTED_MESSAGE, f"the development ticket may not sign {message.message}")
    place = (sender.latitude, sender.longitude) if psid == PSID_DENM else None

    def sign(payload: bytes) -> bytes:
        return signer.envelope(payload, psid=psid, generated_at=sender.timestamp, place=place)

    return sign


def _sender(message: ItsMessage, timestamp: TimestampIts) -> Sender:
    latitude, longitude = _place(message)
    return Sender(
        station_type=_station_type(message),
        address=link_address(message.station_id),
        timestamp=timestamp,
        latitude=latitude,
        longitude=longitude,
        speed=_available(message.speed_value, _UNAVAILABLE_SPEED),
        heading=_available(message.heading_value, _UNAVAILABLE_HEADING),
    )


def _place(message: ItsMessage) -> tuple[int, int]:
    return (
        _available(message.latitude, _UNAVAILABLE_LATITUDE),
        _available(message.longitude, _UNAVAILABLE_LONGITUDE),
    )


def _area(message: ItsMessage) -> Area | None:
    if message.message != "DENM":
        return None
    latitude, longitude = _place(message)
    distance = _at(message, "denm", "management").get("relevanceDistance", "")
    radius_m = _RADII_M.get(distance, DEFAULT_RADIUS_M)
    return Area(
        shape=AreaShape.CIRCLE, latitude=latitude, longitude=longitude, distance_a=radius_m, distance_b=0, angle=0
    )


def _station_type(message: ItsMessage) -> int:
    part = (
        _at(message, "denm", "management")
        if message.message == "DENM"
        else _at(message, "cam", "camParameters", "basicContainer")
    )
    code: int = part.get("stationType", 0)
    return code & 0x1F


def _at(message: ItsMessage, *names: str) -> dict[str, Any]:
    part: Any = message.value
    for name in names:
        part = part.get(name, {}) if isinstance(part, dict) else {}
    return part if isinstance(part, dict) else {}


def _available(value: int | None, unavailable: int) -> int:
    return 0 if value is None or value == unavailable else value
