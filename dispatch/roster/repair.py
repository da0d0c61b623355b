"""Repair after a cancellation: somebody else takes the duty, and at most two other duties change hands for it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from dispatch.roster.change import Change, cancelled
from dispatch.roster.explain import explained_roster, why_open
from dispatch.roster.period import Period, holders_of, shift_of
from dispatch.roster.plan import Limit, plan
from dispatch.roster.score import OPEN_COST, Aim, misfit
from dispatch.roster.tally import Tally
from mobility.core.ids import DriverRef, DutyId
from mobility.core.refusal import Refusal
from mobility.core.roster import DutyRole, Roster

MOST_OTHERS = 2
"""How many duties beside the cancelled one may change hands."""
_MOST_CHAINS = 300
"""Where there are more of the same length, those of people with the fewest duties for their wish are compared."""
_MOST_PROPOSALS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One way to go on."""

    changes: tuple[Change, ...]
    """The cancelled duty first."""
    others: int
    """How many other duties change hands."""
    uncovered: int
    """Sum of ``OPEN_COST`` over what stays open of the changed duties."""
    strain: int
    """What it adds to deviation and misfit of the people concerned; less is better."""
    roster: Roster


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """What can be done about a cancellation."""

    duty_id: DutyId
    period: Period
    """The period as it is now: who cancelled can not on that day."""
    proposals: tuple[Proposal, ...]
    """Best first: least left open, then fewest others changed, then least strain. All obey every hard rule."""
    why_open: tuple[Refusal, ...]
    """Where no proposal covers the duty: what stands against whom."""

    @property
    def is_covered(self) -> bool:
        """Whether the first proposal leaves nothing open."""
        return bool(self.proposals) and self.proposals[0].uncovered == 0


def repair(period: Period, roster: Roster, duty_id: DutyId) -> Repair | Refusal:
    """Return how a cancelled duty can be done without moving more than ``MOST_OTHERS`` other duties.

    All ways with no other change are looked through, then all with one, then with two, until one is found; then no
    way with fewer changes exists. If none covers everything, ways that leave a lesser duty open (the substitute steps
    in and is not replaced) are proposed. The best way in which the substitute steps in and is replaced stands beside
    them where there is one. Refuses unknown and open duties.
    """
    now = cancelled(period, roster, duty_id)
    if isinstance(now, Refusal):
        return now
    search = _Search(now, roster, duty_id)
    chains = search.covering() or search.leaving_open()
    proposals = sorted((search.proposal(chain) for chain in chains), key=_rank)[:_MOST_PROPOSALS]
    usual = sorted((search.proposal(chain) for chain in search.stepping_in()), key=_rank)[:1]
    proposals += [each for each in usual if each not in proposals]
    reasons = () if proposals and proposals[0].uncovered == 0 else search.reasons
    proposals = [replace(each, roster=search.repaired(each)) for each in proposals]
    return Repair(duty_id=duty_id, period=now, proposals=tuple(proposals), why_open=reasons)


def needed_others(repair: Repair, roster: Roster, limit: Limit | None = None) -> int | None:
    """Return how many other duties have to change so that nothing more is open; ``None`` where no number helps.

    Asked when ``repair`` found nothing that covers the duty: solves the period anew with as few changes as possible.
    The number is the least if the limit allows the proof, else an upper bound.
    """
    found = plan(repair.period, limit, before=roster, aim=Aim.FEW_CHANGES)
    before = roster_cost_open(roster)
    if found.score.uncovered > before:
        return None
    return found.score.changes - 1


def roster_cost_open(roster: Roster) -> int:
    """Return the sum of ``OPEN_COST`` over a roster's open duties."""
    return sum(OPEN_COST[each.duty.role] for each in roster.assignments if each.driver is None)


def _rank(proposal: Proposal) -> tuple[int, int, int, tuple[str, ...]]:
    names = tuple(f"{change.duty_id} {change.after}" for change in proposal.changes)
    return proposal.uncovered, proposal.others, proposal.strain, names


