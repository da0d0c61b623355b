"""The development authority: short-lived certificates, requests, revocation, the operator's own authority."""

import os
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.core.clock import shifted
from mobility.core.errors import BadInputError
from tests.fakes.clock import SettableClock
from tests.v2x.making import NOON
from v2x.edge.authority import DevelopmentAuthority, folder_name
from v2x.edge.certificates import requested_key

DAY_S = 86_400


def opened(folder: Path, clock: SettableClock | None = None) -> DevelopmentAuthority:
    return DevelopmentAuthority.open(folder, clock or SettableClock(NOON))


def read(file: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(file.read_bytes())


def request(key: object, *uris: str) -> bytes:
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shuttle-9")])
    )
    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri) for uri in uris])
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.add_extension(names, critical=False).sign(key, algorithm).public_bytes(serialization.Encoding.PEM)


def test_a_vehicles_certificate_names_the_vehicle_and_lasts_a_week(tmp_path: Path):
    made = opened(tmp_path).vehicle("shuttle-1")
    certificate = read(made.certificate)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    purpose = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == ["urn:vehicle:shuttle-1"]
    assert len(list(names)) == 1
    assert list(purpose) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert certificate.not_valid_after_utc.timestamp() * 1000 == shifted(NOON, 7 * DAY_S)
    assert certificate.not_valid_before_utc.timestamp() * 1000 < NOON
    certificate.verify_directly_issued_by(read(made.authority))
    assert isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)


def test_keys_are_for_their_owner_only_even_under_a_careless_umask(tmp_path: Path):
    former = os.umask(0)
    try:
        authority = opened(tmp_path / "authority")
        made = authority.vehicle("shuttle-1")
        gateway = authority.gateway(["localhost"])
    finally:
        os.umask(former)
    for key in (tmp_path / "authority" / "authority.key", made.key, gateway.key):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_an_authority_whose_key_others_may_read_is_not_used(tmp_path: Path):
    opened(tmp_path)
    (tmp_path / "authority.key").chmod(0o640)
    with pytest.raises(BadInputError, match=r"authority\.key: is open to others"):
        opened(tmp_path)


def test_the_same_authority_is_found_again(tmp_path: Path):
    first, second = opened(tmp_path), opened(tmp_path)
    assert read(first.certificate) == read(second.certificate)
    first.vehicle("a")
    second.vehicle("b")
    assert [entry.name for entry in opened(tmp_path).issued()] == ["a", "b"]


def test_a_request_gets_the_name_it_was_enrolled_for_not_the_one_it_asks_for(tmp_path: Path):
    key = ed25519.Ed25519PrivateKey.generate()
    signed = opened(tmp_path).sign(request(key, "urn:vehicle:shuttle-9"), "shuttle-1", 3)
    certificate = x509.load_pem_x509_certificate(signed)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == ["urn:vehicle:shuttle-1"]
    assert certificate.public_key() == key.public_key()
    assert [entry.name for entry in opened(tmp_path).issued()] == ["shuttle-1"]


def test_weak_keys_and_unproven_requests_are_refused(tmp_path: Path):
    authority = opened(tmp_path)
    for key in (rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP224R1())):
        with pytest.raises(BadInputError, match="a key that is not taken"):
            authority.sign(request(key), "shuttle-1")
    forged = x509.load_pem_x509_csr(request(ec.generate_private_key(ec.SECP256R1())))
    der = bytearray(forged.public_bytes(serialization.Encoding.DER))
    at = der.index(b"shuttle-9")
    der[at : at + 9] = b"shuttle-1"
    changed = x509.load_der_x509_csr(bytes(der)).public_bytes(serialization.Encoding.PEM)
    with pytest.raises(BadInputError, match="not signed with the key"):
        authority.sign(changed, "shuttle-1")
    assert authority.issued() == []


@settings(max_examples=150)
@given(st.binary(max_size=200) | st.binary(max_size=120).map(lambda b: b"-----BEGIN CERTIFICATE REQUEST-----\n" + b))
def test_whatever_comes_as_a_request_is_refused_in_our_words(content: bytes):
    with pytest.raises(BadInputError):
        requested_key(content)


