"""Who does what, kept so that one can ask at once what stands against another duty for somebody."""

from collections.abc import Iterator

from dispatch.roster.period import Holders, Period, shift_of
from dispatch.roster.rules import Obstacle, collide, standing, week_of
from dispatch.roster.volunteer import PairWish
from mobility.core.ids import DriverRef, DutyId
from mobility.core.refusal import RefusalCode


class Tally:
    """A roster under work. ``give`` and ``free`` change it, and trust the caller to have asked ``obstacles`` first."""

    def __init__(self, period: Period, holders: Holders) -> None:
        """Start with ``holders``; duties and people the period does not know are left out."""
        self.period = period
        self.duties = {duty.duty_id: duty for duty in period.duties}
        self.volunteers = {volunteer.driver: volunteer for volunteer in period.volunteers}
        self.holder: dict[DutyId, DriverRef] = {}
        self._held: dict[DriverRef, list[DutyId]] = {driver: [] for driver in self.volunteers}
        self._standing: dict[tuple[DriverRef, DutyId], tuple[Obstacle, ...]] = {}
        self._shifts: dict[tuple[object, str], list[DutyId]] = {}
        for duty in period.duties:
            self._shifts.setdefault(shift_of(duty), []).append(duty.duty_id)
        self.apart: dict[DriverRef, frozenset[DriverRef]] = {driver: frozenset() for driver in self.volunteers}
        for pair in period.pairs:
            if pair.wish is PairWish.APART:
                self.apart[pair.one] |= {pair.other}
                self.apart[pair.other] |= {pair.one}
        for duty_id, driver in holders.items():
            if duty_id in self.duties and driver in self.volunteers:
                self.give(duty_id, driver)

    def held(self, driver: DriverRef) -> tuple[DutyId, ...]:
        """Return somebody's duties in the order they were given."""
        return tuple(self._held[driver])

    def give(self, duty_id: DutyId, driver: DriverRef) -> None:
        """Give an open duty to somebody."""
        self.holder[duty_id] = driver
        self._held[driver].append(duty_id)

    def free(self, duty_id: DutyId) -> DriverRef:
        """Take a duty from who holds it and return who that was."""
        driver = self.holder.pop(duty_id)
        self._held[driver].remove(duty_id)
        return driver

    def obstacles(self, driver: DriverRef, duty_id: DutyId) -> tuple[Obstacle, ...]:
        """Return what keeps somebody from an open duty; nothing when they can do it."""
        fixed = self.standing(driver, duty_id)
        return fixed or tuple(self._moving(driver, duty_id))

    def all_obstacles(self, driver: DriverRef, duty_id: DutyId) -> tuple[Obstacle, ...]:
        """Return every obstacle, those that follow from other duties also where papers or vetoes stand against it."""
        return (*self.standing(driver, duty_id), *self._moving(driver, duty_id))

    def standing(self, driver: DriverRef, duty_id: DutyId) -> tuple[Obstacle, ...]:
        """Return the obstacles that no other duty has to do with."""
        key = driver, duty_id
        if key not in self._standing:
            codes = standing(self.volunteers[driver], self.duties[duty_id])
            self._standing[key] = tuple(Obstacle(code) for code in codes)
        return self._standing[key]

    def _moving(self, driver: DriverRef, duty_id: DutyId) -> Iterator[Obstacle]:
        volunteer, duty, held = self.volunteers[driver], self.duties[duty_id], self._held[driver]
        for other in held:
            if collide(self.duties[other], duty, self.period.rest_s):
                yield Obstacle(RefusalCode.HAS_OTHER_DUTY, (other,))
        week = week_of(duty.day)
        in_week = tuple(other for other in held if week_of(self.duties[other].day) == week)
        if len(in_week) >= volunteer.most_per_week:
            yield Obstacle(RefusalCode.WEEK_IS_FULL, in_week)
        if len(held) >= volunteer.most:
            yield Obstacle(RefusalCode.PERIOD_IS_FULL, tuple(held))
        enemies = self.apart[driver]
        if enemies:
            for other in self._shifts[shift_of(duty)]:
                if other != duty_id and self.holder.get(other) in enemies:
                    yield Obstacle(RefusalCode.MUST_BE_APART, (other,))
