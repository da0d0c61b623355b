"""What makes one roster better than another: open duties, fairness, preferences, changes, in this order.

The weights are fixed, so that costs of different rosters compare: an open standby outweighs a hundred units of
deviation, one unit of deviation a hundred preferences, a preference four changes. In a repair a change comes right
after the open duties. That is an order for all practical rosters, not a strict one for ever.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from dispatch.roster.period import Holders, Period, shift_of
from dispatch.roster.volunteer import PairWish, Volunteer
from mobility.core.ids import DriverRef
from mobility.core.roster import Duty, DutyRole

OPEN_COST: Mapping[DutyRole, int] = {DutyRole.DRIVER: 6, DutyRole.PHONE: 3, DutyRole.SUBSTITUTE: 1}
"""What an open duty costs: without a driver nothing runs, without the telephone nobody can book."""


class Aim(StrEnum):
    """In which order the levels count after the open duties."""

    WISHES = "wishes"
    """A new roster: right numbers, then preferences, then few changes of an older version."""
    FEW_CHANGES = "few_changes"
    """A repair: as few changes as possible come first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One number for each level; 0 is best."""

    uncovered: int
    """Sum of ``OPEN_COST`` over open duties."""
    deviation: int
    """Sum over volunteers of (duties less ``Volunteer.target``) squared: fairness, within and over periods."""
    misfit: int
    """One for each duty outside somebody's preferred groups, one outside preferred weekdays, one for each duty of a
    TOGETHER pair without the other in its shift."""
    changes: int
    """Duties taken from who held them in the version before."""

    def cost(self, aim: Aim = Aim.WISHES) -> int:
        """Return the weighted sum of the levels; less is better."""
        weights = WEIGHTS[aim]
        return (
            weights.uncovered * self.uncovered
            + weights.deviation * self.deviation
            + weights.misfit * self.misfit
            + weights.changes * self.changes
        )


WEIGHTS: Mapping[Aim, Score] = {
    Aim.WISHES: Score(uncovered=40_000, deviation=400, misfit=4, changes=1),
    Aim.FEW_CHANGES: Score(uncovered=400_000, deviation=100, misfit=1, changes=4_000),
}
"""What one unit of each level costs."""


def score(period: Period, holders: Holders, before: Holders | None = None) -> Score:
    """Return the score of a roster; ``before`` is the version it replaces."""
    by_driver: dict[DriverRef, list[Duty]] = {volunteer.driver: [] for volunteer in period.volunteers}
    for duty in period.duties:
        if duty.duty_id in holders:
            by_driver[holders[duty.duty_id]].append(duty)
    known = {duty.duty_id for duty in period.duties}
    return Score(
        uncovered=sum(OPEN_COST[duty.role] for duty in period.duties if duty.duty_id not in holders),
        deviation=sum((len(by_driver[one.driver]) - one.target) ** 2 for one in period.volunteers),
        misfit=sum(misfit(one, duty) for one in period.volunteers for duty in by_driver[one.driver])
        + _alone(period, by_driver),
        changes=sum(holders.get(duty_id) != driver for duty_id, driver in (before or {}).items() if duty_id in known),
    )


def misfit(volunteer: Volunteer, duty: Duty) -> int:
    """Return how badly a duty fits somebody's preferences: 0 to 2."""
    wrong_group = bool(volunteer.preferred_groups) and duty.group not in volunteer.preferred_groups
    wrong_weekday = bool(volunteer.preferred_weekdays) and duty.day.weekday() not in volunteer.preferred_weekdays
    return int(wrong_group) + int(wrong_weekday)


def _alone(period: Period, by_driver: Mapping[DriverRef, list[Duty]]) -> int:
    count = 0
    for pair in period.pairs:
        if pair.wish is PairWish.TOGETHER:
            ones, others = (Counter(map(shift_of, by_driver[driver])) for driver in (pair.one, pair.other))
            shared = ones.keys() & others.keys()
            count += ones.total() + others.total() - 2 * len(shared)
    return count