_Chain = tuple[tuple[DutyId, DriverRef | None], ...]


class _Search:
    """Walks all chains: somebody takes the duty, gives up what stands in the way, somebody takes that, and so on."""

    def __init__(self, period: Period, roster: Roster, duty_id: DutyId) -> None:
        self.period, self.duty_id, self.roster = period, duty_id, roster
        self.before = holders_of(roster)
        self.gone = self.before[duty_id]
        self.only: DriverRef | None = None
        """Who has to take the cancelled duty; ``None``: whoever can."""
        self.tally = self._opened()
        # Counted now: chains that are not walked to their end leave the tally as it was on the way.
        self.counts = {driver: len(self.tally.held(driver)) for driver in self.tally.volunteers}
        self.reasons = why_open(self.tally, duty_id)
        self.takers: dict[DutyId, tuple[DriverRef, ...]] = {}
        self.order = sorted(self.tally.volunteers, key=lambda one: (len(self.tally.held(one)) - self._target(one), one))

    def covering(self) -> list[_Chain]:
        """Return the chains that leave nothing open, of the fewest other changes that there are."""
        for others in range(MOST_OTHERS + 1):
            found = self._first(self._chains([self.duty_id], (), others, is_open_allowed=False))
            if found:
                return found
        return []

    def leaving_open(self) -> list[_Chain]:
        """Return the chains that leave something open that matters less than the cancelled duty."""
        return [
            chain for others in range(1, MOST_OTHERS + 1) for chain in self._fresh(others) if len(chain) == others + 1
        ]

    def _fresh(self, others: int) -> list[_Chain]:
        self.tally = self._opened()
        return self._first(self._chains([self.duty_id], (), others, is_open_allowed=True))

    def stepping_in(self) -> list[_Chain]:
        """Return the chains in which the substitute of the shift takes the wheel and somebody else stands by."""
        duty = self.tally.duties[self.duty_id]
        for other in self.period.duties:
            is_standby = shift_of(other) == shift_of(duty) and other.role is DutyRole.SUBSTITUTE
            if duty.role is DutyRole.DRIVER and is_standby and other.duty_id in self.before:
                self.only = self.before[other.duty_id]
                self.tally = self._opened()
                return self._first(self._chains([self.duty_id], (), MOST_OTHERS, is_open_allowed=False))
        return []

    def _opened(self) -> Tally:
        return Tally(self.period, {one: driver for one, driver in self.before.items() if one != self.duty_id})

    def proposal(self, chain: _Chain) -> Proposal:
        changes = tuple(Change(duty_id=one, before=self.before.get(one), after=after) for one, after in chain)
        opens = sum(OPEN_COST[self.tally.duties[each.duty_id].role] for each in changes if each.after is None)
        return Proposal(
            changes=changes, others=len(changes) - 1, uncovered=opens, strain=self._strain(changes), roster=self.roster
        )

    def repaired(self, proposal: Proposal) -> Roster:
        """Return the next version of the roster; what was open and stays so keeps its reasons."""
        holders = dict(self.before)
        for change in proposal.changes:
            holders.pop(change.duty_id, None)
            if change.after is not None:
                holders[change.duty_id] = change.after
        return explained_roster(self.period, holders, version=self.roster.version + 1)

    def _first(self, chains: Iterator[_Chain]) -> list[_Chain]:
        return [chain for _, chain in zip(range(_MOST_CHAINS), chains, strict=False)]

    def _chains(self, opens: list[DutyId], done: _Chain, left: int, *, is_open_allowed: bool) -> Iterator[_Chain]:
        if not opens:
            yield done
            return
        duty_id, rest = opens[0], opens[1:]
        for driver, frees in self._ways(duty_id, [one for one, _ in done] + rest, left):
            for other in frees:
                self.tally.free(other)
            self.tally.give(duty_id, driver)
            step = (*done, (duty_id, driver))
            yield from self._chains([*rest, *frees], step, left - len(frees), is_open_allowed=is_open_allowed)
            self.tally.free(duty_id)
            for other in frees:
                self.tally.give(other, self.before[other])
        if is_open_allowed and self._is_lesser(duty_id):
            yield from self._chains(rest, (*done, (duty_id, None)), left, is_open_allowed=is_open_allowed)

    def _ways(
        self, duty_id: DutyId, touched: list[DutyId], left: int
    ) -> Iterator[tuple[DriverRef, tuple[DutyId, ...]]]:
        """Yield who may take a duty, and which of their (or their shift mates') duties have to go for it."""
        before = self.before[duty_id]
        for driver in self._candidates(duty_id, touched, left):
            if driver == before or (duty_id == self.duty_id and self.only not in {None, driver}):
                continue
            obstacles = self.tally.obstacles(driver, duty_id)
            if not obstacles:
                yield driver, ()
            elif left and all(obstacle.clears for obstacle in obstacles):
                barred = {duty_id, *touched, *self.period.fixed}
                choices = [[one for one in obstacle.clears if one not in barred] for obstacle in obstacles]
                for frees in _smallest(choices, left):
                    yield driver, frees

    def _candidates(self, duty_id: DutyId, touched: list[DutyId], left: int) -> list[DriverRef]:
        if left:
            return [driver for driver in self.order if not self.tally.standing(driver, duty_id)]
        # Nothing more may be freed: only who could take it in the roster before, or who gained room meanwhile.
        if duty_id not in self.takers:
            self.takers[duty_id] = self._free_takers(duty_id)
        near = {self.gone, *(self.before[one] for one in touched), self.before[duty_id]}
        near |= {enemy for driver in near for enemy in self.tally.apart.get(driver, ())}
        able = near.union(self.takers[duty_id])
        return [driver for driver in self.order if driver in able]

    def _free_takers(self, duty_id: DutyId) -> tuple[DriverRef, ...]:
        base = Tally(self.period, {one: driver for one, driver in self.before.items() if one != duty_id})
        return tuple(driver for driver in self.order if not base.obstacles(driver, duty_id))

    def _is_lesser(self, duty_id: DutyId) -> bool:
        duties = self.tally.duties
        return OPEN_COST[duties[duty_id].role] < OPEN_COST[duties[self.duty_id].role]

    def _target(self, driver: DriverRef) -> int:
        return self.tally.volunteers[driver].target

    def _strain(self, changes: tuple[Change, ...]) -> int:
        counts = dict(self.counts)
        strain, people = 0, self.tally.volunteers
        moved = dict.fromkeys(counts, 0)
        for change in changes:
            duty = self.tally.duties[change.duty_id]
            for driver, sign in ((change.before, -1), (change.after, 1)):
                if driver in people:
                    moved[driver] += sign
                    strain += sign * misfit(people[driver], duty)
        # Who cancelled holds one duty more in the old roster than in the tally.
        counts[self.gone] = counts.get(self.gone, 0) + 1
        return strain + sum(
            (counts[driver] + by - self._target(driver)) ** 2 - (counts[driver] - self._target(driver)) ** 2
            for driver, by in moved.items()
            if by
        )


def _smallest(choices: list[list[DutyId]], most: int) -> Iterator[tuple[DutyId, ...]]:
    """Yield the sets of at most ``most`` duties that clear every obstacle and of which none can be left out."""
    seen: set[frozenset[DutyId]] = set()
    for picked in product(*choices):
        chosen = frozenset(picked)
        is_minimal = all(any(len(chosen.intersection(each) - {one}) == 0 for each in choices) for one in chosen)
        if len(chosen) <= most and chosen not in seen and is_minimal:
            seen.add(chosen)
            yield tuple(sorted(chosen))