def test_a_revoked_vehicle_is_on_the_list_that_the_authority_signed(tmp_path: Path):
    clock = SettableClock(NOON)
    authority = opened(tmp_path, clock)
    first, second = authority.vehicle("shuttle-1"), authority.vehicle("shuttle-2")
    serials = [read(made.certificate).serial_number for made in (first, second)]
    before = authority.revocations()
    assert [before.is_revoked(read(made.certificate)) for made in (first, second)] == [False, False]
    assert [entry.serial for entry in authority.revoke("shuttle-1")] == serials[:1]
    assert before.refresh(clock.now())
    assert [before.is_revoked(read(made.certificate)) for made in (first, second)] == [True, False]
    assert authority.revoke("shuttle-1") == []
    assert [entry.serial for entry in authority.revoke(f"{serials[1]:X}")] == serials[1:]
    with pytest.raises(BadInputError, match="no certificate of 'shuttle-3'"):
        authority.revoke("shuttle-3")
    assert [entry.standing(clock.now()) for entry in authority.issued()] == ["revoked", "revoked"]


def test_what_ended_long_ago_is_forgotten(tmp_path: Path):
    clock = SettableClock(NOON)
    authority = opened(tmp_path, clock)
    authority.vehicle("old")
    clock.advance(8 * DAY_S)
    authority.vehicle("new")
    assert [entry.standing(clock.now()) for entry in authority.issued()] == ["expired", "valid"]
    assert authority.revoke("old") == []
    clock.advance(100 * DAY_S)
    authority.vehicle("newest")
    assert [entry.name for entry in authority.issued()] == ["newest"]


def test_the_gateways_certificate_is_kept_while_it_serves(tmp_path: Path):
    clock = SettableClock(NOON)
    authority = opened(tmp_path, clock)
    first = read(authority.gateway(["gateway.example", "127.0.0.1"]).certificate)
    assert read(authority.gateway(["gateway.example", "127.0.0.1"]).certificate) == first
    other = read(authority.gateway(["other.example"]).certificate)
    assert other != first
    clock.advance(61 * DAY_S)
    assert read(authority.gateway(["other.example"]).certificate) != other


def test_nobody_is_signed_for_longer_than_the_authority_lives(tmp_path: Path):
    clock = SettableClock(NOON)
    authority = opened(tmp_path, clock)
    ends = read(authority.certificate).not_valid_after_utc
    assert read(authority.vehicle("a", 9_999).certificate).not_valid_after_utc == ends
    clock.advance(3_650 * DAY_S)
    with pytest.raises(BadInputError, match="has expired"):
        authority.vehicle("b")


@pytest.mark.parametrize(("vehicle_id", "days"), [("", 7), ("x" * 129, 7), ("a\nb", 7), ("a", 0), ("a", 10**9)])
def test_impossible_ids_and_validities_are_refused_and_nothing_is_signed(tmp_path: Path, vehicle_id: str, days: int):
    authority = opened(tmp_path)
    with pytest.raises(BadInputError):
        authority.vehicle(vehicle_id, days)
    assert authority.issued() == []


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_a_vehicles_folder_never_leads_out_of_its_place(vehicle_id: str):
    name = folder_name(vehicle_id)
    assert "/" not in name
    assert name not in {".", "..", ""}


def test_the_operators_own_authority_is_let_in_with_its_list(tmp_path: Path):
    operators, ours = opened(tmp_path / "operators"), opened(tmp_path / "ours")
    theirs = operators.vehicle("shuttle-1")
    operators.revoke("shuttle-1")
    list_pem = (tmp_path / "operators" / "revoked.crl").read_bytes()
    ours.let_in(operators.certificate.read_bytes(), list_pem)
    assert len(ours.authorities) == 2
    assert ours.revocations().is_revoked(read(theirs.certificate))
    with pytest.raises(BadInputError, match="not signed by an authority"):
        ours.let_in(ours.certificate.read_bytes(), list_pem)
    with pytest.raises(BadInputError, match="nobody who may sign"):
        ours.let_in(theirs.certificate.read_bytes())
    with pytest.raises(BadInputError, match="is no authority's certificate"):
        ours.let_in(b"nonsense")


def test_damaged_files_are_named(tmp_path: Path):
    authority = opened(tmp_path)
    authority.vehicle("a")
    (tmp_path / "issued.json").write_text("{")
    with pytest.raises(BadInputError, match=r"issued\.json: is damaged"):
        authority.issued()
    (tmp_path / "authority.key").write_text("no key")
    with pytest.raises(BadInputError, match=r"authority\.key: is no private key"):
        opened(tmp_path)
