"""A counter that is lost takes old commands for new ones."""

from pathlib import Path

import pytest

from mobility.core.errors import BadInputError
from v2x.edge.counter_file import CounterFile


def test_the_counter_outlives_its_process(tmp_path: Path) -> None:
    file = tmp_path / "counter"
    assert CounterFile(file).read() == 0
    for number in (1, 41, 2**63 - 1):
        CounterFile(file).write(number)
        assert CounterFile(file).read() == number
    assert [each.name for each in tmp_path.iterdir()] == ["counter"]


@pytest.mark.parametrize("content", [b"", b"-1", b"7x", b"\xff\xfe", b"1\n2"])
def test_a_damaged_counter_is_an_error_and_never_zero(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "counter"
    file.write_bytes(content)
    with pytest.raises(BadInputError, match="counter"):
        CounterFile(file).read()
