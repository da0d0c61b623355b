"""Certificates to play with, right and wrong ones, made once for a folder."""

import time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from mobility.core.clock import Instant
from v2x.edge.authority import Credentials, DevelopmentAuthority
from v2x.edge.certificates import key_pem, new_key, pem

LOCAL = ("localhost", "127.0.0.1")
DAY_MS = 86_400_000


class ComputersClock:
    """The computer's time, ``ahead_ms`` of it: OpenSSL judges by this one and no other."""

    def __init__(self, ahead_ms: int = 0) -> None:
        self.ahead_ms = ahead_ms

    def now(self) -> Instant:
        return Instant(time.time_ns() // 1_000_000 + self.ahead_ms)

    async def sleep(self, duration_s: float) -> None:
        raise AssertionError("certificates wait for nothing")


def authority_in(folder: Path, *, ahead_ms: int = 0) -> DevelopmentAuthority:
    return DevelopmentAuthority.open(folder, ComputersClock(ahead_ms))


def with_names(authority: DevelopmentAuthority, folder: Path, *names: x509.GeneralName) -> Credentials:
    """A client's certificate that the authority would never sign: it names whatever is wanted."""
    honest = x509.load_pem_x509_certificate(authority.vehicle("template").certificate.read_bytes())
    key = new_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(honest.subject)
        .issuer_name(honest.issuer)
        .serial_number(x509.random_serial_number())
        .not_valid_before(honest.not_valid_before_utc)
        .not_valid_after(honest.not_valid_after_utc)
        .public_key(key.public_key())
    )
    for extension in honest.extensions:
        if not isinstance(extension.value, x509.SubjectAlternativeName | x509.SubjectKeyIdentifier):
            builder = builder.add_extension(extension.value, critical=extension.critical)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    made = Credentials(certificate=folder / "named.pem", key=folder / "named.key", authority=authority.certificate)
    made.certificate.write_bytes(pem(builder.sign(authority._signer.key, hashes.SHA256())))
    made.key.write_bytes(key_pem(key))
    return made


def below_root(root: DevelopmentAuthority, folder: Path) -> None:
    """Make an authority in ``folder`` that did not sign itself."""
    honest = authority_in(folder)._signer
    builder = (
        x509.CertificateBuilder()
        .subject_name(honest.certificate.subject)
        .issuer_name(root._signer.certificate.subject)
        .serial_number(x509.random_serial_number())
        .not_valid_before(honest.certificate.not_valid_before_utc)
        .not_valid_after(honest.certificate.not_valid_after_utc)
        .public_key(honest.key.public_key())
    )
    for extension in honest.certificate.extensions:
        builder = builder.add_extension(extension.value, critical=extension.critical)
    (folder / "authority.pem").write_bytes(pem(builder.sign(root._signer.key, hashes.SHA256())))
