"""The R09.16 telegram: nine octets written as the public layout says, and nothing else read as one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from v2x.its.errors import ItsError, ItsErrorKind
from v2x.its.r09 import R0916, ManualRequest, parse_r09_telegram, r09_telegram

TELEGRAMS = st.builds(
    R0916,
    reporting_point=st.integers(0, 0xFFFF),
    line=st.integers(0, 999),
    course=st.integers(0, 99),
    destination=st.integers(0, 999),
    priority=st.integers(0, 3),
    delay_min=st.integers(-7, 7),
    manual=st.sampled_from(ManualRequest),
    train_length=st.integers(0, 7),
)


def test_a_telegram_is_laid_out_octet_by_octet():
    content = R0916(
        reporting_point=0x1267,
        line=123,
        course=45,
        destination=678,
        priority=2,
        delay_min=-3,
        manual=ManualRequest.STRAIGHT,
        train_length=1,
    )
    assert r09_telegram(content).hex(" ") == "91 b6 12 67 91 23 45 67 81"


@given(TELEGRAMS)
def test_every_telegram_is_read_as_it_was_written(content: R0916):
    assert parse_r09_telegram(r09_telegram(content)) == content


@given(st.binary(max_size=24), st.sampled_from([b"", b"\x91", b"\x91\x06", b"\x91\x86"]))
def test_other_octets_are_refused_or_are_a_telegram(tail: bytes, head: bytes):
    try:
        content = parse_r09_telegram(head + tail)
    except ItsError:
        return
    assert r09_telegram(content) == head + tail


@pytest.mark.parametrize(
    ("octets", "kind"),
    [
        ("", ItsErrorKind.TRUNCATED),
        ("91", ItsErrorKind.TRUNCATED),
        ("910612679123456781"[:-2], ItsErrorKind.TRUNCATED),
        ("900612679123456781", ItsErrorKind.UNSUPPORTED_MESSAGE),
        ("910412679123", ItsErrorKind.UNSUPPORTED_MESSAGE),
        ("9108126791234567810000", ItsErrorKind.UNSUPPORTED_MESSAGE),
        ("91061267912345678100", ItsErrorKind.MALFORMED),
        ("910612679a23456781", ItsErrorKind.MALFORMED),
        ("9106126791234f6781", ItsErrorKind.MALFORMED),
        ("910612679123456789", ItsErrorKind.MALFORMED),
        ("918612679123456781", ItsErrorKind.MALFORMED),
    ],
)
def test_what_is_no_canonical_r09_16_is_refused_by_kind(octets: str, kind: ItsErrorKind):
    with pytest.raises(ItsError) as refused:
        parse_r09_telegram(bytes.fromhex(octets))
    assert refused.value.kind == kind


@pytest.mark.parametrize(
    "wrong",
    [
        *({"reporting_point": 65536}, {"line": 1000}, {"course": -1}, {"destination": 1000}, {"priority": 4}),
        *({"train_length": 8}, {"delay_min": 8}, {"delay_min": -8}),
    ],
)
def test_what_has_no_place_in_a_telegram_is_refused_when_it_is_made(wrong: dict[str, int]):
    with pytest.raises(ItsError, match=next(iter(wrong))):
        R0916(**{"reporting_point": 1, "line": 1, "course": 1, "destination": 1, **wrong})
