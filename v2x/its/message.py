"""A decoded ITS message: its name, version and station, and the whole value under its ASN.1 names.

Value form (JSON-able, the raw integers of the standards, no scaling):

- SEQUENCE: ``dict`` with the ASN.1 component names in the order of the standard; absent components are not in it, also
  those that have a default (a DENM without ``validityDuration`` is valid for 600 s);
- SEQUENCE OF: ``list``; INTEGER: ``int``; BOOLEAN: ``bool``; ENUMERATED: the ASN.1 name; NULL: ``None``;
- CHOICE: a ``dict`` with one entry under the chosen alternative's name;
- BIT STRING: a ``str`` of ``0`` and ``1``, first bit first; OCTET STRING: lower-case hex; character strings: ``str``.
"""

from typing import Any, NamedTuple, TypeAlias

ItsValue: TypeAlias = dict[str, Any]
"""A message in the value form above. ``Any`` because ASN.1 types nest without end; the codecs check every leaf."""


class ItsMessage(NamedTuple):
    """One message as its codec read it. Integers are raw, those of the standard (TS 102 894-2).

    A named tuple, because making one costs a tenth of decoding a CAM less than making a frozen dataclass.
    """

    message: str
    """Name of the message: ``CAM``, ``DENM``, ``SPATEM``, ``MAPEM``, ``SREM`` or ``SSEM``."""
    protocol_version: int
    """``protocolVersion`` of the ITS PDU header."""
    station_id: int
    """``stationID`` of the header, 0..4294967295: a pseudonym that changes."""
    value: ItsValue
    """The whole message including the header, see the head of this file."""

    @property
    def latitude(self) -> int | None:
        """Latitude of the CAM's or DENM's event position, 0.1 microdegree; 900000001 = unavailable; None = has none."""
        return _integer(_position(self.value), "latitude")

    @property
    def longitude(self) -> int | None:
        """Longitude, 0.1 microdegree; 1800000001 = unavailable; None = the message has no position."""
        return _integer(_position(self.value), "longitude")

    @property
    def speed_value(self) -> int | None:
        """Speed of a CAM's vehicle or a DENM's event, 0.01 m/s; 16383 = unavailable; None = the message has none."""
        return _integer(_motion(self.value, "speed", "eventSpeed"), "speedValue")

    @property
    def heading_value(self) -> int | None:
        """Heading of a CAM's vehicle or a DENM's event, 0.1 degree clockwise from north; 3601 = unavailable."""
        return _integer(_motion(self.value, "heading", "eventPositionHeading"), "headingValue")

    @property
    def cause_code(self) -> int | None:
        """Direct cause code of a DENM's event, 0..255; None = the message has none (a CAM, a cancellation)."""
        return _integer(self.value, "denm", "situation", "eventType", "causeCode")

    @property
    def sub_cause_code(self) -> int | None:
        """Sub cause code belonging to ``cause_code``, 0..255."""
        return _integer(self.value, "denm", "situation", "eventType", "subCauseCode")


def _at(value: object, *path: str) -> object:
    """The part of a value at a path, or None where the path ends early."""
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def _integer(value: object, *path: str) -> int | None:
    found = _at(value, *path)
    return found if isinstance(found, int) else None


def _position(value: ItsValue) -> object:
    if "cam" in value:
        return _at(value, "cam", "camParameters", "basicContainer", "referencePosition")
    return _at(value, "denm", "management", "eventPosition")


def _motion(value: ItsValue, cam_name: str, denm_name: str) -> object:
    if "cam" in value:
        parameters = ("cam", "camParameters", "highFrequencyContainer", "basicVehicleContainerHighFrequency")
        return _at(value, *parameters, cam_name)
    return _at(value, "denm", "location", denm_name)
