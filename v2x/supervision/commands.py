"""Commanding: what a supervisor may command now, the second person's approval, and signing. Pure decisions.

Signing belongs to the decision: the counter is known only here, and Ed25519 needs no chance (RFC 8032), so that the
same facts give the same bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mobility.core.clock import Instant
from mobility.core.events import CommandIssued, CommandProposed, Event, OccasionNoted
from mobility.core.fold import State
from mobility.core.ids import CommandId, OccasionId, VehicleId
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.supervision import (
    Command,
    CommandAction,
    CommandState,
    Manoeuvre,
    ManoeuvreOutcome,
    Occasion,
    OccasionKind,
)
from mobility.core.vehicle import DrivingMode, VehicleSpec
from v2x.server_frames import CommandMessage, command_frame
from v2x.supervision.body import MOST_POINTS, body_of, encode_body
from v2x.supervision.policy import (
    AT_ONCE_ACTIONS,
    LEAST_LEVEL,
    MANOEUVRE_ACTIONS,
    Policy,
    leaves_minimal_risk,
)
from v2x.supervision.signing import SigningKeys, signed
from v2x.supervision.verifier import is_another_person

_AUTONOMOUS_LEVEL = 4
_SHORTEST_ROUTE = 2
_UNDER_WAY = frozenset({CommandState.PROPOSED, CommandState.ISSUED, CommandState.RECEIVED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What every decision about commands needs beside the ledger's state."""

    specs: Mapping[VehicleId, VehicleSpec]
    policy: Policy
    keys: SigningKeys


def command(state: State, now: Instant, *, order: Command, desk: Desk) -> list[Event] | Refusal:
    """Issue what a supervisor ordered, or propose it where a second person has to approve it.

    ``order`` has no counter and no times; its preconditions are filled in for answers to a request.
    """
    refusal = _objection(state, now, order, desk)
    if refusal is not None:
        return refusal
    settled = _with_precondition(state, order)
    if desk.policy.needs_approval(settled.action, settled.expected_mode):
        lapses_at = Instant(now + round(desk.policy.approval_wait_s * 1000))
        return [CommandProposed(command=replace(settled, state=CommandState.PROPOSED, expires_at=lapses_at))]
    return _issue(state, now, settled, desk)


def approve(state: State, now: Instant, *, command_id: CommandId, approver: str, desk: Desk) -> list[Event] | Refusal:
    """Sign a proposed command anew, with present times and the second person's signature."""
    proposed = state.supervised.commands.get(command_id)
    if proposed is None:
        return Refusal(RefusalCode.UNKNOWN_COMMAND)
    if proposed.state is not CommandState.PROPOSED or (proposed.expires_at is not None and now >= proposed.expires_at):
        return Refusal(RefusalCode.NOT_WAITING_FOR_APPROVAL)
    if not is_another_person(proposed.issuer, approver):
        return Refusal(RefusalCode.SAME_PERSON)
    refusal = _objection(state, now, proposed, desk)
    if refusal is not None:
        return refusal
    return _issue(state, now, replace(proposed, approver=approver), desk)


def _objection(state: State, now: Instant, order: Command, desk: Desk) -> Refusal | None:
    spec = desk.specs.get(order.vehicle_id)
    if spec is None:
        return Refusal(RefusalCode.UNKNOWN_VEHICLE)
    if spec.sae_level < LEAST_LEVEL[order.action]:
        return Refusal(RefusalCode.NOT_FOR_THIS_VEHICLE, {"vehicle": spec.label, "level": spec.sae_level})
    missing = _missing(order)
    if missing:
        return Refusal(RefusalCode.INVALID_INPUT, {"detail": missing})
    if order.action not in MANOEUVRE_ACTIONS:
        return None
    return _objection_to_answer(state, now, order)


