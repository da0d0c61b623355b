"""Volunteers' rosters: 60 people, 12 weeks, 12 duty groups a week with driver and substitute, proved optimal.

Lines ``roster.plan``: a generated season to the proof of its optimum, by CPU seconds; ``kind`` is ``usual`` (more
wishes than duties), ``tight`` (fewer: some duties stay open), ``again`` (the usual one planned anew after ten people
changed their minds, staying close to the published version) or ``telephone`` (a third role beside). Every roster is
read by the independent checker. Lines ``roster.repair``: cancellations of single duties in the tight season, the
slowest of them; a repair moves at most two other duties.

Run: ``python -m benchmarks.bench_roster [--seeds 1,2,3] [--quick]``.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from dispatch.roster.check import faults
from dispatch.roster.period import Period, ShiftPattern, duties_of
from dispatch.roster.plan import Planned, plan
from dispatch.roster.repair import MOST_OTHERS, repair
from dispatch.roster.volunteer import Hours, Pair, PairWish, Volunteer
from mobility.core.ids import DriverRef, ServiceAreaId, VehicleId
from mobility.core.roster import DutyRole
from mobility.core.service_day import ServiceTime

LIMIT_S, REPAIR_LIMIT_S = 5.0, 1.0
FIRST, WEEKS, PEOPLE = date(2026, 1, 5), 12, 60
DAYS = ("Mo", "Di", "Mi", "Do", "Fr", "Sa")
HALVES = {"vormittags": (8 * 3600, 12 * 3600 + 1800), "nachmittags": (12 * 3600 + 1800, 17 * 3600)}
DRIVING = frozenset({DutyRole.DRIVER, DutyRole.SUBSTITUTE})


def patterns(roles: Sequence[DutyRole]) -> list[ShiftPattern]:
    return [
        ShiftPattern(
            group=f"{day} {half}",
            weekdays=frozenset({weekday}),
            starts=ServiceTime(starts),
            ends=ServiceTime(ends),
            roles=tuple(roles),
            vehicle_id=VehicleId("van-1"),
        )
        for weekday, day in enumerate(DAYS)
        for half, (starts, ends) in HALVES.items()
    ]


def volunteer(
    name: str, rng: random.Random, groups: Sequence[str], numbers: tuple[float, int], roles: frozenset[DutyRole]
) -> Volunteer:
    """Return somebody with favourite groups, a holiday, days that do not suit, and papers that may run out.

    ``numbers``: how many duties people wish for on average, and how many more they would take at most.
    """
    wishes, spare = numbers
    preferred = frozenset(rng.sample(groups, rng.randint(2, 6)))
    never = [group for group in groups if group not in preferred]
    holiday = rng.randrange(WEEKS * 7)
    away = {FIRST + timedelta(days=holiday + day) for day in range(rng.choice((0, 7, 14, 21)))}
    away |= {FIRST + timedelta(days=day) for day in rng.sample(range(WEEKS * 7), rng.randint(0, 10))}
    wished = max(1, round(rng.gauss(wishes, 2)))
    ends = FIRST + timedelta(days=rng.randrange(WEEKS * 7))
    early = Hours(weekday=rng.randrange(6), starts=ServiceTime(0), ends=ServiceTime(10 * 3600))
    return Volunteer(
        driver=DriverRef(name),
        roles=roles,
        wished=wished,
        most=wished + rng.randint(0, spare),
        most_per_week=rng.choice((1, 1, 2)),
        carry_over=rng.choice((0, 0, 0, -1, 1)),
        preferred_groups=preferred,
        preferred_weekdays=frozenset(rng.sample(range(6), rng.randint(2, 4))),
        vetoed_days=frozenset(away),
        vetoed_groups=frozenset(rng.sample(never, rng.randint(0, 5))),
        vetoed_hours=(early,) if rng.random() < 0.3 else (),
        licence_until=ends if rng.random() < 0.05 else None,
        medical_until=ends if rng.random() < 0.05 else None,
    )


def season(kind: str, seed: int) -> Period:
    """Return a season. ``tight``: people take fewer duties than there are."""
    rng = random.Random(f"{kind} {seed}")
    roles = [DutyRole.DRIVER, DutyRole.SUBSTITUTE] + [DutyRole.PHONE] * (kind == "telephone")
    shifts = patterns(roles)
    duties = duties_of(shifts, FIRST, FIRST + timedelta(days=WEEKS * 7 - 1))
    groups = [shift.group for shift in shifts]
    wishes = len(duties) / PEOPLE * (0.7 if kind == "tight" else 1.1)
    able = [frozenset(roles)] * 8 + [frozenset({DutyRole.SUBSTITUTE}), frozenset({DutyRole.DRIVER})]
    people = tuple(
        volunteer(f"d-{k:02d}", rng, groups, (wishes, 1 if kind == "tight" else 3), rng.choice(able))
        for k in range(PEOPLE)
    )
    names = [person.driver for person in people]
    pairs = [Pair(one=names[2 * k], other=names[2 * k + 1], wish=PairWish.TOGETHER) for k in range(5)]
    pairs += [Pair(one=names[20 + 2 * k], other=names[21 + 2 * k], wish=PairWish.APART) for k in range(4)]
    area = ServiceAreaId("season")
    return Period(area_id=area, first=FIRST, last=duties[-1].day, duties=duties, volunteers=people, pairs=tuple(pairs))


def second_thoughts(period: Period, seed: int) -> Period:
    """Return the season after ten people named five more days on which they can not."""
    rng = random.Random(seed)
    people = list(period.volunteers)
    for index in rng.sample(range(len(people)), 10):
        more = {FIRST + timedelta(days=day) for day in rng.sample(range(WEEKS * 7), 5)}
        people[index] = replace(people[index], vetoed_days=people[index].vetoed_days | more)
    return replace(period, volunteers=tuple(people))


def planned(kind: str, seed: int) -> tuple[dict[str, Any], Period, Planned]:
    period = season("usual" if kind == "again" else kind, seed)
    before = None
    if kind == "again":
        before = plan(period).roster
        period = second_thoughts(period, seed)
    begin = time.process_time()
    found = plan(period, before=before)
    cpu_s = time.process_time() - begin
    broken = faults(period, found.roster)
    line = {
        "benchmark": "roster.plan",
        "kind": kind,
        "seed": seed,
        "volunteers": len(period.volunteers),
        "duties": len(period.duties),
        "open": sum(each.driver is None for each in found.roster.assignments),
        "cost": found.cost,
        "is_optimal": found.is_optimal,
        "gap_frac": found.gap_frac,
        "faults": len(broken),
        "cpu_s": round(cpu_s, 2),
        "limit_s": LIMIT_S,
        "ratio": round(cpu_s / LIMIT_S, 3),
        "within_limit": found.is_optimal and not broken and cpu_s <= LIMIT_S,
    }
    return line, period, found


def repaired(period: Period, found: Planned, seed: int, count: int) -> dict[str, Any]:
    rng = random.Random(seed)
    held = [each.duty.duty_id for each in found.roster.assignments if each.driver is not None]
    slowest_s, moved, helped, wrong = 0.0, 0, 0, 0
    for duty_id in rng.sample(held, count):
        begin = time.process_time()
        answer = repair(period, found.roster, duty_id)
        slowest_s = max(slowest_s, time.process_time() - begin)
        helped += bool(answer.proposals)
        for proposal in answer.proposals:
            moved = max(moved, proposal.others)
            wrong += bool(faults(answer.period, proposal.roster))
    return {
        "benchmark": "roster.repair",
        "seed": seed,
        "cancellations": count,
        "helped": helped,
        "most_others_moved": moved,
        "faults": wrong,
        "slowest_cpu_s": round(slowest_s, 3),
        "limit_s": REPAIR_LIMIT_S,
        "ratio": round(slowest_s / REPAIR_LIMIT_S, 3),
        "within_limit": slowest_s <= REPAIR_LIMIT_S and moved <= MOST_OTHERS and not wrong,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--quick", action="store_true", help="One seed.")
    given = parser.parse_args()
    seeds = [int(seed) for seed in given.seeds.split(",")][: 1 if given.quick else None]
    lines = []
    for seed in seeds:
        for kind in ("usual", "tight", "again", "telephone"):
            line, period, found = planned(kind, seed)
            lines.append(line)
            print(json.dumps(line), flush=True)
            if kind == "tight":
                lines.append(repaired(period, found, seed, 40))
                print(json.dumps(lines[-1]), flush=True)
    return 0 if all(line["within_limit"] for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
