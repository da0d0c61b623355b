"""Building certificates and revocation lists (RFC 5280): authority, gateway and vehicle, on NIST P-256."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from mobility.core.clock import Instant, datetime_at
from mobility.core.errors import BadInputError
from v2x.identity import vehicle_urn

BACKDATED_S = 3600.0
"""Validity begins so long before the present, because the other side's clock may be slow."""
RSA_LEAST_BITS = 3000
"""Shorter RSA keys are refused (BSI TR-02102-1 §2.3)."""
_LONGEST_COMMON_NAME = 64

PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey
"""Kinds of keys that a vehicle may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """An authority: its certificate and the key to it."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def new_key() -> ec.EllipticCurvePrivateKey:
    """Make a P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return a private key as PKCS#8 PEM, unencrypted."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def pem(made: x509.Certificate | x509.CertificateRevocationList) -> bytes:
    """Return a certificate or list as PEM."""
    return made.public_bytes(serialization.Encoding.PEM)


def authority_certificate(key: ec.EllipticCurvePrivateKey, name: str, now: Instant, days: int) -> x509.Certificate:
    """Return a self-signed authority that may sign vehicles and gateways, but no further authorities."""
    subject = _name(name)
    builder = (
        _dated(x509.CertificateBuilder(), now, days)
        .subject_name(subject)
        .issuer_name(subject)
        .serial_number(x509.random_serial_number())
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return builder.sign(key, hashes.SHA256())


def vehicle_certificate(
    signer: Signer, public_key: PublicKey, vehicle_id: str, now: Instant, days: int
) -> x509.Certificate:
    """Return a client certificate whose only name is the vehicle's; raises ``BadInputError`` for an impossible id."""
    names = [x509.UniformResourceIdentifier(vehicle_urn(vehicle_id))]
    purpose = ExtendedKeyUsageOID.CLIENT_AUTH
    return _leaf(signer, public_key, names=names, common_name=vehicle_id, purpose=purpose, now=now, days=days)


def gateway_certificate(
    signer: Signer, public_key: PublicKey, hosts: Sequence[str], now: Instant, days: int
) -> x509.Certificate:
    """Return a server certificate for host names and IP addresses; raises ``BadInputError`` for what is neither."""
    if not hosts:
        raise BadInputError("a gateway's certificate needs at least one host name")
    names = [_host(host) for host in hosts]
    purpose = ExtendedKeyUsageOID.SERVER_AUTH
    return _leaf(signer, public_key, names=names, common_name=hosts[0], purpose=purpose, now=now, days=days)


def revocation_list(
    signer: Signer, revoked: Iterable[tuple[int, Instant]], number: int, now: Instant, days: int
) -> x509.CertificateRevocationList:
    """Return the list of revoked serial numbers with the time of each; ``number`` grows with every list."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(signer.certificate.subject)
        .last_update(datetime_at(now, UTC))
        .next_update(datetime_at(now, UTC) + timedelta(days=days))
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(_issued_by(signer), critical=False)
    )
    for serial, at in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(datetime_at(at, UTC))
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(signer.key, hashes.SHA256())


def requested_key(csr_pem: bytes) -> PublicKey:
    """Return the public key of a signing request; everything else in it is ignored.

    Raises ``BadInputError`` when it is none, is not signed with its own key, or the key is of a kind not taken.
    """
    try:
        request = x509.load_pem_x509_csr(csr_pem)
        key, is_proven = request.public_key(), request.is_signature_valid
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadInputError(f"is no certificate request: {error}") from error
    if not is_proven:
        raise BadInputError("is not signed with the key that it names")
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1 | ec.SECP384R1):
        return key
    if isinstance(key, ed25519.Ed25519PublicKey) or (
        isinstance(key, rsa.RSAPublicKey) and key.key_size >= RSA_LEAST_BITS
    ):
        return key
    raise BadInputError(f"has a key that is not taken: P-256, P-384, Ed25519 or RSA from {RSA_LEAST_BITS} bits on are")


def _leaf(
    signer: Signer,
    public_key: PublicKey,
    *,
    names: Sequence[x509.GeneralName],
    common_name: str,
    purpose: x509.ObjectIdentifier,
    now: Instant,
    days: int,
) -> x509.Certificate:
    builder = (
        _dated(x509.CertificateBuilder(), now, days, latest=signer.certificate.not_valid_after_utc)
        .subject_name(_name(common_name[:_LONGEST_COMMON_NAME]))
        .issuer_name(signer.certificate.subject)
        .serial_number(x509.random_serial_number())
        .public_key(public_key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(_issued_by(signer), critical=False)
    )
    return builder.sign(signer.key, hashes.SHA256())


def _dated(
    builder: x509.CertificateBuilder, now: Instant, days: int, *, latest: datetime | None = None
) -> x509.CertificateBuilder:
    if days < 1:
        raise BadInputError(f"a certificate is valid for one day or more, not {days}")
    moment = datetime_at(now, UTC).replace(microsecond=0)
    try:
        ends = moment + timedelta(days=days)
    except OverflowError as error:
        raise BadInputError(f"{days} days end beyond every calendar") from error
    # Nobody vouches for longer than for themselves.
    ends = ends if latest is None else min(ends, latest)
    if ends <= moment:
        raise BadInputError("the authority's own certificate has expired")
    return builder.not_valid_before(moment - timedelta(seconds=BACKDATED_S)).not_valid_after(ends)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _issued_by(signer: Signer) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key())


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        pass
    try:
        return x509.DNSName(host.encode("idna").decode() if host else "")
    except ValueError as error:
        raise BadInputError(f"{host!r} is no host name") from error