def _missing(order: Command) -> str:
    """Return the name of what an order lacks or has too much, empty where it is whole."""
    if order.action not in AT_ONCE_ACTIONS and not order.reason.strip():
        return "reason"
    if (order.manoeuvre_id is not None) != (order.action in MANOEUVRE_ACTIONS):
        return "manoeuvre_id"
    if bool(order.text.strip()) != (order.action is CommandAction.ANNOUNCE):
        return "text"
    is_route = _SHORTEST_ROUTE <= len(order.route) <= MOST_POINTS
    if is_route != (order.action is CommandAction.PROPOSE_ROUTE) or (order.route and not is_route):
        return "route"
    return ""


def _objection_to_answer(state: State, now: Instant, order: Command) -> Refusal | None:
    asked = _asked(state, order)
    if asked is None:
        return Refusal(RefusalCode.UNKNOWN_MANOEUVRE)
    if asked.outcome is not ManoeuvreOutcome.OPEN or asked.deadline <= now:
        return Refusal(RefusalCode.MANOEUVRE_CLOSED)
    if any(_stands_in_the_way(each, order) for each in _answers_under_way(state, now, asked)):
        return Refusal(RefusalCode.DECISION_UNDER_WAY)
    if leaves_minimal_risk(order.action, asked.mode) and not (order.cause.strip() and order.necessity.strip()):
        return Refusal(RefusalCode.CAUSE_NEEDED)
    return None


def _stands_in_the_way(other: Command, order: Command) -> bool:
    """Return whether another answer keeps ``order`` back; a release without its second person yields to a refusal."""
    is_overruled = other.state is CommandState.PROPOSED and order.action is CommandAction.REFUSE_MANOEUVRE
    return other.command_id != order.command_id and not is_overruled


def _asked(state: State, order: Command) -> Manoeuvre | None:
    if order.manoeuvre_id is None:
        return None
    asked = state.supervised.manoeuvres.get(order.manoeuvre_id)
    return asked if asked is not None and asked.vehicle_id == order.vehicle_id else None


def _answers_under_way(state: State, now: Instant, asked: Manoeuvre) -> list[Command]:
    # Newest first: a request is seconds old, so that its answers stand at the end of a long history.
    found = []
    for each in reversed(state.supervised.commands.values()):  # type: ignore[call-overload]  # a dict since the fold
        if each.issued_at is not None and each.issued_at < asked.asked_at:
            break
        is_in_force = each.expires_at is not None and now < each.expires_at
        if each.manoeuvre_id == asked.manoeuvre_id and each.state in _UNDER_WAY and is_in_force:
            found.append(each)
    return found


def _with_precondition(state: State, order: Command) -> Command:
    asked = _asked(state, order)
    if asked is not None:
        return replace(order, expected_mode=asked.mode, expected_state_version=asked.state_version or None)
    if order.action is CommandAction.PROPOSE_ROUTE:
        return order
    # Stopping, calling and announcing have no condition.
    return replace(order, expected_mode=DrivingMode.UNKNOWN, expected_state_version=None)


def _issue(state: State, now: Instant, order: Command, desk: Desk) -> list[Event]:
    issued = replace(
        order,
        state=CommandState.ISSUED,
        counter=state.supervised.counters.get(order.vehicle_id, 0) + 1,
        issued_at=now,
        expires_at=Instant(now + desk.policy.lifetime_ms(order.action)),
    )
    body = encode_body(body_of(issued))
    signatures = signed(desk.keys, body, is_approved=issued.approver is not None)
    frame = command_frame(CommandMessage(body, signatures))
    events: list[Event] = [CommandIssued(command=issued, frame_hex=frame.hex())]
    if desk.specs[issued.vehicle_id].sae_level >= _AUTONOMOUS_LEVEL:
        events.append(OccasionNoted(occasion=_intervention(issued, now)))
    return events


def _intervention(issued: Command, now: Instant) -> Occasion:
    return Occasion(
        occasion_id=OccasionId(f"{issued.vehicle_id}-{now}-{OccasionKind.INTERVENTION}-{issued.counter}"),
        vehicle_id=issued.vehicle_id,
        kind=OccasionKind.INTERVENTION,
        at=now,
        source="supervision",
        detail=f"{issued.action} {issued.command_id}",
    )
