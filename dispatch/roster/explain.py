"""Why a duty is open: what stands against whom, counted, the most frequent reason first."""

from collections import Counter
from collections.abc import Mapping, Sequence

from dispatch.roster.period import Holders, Period
from dispatch.roster.tally import Tally
from mobility.core.ids import DriverRef, DutyId
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.roster import Assignment, Roster


def explained_roster(period: Period, holders: Holders, version: int = 1) -> Roster:
    """Return the roster of a period; every open duty says why."""
    tally = Tally(period, holders)
    assignments = tuple(
        Assignment(
            duty=duty,
            driver=holders.get(duty.duty_id),
            why_open=() if duty.duty_id in holders else why_open(tally, duty.duty_id),
        )
        for duty in period.duties
    )
    return Roster(
        area_id=period.area_id, first=period.first, last=period.last, version=version, assignments=assignments
    )


def why_open(tally: Tally, duty_id: DutyId) -> tuple[Refusal, ...]:
    """Return why nobody does an open duty: each volunteer counts once.

    Who has a single obstacle counts for it: without it they could take the duty as the roster stands. Who has several
    counts for the first of them in the order task, papers, vetoes, other duties, limits, company. ``alone`` says for
    how many of ``count`` it is the only one. Somebody without any obstacle is no reason: then the roster is not done.
    """
    counts: Counter[RefusalCode] = Counter()
    alone: Counter[RefusalCode] = Counter()
    for codes in obstacles_of_all(tally, duty_id).values():
        if codes:
            counts[codes[0]] += 1
            alone[codes[0]] += len(codes) == 1
    if not tally.volunteers:
        return (Refusal(RefusalCode.NOBODY_ON_THE_LIST),)
    order = sorted(counts, key=lambda code: (-counts[code], list(RefusalCode).index(code)))
    return tuple(Refusal(code, {"count": counts[code], "alone": alone[code]}) for code in order)


def obstacles_of_all(tally: Tally, duty_id: DutyId) -> Mapping[DriverRef, Sequence[RefusalCode]]:
    """Return every volunteer's different obstacles to an open duty."""
    return {
        driver: list(dict.fromkeys(obstacle.code for obstacle in tally.all_obstacles(driver, duty_id)))
        for driver in tally.volunteers
    }
