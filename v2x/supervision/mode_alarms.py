"""What follows from a vehicle's modes: the alarms for minimal risk and for changes that can not be. Pure decisions."""

from mobility.core.clock import Instant
from mobility.core.events import Event
from mobility.core.fold import State
from mobility.core.ids import VehicleId
from mobility.core.supervision import AlarmKind, Command, CommandAction, CommandState
from mobility.core.vehicle import DrivingMode
from v2x.supervision.alarms import alarm_id, cleared, raised
from v2x.supervision.mode_watch import Change

_TAKEN = frozenset({CommandState.ACCEPTED, CommandState.EXECUTED})
_CLOCK_SLACK_MS = 1000
# How far the corrected time of a sample and the gateway's clock may disagree about what was first.
_STAMP_LAG_MS = 3000
# A sample may be stamped a little before it was taken (a tick of 1 s, a busy computer). That a release came after the
# leaving is excluded anyway: the vehicle takes one only while it stands, which is the command's precondition.


def stands(state: State, _now: Instant, *, vehicle_id: VehicleId, mode: DrivingMode, at: Instant) -> list[Event]:
    """Raise or clear the alarm that a vehicle stands in the minimal-risk condition, by its newest mode.

    A person who drives by hand has also seen to whatever impossible change there was.
    """
    if mode is DrivingMode.UNKNOWN:
        return []
    if mode is DrivingMode.MINIMAL_RISK:
        return raised(state, AlarmKind.MINIMAL_RISK, vehicle_id, at)
    events = cleared(state, alarm_id(AlarmKind.MINIMAL_RISK, vehicle_id), at)
    if mode is DrivingMode.MANUAL:
        events += cleared(state, alarm_id(AlarmKind.IMPOSSIBLE_MODE_CHANGE, vehicle_id), at)
    return events


def impossible(state: State, _now: Instant, *, change: Change) -> list[Event]:
    """Raise the alarm for a change that can not be."""
    detail = f"{change.before} -> {change.after}"
    return raised(state, AlarmKind.IMPOSSIBLE_MODE_CHANGE, change.vehicle_id, change.at, detail)


def is_released(state: State, change: Change) -> bool:
    """Return whether a documented release, taken by the vehicle, stands behind a leaving of the minimal-risk condition.

    It must be younger than the standstill it ended: one release ends one standstill.
    """
    return any(_releases(each, change) for each in state.supervised.commands.values())


def _releases(command: Command, change: Change) -> bool:
    if command.vehicle_id != change.vehicle_id or command.action is not CommandAction.RELEASE_MANOEUVRE:
        return False
    if command.state not in _TAKEN or command.issued_at is None:
        return False
    is_documented = command.cause.strip() != "" and command.necessity.strip() != ""
    is_before = command.issued_at <= change.at + _STAMP_LAG_MS
    is_after = change.since is None or command.issued_at >= change.since - _CLOCK_SLACK_MS
    return is_documented and is_before and is_after
