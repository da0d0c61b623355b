"""The booking form's answers: read from a query or form, checked question by question, kept as typed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from dispatch.edge.requests import clean
from dispatch.wish_time import TimeFault, local_instant, parse_day
from mobility.core.booking import Load, RideWish, WishKind
from mobility.core.clock import Instant
from mobility.core.ids import StopId
from mobility.core.region import ServiceArea

QUESTIONS = ("route", "when", "who")
"""The questions before the offers, in order."""
NUMBERS = ("seats", "wheelchairs", "prams", "luggage")
"""Who travels and what takes up room."""
EXTRAS = ("dog",)
"""What else people bring along; told to the driver as a note."""
WISH_FIELDS = ("origin", "destination", "kind", "day", "time", *NUMBERS, *EXTRAS)
"""What the first three questions ask; none of it says who asks."""
LIMITS: Mapping[str, int] = {"name": 120, "phone": 40, "note": 500}
"""Longest answers in characters."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A wrong answer: the field, and the key of the sentence that says what to do."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Form:
    """Checks answers against the stops and days that can be booked."""

    area: ServiceArea
    zone: str
    days: Sequence[date]

    def faults(self, question: str, given: Mapping[str, str]) -> list[Fault]:
        """Return what is wrong with the answers to one question."""
        checks: Mapping[str, Callable[[Mapping[str, str]], list[Fault]]] = {
            "route": self._route,
            "when": self._when,
            "who": self._who,
        }
        return checks[question](given)

    def first_wrong(self, upto: int, given: Mapping[str, str]) -> tuple[str, list[Fault]] | None:
        """Return the first of the first ``upto`` questions that is not answered, with its faults."""
        for question in QUESTIONS[:upto]:
            faults = self.faults(question, given)
            if faults:
                return question, faults
        return None

    def wish(self, given: Mapping[str, str]) -> RideWish:
        """Return the wish of checked answers."""
        moment = self._moment(given)
        assert not isinstance(moment, TimeFault)  # noqa: S101 - checked before
        return RideWish(
            area_id=self.area.area_id,
            origin=StopId(given["origin"]),
            destination=StopId(given["destination"]),
            kind=WishKind(given["kind"]),
            at=moment,
            load=Load(*(_number(given, name) or 0 for name in NUMBERS)),
        )

    def _route(self, given: Mapping[str, str]) -> list[Fault]:
        ends = ("origin", "destination")
        return [Fault(end, f"fault_{end}") for end in ends if given.get(end, "") not in self.area.stops]

    def _when(self, given: Mapping[str, str]) -> list[Fault]:
        faults: list[Fault] = []
        if given.get("kind") not in tuple(WishKind):
            faults.append(Fault("kind", "fault_kind"))
        if parse_day(given.get("day", "")) not in self.days:
            faults.append(Fault("day", "fault_day"))
            return faults
        moment = self._moment(given)
        if isinstance(moment, TimeFault):
            faults.append(Fault("time", f"fault_time_{moment.value}"))
        return faults

    def _who(self, given: Mapping[str, str]) -> list[Fault]:
        numbers = {name: _number(given, name) for name in NUMBERS}
        faults = [Fault(name, "fault_number") for name, number in numbers.items() if number is None]
        if not faults and numbers["seats"] == numbers["wheelchairs"] == 0:
            faults.append(Fault("seats", "fault_nobody"))
        return faults

    def _moment(self, given: Mapping[str, str]) -> Instant | TimeFault:
        day = parse_day(given.get("day", ""))
        return TimeFault.UNREADABLE if day is None else local_instant(day, given.get("time", ""), self.zone)


def contact_faults(given: Mapping[str, str]) -> list[Fault]:
    """Return what is wrong with name, phone and note."""
    faults: list[Fault] = []
    for name, limit in LIMITS.items():
        text = given.get(name, "")
        if len(text) > limit:
            faults.append(Fault(name, "fault_long"))
        elif not _is_clean(text):
            faults.append(Fault(name, "fault_text"))
    if not given.get("name", "").strip():
        faults.append(Fault("name", "fault_name"))
    return faults


def kept(given: Mapping[str, str], names: Sequence[str] = WISH_FIELDS) -> dict[str, str]:
    """Return the answers worth carrying on, each cut where no honest answer is so long."""
    return {name: given[name][:600] for name in names if given.get(name)}


def _is_clean(text: str) -> bool:
    try:
        clean(text)
    except ValueError:
        return False
    return True


def _number(given: Mapping[str, str], name: str) -> int | None:
    text = given.get(name, "").strip() or "0"
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 2 else None  # noqa: PLR2004 - 0 to 99
