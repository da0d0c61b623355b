"""What supervision's pages are told: JSON objects of requests, commands, alarms and hazards. Times in ISO 8601."""

from collections.abc import Iterator
from datetime import tzinfo
from itertools import islice
from typing import Any

from mobility.core.clock import Instant, datetime_at
from mobility.core.geo import LatLon
from mobility.core.supervision import (
    Alarm,
    Command,
    CommandAction,
    Hazard,
    Manoeuvre,
    ManoeuvreOutcome,
    Supervised,
)
from mobility.core.vehicle import DrivingMode
from v2x.supervision.policy import LEAST_LEVEL, Policy

RECENT_MS = 3_600_000
"""Commands of the last hour are shown."""
_MOST_COMMANDS = 500


class View:
    """Builds the objects, with times in one zone."""

    def __init__(self, zone: tzinfo) -> None:
        """Write times in ``zone``, with milliseconds: a command lives for two seconds."""
        self._zone = zone

    def overview(self, known: Supervised, policy: Policy, now: Instant) -> dict[str, Any]:
        """Return everything a supervisor needs at a glance: what waits first, the most urgent on top."""
        open_ones = [each for each in known.manoeuvres.values() if each.outcome is ManoeuvreOutcome.OPEN]
        return {
            "now": self._moment(now),
            "manoeuvres": [self.manoeuvre(m, now) for m in sorted(open_ones, key=lambda m: (m.deadline, m.asked_at))],
            "commands": [self.command(each, now) for each in _recent(known, now)],
            "alarms": [self._alarm(each) for each in sorted(known.alarms.values(), key=_by_age)],
            "hazards": [self._hazard(each) for each in known.hazards.values() if each.valid_until > now],
            "policy": self._policy(policy),
        }

    def manoeuvre(self, asked: Manoeuvre, now: Instant) -> dict[str, Any]:
        """Return a request with the seconds that are left to decide it."""
        return {
            "manoeuvre_id": asked.manoeuvre_id,
            "vehicle_id": asked.vehicle_id,
            "kind": asked.kind,
            "text": asked.text,
            "place": _place(asked.place),
            "mode": asked.mode,
            "needs_cause": asked.mode is DrivingMode.MINIMAL_RISK,
            "asked_at": self._moment(asked.asked_at),
            "deadline": self._moment(asked.deadline),
            "seconds_left": max(0.0, (asked.deadline - now) / 1000),
            "outcome": asked.outcome,
        }

    def command(self, command: Command, now: Instant) -> dict[str, Any]:
        """Return a command as people know it, with the seconds it still holds or waits for approval."""
        left_ms = command.expires_at - now if command.expires_at is not None else 0
        return {
            "command_id": command.command_id,
            "vehicle_id": command.vehicle_id,
            "action": command.action,
            "manoeuvre_id": command.manoeuvre_id,
            "issuer": command.issuer,
            "approver": command.approver,
            "reason": command.reason,
            "cause": command.cause,
            "necessity": command.necessity,
            "text": command.text,
            "route": [_place(point) for point in command.route],
            "state": command.state,
            "state_reason": command.state_reason,
            "counter": command.counter,
            "issued_at": None if command.issued_at is None else self._moment(command.issued_at),
            "expires_at": None if command.expires_at is None else self._moment(command.expires_at),
            "seconds_left": max(0.0, left_ms / 1000),
        }

    def _alarm(self, alarm: Alarm) -> dict[str, Any]:
        return {
            "alarm_id": alarm.alarm_id,
            "kind": alarm.kind,
            "vehicle_id": alarm.vehicle_id,
            "raised_at": self._moment(alarm.raised_at),
            "detail": alarm.detail,
        }

    def _hazard(self, hazard: Hazard) -> dict[str, Any]:
        return {
            "hazard_id": hazard.hazard_id,
            "cause_code": hazard.cause_code,
            "sub_cause_code": hazard.sub_cause_code,
            "place": _place(hazard.place),
            "detected_at": self._moment(hazard.detected_at),
            "valid_until": self._moment(hazard.valid_until),
            "reported_by": hazard.reported_by,
        }

    def _policy(self, policy: Policy) -> dict[str, Any]:
        return {
            "approved_actions": sorted(policy.approved_actions),
            "approves_leaving_minimal_risk": policy.approves_leaving_minimal_risk,
            "approval_wait_s": policy.approval_wait_s,
            "actions": [
                {
                    "action": action,
                    "lifetime_s": policy.lifetime_ms(action) / 1000,
                    "least_sae_level": LEAST_LEVEL[action],
                    "needs_approval": action in policy.approved_actions,
                }
                for action in CommandAction
            ],
        }

    def _moment(self, at: Instant) -> str:
        return datetime_at(at, self._zone).isoformat(timespec="milliseconds")


def _recent(known: Supervised, now: Instant) -> Iterator[Command]:
    """Yield the commands of the last hour and those that wait, newest first."""
    newest_first = reversed(known.commands.values())  # type: ignore[call-overload]  # a dict since the fold
    for command in islice(newest_first, _MOST_COMMANDS):
        at = command.issued_at or command.expires_at
        if at is None or now - at <= RECENT_MS:
            yield command


def _by_age(alarm: Alarm) -> tuple[Instant, str]:
    return alarm.raised_at, alarm.alarm_id


def _place(place: LatLon) -> dict[str, float]:
    return {"lat": place.lat_deg, "lon": place.lon_deg}
