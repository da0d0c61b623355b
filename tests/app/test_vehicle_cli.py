"""``mobility vehicle``: what it writes, what it says, and its exit codes."""

import json
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from typer.testing import CliRunner

from mobility.cli.vehicle import app
from mobility.core.errors import BadInputError
from v2x.edge.command_keys import CommandKeys, read_public_keys
from v2x.edge.tls import gateway_context, vehicle_context


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> dict[str, object]:
        done = CliRunner().invoke(app, [*words, "--authority", "ca", "--json"], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    return run


def test_enrolling_writes_what_a_vehicle_needs(call, tmp_path: Path):
    told = call("enrol", "shuttle-1", "--out", "van")
    assert (told["name"], told["standing"]) == ("shuttle-1", "valid")
    assert told["files"] == ["van/certificate.pem", "van/key.pem", "van/authority.pem"]
    van = tmp_path / "van"
    assert stat.S_IMODE((van / "key.pem").stat().st_mode) == 0o600
    context = vehicle_context(certificate=van / "certificate.pem", key=van / "key.pem", authority=van / "authority.pem")
    assert context.check_hostname


def test_without_a_folder_the_vehicles_name_is_the_folder(call, tmp_path: Path):
    assert call("enrol", "bus/7")["files"][0] == "bus%2F7/certificate.pem"
    assert (tmp_path / "bus%2F7" / "certificate.pem").is_file()


def test_command_keys_come_along_once_the_server_has_made_them(call, tmp_path: Path):
    keys = CommandKeys.open(tmp_path / "ca")
    told = call("enrol", "van-1", "--out", "van")
    assert told["files"][-1] == "van/command-keys.json"
    assert read_public_keys(tmp_path / "van" / "command-keys.json") == keys.public


def test_a_request_is_signed_and_no_key_is_written(call, tmp_path: Path):
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    (tmp_path / "van.csr").write_bytes(request.public_bytes(serialization.Encoding.PEM))
    told = call("enrol", "van-1", "--csr", "van.csr", "--out", "van", "--days", "2")
    assert told["files"] == ["van/certificate.pem", "van/authority.pem"]
    made = x509.load_pem_x509_certificate((tmp_path / "van" / "certificate.pem").read_bytes())
    assert made.public_key() == key.public_key()


def test_renewing_is_for_vehicles_that_are_enrolled_and_not_revoked(call):
    with pytest.raises(BadInputError, match="never enrolled"):
        call("renew", "shuttle-1")
    first = call("enrol", "shuttle-1")
    second = call("renew", "shuttle-1")
    assert first["serial"] != second["serial"]
    assert len(call("revoke", "shuttle-1")["revoked"]) == 2
    with pytest.raises(BadInputError, match="was revoked"):
        call("renew", "shuttle-1")
    call("enrol", "shuttle-1")
    call("renew", "shuttle-1")


def test_one_certificate_of_a_vehicle_can_be_revoked_alone(call):
    first, second = call("enrol", "shuttle-1"), call("renew", "shuttle-1")
    revoked = call("revoke", str(first["serial"]))["revoked"]
    assert [row["serial"] for row in revoked] == [first["serial"]]
    standing = {row["serial"]: row["standing"] for row in call("list")["certificates"]}
    assert standing == {first["serial"]: "revoked", second["serial"]: "valid"}
    with pytest.raises(BadInputError, match="no certificate of 'shuttle-9'"):
        call("revoke", "shuttle-9")


def test_the_gateways_certificate_and_the_operators_authority(call, tmp_path: Path):
    operator = CliRunner().invoke(app, ["enrol", "x", "--authority", "operator"], catch_exceptions=False)
    assert operator.exit_code == 0
    told = call(
        *("authority", "--import", "operator/authority.pem", "--crl", "operator/revoked.crl", "--host", "gw.example")
    )
    assert len(told["authorities"]) == 2
    certificate, key, _ = (Path(file) for file in told["gateway"])
    context = gateway_context(certificate=certificate, key=key, authorities=[Path(p) for p in told["authorities"]])
    assert len(context.get_ca_certs()) == 2
    with pytest.raises(BadInputError, match="--import"):
        call("authority", "--crl", "operator/revoked.crl")


def test_people_are_told_in_words(tmp_path: Path):
    def words(*given: str) -> str:
        done = CliRunner().invoke(app, [*given, "--authority", str(tmp_path / "ca")], catch_exceptions=False)
        assert done.exit_code == 0
        return done.stdout

    enrolled = words("enrol", "shuttle-1", "--out", str(tmp_path / "van"))
    assert enrolled.startswith("shuttle-1: certificate ")
    assert "key.pem" in enrolled
    assert words("list").startswith("valid    vehicle  shuttle-1")
    assert words("revoke", "shuttle-1").startswith("revoked shuttle-1 ")
    assert words("revoke", "shuttle-1") == "nothing was valid any more\n"
    assert "may be signed by" in words("authority", "--host", "localhost")


def test_looking_at_no_authority_makes_none(tmp_path: Path):
    for command in (["list"], ["revoke", "shuttle-1"]):
        done = CliRunner().invoke(app, [*command, "--authority", str(tmp_path / "none")])
        assert isinstance(done.exception, BadInputError)
    assert not (tmp_path / "none").exists()
