"""Revocation lists (RFC 5280 §5) from files, read anew when a file changes, without a restart."""

from collections.abc import Callable, Sequence
from pathlib import Path

import structlog
from cryptography import x509

from mobility.core.clock import Instant, instant
from mobility.core.errors import BadInputError

_log = structlog.get_logger()

Stamp = tuple[int, int, int]
"""Inode, length and time of change (ns) of a file: another stamp, another content."""


class RevocationLists:
    """Which serial numbers of which issuer are revoked.

    A list is believed when one of the authorities signed it. A changed file that can not be believed is told in the
    log, and what was read from it before stays in force; a list that is older than it should be stays in force too.
    """

    def __init__(self, authorities: Sequence[Path], files: Callable[[], Sequence[Path]]) -> None:
        """Read ``files()`` (PEM or DER) now and at each ``refresh``; later they may be more.

        Raises ``BadInputError`` when an authority or a list can not be used or is missing: a gateway that does not
        know who is revoked must not start.
        """
        self._authorities = [certificate for path in authorities for certificate in _certificates(path)]
        self._files = files
        self._stamps: dict[Path, Stamp | None] = {}
        self._revoked: dict[Path, frozenset[tuple[bytes, int]]] = {}
        self._due: dict[Path, Instant] = {}
        for file in files():
            self._stamps[file] = _stamp(file)
            self._take(file)

    @staticmethod
    def check(content: bytes, authority: x509.Certificate) -> None:
        """Raise ``BadInputError`` unless ``content`` is a revocation list of ``authority``."""
        _believed(content, [authority])

    def is_revoked(self, certificate: x509.Certificate) -> bool:
        """Return whether a certificate is on its issuer's list."""
        key = certificate.issuer.public_bytes(), certificate.serial_number
        return any(key in revoked for revoked in self._revoked.values())

    def refresh(self, now: Instant) -> bool:
        """Read what changed; return whether anything did. Cheap where nothing did: one ``stat`` a file."""
        has_changed = False
        for file in self._files():
            stamp = _stamp(file)
            if stamp is not None and stamp != self._stamps.get(file):
                self._stamps[file] = stamp
                has_changed |= self._taken(file)
            due = self._due.get(file)
            if due is not None and now > due:
                _log.warning("revocation list is older than it should be", file=str(file))
                del self._due[file]  # told once for each list
        return has_changed

    def _taken(self, file: Path) -> bool:
        try:
            self._take(file)
        except BadInputError as error:
            _log.error("revocation list is not believed, the former one stays in force", fault=str(error))
            return False
        _log.info("revocation list was read", file=str(file), revoked=len(self._revoked[file]))
        return True

    def _take(self, file: Path) -> None:
        try:
            found = _believed(file.read_bytes(), self._authorities)
        except OSError as error:
            raise BadInputError(f"can not be read: {error.strerror}", source=str(file)) from error
        except BadInputError as error:
            raise BadInputError(str(error), source=str(file)) from error
        issuer = found.issuer.public_bytes()
        self._revoked[file] = frozenset((issuer, entry.serial_number) for entry in found)
        if found.next_update_utc is not None:
            self._due[file] = instant(found.next_update_utc)


def _certificates(file: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(file.read_bytes())
    except OSError as error:
        raise BadInputError(f"can not be read: {error.strerror}", source=str(file)) from error
    except ValueError as error:
        raise BadInputError(f"holds no authority's certificate: {error}", source=str(file)) from error


def _stamp(file: Path) -> Stamp | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _believed(content: bytes, authorities: Sequence[x509.Certificate]) -> x509.CertificateRevocationList:
    try:
        is_pem = content.lstrip().startswith(b"-----BEGIN")
        found = (x509.load_pem_x509_crl if is_pem else x509.load_der_x509_crl)(content)
    except ValueError as error:
        raise BadInputError(f"is no revocation list: {error}") from error
    for authority in authorities:
        key = authority.public_key()
        # mypy: only keys that sign certificates stand in an authority's.
        if found.issuer == authority.subject and found.is_signature_valid(key):  # type: ignore[arg-type]
            return found
    raise BadInputError("is not signed by an authority that is trusted here")
