"""Who may come in through the vehicles' door: every certificate is judged, every refusal counted and told by name.

OpenSSL checks in the handshake that a certificate is signed by a trusted authority for a client. What it would refuse
without saying whose it was (validity, revocation, fleet) is judged here right after the handshake.
"""

import ssl
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from cryptography import x509

from mobility.core.clock import Clock, Instant
from mobility.core.errors import BadInputError
from mobility.core.ids import VehicleId
from v2x.identity import CertificateFault, PeerCertificate, peer_certificate

_log = structlog.get_logger()

NO_CHECK_TIME = 0x200000
"""``X509_V_FLAG_NO_CHECK_TIME`` of OpenSSL's x509_vfy.h."""

TOLD_AT_FIRST, TOLD_EVERY = 20, 100
"""Of one vehicle's refusals for one reason the first so many stand in the log, then one in so many."""

_NOT_YET_VALID, _EXPIRED, _PURPOSE, _REVOKED = 9, 10, 26, 23
_FAULT_OF_CODE = {
    _NOT_YET_VALID: CertificateFault.NOT_YET_VALID,
    _EXPIRED: CertificateFault.EXPIRED,
    _PURPOSE: CertificateFault.WRONG_PURPOSE,
    _REVOKED: CertificateFault.REVOKED,
}
"""``X509_V_ERR_…`` of x509_vfy.h; every other code means that nobody trusted here has signed."""
_FAULT_OF_REASON = {
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": CertificateFault.MISSING,
    "UNSUPPORTED_PROTOCOL": CertificateFault.OUTDATED_TLS,
    "VERSION_TOO_LOW": CertificateFault.OUTDATED_TLS,
    "WRONG_SSL_VERSION": CertificateFault.OUTDATED_TLS,
}

IsRevoked = Callable[[x509.Certificate], bool]


class Revocations(Protocol):
    """What ``v2x.edge.revocation.RevocationLists`` gives."""

    def is_revoked(self, certificate: x509.Certificate) -> bool:
        """Return whether a certificate is revoked."""
        ...

    def refresh(self, now: Instant) -> bool:
        """Look for news."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Peer:
    """Who is at the other end of a connection."""

    identity: PeerCertificate
    certificate: x509.Certificate

    @property
    def vehicle_id(self) -> VehicleId:
        """The vehicle."""
        return self.identity.vehicle_id


class Admission:
    """Judges certificates for one listener or for several."""

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        is_revoked: IsRevoked | None = None,
        revocations: Revocations | None = None,
        is_known: Callable[[VehicleId], bool] | None = None,
    ) -> None:
        """Judge validity by ``clock``, the computer's time; without one OpenSSL judges it, and names no vehicle.

        ``revocations`` are looked at again while connections are open, ``is_revoked`` is asked as well. ``is_known``
        tells which vehicles are of this fleet; without it all that a trusted authority names.
        """
        self._clock = clock
        self._is_revoked = is_revoked
        self._revocations = revocations
        self._is_known = is_known
        self._refused: Counter[CertificateFault] = Counter()
        self._told: Counter[tuple[CertificateFault, str]] = Counter()
        self.ended = 0
        """Open connections that were ended because their certificate had been revoked or had expired."""

    @property
    def refused(self) -> Mapping[CertificateFault, int]:
        """Connections that were not let in, by reason."""
        return {fault: self._refused[fault] for fault in CertificateFault}

    def prepare(self, context: ssl.SSLContext) -> None:
        """Have the handshakes of a listener's context told to this admission."""
        admission = self

        class ToldHandshake(ssl.SSLObject):
            """A TLS connection whose failed handshake does not pass unnoticed."""

            def do_handshake(self) -> None:
                """Go on with the handshake; raises as the original does."""
                try:
                    super().do_handshake()
                except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                    raise
                except ssl.SSLError as error:
                    admission.handshake_failed(error)
                    raise

        context.sslobject_class = ToldHandshake
        if self._clock is not None:
            context.verify_flags |= NO_CHECK_TIME

    def handshake_failed(self, error: ssl.SSLError) -> None:
        """Count and tell a handshake that OpenSSL refused."""
        if isinstance(error, ssl.SSLCertVerificationError):
            fault = _FAULT_OF_CODE.get(error.verify_code, CertificateFault.FOREIGN)
            detail = error.verify_message
        else:
            fault = _FAULT_OF_REASON.get(error.reason, CertificateFault.HANDSHAKE)
            detail = error.reason.lower().replace("_", " ") if error.reason else str(error)
        if self._is_to_be_told(fault, ""):
            _log.warning("vehicle refused in the TLS handshake", fault=fault.value, detail=detail)

    def admit(self, tls: ssl.SSLObject | None, remote: str) -> Peer | CertificateFault:
        """Return who is there, or why they are not let in; ``remote`` is the address, for the log."""
        certificate = tls.getpeercert() if tls is not None else None
        if tls is None or not certificate:
            return self._refuse(CertificateFault.MISSING, remote, {})
        try:
            identity = peer_certificate(certificate)
        except BadInputError as error:
            return self._refuse(CertificateFault.BAD_IDENTITY, remote, certificate, detail=str(error))
        peer = Peer(identity=identity, certificate=_parsed(tls))
        fault = self.fault(peer)
        if fault is None and self._is_known is not None and not self._is_known(identity.vehicle_id):
            fault = CertificateFault.UNKNOWN_VEHICLE
        return peer if fault is None else self._refuse(fault, remote, certificate, vehicle=identity.vehicle_id)

    def fault(self, peer: Peer) -> CertificateFault | None:
        """Return why a peer may not stay, ``None`` when it may."""
        if self._is_revoked is not None and self._is_revoked(peer.certificate):
            return CertificateFault.REVOKED
        if self._revocations is not None and self._revocations.is_revoked(peer.certificate):
            return CertificateFault.REVOKED
        return None if self._clock is None else peer.identity.fault_at(self._clock.now())

    def refresh(self) -> None:
        """Look for news of who is revoked."""
        if self._revocations is not None:
            self._revocations.refresh(Instant(0) if self._clock is None else self._clock.now())

    def end(self, peer: Peer, fault: CertificateFault, remote: str) -> None:
        """Count and tell that an open connection is ended."""
        self.ended += 1
        identity = peer.identity
        _log.warning(
            "vehicle's connection ended",
            vehicle=identity.vehicle_id,
            fault=fault.value,
            serial=f"{identity.serial:x}",
            remote=remote,
        )

    def _refuse(
        self,
        fault: CertificateFault,
        remote: str,
        certificate: Mapping[str, Any],
        *,
        vehicle: str = "",
        detail: str = "",
    ) -> CertificateFault:
        if self._is_to_be_told(fault, vehicle):
            serial = str(certificate.get("serialNumber", "")).lower().lstrip("0")
            _log.warning(
                "vehicle refused", fault=fault.value, vehicle=vehicle, detail=detail, serial=serial, remote=remote
            )
        return fault

    def _is_to_be_told(self, fault: CertificateFault, vehicle: str) -> bool:
        # Who knocks for ever fills no disk with it. Only vehicles that a trusted authority named get here by name.
        self._refused[fault] += 1
        self._told[fault, vehicle] += 1
        times = self._told[fault, vehicle]
        return times <= TOLD_AT_FIRST or times % TOLD_EVERY == 0


def _parsed(tls: ssl.SSLObject) -> x509.Certificate:
    der = tls.getpeercert(binary_form=True)
    assert der is not None  # noqa: S101 - the same certificate was read in the other form before
    return x509.load_der_x509_certificate(der)
