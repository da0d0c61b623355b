"""The checker: entities before they are published, and messages as a reader gets them, one after the other.

What it knows of one message is kept for the next: rules E017 and E018 compare, and an entity that was found to be
right and has not changed since is not read again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from mobility.core.clock import Instant
from passenger_info.checker.case import REPLACEMENT, AlertCase, Known, Now, ShapeCase, UpdateCase, VehicleCase
from passenger_info.checker.finding import RuleFinding, Severity
from passenger_info.checker.message_rules import MessageCase
from passenger_info.checker.note import PAYLOADS, Detours, EntityNote, detours_of, note_of
from passenger_info.checker.plain import is_plain
from passenger_info.checker.reach import Box
from passenger_info.checker.reading import TripRead, UpdateRead, VehicleRead, signed_64, update_read, vehicle_read
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


@dataclass(slots=True)
class Checker:
    """Finds what breaks an error rule. One instance follows one feed; it is not for several tasks at once."""

    static: StaticView
    has_own_replacements: bool = False
    """Whether the calls of a REPLACEMENT trip are its own, as the reference of today says. The rules are older and
    compare them with the static feed (E045, E046, E051, S006); so does this checker unless told otherwise."""
    _known: Known = field(init=False)
    _trip_rules: Sequence[tuple[str, TripRule]] = TRIP_RULES
    _previous_s: int = 0
    _previous: bytes | None = None
    _sent: tuple[int, bytes | None] = (0, None)
    """What ``_previous_s`` and ``_previous`` were before the message checked last."""
    _right: dict[bytes, EntityNote] = field(default_factory=dict)
    """Entities of the message before that were right, by their bytes."""
    _alerts: dict[str, Detours] = field(default_factory=dict)
    """Detours by alert, as ``check_entity`` was shown them."""
    _detours: Detours = field(default_factory=Detours)
    """The same in one."""

    def __post_init__(self) -> None:
        """Measure the covered area once."""
        self._known = Known(self.static, Box(self.static.covered))
        if self.static.headway_trips or self.static.exact_headways:
            self._trip_rules = (*TRIP_RULES, *HEADWAY_RULES)

    def check_entity(self, entity: gtfs_realtime.FeedEntity, at: Instant) -> Sequence[RuleFinding]:
        """Return what is wrong with an entity that is to be published at ``at``, in a message of that second.

        Rules that need the rest of the message are not asked, except that a vehicle may leave its shape where an
        alert shown to this method before says so (rule E029).
        """
        if entity.HasField("alert"):
            self._remember(entity)
        return self._checked(entity, Now(at, at // 1000), self._detours)[0]

    def _remember(self, entity: gtfs_realtime.FeedEntity) -> None:
        known, detours = self._alerts.pop(entity.id, Detours()), detours_of(entity.alert)
        if detours != Detours():
            self._alerts[entity.id] = detours
            if len(self._alerts) > _MOST_ALERTS:
                del self._alerts[next(iter(self._alerts))]
        if detours != known:
            trips = (each.trips for each in self._alerts.values())
            routes = (each.routes for each in self._alerts.values())
            self._detours = Detours(frozenset().union(*trips), frozenset().union(*routes))

    def check(self, message: gtfs_realtime.FeedMessage, at: Instant) -> Sequence[RuleFinding]:
        """Return what is wrong with a message that a reader gets at ``at``; calls are in the order of publishing."""
        now = Now(at, signed_64(message.header.timestamp))
        detours = detours_of(*(entity.alert for entity in message.entity if entity.HasField("alert")))
        found: list[RuleFinding] = []
        notes: list[EntityNote] = []
        right: dict[bytes, EntityNote] = {}
        for entity in message.entity:
            content = entity.SerializePartialToString()
            note = self._right.get(content)
            if note is None or not _is_still_right(note, now):
                wrong, note = self._checked(entity, now, detours)
                found.extend(wrong)
            else:
                wrong = []
            notes.append(note)
            # what only a detour excuses is looked at again
            if not wrong and not (note.vehicle is not None and detours.concern(note.vehicle.trip)):
                right[content] = note
        self._right = right
        return (*found, *self._compared(message, notes, now))

    def take_back(self) -> None:
        """Forget that the message checked last came: it was not sent, and the next one follows on the one before."""
        self._previous_s, self._previous = self._sent

    def _compared(
        self, message: gtfs_realtime.FeedMessage, notes: Sequence[EntityNote], now: Now
    ) -> Iterable[RuleFinding]:
        content = message.SerializePartialToString()
        case = MessageCase(message.header, notes, self._previous_s, content == self._previous, self._known, now)
        self._sent = (self._previous_s, self._previous)
        self._previous_s, self._previous = now.header_s, content
        return [
            RuleFinding(rule_id, Severity.ERROR, str(entity_id), detail)
            for rule_id, rule in MESSAGE_RULES
            for entity_id, detail in rule(case)
        ]

    def _checked(
        self, entity: gtfs_realtime.FeedEntity, now: Now, detours: Detours
    ) -> tuple[list[RuleFinding], EntityNote]:
        """Return the findings of an entity by itself, and its note."""
        broken: list[tuple[str, str]] = []
        update = vehicle = None
        if entity.HasField("trip_update"):
            update = update_read(entity.trip_update)
            self._update(update, now, broken)
        if entity.HasField("vehicle"):
            vehicle = vehicle_read(entity.vehicle)
            self._vehicle(vehicle, now, detours, broken)
        count = sum(map(entity.HasField, PAYLOADS))
        if count != 1 and not entity.is_deleted:
            broken.append((PAYLOAD_RULE, f"an entity with {count} contents"))
        if count > (update is not None) + (vehicle is not None):
            self._other(entity, broken)
        findings = [RuleFinding(rule_id, Severity.ERROR, str(entity.id), detail) for rule_id, detail in broken]
        return findings, note_of(entity, update, vehicle)

    def _update(self, update: UpdateRead, now: Now, broken: list[tuple[str, str]]) -> None:
        static = self._static(update.trip)
        self._trip(update.trip, static, broken)
        is_own = self.has_own_replacements and update.trip.relationship == REPLACEMENT
        schedule = None if is_own else static
        case = UpdateCase(update, static, schedule, walk(update, schedule), self._known, now)
        rules = UPDATE_RULES if is_plain(update.calls) else (*UPDATE_RULES, *CALL_RULES)
        for rule_id, rule in rules:
            wrong = rule(case)
            if wrong:
                broken.extend((rule_id, detail) for detail in wrong)

    def _vehicle(self, vehicle: VehicleRead, now: Now, detours: Detours, broken: list[tuple[str, str]]) -> None:
        static = None
        if vehicle.trip is not None:
            static = self._static(vehicle.trip)
            self._trip(vehicle.trip, static, broken)
        case = VehicleCase(vehicle, static, detours.concern(vehicle.trip), self._known, now)
        for rule_id, rule in VEHICLE_RULES:
            wrong = rule(case)
            if wrong:
                broken.extend((rule_id, detail) for detail in wrong)

    def _trip(self, trip: TripRead, static: StaticTrip | None, broken: list[tuple[str, str]]) -> None:
        case = TripCase(trip, static, self.static)
        for rule_id, rule in self._trip_rules:
            wrong = rule(case)
            if wrong:
                broken.extend((rule_id, detail) for detail in wrong)

    def _static(self, trip: TripRead) -> StaticTrip | None:
        return None if trip.trip_id is None else self.static.trips.get(trip.trip_id)

    def _other(self, entity: gtfs_realtime.FeedEntity, broken: list[tuple[str, str]]) -> None:
        if entity.HasField("alert"):
            alert = AlertCase(entity.alert, self._known)
            broken.extend((rule_id, detail) for rule_id, rule in ALERT_RULES for detail in rule(alert))
        for text in ("alert", "stop"):
            if entity.HasField(text):
                owner = getattr(entity, text)
                broken.extend((rule_id, detail) for rule_id, rule in TEXT_RULES for detail in rule(owner))
        if entity.HasField("shape"):
            shape = ShapeCase(entity.shape, self._known)
            broken.extend((rule_id, detail) for rule_id, rule in SHAPE_RULES for detail in rule(shape))


def _is_still_right(note: EntityNote, now: Now) -> bool:
    """Return whether what was right before is right now: the rules with a clock are E012 and E050."""
    return note.newest_s == 0 or (note.newest_s <= now.header_s and not is_ahead(note.newest_s, now))
