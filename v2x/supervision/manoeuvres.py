"""A vehicle's requests for a decision: asked, withdrawn, expired. Pure decisions on the ledger's state."""

from collections.abc import Iterable

from mobility.core.clock import Instant
from mobility.core.events import AlarmRaised, Event, ManoeuvreAsked, ManoeuvreClosed
from mobility.core.fold import State
from mobility.core.ids import ManoeuvreId, VehicleId
from mobility.core.ports import TelemetryRecord
from mobility.core.supervision import Alarm, AlarmKind, Manoeuvre, ManoeuvreOutcome
from v2x.extension import ManoeuvreRequest
from v2x.supervision.alarms import cleared, manoeuvre_alarm_id


def global_id(vehicle_id: VehicleId, request_id: str) -> ManoeuvreId:
    """Return the name of a vehicle's request among those of all vehicles."""
    return ManoeuvreId(f"{vehicle_id}/{request_id}")


def manoeuvre_of(record: TelemetryRecord, request: ManoeuvreRequest, state_version: int | None) -> Manoeuvre:
    """Return a request as the first sample that carries it tells it.

    The deadline is by the vehicle's clock and moves with the correction of its sample's time.
    """
    sample = record.sample
    return Manoeuvre(
        manoeuvre_id=global_id(sample.vehicle_id, request.request_id),
        vehicle_id=sample.vehicle_id,
        kind=request.kind,
        text=request.text,
        place=sample.place,
        mode=sample.mode,
        state_version=state_version or 0,
        boot_id=sample.boot_id,
        asked_at=record.event_time,
        deadline=Instant(request.deadline + record.event_time - sample.device_time),
    )


def ask(state: State, now: Instant, *, manoeuvre: Manoeuvre) -> list[Event]:
    """Take note of a request once, or again where it seemed withdrawn and is not.

    One that arrives after its deadline (a radio gap) is closed at once.
    """
    known = state.supervised.manoeuvres.get(manoeuvre.manoeuvre_id)
    if known is not None and known.outcome is not ManoeuvreOutcome.WITHDRAWN:
        return []
    asked = ManoeuvreAsked(manoeuvre=manoeuvre)
    if manoeuvre.deadline <= now:
        late = ManoeuvreClosed(manoeuvre_id=manoeuvre.manoeuvre_id, outcome=ManoeuvreOutcome.EXPIRED, at=now)
        return [asked, late]
    alarm = Alarm(
        alarm_id=manoeuvre_alarm_id(manoeuvre.manoeuvre_id),
        kind=AlarmKind.MANOEUVRE_WAITS,
        vehicle_id=manoeuvre.vehicle_id,
        raised_at=now,
        detail=manoeuvre.kind,
    )
    return [asked, AlarmRaised(alarm=alarm)]


def close(state: State, manoeuvre_id: ManoeuvreId, outcome: ManoeuvreOutcome, at: Instant) -> list[Event]:
    """End an open request, and its alarm."""
    asked = state.supervised.manoeuvres.get(manoeuvre_id)
    if asked is None or asked.outcome is not ManoeuvreOutcome.OPEN:
        return []
    closed = ManoeuvreClosed(manoeuvre_id=manoeuvre_id, outcome=outcome, at=at)
    return [closed, *cleared(state, manoeuvre_alarm_id(manoeuvre_id), at)]


def decided(state: State, manoeuvre_id: ManoeuvreId, outcome: ManoeuvreOutcome, at: Instant) -> list[Event]:
    """End a request by the vehicle's word that it took the decision: that word also counts when it comes late."""
    asked = state.supervised.manoeuvres.get(manoeuvre_id)
    if asked is None or asked.outcome in (ManoeuvreOutcome.RELEASED, ManoeuvreOutcome.REFUSED):
        return []
    closed = ManoeuvreClosed(manoeuvre_id=manoeuvre_id, outcome=outcome, at=at)
    return [closed, *cleared(state, manoeuvre_alarm_id(manoeuvre_id), at)]


def withdraw(state: State, _now: Instant, *, manoeuvre_ids: Iterable[ManoeuvreId], at: Instant) -> list[Event]:
    """End requests that their vehicle asks no more."""
    closing = (close(state, each, ManoeuvreOutcome.WITHDRAWN, at) for each in manoeuvre_ids)
    return [event for events in closing for event in events]


def expire(state: State, now: Instant, *, manoeuvre_ids: Iterable[ManoeuvreId]) -> list[Event]:
    """End those requests whose deadline has passed."""
    known = state.supervised.manoeuvres
    over = [each for each in manoeuvre_ids if each in known and known[each].deadline <= now]
    return [event for each in over for event in close(state, each, ManoeuvreOutcome.EXPIRED, now)]
