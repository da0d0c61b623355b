"""The completeness of a vehicle's day as people and machines read it: thirteen items, each with its share."""

from typing import Any

from mobility.core.supervision import ManoeuvreOutcome
from mobility.core.vehicle import VehicleSpec
from v2x.recorder.completeness import DayTable, ItemShare
from v2x.recorder.facts import VehicleFacts
from v2x.recorder.items import FROM_THE_LEDGER, FULLY_FITTED_LEVEL, Item, fitted


def day_report(table: DayTable, facts: VehicleFacts, spec: VehicleSpec | None) -> dict[str, Any]:
    """Return a JSON object: vehicle, day, expected seconds, and each item's status and share."""
    level = 0 if spec is None else spec.sae_level
    shares = {**table.shares(), **ledger_items(table, facts)}
    has = set(fitted(level, table.heard) - FROM_THE_LEDGER)
    if level >= FULLY_FITTED_LEVEL or facts.commands or facts.asked:
        has |= FROM_THE_LEDGER
    return {
        "vehicle_id": table.vehicle_id,
        "day": table.day.isoformat(),
        "sae_level": level,
        "expected_s": shares[Item.POSITION].expected,
        "items": [_row(shares[item], is_fitted=item in has) for item in Item],
    }


def ledger_items(table: DayTable, facts: VehicleFacts) -> dict[Item, ItemShare]:
    """Return items 4 and 13: requests of the day that were closed, commands of the day the vehicle answered."""
    asked = [each.manoeuvre.manoeuvre_id for each in facts.asked_between(table.starts, table.ends)]
    closed = sum(each in facts.closed and facts.closed[each].outcome is not ManoeuvreOutcome.OPEN for each in asked)
    issued = [each.command.command_id for each in facts.commands_between(table.starts, table.ends)]
    answered = sum(facts.is_answered(each) for each in issued)
    return {
        Item.MANOEUVRES: ItemShare(item=Item.MANOEUVRES, expected=len(asked), present=closed),
        Item.COMMANDS: ItemShare(item=Item.COMMANDS, expected=len(issued), present=answered),
    }


def _row(share: ItemShare, *, is_fitted: bool) -> dict[str, Any]:
    value = share.share
    status = "not_fitted"
    if is_fitted:
        status = "nothing_expected" if value is None else "present" if value == 1 else "partial" if value else "missing"
    return {
        "number": int(share.item),
        "name": share.item.name.lower(),
        "status": status,
        "share": round(value, 6) if is_fitted and value is not None else None,
        "expected": share.expected,
        "present": share.present,
    }
