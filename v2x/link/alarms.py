"""Alarms about lost links: one for a vehicle, one together for many, so that a dead mast does not ring a hundred times.

Up to two lost vehicles have an alarm each. Whoever is lost beyond them is named in one alarm for several, so that at
most three alarms about links stand at any time.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from mobility.core.clock import Instant
from mobility.core.events import AlarmCleared, AlarmRaised, Event
from mobility.core.ids import AlarmId, VehicleId
from mobility.core.supervision import Alarm, AlarmKind, Supervised

MOST_SINGLE = 2
"""Alarms of their own; further vehicles share one."""
SEVERAL = AlarmId(f"{AlarmKind.LINK_LOST}:*")
"""The alarm they share."""
NEWS_AFTER_MS = 10_000
"""The shared alarm is told anew, with further names, at most this often."""
_NAMES = 8


def alarm_id(vehicle_id: VehicleId) -> AlarmId:
    """Return the id of a vehicle's own alarm."""
    return AlarmId(f"{AlarmKind.LINK_LOST}:{vehicle_id}")


@dataclass(frozen=True, slots=True)
class Told:
    """Whom the shared alarm named when it was told last, and when that was."""

    at: Instant
    vehicles: frozenset[VehicleId]


def link_alarms(
    known: Supervised,
    *,
    lost: Mapping[VehicleId, Instant],
    there: AbstractSet[VehicleId],
    told: Told | None,
    is_settled: bool = True,
    places: Mapping[VehicleId, str] | None = None,
    now: Instant,
) -> list[Event]:
    """Return the facts that bring the standing alarms to what is so now.

    ``lost`` tells since when each vehicle was not heard; ``there`` are those heard of that are not lost: the alarm of
    a vehicle in neither, from before a restart, stands until the vehicle is heard. ``told`` is ``None`` where this
    process did not tell the shared alarm. It is told anew for further vehicles only; once few enough are left, each
    has its own. Shortly after a start (not ``is_settled``) a shared alarm from before it stays: its vehicles may just
    not have come back yet. ``places`` names where each lost vehicle was last, for the detail of its own alarm.
    """
    named = ((alarm.vehicle_id, alarm.alarm_id) for alarm in known.alarms.values())
    own = {vehicle_id for vehicle_id, name in named if vehicle_id is not None and name == alarm_id(vehicle_id)}
    events: list[Event] = [
        AlarmCleared(alarm_id=alarm_id(vehicle_id), at=now) for vehicle_id in sorted(own) if vehicle_id in there
    ]
    standing = own - there
    rest = sorted(lost.keys() - standing, key=lambda vehicle_id: (lost[vehicle_id], vehicle_id))
    shared = known.alarms.get(SEVERAL)
    if len(standing) + len(rest) <= MOST_SINGLE:
        if shared is not None and (rest or is_settled):
            events.append(AlarmCleared(alarm_id=SEVERAL, at=now))
        return events + [_raised(alarm_id(each), each, now, (places or {}).get(each, "")) for each in rest]
    if not rest:
        is_over = shared is not None and is_settled
        return [*events, AlarmCleared(alarm_id=SEVERAL, at=now)] if is_over else events
    if shared is None:
        events.append(_raised(SEVERAL, rest[0], now, _named(rest)))
    elif told is None or (not told.vehicles.issuperset(rest) and now - told.at >= NEWS_AFTER_MS):
        events.append(_raised(SEVERAL, rest[0], shared.raised_at, _named(rest)))
    return events


def shared_by(known: Supervised, lost: AbstractSet[VehicleId]) -> frozenset[VehicleId]:
    """Return whom a shared alarm names: the lost vehicles without an alarm of their own."""
    return frozenset(vehicle_id for vehicle_id in lost if alarm_id(vehicle_id) not in known.alarms)


def _named(vehicles: Sequence[VehicleId]) -> str:
    names = ", ".join(vehicles[:_NAMES])
    return names if len(vehicles) <= _NAMES else f"{names} +{len(vehicles) - _NAMES}"


def _raised(alarm: AlarmId, vehicle_id: VehicleId, at: Instant, detail: str) -> Event:
    return AlarmRaised(
        alarm=Alarm(alarm_id=alarm, kind=AlarmKind.LINK_LOST, vehicle_id=vehicle_id, raised_at=at, detail=detail)
    )
