"""A roster by plain giving out: where the search begins, and what is left if it may not search at all."""

from dispatch.roster.period import Holders
from dispatch.roster.score import OPEN_COST, misfit
from dispatch.roster.tally import Tally
from mobility.core.ids import DriverRef, DutyId


def give_out(tally: Tally, before: Holders) -> None:
    """Fill ``tally``: first who had a duty before and still can, then the dearest and scarcest to who lacks most.

    Obeys every hard rule. No promise of how good the roster is.
    """
    for duty_id, driver in before.items():
        is_known = duty_id in tally.duties and driver in tally.volunteers
        if is_known and duty_id not in tally.holder and not tally.obstacles(driver, duty_id):
            tally.give(duty_id, driver)
    takers = {duty_id: _takers(tally, duty_id) for duty_id in tally.duties if duty_id not in tally.holder}
    for duty_id in sorted(takers, key=lambda one: (-OPEN_COST[tally.duties[one].role], len(takers[one]), one)):
        able = [driver for driver in takers[duty_id] if not tally.obstacles(driver, duty_id)]
        if able:
            tally.give(duty_id, min(able, key=lambda driver: _price(tally, driver, duty_id)))


def _takers(tally: Tally, duty_id: DutyId) -> list[DriverRef]:
    return [driver for driver in tally.volunteers if not tally.standing(driver, duty_id)]


def _price(tally: Tally, driver: DriverRef, duty_id: DutyId) -> tuple[int, int, DriverRef]:
    volunteer = tally.volunteers[driver]
    return len(tally.held(driver)) - volunteer.target, misfit(volunteer, tally.duties[duty_id]), driver
