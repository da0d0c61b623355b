"""Alerts as a service: decisions bound to ledger, clock and timetable. One per server."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gtfs.timetable import Timetable
from mobility.core.alert import Alert, AlertRecord
from mobility.core.clock import Clock
from mobility.core.fold import State
from mobility.core.ids import AlertId
from mobility.core.line_events import AlertPublished
from mobility.core.ports import Decision, Ledger, References
from mobility.core.refusal import Refusal
from passenger_info.alert_decide import published, revised, withdrawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Who acts, and what makes it repeatable: the same key and fingerprint give the first outcome again."""

    actor: str
    key: str
    fingerprint: str


class AlertDesk:
    """Publishes, revises and withdraws alerts."""

    def __init__(self, *, timetable: Timetable, ledger: Ledger, clock: Clock, references: References) -> None:
        """Name lines, stops and trips of ``timetable``."""
        self.timetable = timetable
        self.clock = clock
        self.references = references
        self._ledger = ledger

    @property
    def state(self) -> State:
        """The newest committed snapshot."""
        return self._ledger.state

    def shown(self) -> Sequence[AlertRecord]:
        """Return what riders see now, the newest wording first."""
        now = self.clock.now()
        return [record for record in self.records() if record.is_shown(now)]

    def records(self) -> Sequence[AlertRecord]:
        """Return all alerts, withdrawn ones too, the newest wording first."""
        return sorted(self.state.alerts.values(), key=lambda each: (-each.published_at, each.alert.alert_id))

    def record(self, alert_id: AlertId) -> AlertRecord | None:
        """Return one alert."""
        return self.state.alerts.get(alert_id)

    async def publish(self, alert: Alert, command: Command) -> AlertId | Refusal:
        """Publish a new alert under an id of its own, or its next wording where it has one; returns the id."""
        if alert.alert_id:
            return await self._submit(lambda state, now: revised(self.timetable, state, alert, now), command)
        named = replace(alert, alert_id=AlertId(f"alert-{self.references.token()[-12:]}"))
        return await self._submit(lambda state, now: published(self.timetable, state, named, now), command)

    def check(self, alert: Alert) -> Refusal | None:
        """Return why an alert would not be published now."""
        decide = revised if alert.alert_id else published
        done = decide(self.timetable, self.state, alert, self.clock.now())
        return done if isinstance(done, Refusal) else None

    async def withdraw(self, alert_id: AlertId, reason: str, command: Command) -> AlertId | Refusal:
        """Withdraw an alert; returns its id."""
        done = await self._submit(lambda state, _now: withdrawn(state, alert_id, reason), command)
        return done if isinstance(done, Refusal) else alert_id

    async def _submit(self, decide: Decision, command: Command) -> AlertId | Refusal:
        done = await self._ledger.submit(
            decide, actor=command.actor, idempotency_key=command.key, fingerprint=command.fingerprint
        )
        if isinstance(done, Refusal):
            return done
        bodies = (envelope.body for envelope in done.envelopes)
        return next((body.alert.alert_id for body in bodies if isinstance(body, AlertPublished)), AlertId(""))
