"""Revocation lists: read anew when they change, believed only when a trusted authority signed them."""

from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from mobility.core.errors import BadInputError
from tests.fakes.clock import SettableClock
from tests.v2x.making import NOON
from v2x.edge.authority import DevelopmentAuthority
from v2x.edge.revocation import RevocationLists


def opened(folder: Path, clock: SettableClock | None = None) -> DevelopmentAuthority:
    return DevelopmentAuthority.open(folder, clock or SettableClock(NOON))


def certificate_of(authority: DevelopmentAuthority, vehicle_id: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(authority.vehicle(vehicle_id).certificate.read_bytes())


def test_nothing_is_read_while_nothing_changes(tmp_path: Path):
    authority = opened(tmp_path)
    lists = authority.revocations()
    assert not lists.refresh(NOON)
    authority.vehicle("a")
    assert not lists.refresh(NOON)
    authority.revoke("a")
    assert lists.refresh(NOON)
    assert not lists.refresh(NOON)


@pytest.mark.parametrize("damage", ["", "nonsense", "foreign", "changed"])
def test_a_list_that_can_not_be_believed_leaves_the_former_one_in_force(tmp_path: Path, damage: str):
    authority = opened(tmp_path / "ours")
    revoked = certificate_of(authority, "a")
    authority.revoke("a")
    lists = authority.revocations()
    file = tmp_path / "ours" / "revoked.crl"
    if damage == "foreign":
        opened(tmp_path / "foreign")
        file.write_bytes((tmp_path / "foreign" / "revoked.crl").read_bytes())
    elif damage == "changed":
        lines = file.read_text().splitlines()
        lines[-2] = lines[-2][:-8] + ("AAAA" if lines[-2][-8:-4] != "AAAA" else "BBBB") + lines[-2][-4:]
        file.write_text("\n".join(lines))
    else:
        file.write_text(damage)
    with capture_logs() as told:
        assert not lists.refresh(NOON)
        assert not lists.refresh(NOON)
    assert lists.is_revoked(revoked)
    assert [line["event"] for line in told] == ["revocation list is not believed, the former one stays in force"]


def test_a_list_that_is_gone_stays_in_force(tmp_path: Path):
    authority = opened(tmp_path)
    revoked = certificate_of(authority, "a")
    authority.revoke("a")
    lists = authority.revocations()
    (tmp_path / "revoked.crl").unlink()
    assert not lists.refresh(NOON)
    assert lists.is_revoked(revoked)


def test_a_gateway_does_not_start_on_a_list_that_it_can_not_believe(tmp_path: Path):
    authority = opened(tmp_path)
    (tmp_path / "revoked.crl").write_bytes(b"nonsense")
    with pytest.raises(BadInputError, match=r"revoked\.crl: is no revocation list"):
        authority.revocations()


def test_a_gateway_does_not_start_without_a_list_that_it_was_told_of(tmp_path: Path):
    authority = opened(tmp_path)
    with pytest.raises(BadInputError, match=r"operators\.crl: can not be read"):
        RevocationLists([authority.certificate], lambda: [tmp_path / "operators.crl"])
    for missing, words in [(tmp_path / "none.pem", "can not be read"), (tmp_path / "issued.json", "holds no")]:
        authority.vehicle("a")
        with pytest.raises(BadInputError, match=words):
            RevocationLists([missing], list)


def test_an_old_list_is_told_once_and_stays_in_force(tmp_path: Path):
    clock = SettableClock(NOON)
    authority = opened(tmp_path, clock)
    revoked = certificate_of(authority, "a")
    authority.revoke("a")
    lists = authority.revocations()
    clock.advance(31 * 86_400)
    with capture_logs() as told:
        lists.refresh(clock.now())
        lists.refresh(clock.now())
    assert [line["event"] for line in told] == ["revocation list is older than it should be"]
    assert lists.is_revoked(revoked)


def test_a_list_that_comes_later_is_found(tmp_path: Path):
    operators, ours = opened(tmp_path / "operators"), opened(tmp_path / "ours")
    revoked = certificate_of(operators, "a")
    put = ours.let_in(operators.certificate.read_bytes())
    lists = ours.revocations()
    assert not lists.is_revoked(revoked)
    operators.revoke("a")
    fresh = put.with_suffix(".fresh")
    fresh.write_bytes((tmp_path / "operators" / "revoked.crl").read_bytes())
    fresh.replace(put.with_suffix(".crl"))
    assert lists.refresh(NOON)
    assert lists.is_revoked(revoked)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200) | st.binary(max_size=99).map(lambda b: b"-----BEGIN X509 CRL-----\n" + b))
def test_whatever_comes_as_a_list_is_refused_in_our_words(tmp_path: Path, content: bytes):
    authority = x509.load_pem_x509_certificate(opened(tmp_path).certificate.read_bytes())
    with pytest.raises(BadInputError):
        RevocationLists.check(content, authority)
