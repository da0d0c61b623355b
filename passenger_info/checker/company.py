"""What stands beside each other in one feed: rules E047, E052, S003 and S020, asked between two full datasets too.

A reader of the stream puts each delta over what it knows. What an entity says of itself was asked before; whether it
fits the others is asked where it names another trip or vehicle than its predecessor did. That is seldom: in a week
after one of 800 changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from passenger_info.checker.case import DUPLICATED, Known, Now
from passenger_info.checker.finding import RuleFinding, Severity
from passenger_info.checker.message_rules import MessageCase
from passenger_info.checker.note import EntityNote
from passenger_info.checker.table import MESSAGE_RULES

_RULES = [(rule_id, rule) for rule_id, rule in MESSAGE_RULES if rule_id in {"E047", "E052", "S003", "S020"}]


@dataclass(slots=True)
class Company:
    """The trips and vehicles that the entities of a feed name."""

    known: Known
    apart: dict[str, Sequence[RuleFinding]] = field(default_factory=dict)
    """What breaks a rule beside the others, and stands apart until it fits."""
    _notes: dict[str, EntityNote] = field(default_factory=dict)
    _inside: dict[str, EntityNote] = field(default_factory=dict)
    _news: dict[str, None] = field(default_factory=dict)

    def tell(self, entity_id: str, note: EntityNote | None) -> None:
        """Note what an entity says from now on, ``None`` where it is gone."""
        before = self._notes.get(entity_id)
        if note is None or (note.update is None and note.vehicle is None):
            if before is None:
                return
            del self._notes[entity_id]
        else:
            self._notes[entity_id] = note
            if before is not None and (note.update, note.vehicle) == (before.update, before.vehicle):
                return
        self._news[entity_id] = None

    def judge(self, now: Now) -> bool:
        """Bring ``apart`` up to date; return whether anything had to be asked."""
        if not self._news:
            return False
        # A copy is driven only while an update makes it: what stands may fall with another one that leaves.
        asked = {name for name, note in self._notes.items() if name in self._news or _is_on_copy(note)}
        asked |= self.apart.keys() & self._notes.keys()
        self._inside = {name: note for name, note in self._notes.items() if name not in asked}
        self._news.clear()
        self.apart.clear()
        # Updates first: of two that contradict each other the position stands apart.
        self._admit(sorted(asked, key=lambda name: (self._notes[name].vehicle is not None, name)), now)
        return True

    def _admit(self, names: Sequence[str], now: Now) -> None:
        self._inside.update((name, self._notes[name]) for name in names)
        broken = self._broken(now)
        if not broken:
            return
        for name in names:
            del self._inside[name]
        if len(names) == 1:
            self.apart[names[0]] = [RuleFinding(rule, Severity.ERROR, names[0], detail) for rule, detail in broken]
        else:
            self._admit(names[: len(names) // 2], now)
            self._admit(names[len(names) // 2 :], now)

    def _broken(self, now: Now) -> Sequence[tuple[str, str]]:
        notes = [self._inside[name] for name in sorted(self._inside)]  # in the order of a full dataset
        case = MessageCase(gtfs_realtime.FeedHeader(), notes, 0, False, self.known, now)
        return [(rule_id, detail) for rule_id, rule in _RULES for _, detail in rule(case)]


def _is_on_copy(note: EntityNote) -> bool:
    return note.vehicle is not None and note.vehicle.trip is not None and note.vehicle.trip.relationship == DUPLICATED
