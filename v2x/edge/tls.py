"""TLS between vehicles and gateway: version 1.3 only, certificates on both sides (BSI TR-02102-2)."""

import ssl
from collections.abc import Sequence
from pathlib import Path

from mobility.core.errors import BadInputError


def gateway_context(*, certificate: Path, key: Path, authorities: Sequence[Path]) -> ssl.SSLContext:
    """Return the gateway's side: it shows ``certificate`` and asks for one signed by one of ``authorities``.

    All files are PEM. Raises ``BadInputError`` naming what can not be used.
    """
    context = _context(ssl.PROTOCOL_TLS_SERVER, certificate, key)
    context.verify_mode = ssl.CERT_REQUIRED
    # A resumed session would come in on what was checked in a former one.
    context.num_tickets = 0
    for authority in authorities:
        _trust(context, authority)
    return context


def vehicle_context(*, certificate: Path, key: Path, authority: Path) -> ssl.SSLContext:
    """Return a vehicle's side: it shows ``certificate`` and talks to a gateway that ``authority`` vouches for.

    The gateway's certificate must name the host that is connected to. Raises ``BadInputError`` as above.
    """
    context = _context(ssl.PROTOCOL_TLS_CLIENT, certificate, key)
    _trust(context, authority)
    return context


def _context(protocol: int, certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    # Who is named as trusted is trusted, be it a root or an authority below one.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    for file in (certificate, key):
        _require(file)
    try:
        context.load_cert_chain(certificate, key)
    except ssl.SSLError as error:
        raise BadInputError(f"with the key {key.name}: {error}", source=str(certificate)) from error
    return context


def _trust(context: ssl.SSLContext, authority: Path) -> None:
    _require(authority)
    try:
        context.load_verify_locations(authority)
    except ssl.SSLError as error:
        raise BadInputError(f"holds no authority's certificate: {error}", source=str(authority)) from error


def _require(file: Path) -> None:
    # OpenSSL does not say which of its files it could not read.
    try:
        with file.open("rb"):
            pass
    except OSError as error:
        raise BadInputError(f"can not be read: {error.strerror}", source=str(file)) from error
