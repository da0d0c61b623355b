"""The service: what vehicles say becomes facts, what people command reaches vehicles, and nothing happens twice."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.app.clock import LoopClock
from mobility.core.clock import Instant
from mobility.core.errors import ReadOnlyError
from mobility.core.events import CommandIssued, CommandProgressed, ManoeuvreAsked, ManoeuvreClosed
from mobility.core.ids import BootId, CommandId
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.supervision import (
    AlarmKind,
    Command,
    CommandAction,
    CommandState,
    ManoeuvreKind,
    ManoeuvreOutcome,
)
from mobility.core.vehicle import DrivingMode
from sim.edge.loop import run_virtual
from tests.fakes.ledger import MemoryLedger
from tests.fakes.references import CountingReferences
from tests.v2x.supervision.making import BOB, KEYS, NOON, SHUTTLE, SPECS, VAN, Fleet, asked, order, record_of, settled
from v2x.edge import technical_supervision
from v2x.edge.technical_supervision import TechnicalSupervision
from v2x.extension import CommandReport, Extension, ManoeuvreRequest

AUTOMATED, MINIMAL_RISK = DrivingMode.AUTOMATED, DrivingMode.MINIMAL_RISK
QUIET = Extension(state_version=7)


class Room:
    """A supervision at work, in virtual time."""

    def __init__(self) -> None:
        self.clock = LoopClock(NOON)
        self.ledger = MemoryLedger(self.clock)
        self.fleet = Fleet(VAN, SHUTTLE)
        self.service = self.opened()

    def opened(self) -> TechnicalSupervision:
        return TechnicalSupervision(
            ledger=self.ledger,
            gateway=self.fleet,
            clock=self.clock,
            references=CountingReferences(),
            keys=KEYS,
            specs=SPECS,
        )

    async def hear(self, seq: int, extension: Extension | None = QUIET, **how: object) -> None:
        self.service.observe(self.fleet.drives(record_of(seq, **how)), extension)
        await settled()

    async def command(self, what: Command, key: str = "k1") -> Command | Refusal:
        return await self.service.command(what, key=key, fingerprint=f"{what.action} {what.reason}")

    def facts(self, *kinds: type) -> list:
        return [each.body for each in self.ledger.read() if isinstance(each.body, kinds)]

    def outcome(self, request_id: str = "m1") -> ManoeuvreOutcome:
        return self.ledger.state.supervised.manoeuvres[asked(request_id).manoeuvre_id].outcome

    def alarms(self) -> set[AlarmKind]:
        return {alarm.kind for alarm in self.ledger.state.supervised.alarms.values()}


def request(request_id: str = "m1", *, at: int = NOON, kind: ManoeuvreKind = ManoeuvreKind.PASS_OBSTACLE) -> Extension:
    asking = ManoeuvreRequest(request_id=request_id, kind=kind, deadline=Instant(at + 30_000), text="Lieferwagen")
    return Extension(manoeuvre=asking, state_version=7)


def report(state: CommandState, command_id: str, reason: str = "") -> Extension:
    said = CommandReport(command_id=command_id, state=state, reason=reason)
    return Extension(command_reports=(said,), state_version=8)


def run(scene: Callable[[Room], Awaitable[None]]) -> None:
    async def main() -> None:
        async with at_work() as room:
            await scene(room)

    run_virtual(main())


@asynccontextmanager
async def at_work() -> AsyncIterator[Room]:
    room = Room()
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(room.service.run())
        yield room
        running.cancel()


def test_a_request_is_asked_once_however_many_samples_carry_it() -> None:
    async def scene(room: Room) -> None:
        for seq in range(1, 6):
            await room.hear(seq, request())
        assert [fact.manoeuvre.manoeuvre_id for fact in room.facts(ManoeuvreAsked)] == ["pmover-1/m1"]
        assert room.alarms() == {AlarmKind.MANOEUVRE_WAITS}
        assert [each.actor for each in room.ledger.read()] == ["vehicle:pmover-1"] * 2

    run(scene)


def test_the_deadline_moves_with_the_correction_of_the_vehicles_clock() -> None:
    async def scene(room: Room) -> None:
        await room.hear(1, request(at=NOON - 300_000), clock_behind_ms=300_000)
        assert room.facts(ManoeuvreAsked)[0].manoeuvre.deadline == NOON + 30_000

    run(scene)


def test_nobody_decides_and_the_request_expires_at_its_deadline() -> None:
    async def scene(room: Room) -> None:
        await room.hear(1, request())
        await room.clock.sleep(29.5)
        assert room.outcome() is ManoeuvreOutcome.OPEN
        await room.clock.sleep(1)
        assert (room.outcome(), room.alarms()) == (ManoeuvreOutcome.EXPIRED, set())

    run(scene)


def test_the_vehicle_asks_no_more_and_the_request_is_withdrawn() -> None:
    async def scene(room: Room) -> None:
        await room.hear(1, request())
        await room.hear(2, None)
        assert room.outcome() is ManoeuvreOutcome.OPEN, "a sample without extension says nothing"
        await room.hear(3, QUIET)
        assert (room.outcome(), room.alarms()) == (ManoeuvreOutcome.WITHDRAWN, set())

    run(scene)


def test_a_newer_request_takes_the_place_of_the_former() -> None:
    async def scene(room: Room) -> None:
        await room.hear(1, request("m1"))
        await room.hear(2, request("m2"))
        assert (room.outcome("m1"), room.outcome("m2")) == (ManoeuvreOutcome.WITHDRAWN, ManoeuvreOutcome.OPEN)

    run(scene)


def test_a_restarted_vehicle_has_forgotten_its_request() -> None:
    async def scene(room: Room) -> None:
        await room.hear(1, request())
        await room.hear(1, QUIET, boot_id=BootId("b2"), at=NOON + 9000)
        assert room.outcome() is ManoeuvreOutcome.WITHDRAWN

    run(scene)


def test_an_older_sample_from_a_radio_gap_withdraws_nothing() -> None:
    async def scene(room: Room) -> None:
        await room.hear(5, request())
        await room.hear(3, QUIET)
        assert room.outcome() is ManoeuvreOutcome.OPEN

    run(scene)


def test_a_request_from_a_radio_gap_that_is_over_is_written_down_and_alarms_nobody() -> None:
    async def scene(room: Room) -> None:
        await room.hear(5, QUIET)
        await room.hear(3, request())
        assert (room.outcome(), room.alarms()) == (ManoeuvreOutcome.WITHDRAWN, set())
        await room.clock.sleep(60)
        await room.hear(4, request("m2"), at=NOON + 4000)
        assert (room.outcome("m2"), room.alarms()) == (ManoeuvreOutcome.EXPIRED, set())

    run(scene)


def test_a_shuttle_with_a_driver_aboard_has_nobody_to_ask() -> None:
    async def scene(room: Room) -> None:
        await room.hear(1, request(), vehicle_id=SHUTTLE, mode=DrivingMode.ASSISTED)
        assert (room.facts(ManoeuvreAsked), room.service.ignored) == ([], 1)

    run(scene)


def test_a_release_is_durable_before_it_is_sent_and_sent_as_it_was_kept() -> None:
    async def scene(room: Room) -> None:
        await room.hear(1, request())
        seen: list[int] = []
        room.ledger.subscribe(lambda _: seen.append(len(room.fleet.sent)))
        done = await room.command(order())
        assert isinstance(done, Command)
        assert (done.state, done.counter) == (CommandState.ISSUED, 1)
        assert seen == [0]
        assert room.fleet.sent == [(VAN, bytes.fromhex(room.facts(CommandIssued)[0].frame_hex))]

    run(scene)


def test_the_same_request_again_sends_nothing_and_gives_the_same_command() -> None:
    async def scene(room: Room) -> None:
        await room.hear(1, request())
        first = await room.command(order(command_id=CommandId("")))
        again = await room.command(order(command_id=CommandId("")))
        assert again == first
        assert (len(room.fleet.sent), len(room.facts(CommandIssued))) == (1, 1)
        other = await room.command(order(reason="anders"))
        assert other == Refusal(RefusalCode.IDEMPOTENCY_MISMATCH)

    run(scene)


def test_a_vehicle_without_connection_gets_nothing_and_nothing_is_written() -> None:
    async def scene(room: Room) -> None:
        await room.hear(1, request())
        room.fleet.there.clear()
        assert await room.command(order()) == Refusal(RefusalCode.VEHICLE_NOT_CONNECTED)
        assert room.facts(CommandIssued) == []

    run(scene)


def test_a_connection_that_breaks_while_the_command_goes_to_disk_ends_it_at_once() -> None:
    async def scene(room: Room) -> None:
        await room.hear(1, request())
        room.ledger.subscribe(lambda _: room.fleet.there.clear())
        done = await room.command(order())
        assert isinstance(done, Command)
        await settled()
        command = room.ledger.state.supervised.commands[done.command_id]
        assert (command.state, command.state_reason) == (CommandState.EXPIRED, "not_connected")

    run(scene)


def test_a_full_disk_sends_nothing() -> None:
    async def scene(room: Room) -> None:
        await room.hear(1, request())
        room.ledger.is_read_only = True
        with pytest.raises(ReadOnlyError):
            await room.command(order())
        assert room.fleet.sent == []
        room.ledger.is_read_only = False

    run(scene)


def test_the_vehicles_reports_end_the_command_and_the_request() -> None:
    async def scene(room: Room) -> None:
        await room.hear(1, request())
        await room.command(order())
        await room.hear(2, replace(request(), command_reports=report(CommandState.RECEIVED, "c1").command_reports))
        await room.hear(3, report(CommandState.ACCEPTED, "c1"))
        await room.hear(4, report(CommandState.EXECUTED, "c1"))
        await room.hear(4, report(CommandState.EXECUTED, "c1"))
        assert [fact.state for fact in room.facts(CommandProgressed)] == ["received", "accepted", "executed"]
        assert [fact.outcome for fact in room.facts(ManoeuvreClosed)] == [ManoeuvreOutcome.RELEASED]

    run(scene)


@settings(max_examples=60, deadline=None)
@given(st.permutations(range(2, 9)))
def test_whatever_order_a_radio_gap_brings_them_in_the_reports_end_the_same(arriving: list[int]) -> None:
    told: dict[int, Extension] = {
        2: replace(request(), command_reports=report(CommandState.RECEIVED, "c1").command_reports),
        3: report(CommandState.ACCEPTED, "c1"),
        5: report(CommandState.EXECUTED, "c1"),
    }

    async def scene(room: Room) -> None:
        await room.hear(1, request())
        await room.command(order())
        for seq in arriving:
            await room.hear(seq, told.get(seq, QUIET))
        await room.clock.sleep(60)
        assert room.ledger.state.supervised.commands[CommandId("c1")].state is CommandState.EXECUTED
        assert (room.outcome(), room.alarms()) == (ManoeuvreOutcome.RELEASED, set())

    run(scene)


def test_another_vehicles_word_about_a_command_counts_nothing() -> None:
    async def scene(room: Room) -> None:
        await room.hear(1, request())
        await room.command(order())
        await room.hear(1, report(CommandState.EXECUTED, "c1"), vehicle_id=SHUTTLE, mode=DrivingMode.ASSISTED)
        assert (room.facts(CommandProgressed), room.service.ignored) == ([], 1)

    run(scene)


def test_a_command_that_is_never_heard_of_expires() -> None:
    async def scene(room: Room) -> None:
        await room.hear(1, request())
        await room.command(order())
        await room.clock.sleep(6)
        (end,) = room.facts(CommandProgressed)
        assert (end.state, end.reason) == (CommandState.EXPIRED, "not_heard")
        assert room.outcome() is ManoeuvreOutcome.OPEN
        assert isinstance(await room.command(order(command_id=CommandId("c2")), key="k2"), Command)

    run(scene)


def test_two_people_send_a_route() -> None:
    async def scene(room: Room) -> None:
        await room.hear(1)
        proposed = await room.command(order(CommandAction.PROPOSE_ROUTE))
        assert isinstance(proposed, Command)
        assert (proposed.state, proposed.expected_mode, room.fleet.sent) == (CommandState.PROPOSED, AUTOMATED, [])
        await room.clock.sleep(40)
        issued = await room.service.approve(proposed.command_id, approver=BOB, key="k2", fingerprint="f")
        assert isinstance(issued, Command)
        assert (issued.state, issued.issued_at, len(room.fleet.sent)) == (CommandState.ISSUED, NOON + 40_000, 1)
        again = await room.service.approve(proposed.command_id, approver=BOB, key="k2", fingerprint="f")
        assert again == issued
        assert len(room.fleet.sent) == 1

    run(scene)


def test_a_vehicle_in_minimal_risk_alarms_until_it_leaves() -> None:
    async def scene(room: Room) -> None:
        await room.hear(1)
        await room.hear(2, mode=MINIMAL_RISK)
        await room.hear(3, mode=MINIMAL_RISK)
        assert room.alarms() == {AlarmKind.MINIMAL_RISK}
        await room.hear(4, mode=DrivingMode.MANUAL)
        assert room.alarms() == set()

    run(scene)


async def stand_still(room: Room) -> None:
    await room.hear(1)
    await room.hear(2, request(kind=ManoeuvreKind.RESUME_FROM_MINIMAL_RISK), mode=MINIMAL_RISK)


def test_leaving_minimal_risk_without_a_release_alarms() -> None:
    async def scene(room: Room) -> None:
        await stand_still(room)
        await room.hear(3, mode=AUTOMATED)
        await room.clock.sleep(9)
        assert AlarmKind.IMPOSSIBLE_MODE_CHANGE not in room.alarms()
        await room.clock.sleep(2)
        assert AlarmKind.IMPOSSIBLE_MODE_CHANGE in room.alarms()
        await room.clock.sleep(601)
        assert AlarmKind.IMPOSSIBLE_MODE_CHANGE not in room.alarms(), "a momentary alarm goes by itself"

    run(scene)


def test_leaving_minimal_risk_by_an_executed_documented_release_alarms_nobody() -> None:
    async def scene(room: Room) -> None:
        await stand_still(room)
        await room.clock.sleep(3)
        done = await room.command(order(cause="Ast auf der Straße", necessity="geräumt, Linie blockiert"))
        assert isinstance(done, Command)
        # The report of the release may come a sample later than the new mode.
        await room.hear(3, mode=AUTOMATED, at=NOON + 4000)
        await room.hear(4, report(CommandState.EXECUTED, "c1"), at=NOON + 5000)
        await room.clock.sleep(20)
        assert (room.alarms(), room.outcome()) == (set(), ManoeuvreOutcome.RELEASED)

    run(scene)


def test_one_release_ends_one_standstill() -> None:
    async def scene(room: Room) -> None:
        await stand_still(room)
        await room.clock.sleep(3)
        await room.command(order(cause="Ast auf der Straße", necessity="geräumt"))
        await room.hear(3, report(CommandState.EXECUTED, "c1"), at=NOON + 4000)
        await room.hear(4, mode=MINIMAL_RISK, at=NOON + 20_000)
        await room.hear(5, mode=AUTOMATED, at=NOON + 30_000)
        await room.clock.sleep(20)
        assert AlarmKind.IMPOSSIBLE_MODE_CHANGE in room.alarms()

    run(scene)


def test_a_shuttle_that_claims_to_drive_alone_alarms_at_once() -> None:
    async def scene(room: Room) -> None:
        await room.hear(1, None, vehicle_id=SHUTTLE, mode=AUTOMATED)
        assert room.alarms() == {AlarmKind.IMPOSSIBLE_MODE_CHANGE}

    run(scene)


def test_forged_bytes_alarm_once_and_for_a_while() -> None:
    async def scene(room: Room) -> None:
        for _ in range(5):
            room.service.forged(VAN)
            await settled()
        assert (room.alarms(), len(list(room.ledger.read()))) == ({AlarmKind.FORGED_BYTES}, 1)
        await room.clock.sleep(601)
        assert room.alarms() == set()

    run(scene)


def test_a_restarted_service_ends_what_the_former_one_left_open() -> None:
    async def scene(room: Room) -> None:
        await room.hear(1, request())
        await room.command(order())
        again = room.opened()
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(again.run())
            await room.clock.sleep(40)
            running.cancel()
        assert room.outcome() is ManoeuvreOutcome.EXPIRED
        assert room.ledger.state.supervised.commands[CommandId("c1")].state is CommandState.EXPIRED

    run(scene)


def test_a_ledger_that_takes_nothing_loses_nothing_that_was_observed() -> None:
    async def scene(room: Room) -> None:
        room.service = room.opened()
        room.ledger.is_read_only = True
        await room.hear(1, request())
        with pytest.raises(ExceptionGroup) as fault:
            await room.service.run()
        assert fault.group_contains(ReadOnlyError)
        room.ledger.is_read_only = False
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(room.service.run())
            await settled()
            running.cancel()
        assert room.outcome() is ManoeuvreOutcome.OPEN

    run(scene)


def test_what_waits_is_bounded_and_what_is_dropped_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(technical_supervision, "MOST_WAITING", 3)

    async def scene(room: Room) -> None:
        idle = room.opened()
        for seq in range(1, 8):
            idle.observe(record_of(seq), request(f"m{seq}"))
        assert (len(idle._waiting), idle.dropped > 0) == (3, True)

    run(scene)


def test_a_stranger_is_not_observed() -> None:
    async def scene(room: Room) -> None:
        await room.hear(1, request(), vehicle_id="ghost")
        assert list(room.ledger.read()) == []

    run(scene)


def test_nothing_is_polled_while_nothing_is_open() -> None:
    """A simulated day must not be woken four times a second for nothing."""

    async def scene(room: Room) -> None:
        loop = asyncio.get_running_loop()
        await room.hear(1)
        before = loop.fired_count
        await room.clock.sleep(3600)
        assert loop.fired_count - before < 5

    run(scene)
