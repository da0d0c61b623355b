"""The gate before publishing: what breaks an error rule does not pass, is counted by rule, and is told for the log."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from google.protobuf.message import DecodeError
from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from mobility.core.clock import Instant
from passenger_info.checker.case import Now
from passenger_info.checker.checker import Checker
from passenger_info.checker.finding import RuleFinding, Severity

_MOST_NAMES = 1000
Told = Callable[[RuleFinding], None]
"""Takes each finding for which something was kept back; for a log."""


@dataclass(slots=True)
class Gate:
    """Lets through what is right; a ``passenger_info.feed.Guard``."""

    checker: Checker
    told: Told | None = None
    _refused: Counter[str] = field(default_factory=Counter)
    _last: dict[str, frozenset[str]] = field(default_factory=dict)
    """Rules each entity was kept back for last time, so that nobody is told the same again and again."""

    @property
    def refused(self) -> Mapping[str, int]:
        """How often something was kept back, by rule; an entity that breaks two rules counts for both."""
        return dict(sorted(self._refused.items()))

    def may_publish(self, entity: gtfs_realtime.FeedEntity, at: Instant) -> bool:
        """Return whether an entity may be published in a message of ``at``."""
        return self._passes(entity.id, self.checker.check_entity(entity, at))

    def gone(self, entity_id: str) -> None:
        """Take notice that an entity is published no more."""
        self.checker.company.tell(entity_id, None)

    def apart(self, at: Instant) -> Collection[str]:
        """Return which of the entities that may be published may not be so beside the others, at ``at``."""
        company = self.checker.company
        before = tuple(company.apart)
        if company.judge(Now(at, at // 1000)):
            for name in dict.fromkeys((*before, *company.apart)):
                self._passes(f"{name} beside others", company.apart.get(name, ()))
        return company.apart.keys()

    def may_send(self, message: bytes, at: Instant) -> bool:
        """Return whether a full dataset may be sent at ``at``; one that may not counts as never sent."""
        try:
            found = self.checker.check_bytes(message, at)
        except DecodeError as error:
            return self._passes("", [RuleFinding("decode", Severity.ERROR, "", str(error))])
        if found:
            self.checker.take_back()
        return self._passes("", found)

    def _passes(self, name: str, found: Sequence[RuleFinding]) -> bool:
        if not found:
            self._last.pop(name, None)
            return True
        rules = frozenset(finding.rule_id for finding in found)
        self._refused.update(rules)
        if self.told is not None and self._last.get(name) != rules:
            for finding in found:
                self.told(finding)
        self._last[name] = rules
        if len(self._last) > _MOST_NAMES:
            del self._last[next(iter(self._last))]
        return False
