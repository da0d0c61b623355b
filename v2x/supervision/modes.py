"""Driving modes of SAE levels 2 and 4 as one transition table: what may follow what, and on whose initiative.

A transition that is not in ``TABLE``, or asks for a higher level than the vehicle has, is impossible: either the
vehicle says what is not so, or it does what it may not. ``UNKNOWN`` is no mode but silence about it, and no row has it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from mobility.core.vehicle import DrivingMode


class Initiative(StrEnum):
    """Who may bring a change of mode about."""

    PERSON = "person"
    """Somebody aboard or on site: driver, attendant, safety driver."""
    VEHICLE = "vehicle"
    """The automated driving system by itself."""
    SUPERVISION = "supervision"
    """Technical supervision, by a command that the vehicle executed."""


class Judgement(StrEnum):
    """What is to be thought of a change of mode."""

    POSSIBLE = "possible"
    NEEDS_RELEASE = "needs_release"
    """Possible only after an executed release with documented cause and necessity (AFGBV §14(3))."""
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One row: a mode may follow another."""

    least_level: int
    """SAE level (J3016) from which on a vehicle can do it."""
    initiatives: frozenset[Initiative]
    source: str
    """Where the rule stands."""


_PERSON = frozenset({Initiative.PERSON})
_PERSON_OR_VEHICLE = frozenset({Initiative.PERSON, Initiative.VEHICLE})
_ASSISTANCE_LEVEL, _AUTOMATION_LEVEL, _MINIMAL_RISK_LEVEL = 1, 3, 4
_MANUAL, _ASSISTED = DrivingMode.MANUAL, DrivingMode.ASSISTED
_AUTOMATED, _MINIMAL_RISK = DrivingMode.AUTOMATED, DrivingMode.MINIMAL_RISK

LEAST_LEVEL: Mapping[DrivingMode, int] = MappingProxyType(
    {
        DrivingMode.UNKNOWN: 0,
        _MANUAL: 0,
        _ASSISTED: _ASSISTANCE_LEVEL,
        _AUTOMATED: _AUTOMATION_LEVEL,
        _MINIMAL_RISK: _MINIMAL_RISK_LEVEL,
    }
)
"""SAE level from which on a vehicle has a mode. Below level 4 a person is the fallback, so nothing has to reach the
minimal-risk condition by itself (StVG §1d(4))."""

TABLE: Mapping[tuple[DrivingMode, DrivingMode], Transition] = MappingProxyType(
    {
        (_MANUAL, _ASSISTED): Transition(
            least_level=_ASSISTANCE_LEVEL, initiatives=_PERSON, source="SAE J3016: the driver switches assistance on"
        ),
        (_ASSISTED, _MANUAL): Transition(
            least_level=_ASSISTANCE_LEVEL,
            initiatives=_PERSON_OR_VEHICLE,
            source="SAE J3016: the driver takes over, or the system gives back at once",
        ),
        (_MANUAL, _AUTOMATED): Transition(
            least_level=_AUTOMATION_LEVEL, initiatives=_PERSON, source="StVG §1e: activation by a person"
        ),
        (_ASSISTED, _AUTOMATED): Transition(
            least_level=_AUTOMATION_LEVEL, initiatives=_PERSON, source="StVG §1e: activation by a person"
        ),
        (_AUTOMATED, _MANUAL): Transition(
            least_level=_AUTOMATION_LEVEL, initiatives=_PERSON, source="StVG §1b, §1e: a person takes over"
        ),
        (_AUTOMATED, _ASSISTED): Transition(
            least_level=_AUTOMATION_LEVEL, initiatives=_PERSON, source="StVG §1b, §1e: a person takes over"
        ),
        (_AUTOMATED, _MINIMAL_RISK): Transition(
            least_level=_MINIMAL_RISK_LEVEL,
            initiatives=frozenset({Initiative.VEHICLE, Initiative.SUPERVISION}),
            source="StVG §1d(4): by itself or on the initiative of technical supervision",
        ),
        (_MINIMAL_RISK, _AUTOMATED): Transition(
            least_level=_MINIMAL_RISK_LEVEL,
            initiatives=frozenset({Initiative.SUPERVISION}),
            source="AFGBV §14(3), Anlage 1: left only on the initiative of technical supervision, documented",
        ),
        (_MINIMAL_RISK, _MANUAL): Transition(
            least_level=_MINIMAL_RISK_LEVEL, initiatives=_PERSON, source="a person takes over manually on site"
        ),
    }
)
"""(mode before, mode after) to the row. Deactivating leads to the minimal-risk condition, never to ``MANUAL``: nobody
may be aboard. From the minimal-risk condition a person first drives by hand before switching anything on."""


def judged(sae_level: int, before: DrivingMode, after: DrivingMode) -> Judgement:
    """Return what is to be thought of a change that a vehicle of ``sae_level`` reports in two following samples.

    ``UNKNOWN`` before: nothing is known of the change, only whether the vehicle can have the mode ``after``.
    """
    if LEAST_LEVEL[after] > sae_level:
        return Judgement.IMPOSSIBLE
    if before is after or DrivingMode.UNKNOWN in (before, after):
        return Judgement.POSSIBLE
    row = TABLE.get((before, after))
    if row is None or row.least_level > sae_level:
        return Judgement.IMPOSSIBLE
    return Judgement.NEEDS_RELEASE if row.initiatives == {Initiative.SUPERVISION} else Judgement.POSSIBLE
