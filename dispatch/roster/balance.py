"""Who drives and who stands by: roles are exchanged inside a shift so that nobody always only stands by.

An exchange inside a shift changes no number of duties, no preference, no company and no rest: whatever was proved of a
roster stays proved. What is looked for is the least sum over volunteers of (duties at the wheel less standbys) squared.
"""

from collections.abc import Iterator

from dispatch.roster.period import Holders, Shift, shift_of
from dispatch.roster.tally import Tally
from mobility.core.ids import DriverRef, DutyId
from mobility.core.roster import Duty, DutyRole


def balanced(settled: Tally, holders: Holders, before: Holders) -> dict[DutyId, DriverRef]:
    """Return ``holders`` with roles exchanged where both can do both; never makes a change of ``before`` more.

    Duties held in ``settled`` stay. Exchanges one shift at a time until none helps: a local optimum.
    """
    result = dict(holders)
    surplus = _surplus(settled, result)
    pairs = [pair for pair in _exchangeable(settled, result) if _is_free(pair, before)]
    is_better = True
    while is_better:
        is_better = False
        for wheel, standby in pairs:
            driver, waiting = result[wheel.duty_id], result[standby.duty_id]
            # The exchange moves the driver's surplus by -2 and the other's by +2.
            if surplus[driver] - surplus[waiting] > 2:  # noqa: PLR2004 - squares fall if the surpluses are more apart
                result[wheel.duty_id], result[standby.duty_id] = waiting, driver
                surplus[driver] -= 2
                surplus[waiting] += 2
                is_better = True
    return result


def _surplus(tally: Tally, holders: Holders) -> dict[DriverRef, int]:
    surplus = dict.fromkeys(tally.volunteers, 0)
    for duty_id, driver in holders.items():
        role = tally.duties[duty_id].role
        surplus[driver] += (role is DutyRole.DRIVER) - (role is DutyRole.SUBSTITUTE)
    return surplus


def _exchangeable(tally: Tally, holders: Holders) -> Iterator[tuple[Duty, Duty]]:
    shifts: dict[Shift, list[Duty]] = {}
    for duty in tally.period.duties:
        if duty.duty_id in holders and duty.duty_id not in tally.holder:
            shifts.setdefault(shift_of(duty), []).append(duty)
    for duties in shifts.values():
        for wheel in duties:
            for standby in duties:
                is_couple = (wheel.role, standby.role) == (DutyRole.DRIVER, DutyRole.SUBSTITUTE)
                is_same_time = (wheel.starts, wheel.ends) == (standby.starts, standby.ends)
                if is_couple and is_same_time and _can_exchange(tally, holders, wheel, standby):
                    yield wheel, standby


def _can_exchange(tally: Tally, holders: Holders, wheel: Duty, standby: Duty) -> bool:
    driver, waiting = holders[wheel.duty_id], holders[standby.duty_id]
    return not tally.standing(driver, standby.duty_id) and not tally.standing(waiting, wheel.duty_id)


def _is_free(pair: tuple[Duty, Duty], before: Holders) -> bool:
    return all(duty.duty_id not in before for duty in pair)
