"""Folding the facts of technical supervision; ``mobility.core.fold`` hands them on."""

from dataclasses import replace
from typing import assert_never

from mobility.core.events import (
    AlarmCleared,
    AlarmRaised,
    CommandIssued,
    CommandProgressed,
    CommandProposed,
    HazardEnded,
    HazardReported,
    ManoeuvreAsked,
    ManoeuvreClosed,
    OccasionFrozen,
    OccasionNoted,
)
from mobility.core.supervision import Supervised

SupervisionEvent = (
    ManoeuvreAsked
    | ManoeuvreClosed
    | CommandProposed
    | CommandIssued
    | CommandProgressed
    | OccasionNoted
    | OccasionFrozen
    | AlarmRaised
    | AlarmCleared
    | HazardReported
    | HazardEnded
)
"""The facts that change what is known of technical supervision."""


class SupervisedDraft:
    """A snapshot that may still be written to; copied only once something of it changes."""

    def __init__(self, before: Supervised) -> None:
        """Begin with a snapshot, which stays as it is."""
        self._before = before
        self._is_changed = False

    def snapshot(self) -> Supervised:
        """Return what is known now."""
        if not self._is_changed:
            return self._before
        return Supervised(
            manoeuvres=self._manoeuvres,
            commands=self._commands,
            counters=self._counters,
            occasions=self._occasions,
            alarms=self._alarms,
            hazards=self._hazards,
        )

    def take(self, event: SupervisionEvent) -> None:  # noqa: C901, PLR0912 - the table of these facts
        """Take one fact."""
        if not self._is_changed:
            self._copy()
        match event:
            case ManoeuvreAsked(manoeuvre=manoeuvre):
                self._manoeuvres[manoeuvre.manoeuvre_id] = manoeuvre
            case ManoeuvreClosed():
                asked = self._manoeuvres[event.manoeuvre_id]
                self._manoeuvres[event.manoeuvre_id] = replace(asked, outcome=event.outcome)
            case CommandProposed(command=command):
                self._commands[command.command_id] = command
            case CommandIssued(command=command):
                self._commands[command.command_id] = command
                self._counters[command.vehicle_id] = command.counter
            case CommandProgressed():
                known = self._commands[event.command_id]
                self._commands[event.command_id] = replace(known, state=event.state, state_reason=event.reason)
            case OccasionNoted(occasion=occasion):
                self._occasions[occasion.occasion_id] = occasion
            case OccasionFrozen():
                pass  # the hash stands in the ledger; nobody decides by it
            case AlarmRaised(alarm=alarm):
                self._alarms[alarm.alarm_id] = alarm
            case AlarmCleared():
                self._alarms.pop(event.alarm_id, None)
            case HazardReported(hazard=hazard):
                self._hazards[hazard.hazard_id] = hazard
            case HazardEnded():
                self._hazards.pop(event.hazard_id, None)
            case _:
                assert_never(event)

    def _copy(self) -> None:
        before = self._before
        self._is_changed = True
        self._manoeuvres = dict(before.manoeuvres)
        self._commands = dict(before.commands)
        self._counters = dict(before.counters)
        self._occasions = dict(before.occasions)
        self._alarms = dict(before.alarms)
        self._hazards = dict(before.hazards)
