"""The development authority: signs certificates of vehicles and of the gateway, remembers them, revokes them.

For an operator without one of their own. Everything lies in one directory: ``authority.pem`` and its key,
``issued.json`` (what was signed), ``revoked.crl``, ``trusted/`` (operators' authorities that were let in, and their
revocation lists), ``gateway/`` and ``vehicles/<id>/``. Keys are readable for their owner only.
"""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from mobility.core.clock import Clock
from mobility.core.errors import BadInputError
from v2x.edge.certificates import (
    Signer,
    authority_certificate,
    gateway_certificate,
    key_pem,
    new_key,
    pem,
    requested_key,
    revocation_list,
    vehicle_certificate,
)
from v2x.edge.command_keys import PUBLIC_NAME
from v2x.edge.issued import Issued, read_issued, write_issued
from v2x.edge.key_files import locked, read_private, write_private, write_public
from v2x.edge.revocation import RevocationLists
from v2x.edge.tls import gateway_context, vehicle_context

VEHICLE_DAYS = 7
"""Validity of a vehicle's certificate unless told otherwise: short, so that a lost one soon is worth nothing."""
GATEWAY_DAYS = 90
AUTHORITY_DAYS = 3650
_LIST_DAYS = 30
_DAY_MS = 86_400_000
_RENEWED_BEFORE_MS = 30 * _DAY_MS
"""A gateway's certificate that ends so soon is made anew when the server starts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """PEM files that one side of a connection needs."""

    certificate: Path
    key: Path
    authority: Path
    """Who vouches for the other side."""

    @property
    def files(self) -> list[Path]:
        """All three."""
        return [self.certificate, self.key, self.authority]

    def vehicle_context(self) -> ssl.SSLContext:
        """Return a vehicle's TLS context."""
        return vehicle_context(certificate=self.certificate, key=self.key, authority=self.authority)


