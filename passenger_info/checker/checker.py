"""The checker: entities before they are published, and messages as a reader gets them, one after the other.

What it knows of one message is kept for the next: rules E017 and E018 compare, and an entity that was found to be
right and has not changed since is not read again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from mobility.core.clock import Instant
from passenger_info.checker.apart import taken_apart
from passenger_info.checker.case import AlertCase, Known, Now, ShapeCase, UpdateCase, VehicleCase
from passenger_info.checker.company import Company
from passenger_info.checker.excuse import Excuse
from passenger_info.checker.finding import RuleFinding, Severity
from passenger_info.checker.message_rules import MessageCase
from passenger_info.checker.note import NO_DETOURS, PAYLOADS, Detours, EntityNote, detours_of, note_of
from passenger_info.checker.plain import is_plain
from passenger_info.checker.reach import Box
from passenger_info.checker.reading import TripRead, UpdateRead, VehicleRead, signed_64, update_read, vehicle_read
from passenger_info.checker.right import Judged, Right
from passenger_info.checker.static_view import StaticTrip, StaticView
from passenger_info.checker.table import (
    ALERT_RULES,
    CALL_RULES,
    HEADWAY_RULES,
    MESSAGE_RULES,
    PAYLOAD_RULE,
    SHAPE_RULES,
    TEXT_RULES,
    TRIP_RULES,
    UPDATE_RULES,
    VEHICLE_RULES,
)
from passenger_info.checker.time_rules import is_ahead
from passenger_info.checker.trip_rules import TripCase, TripRule
from passenger_info.checker.walk import walk

_MOST_ALERTS = 1000
"""Alerts whose detours are remembered between calls of ``check_entity``."""
_OWN_CALLS = "E051"
"""Who excuses it lets a trip number its calls anew."""

_Broken = list[tuple[Excuse, str]]
"""What is broken, by what would excuse it, and the detail."""


@dataclass(slots=True)
class Checker:
    """Finds what breaks an error rule. One instance follows one feed; it is not for several tasks at once."""

    static: StaticView
    excuses: frozenset[Excuse] = frozenset()
    """What is no finding here."""
    right: Right = field(default_factory=Right)
    """Entities that were found right; the checkers of one static feed may share it."""
    company: Company = field(init=False)
    """What ``check_entity`` was shown and found right, beside each other."""
    _known: Known = field(init=False)
    _trip_rules: Sequence[tuple[str, TripRule]] = TRIP_RULES
    _previous_s: int = 0
    _previous: bytes | None = None
    _sent: tuple[int, bytes | None] = (0, None)
    """What ``_previous_s`` and ``_previous`` were before the message checked last."""
    _alerts: dict[str, Detours] = field(default_factory=dict)
    """Detours by alert, as ``check_entity`` was shown them."""
    _detours: Detours = NO_DETOURS
    """The same in one."""

    def __post_init__(self) -> None:
        """Measure the covered area once."""
        self._known = Known(self.static, Box(self.static.covered))
        self.company = Company(self._known)
        if self.static.headway_trips or self.static.exact_headways:
            self._trip_rules = (*TRIP_RULES, *HEADWAY_RULES)

    def check_entity(self, entity: gtfs_realtime.FeedEntity, at: Instant) -> Sequence[RuleFinding]:
        """Return what is wrong with an entity that is to be published at ``at``, in a message of that second.

        Rules that need the rest of the message are not asked (see ``company``), except that a vehicle may leave its
        shape where an alert shown to this method before says so (rule E029).
        """
        content, now = entity.SerializePartialToString(), Now(at, at // 1000)
        judged = self._still_right(content, now)
        found: Sequence[RuleFinding] = ()
        note = None if judged is None else judged.note
        if note is None:
            found, note = self._judge(content, entity, now, self._detours)
        if entity.HasField("alert"):
            self._remember(entity.id, note.detours)
        self.company.tell(entity.id, None if found else note)
        return found

    def _remember(self, entity_id: str, detours: Detours) -> None:
        known = self._alerts.pop(entity_id, NO_DETOURS)
        if detours != NO_DETOURS:
            self._alerts[entity_id] = detours
            if len(self._alerts) > _MOST_ALERTS:
                del self._alerts[next(iter(self._alerts))]
        if detours != known:
            self._detours = Detours.joined(self._alerts.values())

    def check(self, message: gtfs_realtime.FeedMessage, at: Instant) -> Sequence[RuleFinding]:
        """Return what is wrong with a message that a reader gets at ``at``; calls are in the order of publishing."""
        entities = [(entity.SerializePartialToString(), entity) for entity in message.entity]
        return self._follow(message.header, entities, message.SerializePartialToString(), at)

    def check_bytes(self, message: bytes, at: Instant) -> Sequence[RuleFinding]:
        """Do the same with a serialised message, of which only what is new is read; raises ``DecodeError``."""
        parts = taken_apart(message)
        if parts is None:
            return self.check(gtfs_realtime.FeedMessage.FromString(message), at)
        header = gtfs_realtime.FeedHeader.FromString(parts.header)
        return self._follow(header, [(content, None) for content in parts.entities], message, at)

    def take_back(self) -> None:
        """Forget that the message checked last came: it was not sent, and the next one follows on the one before."""
        self._previous_s, self._previous = self._sent

    def _follow(
        self,
        header: gtfs_realtime.FeedHeader,
        entities: Iterable[tuple[bytes, gtfs_realtime.FeedEntity | None]],
        content: bytes,
        at: Instant,
    ) -> Sequence[RuleFinding]:
        now = Now(at, signed_64(header.timestamp))
        notes: list[EntityNote | None] = []
        unknown: list[tuple[int, bytes, gtfs_realtime.FeedEntity]] = []
        for part, entity in entities:
            judged = self._still_right(part, now)
            if judged is None:
                unknown.append((len(notes), part, entity or gtfs_realtime.FeedEntity.FromString(part)))
            notes.append(None if judged is None else judged.note)
        told = [note.detours for note in notes if note is not None]
        detours = Detours.joined((*told, *(detours_of(e.alert) for _, _, e in unknown if e.HasField("alert"))))
        found: list[RuleFinding] = []
        for k, part, entity in unknown:
            wrong, notes[k] = self._judge(part, entity, now, detours)
            found.extend(wrong)
        return (*found, *self._compared(header, content, [note for note in notes if note is not None], now))

    def _compared(
        self, header: gtfs_realtime.FeedHeader, content: bytes, notes: Sequence[EntityNote], now: Now
    ) -> Iterable[RuleFinding]:
        case = MessageCase(header, notes, self._previous_s, content == self._previous, self._known, now)
        self._sent = (self._previous_s, self._previous)
        self._previous_s, self._previous = now.header_s, content
        return [
            RuleFinding(rule_id, Severity.ERROR, str(entity_id), detail)
            for rule_id, rule in MESSAGE_RULES
            for entity_id, detail in rule(case)
        ]

    def _still_right(self, content: bytes, now: Now) -> Judged | None:
        """Return what is known of an entity that is right at ``now``: the rules with a clock are E012 and E050."""
        judged = self.right.get(content)
        if judged is None or not judged.needed <= self.excuses:
            return None
        newest_s = judged.note.newest_s
        is_right = newest_s == 0 or (newest_s <= now.header_s and not is_ahead(newest_s, now))
        return judged if is_right else None

    def _judge(
        self, content: bytes, entity: gtfs_realtime.FeedEntity, now: Now, detours: Detours
    ) -> tuple[list[RuleFinding], EntityNote]:
        """Return the findings of an entity by itself, and its note; one that is right is remembered."""
        broken: _Broken = []
        update = vehicle = None
        if entity.HasField("trip_update"):
            update = update_read(entity.trip_update)
            self._update(update, now, broken)
        if entity.HasField("vehicle"):
            vehicle = vehicle_read(entity.vehicle)
            self._vehicle(vehicle, now, detours, broken)
        count = sum(map(entity.HasField, PAYLOADS))
        if count != 1 and not entity.is_deleted:
            broken.append((Excuse(PAYLOAD_RULE), f"an entity with {count} contents"))
        if count > (update is not None) + (vehicle is not None):
            self._other(entity, broken)
        note = note_of(entity, update, vehicle)
        needed = self.excuses.intersection(excuse for excuse, _ in broken)
        findings = [
            RuleFinding(excuse.rule_id, Severity.ERROR, str(entity.id), detail)
            for excuse, detail in broken
            if excuse not in needed
        ]
        # what only a detour excuses is looked at again
        if not findings and not (vehicle is not None and detours.concern(vehicle.trip)):
            self.right.keep(content, Judged(note, needed), now.at)
        return findings, note

    def _update(self, update: UpdateRead, now: Now, broken: _Broken) -> None:
        static, relationship = self._static(update.trip), update.trip.relationship
        self._trip(update.trip, static, broken)
        has_own_calls = Excuse(_OWN_CALLS, relationship) in self.excuses
        case = UpdateCase(update, static, walk(update, static, goes_on=has_own_calls), self._known, now)
        rules = UPDATE_RULES if is_plain(update.calls) else (*UPDATE_RULES, *CALL_RULES)
        for rule_id, rule in rules:
            wrong = rule(case)
            if wrong:
                broken.extend((Excuse(rule_id, relationship), detail) for detail in wrong)

    def _vehicle(self, vehicle: VehicleRead, now: Now, detours: Detours, broken: _Broken) -> None:
        static = relationship = None
        if vehicle.trip is not None:
            static, relationship = self._static(vehicle.trip), vehicle.trip.relationship
            self._trip(vehicle.trip, static, broken)
        case = VehicleCase(vehicle, static, detours.concern(vehicle.trip), self._known, now)
        for rule_id, rule in VEHICLE_RULES:
            wrong = rule(case)
            if wrong:
                broken.extend((Excuse(rule_id, relationship), detail) for detail in wrong)

    def _trip(self, trip: TripRead, static: StaticTrip | None, broken: _Broken) -> None:
        case = TripCase(trip, static, self.static)
        for rule_id, rule in self._trip_rules:
            wrong = rule(case)
            if wrong:
                broken.extend((Excuse(rule_id, trip.relationship), detail) for detail in wrong)

    def _static(self, trip: TripRead) -> StaticTrip | None:
        return None if trip.trip_id is None else self.static.trips.get(trip.trip_id)

    def _other(self, entity: gtfs_realtime.FeedEntity, broken: _Broken) -> None:
        if entity.HasField("alert"):
            alert = AlertCase(entity.alert, self._known)
            broken.extend((Excuse(rule_id), detail) for rule_id, rule in ALERT_RULES for detail in rule(alert))
        for text in ("alert", "stop"):
            if entity.HasField(text):
                owner = getattr(entity, text)
                broken.extend((Excuse(rule_id), detail) for rule_id, rule in TEXT_RULES for detail in rule(owner))
        if entity.HasField("shape"):
            shape = ShapeCase(entity.shape, self._known)
            broken.extend((Excuse(rule_id), detail) for rule_id, rule in SHAPE_RULES for detail in rule(shape))
