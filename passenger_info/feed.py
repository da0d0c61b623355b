"""The entities that are published now, each serialised once: read by pull feeds, the push hub and MQTT alike.

Who changes something notes the entity; what only time changes has its moment on a queue. Nothing is made before
somebody reads. A position and the update of its trip name the same vehicle, or neither names one (rule E047).
"""

from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Protocol

from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from mobility.core.clock import Instant, shifted
from mobility.core.ids import TripId, VehicleId
from mobility.core.vehicle import TripRef
from passenger_info.alert_entities import alert_entity
from passenger_info.dataset import DatasetKind
from passenger_info.entities import Entity
from passenger_info.feed_alerts import FeedAlerts, is_detour
from passenger_info.identity import (
    ALERT,
    SHAPE,
    TRIP,
    VEHICLE,
    shape_entity_id,
    trip_entity_id,
    trip_of_entity,
    vehicle_entity_id,
)
from passenger_info.profiles import FULL, Profile
from passenger_info.shapes import DrawnLine, shape_entity
from passenger_info.statuses import CHAIN, Statuses
from passenger_info.store import EntityStore
from passenger_info.tellings import Answer, Tellings, Told

_KINDS = {
    DatasetKind.VEHICLE_POSITIONS: (VEHICLE,),
    DatasetKind.TRIP_UPDATES: (TRIP, SHAPE),
    DatasetKind.ALERTS: (ALERT,),
    DatasetKind.ALL: (VEHICLE, TRIP, SHAPE, ALERT),
}
_APART_S = 40.0
"""Between two runs of one trip id nothing is told under it for so long (rule P002)."""
_LOOK_AGAIN_S = 30.0
_MOST_NAMES = 20_000
_NEVER = Instant(0)


class Guard(Protocol):
    """Says what may be published."""

    def may_publish(self, entity: gtfs_realtime.FeedEntity, at: Instant) -> bool:
        """Return whether an entity may be published; it counts as published then."""
        ...

    def gone(self, entity_id: str) -> None:
        """Take notice that an entity is published no more."""
        ...

    def apart(self, at: Instant) -> Collection[str]:
        """Return which of the entities that may be published must not stand beside the others now."""
        ...


@dataclass(slots=True)
class _Holder:
    """Who tells something under a trip id, and since when nobody does."""

    ref: TripRef
    gone_at: Instant | None = None


