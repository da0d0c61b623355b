"""A volunteer as the roster sees one: what they can do, what they wish, what they must not be asked."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from mobility.core.errors import BadInputError
from mobility.core.ids import DriverRef
from mobility.core.roster import DutyRole
from mobility.core.service_day import ServiceTime

BEHIND_THE_WHEEL = frozenset({DutyRole.DRIVER, DutyRole.SUBSTITUTE})
"""Roles that need a licence and a medical certificate on the day: a substitute may have to drive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """A span of a weekday at which somebody never can."""

    weekday: int
    """0 = Monday."""
    starts: ServiceTime
    ends: ServiceTime
    """Not included: who can not until twelve may begin at twelve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Volunteer:
    """One volunteer. Name and telephone are in the vault; what stands here is a person's affair too: not for logs.

    Duties of all roles count alike towards wishes and limits.
    """

    driver: DriverRef
    roles: frozenset[DutyRole]
    wished: int
    """How many duties they would like in this period."""
    most: int
    """Never more than this in the period."""
    most_per_week: int = 7
    """Never more than this in a calendar week (Monday to Sunday)."""
    carry_over: int = 0
    """Duties of former periods beyond what was wished (negative: fewer); this period makes up for them."""
    preferred_groups: frozenset[str] = frozenset()
    """Groups they like best; none: all the same to them."""
    preferred_weekdays: frozenset[int] = frozenset()
    """0 = Monday; none: all the same to them."""
    vetoed_days: frozenset[date] = frozenset()
    vetoed_groups: frozenset[str] = frozenset()
    vetoed_hours: tuple[Hours, ...] = ()
    licence_until: date | None = None
    """Last day on which the licence is valid; ``None``: no end."""
    medical_until: date | None = None
    """Last day on which the medical certificate is valid; ``None``: no end."""

    def __post_init__(self) -> None:
        """Refuse numbers that mean nothing; raises ``BadInputError``."""
        for name in ("wished", "most", "most_per_week"):
            if getattr(self, name) < 0:
                raise BadInputError(f"{self.driver}: {getattr(self, name)} is below 0", field=name)

    @property
    def target(self) -> int:
        """How many duties would be right now: the wish less what was done too much before, within 0 and ``most``."""
        return max(0, min(self.wished - self.carry_over, self.most))


class PairWish(StrEnum):
    """What two volunteers want of each other."""

    TOGETHER = "together"
    """They would like to serve in the same shift: one drives, the other stands by or takes the calls."""
    APART = "apart"
    """They must never be in the same shift."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two volunteers and their wish."""

    one: DriverRef
    other: DriverRef
    wish: PairWish
