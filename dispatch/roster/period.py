"""A period to be planned: its duties, its volunteers, and what is settled already."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from dispatch.roster.volunteer import Pair, Volunteer
from mobility.core.errors import BadInputError
from mobility.core.ids import DriverRef, DutyId, ServiceAreaId, VehicleId
from mobility.core.roster import Duty, DutyRole, Roster
from mobility.core.service_day import ServiceTime

Holders = Mapping[DutyId, DriverRef]
"""Who does which duty; an open duty is absent."""

Shift = tuple[date, str]
"""Day and group: the duties of one shift have both in common."""

LONGEST_PERIOD_DAYS = 400
_DEFAULT_REST_S = 11 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftPattern:
    """A shift that comes back every week."""

    group: str
    weekdays: frozenset[int]
    """0 = Monday."""
    starts: ServiceTime
    ends: ServiceTime
    roles: tuple[DutyRole, ...]
    vehicle_id: VehicleId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What a roster is made of and for."""

    area_id: ServiceAreaId
    first: date
    last: date
    """Last day, included."""
    duties: tuple[Duty, ...]
    volunteers: tuple[Volunteer, ...]
    pairs: tuple[Pair, ...] = ()
    fixed: Holders = field(default_factory=dict)
    """Duties that are settled by hand; planning never moves them."""
    rest_s: int = _DEFAULT_REST_S
    """Least time between two duties of one person, in seconds."""

    def __post_init__(self) -> None:
        """Refuse a period that contradicts itself; raises ``BadInputError`` by name."""
        if not self.first <= self.last <= self.first + timedelta(days=LONGEST_PERIOD_DAYS):
            raise BadInputError(f"not within {LONGEST_PERIOD_DAYS} days after {self.first}", field="last")
        if self.rest_s < 0:
            raise BadInputError(f"{self.rest_s} is below 0", field="rest_s")
        _refuse_twice("duties", [duty.duty_id for duty in self.duties])
        _refuse_twice("volunteers", [volunteer.driver for volunteer in self.volunteers])
        for duty in self.duties:
            if duty.ends <= duty.starts or not self.first <= duty.day <= self.last:
                raise BadInputError(f"{duty.duty_id} does not end after it starts, within the period", field="duties")
        self._refuse_strangers()

    def _refuse_strangers(self) -> None:
        known, duties = {each.driver for each in self.volunteers}, {duty.duty_id for duty in self.duties}
        for pair in self.pairs:
            if pair.one == pair.other or not {pair.one, pair.other} <= known:
                raise BadInputError(f"{pair.one} and {pair.other} are not two of the volunteers", field="pairs")
        for duty_id, driver in self.fixed.items():
            if duty_id not in duties or driver not in known:
                raise BadInputError(f"there is no duty {duty_id} or no volunteer {driver}", field="fixed")


def _refuse_twice(name: str, ids: Sequence[str]) -> None:
    again = [one for one, count in Counter(ids).items() if count > 1]
    if again:
        raise BadInputError(f"{again[0]} stands there twice", field=name)


def duties_of(
    patterns: Sequence[ShiftPattern], first: date, last: date, closed: frozenset[date] = frozenset()
) -> tuple[Duty, ...]:
    """Return the duties of all days from ``first`` to ``last`` but ``closed`` ones, by day, start, group and role."""
    days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    found = [
        duty_of(pattern, day, role)
        for day in days
        if day not in closed
        for pattern in patterns
        if day.weekday() in pattern.weekdays
        for role in pattern.roles
    ]
    return tuple(sorted(found, key=lambda duty: (duty.day, duty.starts, duty.group, duty.role)))


def duty_of(pattern: ShiftPattern, day: date, role: DutyRole) -> Duty:
    """Return the duty of a role in a pattern's shift on a day."""
    return Duty(
        duty_id=DutyId(f"{day}/{pattern.group}/{role}"),
        day=day,
        starts=pattern.starts,
        ends=pattern.ends,
        role=role,
        group=pattern.group,
        vehicle_id=None if role is DutyRole.PHONE else pattern.vehicle_id,
    )


def holders_of(roster: Roster) -> dict[DutyId, DriverRef]:
    """Return who does which duty of a roster."""
    return {each.duty.duty_id: each.driver for each in roster.assignments if each.driver is not None}


def shift_of(duty: Duty) -> Shift:
    """Return the shift a duty belongs to."""
    return duty.day, duty.group
