"""Technical supervision at work: what vehicles ask and report becomes facts, what supervisors command goes to vehicles.

Observing never waits: what a record means is put into a bounded queue as a pure decision, and ``run`` hands the queue
to the ledger in order. A command is durable, with the bytes as they go out, before the first of them does.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from mobility.core.clock import Clock, Instant
from mobility.core.events import (
    CommandIssued,
    CommandProgressed,
    CommandProposed,
    Envelope,
    Event,
    ManoeuvreAsked,
    ManoeuvreClosed,
)
from mobility.core.fold import State
from mobility.core.ids import BootId, CommandId, ManoeuvreId, VehicleId
from mobility.core.ports import Decision, Ledger, References, TelemetryRecord
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.supervision import AlarmKind, Command, CommandState, ManoeuvreOutcome
from mobility.core.vehicle import DrivingMode, VehicleSpec, VehicleState
from v2x.extension import Extension
from v2x.supervision import alarms, commands, manoeuvres, mode_alarms, progress
from v2x.supervision.mode_watch import Change, ModeWatch
from v2x.supervision.modes import Judgement
from v2x.supervision.policy import Policy
from v2x.supervision.signing import SigningKeys

MOST_WAITING = 10_000
"""Decisions that wait for a ledger that takes nothing; beyond them the oldest is dropped and counted. The telemetry
that led to it is kept all the same."""
POLL_S = 0.25
"""How often deadlines are looked at while there are any."""
RELEASE_GRACE_S = 10.0
"""How long a leaving of minimal risk may wait for the sample that reports its release."""
_ASKING_LEVEL = 4
_WAITING_STATES = frozenset({CommandState.PROPOSED, CommandState.ISSUED, CommandState.RECEIVED})


class VehicleLink(Protocol):
    """What supervision needs of the gateway."""

    def send_command(self, vehicle_id: VehicleId, frame: bytes) -> bool:
        """Send ``ServerFrame`` bytes to a vehicle; return whether it has a connection."""
        ...

    def connected(self) -> Sequence[VehicleId]:
        """Return the vehicles that have a connection now."""
        ...

    def latest(self) -> Mapping[VehicleId, VehicleState]:
        """Return the newest state of every vehicle heard of."""
        ...


class TechnicalSupervision:
    """The service behind supervision's pages. All its state lies in the ledger, but for what was just observed."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        gateway: VehicleLink,
        clock: Clock,
        references: References,
        keys: SigningKeys,
        specs: Mapping[VehicleId, VehicleSpec],
        policy: Policy | None = None,
    ) -> None:
        """Bind the ports. Subscribe ``observe`` to the gateway's records and keep ``run`` going."""
        self.policy = policy or Policy()
        self.specs = specs
        self.clock = clock
        self._ledger = ledger
        self._gateway = gateway
        self._references = references
        self._desk = commands.Desk(specs=specs, policy=self.policy, keys=keys)
        self._watch = ModeWatch(specs)
        self._newest: dict[VehicleId, tuple[Instant, BootId, int, DrivingMode]] = {}
        self._asking: dict[VehicleId, ManoeuvreId | None] = {}
        self._waiting: deque[tuple[str, Decision]] = deque(maxlen=MOST_WAITING)
        self._unexplained: deque[tuple[Instant, Change]] = deque(maxlen=MOST_WAITING)
        self._has_work = asyncio.Event()
        self._has_deadlines = asyncio.Event()
        self._open_manoeuvres: dict[ManoeuvreId, None] = {}
        self._open_commands: dict[CommandId, None] = {}
        self.ignored = 0
        """Requests of vehicles below level 4, and reports about commands that were never theirs."""
        self.dropped = 0
        """Decisions that a ledger that took nothing never heard of."""
        self._take_stock()
        ledger.subscribe(self._noted)

    @property
    def state(self) -> State:
        """The newest committed facts."""
        return self._ledger.state

    # ---- from vehicles ---------------------------------------------------------------------------------------

    def observe(self, record: TelemetryRecord, extension: Extension | None) -> None:
        """Take a durable record, late ones too, each once. Never waits and never raises."""
        vehicle_id = record.sample.vehicle_id
        if vehicle_id not in self.specs:
            return
        for change in self._watch.observe(record):
            self._judge(change)
        is_newest = self._is_newest(record)
        if extension is None:
            return
        for said in extension.command_reports:
            self._take_report(vehicle_id, said.command_id, partial(progress.report, said=said, at=record.event_time))
        self._observe_request(record, extension, is_newest=is_newest)

    def forged(self, vehicle_id: VehicleId) -> None:
        """Take the word that other bytes came under a sequence number that is kept already."""
        now = self.clock.now()
        if alarms.alarm_id(AlarmKind.FORGED_BYTES, vehicle_id) not in self.state.supervised.alarms:
            self._queue(
                f"vehicle:{vehicle_id}",
                lambda state, _now: alarms.raised(state, AlarmKind.FORGED_BYTES, vehicle_id, now),
            )

    def _is_newest(self, record: TelemetryRecord) -> bool:
        """Return whether nothing newer of the vehicle was seen, and look at its mode if so."""
        sample = record.sample
        vehicle_id, mode = sample.vehicle_id, sample.mode
        before = self._newest.get(vehicle_id)
        if before is not None:
            is_same_boot = before[1] == sample.boot_id
            if record.event_time < before[0] or (is_same_boot and sample.seq <= before[2]):
                return False
        self._newest[vehicle_id] = (record.event_time, sample.boot_id, sample.seq, mode)
        if before is None or before[3] is not mode:
            self._queue(
                f"vehicle:{vehicle_id}",
                partial(mode_alarms.stands, vehicle_id=vehicle_id, mode=mode, at=record.event_time),
            )
        return True

    def _observe_request(self, record: TelemetryRecord, extension: Extension, *, is_newest: bool) -> None:
        vehicle_id = record.sample.vehicle_id
        asked: ManoeuvreId | None = None
        if extension.manoeuvre is not None:
            asked = manoeuvres.global_id(vehicle_id, extension.manoeuvre.request_id)
        former = self._asking.get(vehicle_id)
        if (asked == former and vehicle_id in self._asking) or (asked is None and not is_newest):
            return
        if extension.manoeuvre is not None and self._is_news(asked, is_newest=is_newest):
            if self.specs[vehicle_id].sae_level < _ASKING_LEVEL:
                self.ignored += 1
                return
            manoeuvre = manoeuvres.manoeuvre_of(record, extension.manoeuvre, extension.state_version)
            self._queue(f"vehicle:{vehicle_id}", partial(manoeuvres.ask, manoeuvre=manoeuvre))
            if not is_newest and vehicle_id in self._asking:
                # It comes from a radio gap, and newer samples no longer ask it.
                self._withdraw(vehicle_id, manoeuvre.manoeuvre_id, record.event_time)
        if not is_newest:
            return
        self._asking[vehicle_id] = asked
        if former is not None:
            self._withdraw(vehicle_id, former, record.event_time)

    def _is_news(self, asked: ManoeuvreId | None, *, is_newest: bool) -> bool:
        known = self.state.supervised.manoeuvres.get(asked) if asked is not None else None
        return known is None or (is_newest and known.outcome is ManoeuvreOutcome.WITHDRAWN)

    def _withdraw(self, vehicle_id: VehicleId, asked: ManoeuvreId, at: Instant) -> None:
        self._queue(f"vehicle:{vehicle_id}", partial(manoeuvres.withdraw, manoeuvre_ids=(asked,), at=at))

    def _take_report(self, vehicle_id: VehicleId, command_id: str, decide: Callable[..., list[Event]]) -> None:
        known = self.state.supervised.commands.get(CommandId(command_id))
        if known is None or known.vehicle_id != vehicle_id:
            self.ignored += 1
            return
        self._queue(f"vehicle:{vehicle_id}", partial(decide, vehicle_id=vehicle_id))

    def _judge(self, change: Change) -> None:
        if change.judgement is Judgement.NEEDS_RELEASE:
            until = Instant(self.clock.now() + round(RELEASE_GRACE_S * 1000))
            self._unexplained.append((until, change))
            self._has_deadlines.set()
            return
        self._queue(f"vehicle:{change.vehicle_id}", partial(mode_alarms.impossible, change=change))

    def _queue(self, actor: str, decide: Decision) -> None:
        self.dropped += len(self._waiting) == MOST_WAITING
        self._waiting.append((actor, decide))
        self._has_work.set()

    # ---- from people -----------------------------------------------------------------------------------------

    async def command(self, order: Command, *, key: str, fingerprint: str) -> Command | Refusal:
        """Issue or propose a command; it is durable, and on its way, when this returns.

        ``order.command_id`` may be empty. The same ``key`` and ``fingerprint`` give the same command, sent once.
        Raises ``StorageError`` when nothing can be made durable; nothing was sent then.
        """
        order = replace(
            order,
            command_id=CommandId(order.command_id or self._references.token()),
            expected_mode=self._mode(order.vehicle_id),
        )
        decide = partial(commands.command, order=order, desk=self._desk)
        return await self._decided(decide, order.vehicle_id, order.issuer, key, fingerprint)

    async def approve(self, command_id: CommandId, *, approver: str, key: str, fingerprint: str) -> Command | Refusal:
        """Approve a proposed command as a second person; it is signed anew and on its way when this returns."""
        proposed = self.state.supervised.commands.get(command_id)
        if proposed is None:
            return Refusal(RefusalCode.UNKNOWN_COMMAND)
        decide = partial(commands.approve, command_id=command_id, approver=approver, desk=self._desk)
        return await self._decided(decide, proposed.vehicle_id, approver, key, fingerprint)

    async def _decided(
        self, decide: Decision, vehicle_id: VehicleId, actor: str, key: str, fingerprint: str
    ) -> Command | Refusal:
        is_connected = vehicle_id in self._gateway.connected()

        def guarded(state: State, now: Instant) -> list[Event] | Refusal:
            decided = decide(state, now)
            if isinstance(decided, Refusal) or is_connected:
                return decided
            is_issued = any(isinstance(event, CommandIssued) for event in decided)
            return Refusal(RefusalCode.VEHICLE_NOT_CONNECTED) if is_issued else decided

        done = await self._ledger.submit(guarded, actor=actor, idempotency_key=key, fingerprint=fingerprint)
        if isinstance(done, Refusal):
            return done
        told = next(e.body for e in done.envelopes if isinstance(e.body, CommandIssued | CommandProposed))
        if isinstance(told, CommandIssued) and not done.is_repeat:
            self._send(told)
        return self.state.supervised.commands[told.command.command_id]

    def _send(self, issued: CommandIssued) -> None:
        command = issued.command
        if not self._gateway.send_command(command.vehicle_id, bytes.fromhex(issued.frame_hex)):
            self._queue("supervision", partial(progress.unsent, command_id=command.command_id))

    def _mode(self, vehicle_id: VehicleId) -> DrivingMode:
        state = self._gateway.latest().get(vehicle_id)
        return state.sample.mode if state is not None else DrivingMode.UNKNOWN

    # ---- beside them -----------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Record what was observed and end what has run out, until cancelled.

        Raises ``StorageError`` (in a group) when the ledger takes nothing now; what was not recorded stays first.
        """
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_recording())
            group.create_task(self._keep_ending())

    async def _keep_recording(self) -> None:
        while True:
            while self._waiting:
                first = self._waiting[0]
                await self._submit(*first)
                # While the ledger was busy a full queue may have dropped it.
                if self._waiting and self._waiting[0] is first:
                    self._waiting.popleft()
            self._has_work.clear()
            await self._has_work.wait()

    async def _keep_ending(self) -> None:
        while True:
            await self._end_what_is_over()
            if self._has_something_open():
                await self.clock.sleep(POLL_S)
            else:
                self._has_deadlines.clear()
                await self._has_deadlines.wait()

    async def _end_what_is_over(self) -> None:
        now = self.clock.now()
        while self._unexplained and self._unexplained[0][0] <= now:
            change = self._unexplained[0][1]
            if not mode_alarms.is_released(self.state, change):
                await self._submit(f"vehicle:{change.vehicle_id}", partial(mode_alarms.impossible, change=change))
            self._unexplained.popleft()
        # As of now: the ledger decides in its own thread, and these change in ours.
        over = partial(_over, manoeuvre_ids=tuple(self._open_manoeuvres), command_ids=tuple(self._open_commands))
        await self._submit("supervision", over)

    def _has_something_open(self) -> bool:
        is_alarm_momentary = any(alarm.kind in alarms.MOMENTARY for alarm in self.state.supervised.alarms.values())
        return bool(self._open_manoeuvres or self._open_commands or self._unexplained or is_alarm_momentary)

    async def _submit(self, actor: str, decide: Decision) -> None:
        # Most of what is observed was known already: that is decided here, without troubling the writer.
        if decide(self.state, self.clock.now()):
            await self._ledger.submit(decide, actor=actor)

    def _take_stock(self) -> None:
        known = self.state.supervised
        self._open_manoeuvres = {
            each.manoeuvre_id: None for each in known.manoeuvres.values() if each.outcome is ManoeuvreOutcome.OPEN
        }
        self._open_commands = {
            each.command_id: None for each in known.commands.values() if each.state in _WAITING_STATES
        }
        self._asking = {known.manoeuvres[each].vehicle_id: each for each in self._open_manoeuvres}

    def _noted(self, envelopes: Sequence[Envelope]) -> None:
        for envelope in envelopes:
            body = envelope.body
            match body:
                case ManoeuvreAsked(manoeuvre=manoeuvre):
                    self._open_manoeuvres[manoeuvre.manoeuvre_id] = None
                case ManoeuvreClosed():
                    self._open_manoeuvres.pop(body.manoeuvre_id, None)
                case CommandProposed(command=command) | CommandIssued(command=command):
                    self._open_commands[command.command_id] = None
                case CommandProgressed():
                    if body.state not in _WAITING_STATES:
                        self._open_commands.pop(body.command_id, None)
                case _:
                    pass
        self._has_deadlines.set()


def _over(
    state: State, now: Instant, *, manoeuvre_ids: Sequence[ManoeuvreId], command_ids: Sequence[CommandId]
) -> list[Event]:
    return [
        *manoeuvres.expire(state, now, manoeuvre_ids=manoeuvre_ids),
        *progress.lapse(state, now, command_ids=command_ids),
        *alarms.passed(state, now),
    ]
