"""Alarms of technical supervision as facts: raised once, cleared once, however often their cause is seen."""

from mobility.core.clock import Instant
from mobility.core.events import AlarmCleared, AlarmRaised, Event
from mobility.core.fold import State
from mobility.core.ids import AlarmId, ManoeuvreId, VehicleId
from mobility.core.supervision import Alarm, AlarmKind

HOLD_MS = 600_000
"""How long an alarm stands whose cause is a moment, not a condition: long enough to be seen, gone without a click."""
MOMENTARY = frozenset({AlarmKind.IMPOSSIBLE_MODE_CHANGE, AlarmKind.FORGED_BYTES})


def alarm_id(kind: AlarmKind, vehicle_id: VehicleId) -> AlarmId:
    """Return the id of the one alarm of a kind that a vehicle can have."""
    return AlarmId(f"{kind}:{vehicle_id}")


def manoeuvre_alarm_id(manoeuvre_id: ManoeuvreId) -> AlarmId:
    """Return the id of the alarm that a request waits."""
    return AlarmId(f"{AlarmKind.MANOEUVRE_WAITS}:{manoeuvre_id}")


def raised(state: State, kind: AlarmKind, vehicle_id: VehicleId, at: Instant, detail: str = "") -> list[Event]:
    """Return the fact that raises an alarm, nothing where it stands."""
    name = alarm_id(kind, vehicle_id)
    if name in state.supervised.alarms:
        return []
    return [AlarmRaised(alarm=Alarm(alarm_id=name, kind=kind, vehicle_id=vehicle_id, raised_at=at, detail=detail))]


def cleared(state: State, name: AlarmId, at: Instant) -> list[Event]:
    """Return the fact that clears an alarm, nothing where it does not stand."""
    return [AlarmCleared(alarm_id=name, at=at)] if name in state.supervised.alarms else []


def passed(state: State, now: Instant) -> list[Event]:
    """Return the facts that clear momentary alarms that stood long enough."""
    return [
        AlarmCleared(alarm_id=alarm.alarm_id, at=now)
        for alarm in state.supervised.alarms.values()
        if alarm.kind in MOMENTARY and now - alarm.raised_at >= HOLD_MS
    ]
