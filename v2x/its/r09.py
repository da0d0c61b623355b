"""The R09.16 telegram: how a bus or tram asks a traffic light for green, by radio for decades and now inside CAM.

Nine octets, the most significant bit first (VÖV 04.05.1 with supplement "LSA/R09.14 and R09.16", reissued as VDV 420;
the layout agrees with what Wireshark's ``r09`` dissector reads out of a CAM):

======  ===========================================================================================================
Octet   Content
======  ===========================================================================================================
1       0x91: mode 9, type 1
2       ZV (1 bit: 0 late, 1 early), ZW (3 bits: minutes off schedule, 0..7), TL (4 bits: 6 additional octets)
3-4     MP, reporting point, 16 bits; how a town divides it into junction, direction and step is the town's affair
5       PR (2 bits: priority), HA (2 bits: request by hand), first digit of LN
6       LN, line, digits two and three
7       KN, course of the line, two digits
8-9     ZN, destination, three digits; one reserved bit; ZL, train length, 3 bits
======  ===========================================================================================================

Digits are BCD, four bits each. Other lengths of the family (R09.10 to R09.15, R09.18) are refused by name.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from v2x.its.errors import ItsError, ItsErrorKind

R09_16_OCTETS: Final = 9
_MODE_AND_TYPE: Final = 0x91
_ADDITIONAL_OCTETS: Final = 6
_LARGEST_DIGIT: Final = 9


class ManualRequest(IntEnum):
    """HA: which button the driver has pressed."""

    NONE = 0
    STRAIGHT = 1
    LEFT = 2
    RIGHT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class R0916:
    """The content of an R09.16 telegram; ranges are checked when it is made (``ItsError``, ``malformed``)."""

    reporting_point: int
    """MP, 0..65535."""
    line: int
    """LN, 0..999."""
    course: int
    """KN, which vehicle on the line, 0..99."""
    destination: int
    """ZN, 0..999."""
    priority: int = 0
    """PR, 0..3; the meaning is agreed with the operator of the lights."""
    delay_min: int = 0
    """Whole minutes behind schedule, -7..7; negative = early. The telegram's "0 minutes early" is read as 0."""
    manual: ManualRequest = ManualRequest.NONE
    """HA."""
    train_length: int = 0
    """ZL, 0..7; number of coupled units or a class of length, as agreed."""

    def __post_init__(self) -> None:
        """Refuse what has no place in the telegram."""
        limits = {"reporting_point": 0xFFFF, "line": 999, "course": 99, "destination": 999}
        for name, largest in {**limits, "priority": 3, "train_length": 7}.items():
            if not 0 <= getattr(self, name) <= largest:
                raise _wrong(f"{name} {getattr(self, name)} is outside 0..{largest}")
        if abs(self.delay_min) > 7:  # noqa: PLR2004  three bits
            raise _wrong(f"delay_min {self.delay_min} is outside -7..7")


def r09_telegram(content: R0916) -> bytes:
    """Return the nine octets of a telegram."""
    line = _bcd(content.line, 3)
    return bytes(
        (
            _MODE_AND_TYPE,
            int(content.delay_min < 0) << 7 | abs(content.delay_min) << 4 | _ADDITIONAL_OCTETS,
            content.reporting_point >> 8,
            content.reporting_point & 0xFF,
            content.priority << 6 | content.manual << 4 | line >> 8,
            line & 0xFF,
            _bcd(content.course, 2),
            _bcd(content.destination, 3) >> 4,
            (_bcd(content.destination, 3) & 0x0F) << 4 | content.train_length,
        )
    )


def parse_r09_telegram(octets: bytes) -> R0916:
    """Return the content of a telegram.

    Raises ``ItsError``: ``truncated``, ``unsupported_message`` (another member of the family) or ``malformed`` (a digit
    above nine, the reserved bit, trailing octets, "0 minutes early").
    """
    if len(octets) < 2:  # noqa: PLR2004  mode and length stand in the first two
        raise ItsError(ItsErrorKind.TRUNCATED, "R09: less than two octets")
    if octets[0] != _MODE_AND_TYPE:
        raise ItsError(ItsErrorKind.UNSUPPORTED_MESSAGE, f"telegram of mode and type {octets[0]:#04x}, not R09")
    if octets[1] & 0x0F != _ADDITIONAL_OCTETS:
        raise ItsError(ItsErrorKind.UNSUPPORTED_MESSAGE, f"R09.1{octets[1] & 0x0F}, only R09.16 is read")
    if len(octets) < R09_16_OCTETS:
        raise ItsError(ItsErrorKind.TRUNCATED, f"R09.16: {len(octets)} octets of {R09_16_OCTETS}")
    content = R0916(
        reporting_point=int.from_bytes(octets[2:4], "big"),
        line=_digits((octets[4] & 0x0F) << 8 | octets[5], 3),
        course=_digits(octets[6], 2),
        destination=_digits(octets[7] << 4 | octets[8] >> 4, 3),
        priority=octets[4] >> 6,
        delay_min=(octets[1] >> 4 & 0x07) * (-1 if octets[1] & 0x80 else 1),
        manual=ManualRequest(octets[4] >> 4 & 0x03),
        train_length=octets[8] & 0x07,
    )
    if r09_telegram(content) != octets:
        raise _wrong("a reserved bit, trailing octets or minus zero")
    return content


def _bcd(number: int, digits: int) -> int:
    return int(f"{number:0{digits}d}", 16)


def _digits(bcd: int, digits: int) -> int:
    number = 0
    for place in reversed(range(digits)):
        digit = bcd >> 4 * place & 0x0F
        if digit > _LARGEST_DIGIT:
            raise _wrong(f"{digit:x} is no decimal digit")
        number = number * 10 + digit
    return number


def _wrong(detail: str) -> ItsError:
    return ItsError(ItsErrorKind.MALFORMED, f"R09.16: {detail}")
