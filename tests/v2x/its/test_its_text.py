import pytest
from hypothesis import given
from hypothesis import strategies as st

from v2x.its.errors import ItsError, ItsErrorKind
from v2x.its.text import frame_of, hex_lines, is_text


@given(st.binary(min_size=1))
def test_hex_comes_back_however_it_is_written(data: bytes) -> None:
    for written in (data.hex(), data.hex().upper(), data.hex(" "), data.hex(":"), data.hex("-"), "0x" + data.hex()):
        assert frame_of(written) == data


def test_lines_without_a_frame_are_left_out() -> None:
    assert list(hex_lines("\ufeff# a CAM\n0202 # of yesterday\r\n\n  \t\n01 01\n")) == ["0202", "01 01"]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("zz", ItsErrorKind.MALFORMED),
        ("1_0", ItsErrorKind.MALFORMED),
        ("\u0661\u0661", ItsErrorKind.MALFORMED),
        ("::", ItsErrorKind.MALFORMED),
        ("020", ItsErrorKind.TRUNCATED),
    ],
)
def test_a_line_that_is_not_hex_is_refused(line: str, kind: ItsErrorKind) -> None:
    with pytest.raises(ItsError) as refused:
        frame_of(line)
    assert refused.value.kind is kind


@given(st.text())
def test_any_line_gives_bytes_or_the_documented_error(line: str) -> None:
    try:
        assert isinstance(frame_of(line), bytes)
    except ItsError as error:
        assert error.detail


@pytest.mark.parametrize(
    ("data", "expected"),
    [(b"0202\n", True), (b"", True), (b"\x02\x02", False), (b"\xff\xff", False), ("# für uns\n02".encode(), True)],
)
def test_text_is_told_from_raw_bytes(data: bytes, expected: bool) -> None:
    assert is_text(data) is expected
