"""The two key pairs that sign commands, and what vehicles are given of them."""

import stat
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from mobility.core.errors import BadInputError
from v2x.edge.command_keys import APPROVAL, PUBLIC_NAME, SUPERVISION, CommandKeys, read_public_keys


def test_keys_are_made_once_and_are_for_their_owner_only(tmp_path: Path):
    first, second = CommandKeys.open(tmp_path), CommandKeys.open(tmp_path)
    assert first.public == second.public == read_public_keys(tmp_path / PUBLIC_NAME)
    assert set(first.public) == {SUPERVISION, APPROVAL}
    assert first.public[SUPERVISION] != first.public[APPROVAL]
    for file in tmp_path.glob("*.key"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_each_key_signs_for_itself_only(tmp_path: Path):
    keys = CommandKeys.open(tmp_path)
    signature = keys.sign(APPROVAL, b"release")
    Ed25519PublicKey.from_public_bytes(keys.public[APPROVAL]).verify(signature, b"release")
    with pytest.raises(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(keys.public[SUPERVISION]).verify(signature, b"release")
    with pytest.raises(KeyError):
        keys.sign("driver", b"release")


def test_a_key_that_others_may_read_is_not_used(tmp_path: Path):
    CommandKeys.open(tmp_path)
    (tmp_path / "command-approval.key").chmod(0o644)
    with pytest.raises(BadInputError, match=r"command-approval\.key: is open to others"):
        CommandKeys.open(tmp_path)


def test_a_public_file_that_was_lost_or_changed_is_made_anew_from_the_keys(tmp_path: Path):
    keys = CommandKeys.open(tmp_path)
    (tmp_path / PUBLIC_NAME).write_text("{}")
    assert CommandKeys.open(tmp_path).public == keys.public == read_public_keys(tmp_path / PUBLIC_NAME)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"a": "00"}', '{"a": 7}', '{"a": "zz"}', "\x00", '"x"'])
def test_a_vehicle_refuses_a_file_that_holds_no_keys(tmp_path: Path, text: str):
    file = tmp_path / PUBLIC_NAME
    file.write_text(text)
    with pytest.raises(BadInputError, match=PUBLIC_NAME):
        read_public_keys(file)


def test_missing_files_are_named(tmp_path: Path):
    with pytest.raises(BadInputError, match="can not be read"):
        read_public_keys(tmp_path / PUBLIC_NAME)
    CommandKeys.open(tmp_path)
    (tmp_path / "command-approval.key").write_bytes(b"x")
    with pytest.raises(BadInputError, match="is no private key"):
        CommandKeys.open(tmp_path)