class DevelopmentAuthority:
    """One directory with an authority in it. Blocks for the disk: for start-up and the command line."""

    def __init__(self, directory: Path, clock: Clock, signer: Signer) -> None:
        """Use ``open`` instead."""
        self.directory = directory
        self._clock = clock
        self._signer = signer

    @classmethod
    def open(cls, directory: Path, clock: Clock) -> Self:
        """Open the authority of ``directory``; the first time it is made.

        ``clock`` must be the computer's time, because TLS libraries judge validity by it. Raises ``BadInputError``
        when the files are no authority or its key is readable for others, ``OSError`` when nothing can be written.
        """
        with locked(directory):
            if not (directory / "authority.pem").exists():
                _found(directory, clock)
            authority = cls(directory, clock, _signer_in(directory))
            if not authority._list.exists():
                authority._write_list(read_issued(directory))
        return authority

    @property
    def certificate(self) -> Path:
        """The authority's own certificate."""
        return self.directory / "authority.pem"

    @property
    def authorities(self) -> list[Path]:
        """Everybody who may sign vehicles: this authority and the operators' that were let in."""
        return [self.certificate, *sorted((self.directory / "trusted").glob("*.pem"))]

    def issued(self) -> list[Issued]:
        """Return what was signed, oldest first."""
        return read_issued(self.directory)

    def vehicle(self, vehicle_id: str, days: int = VEHICLE_DAYS, *, out: Path | None = None) -> Credentials:
        """Make a key and a certificate for a vehicle, in ``out`` or under ``vehicles/``.

        Raises ``BadInputError`` for an impossible vehicle id or validity.
        """
        folder = out or self.directory / "vehicles" / folder_name(vehicle_id)
        key = new_key()
        certificate = self._sign_vehicle(key.public_key(), vehicle_id, days)
        return self._credentials(folder, certificate, key)

    def sign(self, csr_pem: bytes, vehicle_id: str, days: int = VEHICLE_DAYS) -> bytes:
        """Return a certificate (PEM) for the key of a request; the name is ``vehicle_id``, whatever the request says.

        Raises ``BadInputError`` for a request that can not be used, and as ``vehicle``.
        """
        return pem(self._sign_vehicle(requested_key(csr_pem), vehicle_id, days))

    def vehicle_of_request(self, csr_pem: bytes, vehicle_id: str, days: int, *, out: Path) -> list[Path]:
        """Sign a request as ``sign`` does and write certificate and authority to ``out``; returns both files."""
        signed = self.sign(csr_pem, vehicle_id, days)
        made = _credentials_in(out)
        write_public(made.certificate, signed)
        write_public(made.authority, self.certificate.read_bytes())
        return [made.certificate, made.authority]

    def hand_out_command_keys(self, out: Path) -> list[Path]:
        """Copy the public halves of the command keys to ``out`` where this directory has them; returns the file."""
        public = self.directory / PUBLIC_NAME
        if not public.is_file():
            return []
        write_public(out / PUBLIC_NAME, public.read_bytes())
        return [out / PUBLIC_NAME]

    def gateway(self, hosts: Sequence[str], days: int = GATEWAY_DAYS) -> Credentials:
        """Return the gateway's certificate for ``hosts``: the former one while it serves, else a new one."""
        folder = self.directory / "gateway"
        with locked(self.directory):
            last = next((entry for entry in reversed(self.issued()) if entry.kind == "gateway"), None)
        lasting = self._clock.now() + min(_RENEWED_BEFORE_MS, days * _DAY_MS // 3)
        is_fit = last is not None and last.hosts == tuple(hosts) and last.not_after > lasting
        if is_fit and last is not None and last.revoked_at is None and (folder / "key.pem").exists():
            return _credentials_in(folder)
        key = new_key()
        with locked(self.directory):
            certificate = gateway_certificate(self._signer, key.public_key(), hosts, self._clock.now(), days)
            self._remember(Issued.of(certificate, kind="gateway", name=hosts[0], hosts=tuple(hosts)))
        return self._credentials(folder, certificate, key)

    def gateway_context(self, hosts: Sequence[str]) -> ssl.SSLContext:
        """Return the listener's TLS context with this authority's certificate for ``hosts``."""
        made = self.gateway(hosts)
        return gateway_context(certificate=made.certificate, key=made.key, authorities=self.authorities)

    def revocations(self) -> RevocationLists:
        """Return the revocation lists of all ``authorities``, read anew when they change."""
        return RevocationLists(
            self.authorities, lambda: [self._list, *sorted((self.directory / "trusted").glob("*.crl"))]
        )

    def revoke(self, name: str) -> list[Issued]:
        """Revoke a vehicle's certificates that are still valid, or the one with this serial number (hex).

        Returns what is newly revoked; raises ``BadInputError`` when nothing of the name was signed here.
        """
        now = self._clock.now()
        with locked(self.directory):
            entries = read_issued(self.directory)
            meant = [entry for entry in entries if entry.is_meant_by(name)]
            if not meant:
                raise BadInputError(f"no certificate of {name!r} was signed by the authority in {self.directory}")
            revoked = [entry.revoked(now) for entry in meant if entry.revoked_at is None and entry.not_after > now]
            by_serial = {entry.serial: entry for entry in revoked}
            entries = [by_serial.get(entry.serial, entry) for entry in entries]
            write_issued(self.directory, entries)
            self._write_list(entries)
        return revoked

    def let_in(self, certificate_pem: bytes, revocations_pem: bytes | None = None) -> Path:
        """Trust another authority's certificate for vehicles, with its revocation list where it has one.

        Returns where it was put. Raises ``BadInputError`` when it is no authority or the list is not its own.
        """
        certificate = _authority_of(certificate_pem)
        if certificate.not_valid_after_utc.timestamp() * 1000 <= self._clock.now():
            raise BadInputError("the authority's certificate has expired")
        if revocations_pem is not None:
            RevocationLists.check(revocations_pem, certificate)
        file = self.directory / "trusted" / f"{certificate.fingerprint(hashes.SHA256()).hex()[:16]}.pem"
        with locked(self.directory):
            write_public(file, pem(certificate))
            if revocations_pem is not None:
                write_public(file.with_suffix(".crl"), revocations_pem)
        return file

    @property
    def _list(self) -> Path:
        return self.directory / "revoked.crl"

    def _sign_vehicle(self, key: object, vehicle_id: str, days: int) -> x509.Certificate:
        with locked(self.directory):
            made = vehicle_certificate(self._signer, key, vehicle_id, self._clock.now(), days)  # type: ignore[arg-type]  # checked
            self._remember(Issued.of(made, kind="vehicle", name=vehicle_id))
        return made

    def _remember(self, entry: Issued) -> None:
        # Before the certificate leaves: what nobody remembers, nobody can revoke.
        write_issued(self.directory, [*read_issued(self.directory), entry])

    def _write_list(self, entries: Sequence[Issued]) -> None:
        revoked = [(entry.serial, entry.revoked_at) for entry in entries if entry.revoked_at is not None]
        now = self._clock.now()
        # The time in milliseconds grows with every list, and no counter has to be kept.
        write_public(self._list, pem(revocation_list(self._signer, revoked, int(now), now, _LIST_DAYS)))

    def _credentials(self, folder: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Credentials:
        made = _credentials_in(folder)
        write_private(made.key, key_pem(key))
        write_public(made.certificate, pem(certificate))
        write_public(made.authority, self.certificate.read_bytes())
        return made


def folder_name(vehicle_id: str) -> str:
    """Return a name for a vehicle's folder that leads nowhere else, whatever the id."""
    return quote(vehicle_id, safe="") if vehicle_id.strip(".") else vehicle_id.replace(".", "%2E")


def _credentials_in(folder: Path) -> Credentials:
    return Credentials(
        certificate=folder / "certificate.pem", key=folder / "key.pem", authority=folder / "authority.pem"
    )


def _found(directory: Path, clock: Clock) -> None:
    key = new_key()
    name = f"Vehicle authority {key.public_key().public_numbers().x & 0xFFFFFFFF:08x}"
    write_private(directory / "authority.key", key_pem(key))
    write_public(directory / "authority.pem", pem(authority_certificate(key, name, clock.now(), AUTHORITY_DAYS)))


def _signer_in(directory: Path) -> Signer:
    file = directory / "authority.key"
    certificate = _authority_of((directory / "authority.pem").read_bytes())
    try:
        key = load_pem_private_key(read_private(file), password=None)
    except (ValueError, TypeError) as error:
        raise BadInputError(f"is no private key: {error}", source=str(file)) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise BadInputError("is not the key of authority.pem", source=str(file))
    return Signer(certificate=certificate, key=key)


def _authority_of(certificate_pem: bytes) -> x509.Certificate:
    try:
        certificate = x509.load_pem_x509_certificate(certificate_pem)
        may_sign = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (ValueError, x509.ExtensionNotFound) as error:
        raise BadInputError(f"is no authority's certificate: {error}") from error
    if not may_sign:
        raise BadInputError("is a certificate, but of nobody who may sign others")
    return certificate
