"""The alarm that the planner's worker died or hung, raised once and cleared by its next answer."""

from mobility.core.clock import Instant
from mobility.core.events import AlarmCleared, AlarmRaised, Event
from mobility.core.fold import State
from mobility.core.ids import AlarmId
from mobility.core.supervision import Alarm, AlarmKind

SOLVER_ALARM = AlarmId(f"{AlarmKind.SOLVER_LOST}:planner")


def watched(state: State, now: Instant, *, is_lost: bool) -> list[Event]:
    """Return the fact that a solver was lost or is back; none where the ledger knows it already."""
    stands = SOLVER_ALARM in state.supervised.alarms
    if is_lost and not stands:
        alarm = Alarm(alarm_id=SOLVER_ALARM, kind=AlarmKind.SOLVER_LOST, vehicle_id=None, raised_at=now)
        return [AlarmRaised(alarm=alarm)]
    if stands and not is_lost:
        return [AlarmCleared(alarm_id=SOLVER_ALARM, at=now)]
    return []
