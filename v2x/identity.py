"""Who a vehicle is, read from its certificate: the one URI ``urn:vehicle:<id>`` among its alternative names.

Certificates come as ``ssl.SSLObject.getpeercert()`` gives them. Subject, common name and DNS names mean nothing here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from urllib.parse import quote, unquote

from mobility.core.clock import Instant, instant
from mobility.core.errors import BadInputError
from mobility.core.ids import VehicleId

URN = "urn:vehicle:"
"""What every vehicle's name in a certificate begins with."""
LONGEST_ID = 128
"""Characters of a vehicle id, as the vehicle protocol has it."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class CertificateFault(StrEnum):
    """Why a connection was refused for its certificate; the value is what logs and counters say."""

    MISSING = "missing"
    """There was none."""
    FOREIGN = "foreign"
    """Not signed by an authority that is trusted here."""
    WRONG_PURPOSE = "wrong_purpose"
    """Made for something else, e.g. for a server."""
    BAD_IDENTITY = "bad_identity"
    """Does not name exactly one vehicle."""
    UNKNOWN_VEHICLE = "unknown_vehicle"
    """Names a vehicle that is not of this fleet."""
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    REVOKED = "revoked"
    OUTDATED_TLS = "outdated_tls"
    """Speaks no TLS 1.3."""
    HANDSHAKE = "handshake"
    """The handshake failed for another reason; the log has OpenSSL's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerCertificate:
    """What matters of a certificate whose signature was checked already."""

    vehicle_id: VehicleId
    serial: int
    issuer: str
    """The issuer's common name, for logs."""
    not_before: Instant
    not_after: Instant
    """Last instant of its validity (RFC 5280 §4.1.2.5: inclusive, in whole seconds)."""

    def fault_at(self, now: Instant) -> CertificateFault | None:
        """Return what is wrong with its validity at ``now``, ``None`` for nothing."""
        if now < self.not_before:
            return CertificateFault.NOT_YET_VALID
        return CertificateFault.EXPIRED if now >= self.not_after + 1000 else None


def vehicle_urn(vehicle_id: str) -> str:
    """Return the name of a vehicle in certificates; characters other than letters, digits and ``-._~`` are escaped.

    Raises ``BadInputError`` for an id that is empty, longer than ``LONGEST_ID`` or holds control characters.
    """
    if not 1 <= len(vehicle_id) <= LONGEST_ID or not vehicle_id.isprintable():
        raise BadInputError(f"a vehicle id has 1 to {LONGEST_ID} printable characters, this is {vehicle_id!r}")
    return URN + quote(vehicle_id, safe="")


def vehicle_of_urn(urn: str) -> VehicleId:
    """Return the vehicle that a URI names; raises ``BadInputError`` unless it is written as ``vehicle_urn`` does."""
    if not urn.startswith(URN):
        raise BadInputError(f"{urn!r} does not begin with {URN}")
    vehicle_id = unquote(urn.removeprefix(URN), errors="replace")
    if vehicle_urn(vehicle_id) != urn:  # one vehicle, one spelling: two that differ are never the same vehicle
        raise BadInputError(f"{urn!r} is no vehicle's name as it must be written")
    return VehicleId(vehicle_id)


def vehicle_of_certificate(peercert: Mapping[str, Any]) -> VehicleId:
    """Return whose certificate it is; raises ``BadInputError`` unless it names exactly one URI, and that a vehicle."""
    uris = [value for kind, value in peercert.get("subjectAltName", ()) if kind == "URI"]
    if len(uris) != 1:
        raise BadInputError(f"a vehicle's certificate names one URI, this one {len(uris)}")
    return vehicle_of_urn(uris[0])


def peer_certificate(peercert: Mapping[str, Any]) -> PeerCertificate:
    """Return what matters of a certificate; raises ``BadInputError`` when it is none of a vehicle."""
    try:
        serial = int(peercert["serialNumber"], 16)
        validity = _instant(peercert["notBefore"]), _instant(peercert["notAfter"])
    except (KeyError, ValueError) as error:
        raise BadInputError("a certificate without serial number or validity") from error
    return PeerCertificate(
        vehicle_id=vehicle_of_certificate(peercert),
        serial=serial,
        issuer=issuer_of(peercert),
        not_before=validity[0],
        not_after=validity[1],
    )


def issuer_of(peercert: Mapping[str, Any]) -> str:
    """Return the issuer's common name, empty where it has none."""
    names = (pair for group in peercert.get("issuer", ()) for pair in group)
    return next((value for kind, value in names if kind == "commonName"), "")


def _instant(text: str) -> Instant:
    """Read ``Nov  8 11:00:00 2025 GMT``, as OpenSSL prints times; raises ``ValueError``."""
    month, day, clock, year, zone = text.split()
    if zone != "GMT":
        raise ValueError(f"{text!r} is not in GMT")
    hour, minute, second = map(int, clock.split(":"))
    return instant(datetime(int(year), _MONTHS.index(month) + 1, int(day), hour, minute, second, tzinfo=UTC))
