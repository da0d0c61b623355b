"""What Wireshark reads in a capture, as rows of text: the third party to agree with."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.patience import LONG_PATIENCE_S


def tshark_rows(file: Path, *fields: str) -> list[list[str]]:
    """The first value of each field in each frame; a skip without tshark, but a failure on CI."""
    if shutil.which("tshark") is None:
        assert os.environ.get("CI") != "true", "tshark is required here"
        pytest.skip("tshark is not installed")
    known = _run("-G", "fields")
    if "\tits.stationID\t" not in known:
        fields = tuple("its.stationId" if field == "its.stationID" else field for field in fields)
    wanted = [part for field in fields for part in ("-e", field)]
    shown = _run("-r", str(file), "-T", "fields", "-E", "occurrence=f", *wanted)
    return [row.split("\t") for row in shown.splitlines()]


def _run(*arguments: str) -> str:
    done = subprocess.run(
        ["tshark", *arguments], capture_output=True, text=True, encoding="latin-1", check=True, timeout=LONG_PATIENCE_S
    )
    return done.stdout
