"""The entities of a feed by id, each kind in the order of its ids."""

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field

from passenger_info.entities import Entity
from passenger_info.identity import ALERT, SHAPE, TRIP, VEHICLE


def _by_kind() -> dict[str, dict[str, Entity]]:
    return {VEHICLE: {}, TRIP: {}, SHAPE: {}, ALERT: {}}


def _orders() -> dict[str, list[str]]:
    return {VEHICLE: [], TRIP: [], SHAPE: [], ALERT: []}


@dataclass(slots=True)
class EntityStore:
    """What is published. An entity that is put with the bytes it has already stays the same object."""

    tells_drift: bool = True
    """Whether somebody asks what changed; nobody else's list would ever be emptied."""
    _kept: dict[str, dict[str, Entity]] = field(default_factory=_by_kind)
    _order: dict[str, list[str]] = field(default_factory=_orders)
    _drifted: dict[str, None] = field(default_factory=dict)

    def get(self, entity_id: str) -> Entity | None:
        """Return an entity, ``None`` where it is not published."""
        return self._kept.get(entity_id.partition(":")[0], {}).get(entity_id)

    def put(self, entity_id: str, entity: Entity | None) -> None:
        """Publish an entity, or publish it no more."""
        kind = entity_id.partition(":")[0]
        before = self._kept[kind].get(entity_id)
        if entity is None:
            if before is None:
                return
            del self._kept[kind][entity_id]
            order = self._order[kind]
            del order[bisect_left(order, entity_id)]
        elif before == entity:
            return
        else:
            self._kept[kind][entity_id] = entity
            if before is None:
                insort(self._order[kind], entity_id)
        if self.tells_drift:
            self._drifted[entity_id] = None

    def of_kind(self, kind: str) -> Iterator[Entity]:
        """Yield the entities of a kind in the order of their ids."""
        kept = self._kept[kind]
        return (kept[entity_id] for entity_id in self._order[kind])

    def ids(self, kind: str) -> list[str]:
        """Return the ids of a kind in order."""
        return list(self._order[kind])

    def drifted(self) -> list[str]:
        """Return the ids of what changed since the last call."""
        drifted, self._drifted = self._drifted, {}
        return list(drifted)
