"""What the ledger adds to the recorder's items: commands, manoeuvres and the use of automation, by vehicle."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from mobility.core.clock import Instant
from mobility.core.events import (
    CommandIssued,
    CommandProgressed,
    DrivingModeChanged,
    Event,
    ManoeuvreAsked,
    ManoeuvreClosed,
)
from mobility.core.ids import CommandId, ManoeuvreId, VehicleId
from mobility.core.supervision import CommandState

MOST_CHANGES = 4096
"""Changes of driving mode remembered of a vehicle; of older days the samples tell them."""

KINDS = frozenset(
    {
        "occasion_noted",
        "command_issued",
        "command_progressed",
        "manoeuvre_asked",
        "manoeuvre_closed",
        "driving_mode_changed",
    }
)
"""Stored kinds of the facts that matter here."""

UNHEARD = frozenset({CommandState.ISSUED, CommandState.EXPIRED})
"""States of a command of which the vehicle has told nothing."""


@dataclass(slots=True)
class VehicleFacts:
    """What the ledger says of one vehicle, in the order of the ledger."""

    commands: dict[CommandId, CommandIssued] = field(default_factory=dict)
    progress: dict[CommandId, list[CommandProgressed]] = field(default_factory=dict)
    asked: dict[ManoeuvreId, ManoeuvreAsked] = field(default_factory=dict)
    closed: dict[ManoeuvreId, ManoeuvreClosed] = field(default_factory=dict)
    modes: deque[DrivingModeChanged] = field(default_factory=lambda: deque(maxlen=MOST_CHANGES))

    def commands_between(self, first: Instant, last: Instant) -> Sequence[CommandIssued]:
        """Return the commands issued in the span, both ends included."""
        return [c for c in self.commands.values() if c.command.issued_at and first <= c.command.issued_at <= last]

    def asked_between(self, first: Instant, last: Instant) -> Sequence[ManoeuvreAsked]:
        """Return the requests of the span."""
        return [asked for asked in self.asked.values() if first <= asked.manoeuvre.asked_at <= last]

    def is_answered(self, command_id: CommandId) -> bool:
        """Whether the vehicle has told anything of a command."""
        return any(step.state not in UNHEARD for step in self.progress.get(command_id, ()))


class FactBook:
    """The facts of every vehicle."""

    def __init__(self) -> None:
        """Start without facts."""
        self._vehicles: dict[VehicleId, VehicleFacts] = {}
        self._owners: dict[CommandId | ManoeuvreId, VehicleId] = {}

    def of(self, vehicle_id: VehicleId) -> VehicleFacts:
        """Return what is known of a vehicle; it grows with further facts."""
        return self._vehicles.setdefault(vehicle_id, VehicleFacts())

    def take(self, event: Event) -> VehicleId | None:
        """Take a fact; return the vehicle it is about, ``None`` for a fact that does not matter here."""
        match event:
            case CommandIssued():
                command = event.command
                self._owners[command.command_id] = command.vehicle_id
                self.of(command.vehicle_id).commands[command.command_id] = event
                return command.vehicle_id
            case ManoeuvreAsked():
                asked = event.manoeuvre
                self._owners[asked.manoeuvre_id] = asked.vehicle_id
                self.of(asked.vehicle_id).asked[asked.manoeuvre_id] = event
                return asked.vehicle_id
            case DrivingModeChanged():
                self.of(event.vehicle_id).modes.append(event)
                return event.vehicle_id
            case CommandProgressed() | ManoeuvreClosed():
                return self._take_outcome(event)
            case _:
                return None

    def _take_outcome(self, event: CommandProgressed | ManoeuvreClosed) -> VehicleId | None:
        key = event.command_id if isinstance(event, CommandProgressed) else event.manoeuvre_id
        vehicle_id = self._owners.get(key)
        if vehicle_id is None:
            return None  # of a command that was proposed and never issued
        facts = self.of(vehicle_id)
        if isinstance(event, CommandProgressed):
            facts.progress.setdefault(event.command_id, []).append(event)
        else:
            facts.closed[event.manoeuvre_id] = event
        return vehicle_id
