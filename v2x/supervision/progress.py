"""What becomes of a command: the vehicle's reports, silence, and a second person who never came. Pure decisions."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from mobility.core.clock import Instant
from mobility.core.events import CommandProgressed, Event
from mobility.core.fold import State
from mobility.core.ids import CommandId, VehicleId
from mobility.core.supervision import Command, CommandAction, CommandState, ManoeuvreOutcome
from v2x.extension import CommandReport
from v2x.supervision.manoeuvres import decided
from v2x.supervision.verifier import Rejection

REPORT_GRACE_MS = 3000
"""How long after its end of force a command waits for news: reports come with samples, over the same radio."""
NOT_APPROVED = "not_approved"
NOT_HEARD = "not_heard"
NOT_CONNECTED = "not_connected"

_PROPOSED, _ISSUED, _RECEIVED = CommandState.PROPOSED, CommandState.ISSUED, CommandState.RECEIVED
_ACCEPTED, _EXECUTED = CommandState.ACCEPTED, CommandState.EXECUTED
_REJECTED, _EXPIRED = CommandState.REJECTED, CommandState.EXPIRED

FOLLOWS: Mapping[CommandState, frozenset[CommandState]] = MappingProxyType(
    {
        _PROPOSED: frozenset(),
        _ISSUED: frozenset({_RECEIVED, _ACCEPTED, _EXECUTED, _REJECTED}),
        _RECEIVED: frozenset({_ACCEPTED, _EXECUTED, _REJECTED}),
        _ACCEPTED: frozenset({_EXECUTED, _REJECTED}),
        _EXECUTED: frozenset(),
        # Late word from the vehicle is true all the same, and what it did outweighs what it refused.
        _REJECTED: frozenset({_ACCEPTED, _EXECUTED}),
        _EXPIRED: frozenset({_RECEIVED, _ACCEPTED, _EXECUTED, _REJECTED}),
    }
)
"""State to the states that a vehicle's report may bring next."""

OUTCOMES: Mapping[CommandAction, ManoeuvreOutcome] = MappingProxyType(
    {
        CommandAction.RELEASE_MANOEUVRE: ManoeuvreOutcome.RELEASED,
        CommandAction.REFUSE_MANOEUVRE: ManoeuvreOutcome.REFUSED,
    }
)
_REFUSALS = frozenset(Rejection)


def report(state: State, _now: Instant, *, vehicle_id: VehicleId, said: CommandReport, at: Instant) -> list[Event]:
    """Take a vehicle's word about a command of its own; what is no news or not its command gives nothing."""
    known = state.supervised.commands.get(CommandId(said.command_id))
    if known is None or known.vehicle_id != vehicle_id or known.counter == 0 or said.state not in FOLLOWS[known.state]:
        return []
    if known.state is _ACCEPTED and said.state is _REJECTED and said.reason in _REFUSALS:
        # The same bytes came a second time and were refused then; the first time they were accepted.
        return []
    events: list[Event] = [CommandProgressed(command_id=known.command_id, state=said.state, reason=said.reason, at=at)]
    if said.state in (_ACCEPTED, _EXECUTED) and known.manoeuvre_id is not None:
        events += decided(state, known.manoeuvre_id, OUTCOMES[known.action], at)
    return events


def lapse(state: State, now: Instant, *, command_ids: Iterable[CommandId]) -> list[Event]:
    """End commands that nobody approved or nobody heard of in time."""
    events: list[Event] = []
    for command_id in command_ids:
        known = state.supervised.commands.get(command_id)
        reason = _lapse_reason(known, now) if known is not None else ""
        if reason:
            events.append(CommandProgressed(command_id=command_id, state=_EXPIRED, reason=reason, at=now))
    return events


def unsent(state: State, now: Instant, *, command_id: CommandId) -> list[Event]:
    """End a command at once that found no connection to its vehicle."""
    known = state.supervised.commands.get(command_id)
    if known is None or known.state is not _ISSUED:
        return []
    return [CommandProgressed(command_id=command_id, state=_EXPIRED, reason=NOT_CONNECTED, at=now)]


def _lapse_reason(known: Command, now: Instant) -> str:
    if known.expires_at is None:
        return ""
    if known.state is _PROPOSED and now >= known.expires_at:
        return NOT_APPROVED
    if known.state in (_ISSUED, _RECEIVED) and now >= known.expires_at + REPORT_GRACE_MS:
        return NOT_HEARD
    return ""
