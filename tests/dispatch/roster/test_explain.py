"""Every open duty says why, in numbers that are true."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings

from dispatch.roster.explain import obstacles_of_all, why_open
from dispatch.roster.period import Period, holders_of
from dispatch.roster.plan import plan
from dispatch.roster.tally import Tally
from dispatch.roster.volunteer import Volunteer
from dispatch.roster.wording import explained
from mobility.core.ids import DriverRef
from mobility.core.refusal import RefusalCode
from mobility.core.roster import Duty, DutyRole
from tests.dispatch.roster.world import DRIVER, MONDAY, PHONE, apart, pattern, period, periods, person

LATER = MONDAY + timedelta(days=300)


def test_reasons_are_counted_and_the_most_frequent_comes_first() -> None:
    shift = pattern(0)
    no, over = frozenset({MONDAY}), MONDAY - timedelta(days=1)
    people = [person(f"n{number}", vetoed_days=no) for number in range(7)]
    people += [person(f"l{number}", licence_until=over) for number in range(2)]
    people += [person("full", most=0)]
    open_duty = plan(period(people, shift)).roster.assignments[0]
    assert open_duty.driver is None
    assert [(reason.code, reason.parameters["count"]) for reason in open_duty.why_open] == [
        (RefusalCode.SAID_NO_TO_DAY, 7),
        (RefusalCode.LICENCE_EXPIRED, 2),
        (RefusalCode.PERIOD_IS_FULL, 1),
    ]
    assert explained(open_duty.why_open, "de") == (
        "Niemand kann: 7 haben für diesen Tag abgesagt, 2 Führerscheine sind abgelaufen, 1 hat schon genug Dienste."
    )
    assert explained(open_duty.why_open, "en").startswith("Nobody can: 7 said no to this day, 2 licences")


def test_a_period_without_volunteers_says_so() -> None:
    assert explained(plan(period([], pattern(0))).roster.assignments[0].why_open, "de") == (
        "Niemand kann: Es gibt keine Freiwilligen, die man fragen könnte."
    )


def test_company_rest_and_week_are_named() -> None:
    shift = pattern(0, roles=(DRIVER, PHONE))
    people = [person("a", roles=frozenset({DRIVER})), person("b", roles=frozenset({PHONE}))]
    where = period(people, shift, pairs=(apart("a", "b"),))
    tally = Tally(where, {where.duties[0].duty_id: DriverRef("a")})
    assert [reason.code for reason in why_open(tally, where.duties[1].duty_id)] == [
        RefusalCode.NOT_THEIR_TASK,
        RefusalCode.MUST_BE_APART,
    ]


def without(reason: RefusalCode, one: Volunteer, duty: Duty) -> Volunteer:
    """Somebody of whom one obstacle is taken away."""
    freed: dict[RefusalCode, dict[str, object]] = {
        RefusalCode.NOT_THEIR_TASK: {"roles": frozenset(DutyRole)},
        RefusalCode.LICENCE_EXPIRED: {"licence_until": LATER},
        RefusalCode.MEDICAL_EXPIRED: {"medical_until": LATER},
        RefusalCode.SAID_NO_TO_DAY: {"vetoed_days": one.vetoed_days - {duty.day}},
        RefusalCode.SAID_NO_TO_GROUP: {"vetoed_groups": one.vetoed_groups - {duty.group}},
        RefusalCode.SAID_NO_TO_HOURS: {"vetoed_hours": ()},
        RefusalCode.WEEK_IS_FULL: {"most_per_week": one.most_per_week + 1},
        RefusalCode.PERIOD_IS_FULL: {"most": one.most + 1},
    }
    return replace(one, **freed[reason])  # type: ignore[arg-type]  # each entry fits its field


@given(periods())
@settings(max_examples=40, deadline=None)
def test_taking_away_somebodys_only_obstacle_covers_the_duty(where: Period) -> None:
    found = plan(where)
    tally = Tally(where, holders_of(found.roster))
    for each in found.roster.assignments:
        if each.driver is not None:
            continue
        obstacles = obstacles_of_all(tally, each.duty.duty_id)
        assert all(obstacles.values()), "somebody could do an open duty"
        assert sum(int(reason.parameters["count"]) for reason in each.why_open) == len(where.volunteers)
        for driver, codes in obstacles.items():
            if len(codes) > 1 or codes[0] in {RefusalCode.HAS_OTHER_DUTY, RefusalCode.MUST_BE_APART}:
                continue
            people = tuple(
                without(codes[0], one, each.duty) if one.driver == driver else one for one in where.volunteers
            )
            eased = replace(where, volunteers=people)
            assert Tally(eased, holders_of(found.roster)).obstacles(driver, each.duty.duty_id) == ()
            assert plan(eased).score.uncovered < found.score.uncovered
