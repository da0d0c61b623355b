"""Changing a published roster: by hand or by a proposal, checked against every hard rule, as a new version."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dispatch.roster.explain import explained_roster
from dispatch.roster.period import Period, holders_of
from dispatch.roster.tally import Tally
from mobility.core.disruption_events import RosterPublished
from mobility.core.events import Event
from mobility.core.fold import State
from mobility.core.ids import DriverRef, DutyId
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.roster import Roster


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One duty that gets another holder; ``None`` is nobody."""

    duty_id: DutyId
    before: DriverRef | None
    after: DriverRef | None


def cancelled(period: Period, roster: Roster, duty_id: DutyId) -> Period | Refusal:
    """Return the period in which who held the duty can not on its day, and is not fixed for it any more."""
    duty = next((each.duty for each in roster.assignments if each.duty.duty_id == duty_id), None)
    if duty is None or all(known.duty_id != duty_id for known in period.duties):
        return Refusal(RefusalCode.UNKNOWN_DUTY, {"duty": duty_id})
    driver = holders_of(roster).get(duty_id)
    if driver is None:
        return Refusal(RefusalCode.DUTY_IS_OPEN, {"duty": duty_id})
    people = tuple(
        replace(one, vetoed_days=one.vetoed_days | {duty.day}) if one.driver == driver else one
        for one in period.volunteers
    )
    fixed = {key: value for key, value in period.fixed.items() if key != duty_id}
    return replace(period, volunteers=people, fixed=fixed)


def changed(period: Period, roster: Roster, changes: Sequence[Change]) -> Roster | Refusal:
    """Return the next version of a roster, or what stands against it.

    Refuses unknown duties and people, a ``before`` that is no longer so (``ROSTER_CHANGED``), and the first rule that
    a change would break, with the code of the obstacle. Two people may exchange duties: all are freed first.
    """
    before = holders_of(roster)
    tally = Tally(period, before)
    for change in changes:
        if change.duty_id not in tally.duties:
            return Refusal(RefusalCode.UNKNOWN_DUTY, {"duty": change.duty_id})
        if change.after is not None and change.after not in tally.volunteers:
            return Refusal(RefusalCode.UNKNOWN_VOLUNTEER, {"driver": change.after})
        if before.get(change.duty_id) != change.before:
            return Refusal(RefusalCode.ROSTER_CHANGED)
        before.pop(change.duty_id, None)
        if change.duty_id in tally.holder:
            tally.free(change.duty_id)
    for change in changes:
        if change.after is None or before.get(change.duty_id) == change.after:
            continue
        obstacles = tally.all_obstacles(change.after, change.duty_id)
        if obstacles or change.duty_id in tally.holder:
            code = obstacles[0].code if obstacles else RefusalCode.ROSTER_CHANGED
            return Refusal(code, {"count": 1, "driver": change.after, "duty": change.duty_id})
        tally.give(change.duty_id, change.after)
        before[change.duty_id] = change.after
    return explained_roster(period, before, version=roster.version + 1)


def published(state: State, roster: Roster, cause: str) -> list[Event] | Refusal:
    """Return the fact of a new version; refuses one that does not follow the newest (``ROSTER_CHANGED``)."""
    newest = state.rosters.get((roster.area_id, roster.first))
    if roster.version != (1 if newest is None else newest.version + 1):
        return Refusal(RefusalCode.ROSTER_CHANGED)
    return [RosterPublished(roster=roster, cause=cause)]