@dataclass(slots=True)
class Feed:
    """The published entities of one profile."""

    statuses: Statuses
    profile: Profile = FULL
    guard: Guard | None = None
    refused: int = 0
    """How often the guard kept an entity back."""
    store: EntityStore = field(default_factory=EntityStore)
    _tellings: Tellings = field(init=False)
    _alerts: FeedAlerts = field(init=False)
    _told: dict[str, Told] = field(default_factory=dict)
    _apart: dict[str, Entity | None] = field(default_factory=dict)
    """The newest of what the guard wants apart from the others."""
    _noted: OrderedDict[str, None] = field(default_factory=OrderedDict)
    _due: dict[str, Instant] = field(default_factory=dict)
    _queue: list[tuple[Instant, str]] = field(default_factory=list)
    _holders: dict[TripId, _Holder] = field(default_factory=dict)
    _users: dict[str, tuple[DrawnLine, dict[str, None]]] = field(default_factory=dict)
    """Lines of detours by shape id, and the updates that use each."""
    _stale_lines: dict[str, None] = field(default_factory=dict)
    _detour_alerts: frozenset[str] = frozenset()
    _has_alert_news: bool = True
    _alerts_at: Instant = _NEVER

    def __post_init__(self) -> None:
        """Take in all there is."""
        self._tellings = Tellings(self.statuses, self.profile)
        self._alerts = FeedAlerts(self.statuses.runs, self.profile)
        facts, fleet = self.statuses.facts, self.statuses.fleet
        for vehicle_id in fleet.vehicles:
            self.note(vehicle_entity_id(vehicle_id))
        for ref in (*fleet.on_trip, *facts.cancelled, *facts.changed_trips(), *facts.holds):
            self.note(trip_entity_id(ref))

    def note(self, entity_id: str) -> None:
        """Note that an entity may have changed."""
        self._noted[entity_id] = None

    @property
    def backlog(self) -> int:
        """How many entities are noted and not looked at yet."""
        return len(self._noted)

    def note_alerts(self) -> None:
        """Note that alerts may have changed, or what they are about."""
        self._has_alert_news = True

    def entities(self, kind: DatasetKind, at: Instant) -> list[Entity]:
        """Return the entities of a feed in a fixed order: positions, updates, lines of detours, alerts, each by id.

        Beside positions stand the alerts of detours: with them a position off its usual line is no error (rule E029).
        """
        self.settle(at)
        found = [entity for part in _KINDS[kind] for entity in self.store.of_kind(part)]
        if kind is DatasetKind.VEHICLE_POSITIONS and self._detour_alerts:
            found.extend(alert for alert in self.store.of_kind(ALERT) if alert.entity_id in self._detour_alerts)
        return found

    def entity(self, entity_id: str, at: Instant) -> Entity | None:
        """Return one entity by id, ``None`` where it is not published."""
        self.settle(at)
        return self.store.get(entity_id)

    def overdue(self, at: Instant) -> list[str]:
        """Return what may be another by ``at`` than it was read last. Only alerts are made for it, others are noted."""
        self._take_due(at)
        if self._has_alert_news or at >= self._alerts_at:
            self._renew_alerts(at)
        return [*self._noted, *self.store.drifted()]

    def _take_due(self, at: Instant) -> None:
        queue = self._queue
        while queue and queue[0][0] <= at:
            due, entity_id = heappop(queue)
            if self._due.get(entity_id) == due:
                self._noted[entity_id] = None

    def settle(self, at: Instant) -> None:
        """Bring up to date what was noted or whose moment has come."""
        self._take_due(at)
        while self._noted:
            # What one notes that is still to come is looked at once, after it.
            self._renew(self._noted.popitem(last=False)[0], at)
        if self._has_alert_news or at >= self._alerts_at:
            self._renew_alerts(at)
        self._set_apart(at)
        stale, self._stale_lines = self._stale_lines, {}
        for shape_id in stale:
            self._renew_line(shape_id)

    def _renew(self, entity_id: str, at: Instant) -> None:
        self._due.pop(entity_id, None)
        kind, _, name = entity_id.partition(":")
        ref = trip_of_entity(entity_id) if kind == TRIP else None
        answer = Answer(None)
        if kind == VEHICLE:
            vehicle = self.statuses.fleet.vehicles.get(VehicleId(name))
            answer = answer if vehicle is None else self._tellings.vehicle(vehicle, at)
        elif ref is not None:
            answer = self._may_tell(ref, self._tellings.trip(ref, at), at)
        if answer.due is not None:
            self._due[entity_id] = answer.due
            heappush(self._queue, (answer.due, entity_id))
        before = self._told.get(entity_id)
        self._tell(entity_id, before, answer.told, at)
        if ref is not None:
            self._follow_up(ref, before, answer.told)

    def _tell(self, entity_id: str, before: Told | None, told: Told | None, at: Instant) -> None:
        if told is None:
            self._told.pop(entity_id, None)
            if self.guard is not None:
                self.guard.gone(entity_id)
            self._put(entity_id, None)
        elif before is None or before.source is not told.source or before.key != told.key:
            self._told[entity_id] = told
            self._publish(entity_id, told.make(), told.keep, at)

    def _publish(
        self,
        entity_id: str,
        message: gtfs_realtime.FeedEntity,
        keep: Callable[[gtfs_realtime.FeedEntity], Entity],
        at: Instant,
    ) -> None:
        if self.guard is not None and not self.guard.may_publish(message, at):
            self.refused += 1
            self._put(entity_id, None)
        else:
            self._put(entity_id, keep(message))

    def _put(self, entity_id: str, entity: Entity | None) -> None:
        if entity_id in self._apart:
            self._apart[entity_id] = entity
        else:
            self.store.put(entity_id, entity)

    def _set_apart(self, at: Instant) -> None:
        """Publish what has come to fit to the others, and nothing that does not any more."""
        apart = () if self.guard is None else self.guard.apart(at)
        for entity_id in [entity_id for entity_id in self._apart if entity_id not in apart]:
            self.store.put(entity_id, self._apart.pop(entity_id))
        for entity_id in apart:
            if entity_id not in self._apart:
                self.refused += 1
                self._apart[entity_id] = self.store.get(entity_id)
                self.store.put(entity_id, None)

    def _may_tell(self, ref: TripRef, answer: Answer, at: Instant) -> Answer:
        """Return the answer, or that it has to wait: under one trip id one run is told, then nothing for a while."""
        told, entity_id = answer.told, trip_entity_id(ref)
        before = self._told.get(entity_id)
        if before is not None and before.trip_id is not None and (told is None or told.trip_id != before.trip_id):
            holder = self._holders.get(before.trip_id)
            if holder is not None and holder.ref == ref:
                holder.gone_at = at
        if told is None or told.trip_id is None:
            return answer
        holder = self._holders.get(told.trip_id)
        if holder is not None and holder.ref == ref:
            holder.gone_at = None
            return answer
        if holder is None:
            if len(self._holders) > _MOST_NAMES:
                self._holders = {name: held for name, held in self._holders.items() if held.gone_at is None}
            self._holders[told.trip_id] = _Holder(ref)
            return answer
        free_at = shifted(at, _LOOK_AGAIN_S) if holder.gone_at is None else shifted(holder.gone_at, _APART_S)
        if free_at > at:
            if holder.gone_at is None and holder.ref.trip_id != told.trip_id:  # a copy stands in the way of the trip
                self._tellings.forget(holder.ref)
                self.note(trip_entity_id(holder.ref))
            return Answer(None, free_at)
        self._holders[told.trip_id] = _Holder(ref)
        return answer

    def _follow_up(self, ref: TripRef, before: Told | None, told: Told | None) -> None:
        """Note what hangs together with an update: the vehicle it named, the line it uses, the trips after it."""
        named_before, named = None if before is None else before.named, None if told is None else told.named
        if named_before is not None and named_before != named:
            self.note(vehicle_entity_id(named_before))
        self._use_line(trip_entity_id(ref), before, told)
        run = self.statuses.runs.get(ref)
        is_news = (None if before is None else before.source) is not (None if told is None else told.source)
        if run is None or not is_news:
            return
        for following in self.statuses.runs.following(run, CHAIN):
            if following in self.statuses.fleet.on_trip:
                return
            self.note(trip_entity_id(following))

    def _use_line(self, entity_id: str, before: Told | None, told: Told | None) -> None:
        old, new = None if before is None else before.line, None if told is None else told.line
        if old is not None and (new is None or new.shape_id != old.shape_id):
            self._users[old.shape_id][1].pop(entity_id, None)
            self._stale_lines[old.shape_id] = None
        if new is not None:
            users = self._users.setdefault(new.shape_id, (new, {}))[1]
            if entity_id not in users:
                users[entity_id] = None
                self._stale_lines[new.shape_id] = None

    def _renew_line(self, shape_id: str) -> None:
        line, users = self._users[shape_id]
        entities = [entity for user in sorted(users) if (entity := self.store.get(user)) is not None]
        if not users:
            del self._users[shape_id]
        self.store.put(shape_entity_id(shape_id), shape_entity(line, entities) if entities else None)

    def _renew_alerts(self, at: Instant) -> None:
        self._has_alert_news, self._alerts_at = False, shifted(at, _LOOK_AGAIN_S)
        messages = self._alerts.messages(at)
        for entity_id in self.store.ids(ALERT):
            if entity_id not in messages:
                self.store.put(entity_id, None)
        for entity_id, message in messages.items():
            self._publish(entity_id, message, alert_entity, at)
        self._detour_alerts = frozenset(entity_id for entity_id, message in messages.items() if is_detour(message))
