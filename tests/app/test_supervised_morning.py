"""The research van's morning, closed loop: it asks, the supervisor decides, the van obeys, all is on record."""

import asyncio
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from mobility.app.wiring import Server
from mobility.cli.headless import vehicle_connections
from mobility.cli.stage import Stage
from mobility.core.events import (
    AlarmRaised,
    CommandIssued,
    CommandProgressed,
    DrivingModeChanged,
    Event,
    HazardEnded,
    HazardReported,
    ManoeuvreAsked,
    ManoeuvreClosed,
    OccasionNoted,
)
from mobility.core.ids import VehicleId
from mobility.core.supervision import AlarmKind, CommandAction, CommandState, ManoeuvreOutcome, OccasionKind
from mobility.core.vehicle import DrivingMode
from sim.edge.loop import run_virtual
from sim.edge.world import World
from sim.scorecard import Scorecard
from tests.app.server import ilmenau

VAN = VehicleId("pmover-1")


@cache
def morning() -> tuple[list[Event], Scorecard]:
    """From 09:15, before the first start, to noon; one van, nobody else. With this seed it gets into minimal risk."""

    async def main() -> tuple[list[Event], Scorecard]:
        stage = Stage.of("ilmenau", 16)
        region = replace(stage.region, fleet={VAN: stage.region.fleet[VAN]})
        folder = Path(mkdtemp(prefix="mobility-test-"))
        async with ilmenau(folder, starts_s=9 * 3600 + 900) as (server, http, clock), asyncio.TaskGroup() as tasks:
            world = World(
                http=http,
                connect_vehicle=vehicle_connections(server, tasks),
                clock=clock,
                command_keys=server.vehicles.keys.public,
            )
            running = tasks.create_task(server.run())
            simulation = replace(stage, region=region).simulation(server.timetable, world)
            await simulation.run(stage.day.at(12 * 3600))
            running.cancel()
            return facts(server), simulation.result

    return run_virtual(main())


def facts(server: Server) -> list[Event]:
    return [envelope.body for envelope in server.stores.ledger.read()]


def of(kind: type) -> list[Event]:
    return [fact for fact in morning()[0] if isinstance(fact, kind)]


def test_every_request_is_on_record_with_how_it_ended() -> None:
    asked = {fact.manoeuvre.manoeuvre_id for fact in of(ManoeuvreAsked)}
    closed = {fact.manoeuvre_id: fact.outcome for fact in of(ManoeuvreClosed)}
    seen = morning()[1].witnessed
    assert len(asked) >= 2
    assert closed.keys() == asked
    counted = Counter(closed.values())
    assert counted[ManoeuvreOutcome.RELEASED] == seen.manoeuvres_released >= 1
    assert counted[ManoeuvreOutcome.REFUSED] == seen.manoeuvres_refused


def test_every_command_is_kept_as_it_was_sent_and_executed_in_the_vehicle_s_own_words() -> None:
    issued = {fact.command.command_id: fact for fact in of(CommandIssued)}
    states = {command_id: [] for command_id in issued}
    for fact in of(CommandProgressed):
        states[fact.command_id].append(fact.state)
    assert issued
    for command_id, fact in issued.items():
        assert fact.command.command_id.encode() in bytes.fromhex(fact.frame_hex)
        assert states[command_id] == [CommandState.RECEIVED, CommandState.ACCEPTED, CommandState.EXECUTED]
    assert morning()[1].witnessed.commands_rejected == 0


def test_each_command_is_an_intervention_that_the_recorder_keeps() -> None:
    noted = [fact.occasion for fact in of(OccasionNoted) if fact.occasion.kind is OccasionKind.INTERVENTION]
    assert len(noted) >= len(of(CommandIssued))
    assert {occasion.vehicle_id for occasion in noted} == {VAN}


def test_who_stands_in_the_minimal_risk_condition_is_a_hazard_until_it_drives_on() -> None:
    reported = [fact.hazard for fact in of(HazardReported)]
    ended = [fact.hazard_id for fact in of(HazardEnded)]
    stood = sum(fact.after is DrivingMode.MINIMAL_RISK for fact in of(DrivingModeChanged))
    assert len(reported) == stood >= 1
    assert [hazard.hazard_id for hazard in reported] == ended
    assert {hazard.cause_code for hazard in reported} <= {94}


def test_no_change_of_mode_is_impossible_and_minimal_risk_is_only_left_as_the_law_wants() -> None:
    kinds = Counter(fact.alarm.kind for fact in of(AlarmRaised))
    assert kinds[AlarmKind.IMPOSSIBLE_MODE_CHANGE] == 0
    released = [fact.command for fact in of(CommandIssued) if fact.command.action is CommandAction.RELEASE_MANOEUVRE]
    assert all(command.cause for command in released if command.expected_mode.value == "minimal_risk")
    assert len(of(DrivingModeChanged)) > 4
