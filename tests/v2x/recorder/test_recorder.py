"""The recorder at work: the four occasions, ten seconds before to ten after, gaps filled later, restarts, alarms."""

import asyncio
import json
import random
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from mobility.app.clock import LoopClock
from mobility.core.clock import Instant
from mobility.core.errors import CorruptionError, ReadOnlyError
from mobility.core.events import (
    CommandIssued,
    CommandProgressed,
    Event,
    ManoeuvreAsked,
    ManoeuvreClosed,
    OccasionFrozen,
    OccasionNoted,
)
from mobility.core.ids import BootId, OccasionId, VehicleId
from mobility.core.ports import FrozenOccasion, TelemetryRecord
from mobility.core.supervision import AlarmKind, CommandState, ManoeuvreOutcome, Occasion, OccasionKind
from mobility.core.vehicle import DrivingMode
from sim.edge.loop import run_virtual
from tests.contracts.sample_supervision import ISSUED, MANOEUVRE, OCCASION
from tests.fakes.ledger import MemoryLedger
from tests.fakes.occasion_archive import MemoryWindows
from tests.v2x.recorder.van import NOON, SHUTTLE, VAN, House, code, drive, record, shuttle_drive, usual
from v2x.edge.recorder import extension_in
from v2x.extension import Extension, Incident, SafetySystem, SystemState
from v2x.recorder.frozen import records_of
from v2x.recorder.items import Item

CRASH = Incident(kind=OccasionKind.CONFLICT, detail="Aufprall links", is_accident=True)


def only(house: House) -> FrozenOccasion:
    assert len(house.archive.kept) == 1, list(house.archive.kept)
    revisions = next(iter(house.archive.kept.values()))
    return revisions[-1]


def content(frozen: FrozenOccasion) -> dict[str, Any]:
    return json.loads(frozen.body)


def item(frozen: FrozenOccasion, number: Item) -> dict[str, Any]:
    return next(each for each in content(frozen)["items"] if each["number"] == number)


async def told(house: House, *events: Event) -> None:
    await house.ledger.submit(lambda _, __: list(events), actor="supervisor:1f2e3d4c")


def test_an_incident_of_the_vehicle_freezes_twenty_seconds_with_all_thirteen_items():
    async def main() -> None:
        house = House()
        trip = drive(1, 200)
        trip[99] = record(100, replace(usual(100), incidents=(CRASH,)))
        await house.hear(trip)
        frozen = only(house)
        held = records_of(content(frozen), with_lead=False)
        assert [r.sample.seq for r in held] == list(range(90, 111))
        assert [r.payload for r in held] == [r.payload for r in trip[89:110]]
        states = {each["number"]: each["status"] for each in content(frozen)["items"]}
        assert states == dict.fromkeys(range(1, 14), "present")
        assert content(frozen)["missing"] == []
        noted = house.ledger.state.supervised.occasions[frozen.occasion_id]
        assert (noted.source, noted.kind, noted.is_accident) == ("vehicle", OccasionKind.CONFLICT, True)

    asyncio.run(main())


def test_the_window_is_that_of_event_time_whenever_the_records_arrive():
    async def main() -> None:
        house = House()
        arrived = NOON + 900_000
        backlog = [replace(each, received_at=Instant(arrived)) for each in drive(1, 130)]
        backlog[59] = record(60, replace(usual(60), incidents=(CRASH,)), received=arrived)
        random.Random(7).shuffle(backlog)
        await house.hear(backlog)
        await house.wait(20)
        assert [r.sample.seq for r in records_of(content(only(house)), with_lead=False)] == list(range(50, 71))

    asyncio.run(main())


def test_any_order_of_arrival_freezes_the_same_content():
    async def frozen_after(order: list[int]) -> bytes:
        house = House()
        trip = drive(1, 120)
        trip[59] = record(60, replace(usual(60), incidents=(CRASH,)))
        arrived = NOON + 130_000
        await house.hear([replace(trip[n], received_at=Instant(arrived)) for n in order])
        await house.wait(20)
        plain = content(only(house))
        del plain["frozen_at"]
        return json.dumps(plain, sort_keys=True).encode()

    straight = list(range(120))
    mixed = random.Random(3).sample(straight, 120)
    assert asyncio.run(frozen_after(straight)) == asyncio.run(frozen_after(mixed))


def test_a_radio_gap_inside_the_window_is_frozen_as_it_is_and_again_when_the_backlog_comes():
    async def main() -> None:
        house = House()
        trip = drive(1, 160)
        trip[99] = record(100, replace(usual(100), incidents=(CRASH,)))
        gap = [replace(each, received_at=Instant(NOON + 161_000)) for each in trip[102:108]]
        await house.hear([*trip[:102], *trip[108:]])
        first = only(house)
        assert item(first, Item.SPEED)["status"] == "partial"
        assert content(first)["missing"] == [{"boot_id": "b1", "first_seq": 103, "last_seq": 108}]
        await house.hear(gap)
        await house.wait(20)
        second = only(house)
        assert (second.revision, content(second)["previous_sha256"]) == (2, first.sha256)
        assert item(second, Item.SPEED)["status"] == "present"
        assert content(second)["missing"] == []
        await house.wait(60)
        assert only(house).revision == 2

    asyncio.run(main())


def test_an_intervention_of_technical_supervision_holds_the_command_as_it_was_sent():
    async def main() -> None:
        house = House()
        at = Instant(NOON + 60_000)
        command = replace(ISSUED, issued_at=at, expires_at=Instant(at + 2000))
        asked = replace(MANOEUVRE, asked_at=Instant(at - 4000), deadline=Instant(at + 26_000))
        await house.hear(drive(1, 60))
        await told(
            house,
            ManoeuvreAsked(manoeuvre=asked),
            CommandIssued(command=command, frame_hex="320a0a02c101"),
            ManoeuvreClosed(manoeuvre_id=asked.manoeuvre_id, outcome=ManoeuvreOutcome.RELEASED, at=at),
            OccasionNoted(occasion=replace(OCCASION, at=at)),
        )
        await house.hear(drive(61, 63))
        executed = CommandProgressed(
            command_id=command.command_id, state=CommandState.EXECUTED, reason="", at=Instant(at + 1500)
        )
        await told(house, executed)
        await house.hear(drive(64, 90))
        frozen = only(house)
        sent = item(frozen, Item.COMMANDS)["entries"][0]
        assert (sent["frame_hex"], sent["size_bytes"], sent["source"]) == ("320a0a02c101", 6, "supervisor:1f2e3d4c")
        assert (sent["destination"], sent["states"][0]["state"]) == (VAN, "executed")
        released = item(frozen, Item.MANOEUVRES)["entries"]
        assert released[0]["outcome"] == "released"
        assert released[-1] == {"of_the_day": {"releases": 1, "released": ["2025-11-18 11:01:00"]}}

    asyncio.run(main())


@pytest.mark.parametrize(
    ("change", "source", "kind"),
    [
        ({"acceleration_long_mps2": -4.1}, "hard_braking", OccasionKind.CONFLICT),
        ({"acceleration_long_mps2": -12.0, "acceleration_lat_mps2": 12.0}, "impact", OccasionKind.CONFLICT),
        ({"acceleration_lat_mps2": 4.5}, "hard_swerve", OccasionKind.EVASION),
        (
            {"safety_systems": (SafetySystem(name="AEB", is_active=True, triggered_by="vehicle"),)},
            "emergency_stop",
            OccasionKind.CONFLICT,
        ),
        (
            {"system": SystemState(software_version="7.2.1", codes=(code("E17", 40),))},
            "system_code",
            OccasionKind.DISTURBANCE,
        ),
    ],
)
def test_rules_find_what_nobody_told(change, source, kind):
    async def main() -> None:
        house = House()
        trip = drive(1, 80)
        trip[39:42] = [record(seq, replace(usual(seq), **change)) for seq in (40, 41, 42)]
        await house.hear(trip)
        found = {o.source: o for o in house.ledger.state.supervised.occasions.values()}
        assert found[source].kind is kind
        assert found[source].at == NOON + 40_000
        assert found[source].is_accident is (source == "impact")

    asyncio.run(main())


def test_falling_into_the_minimal_risk_condition_is_a_disturbance_once():
    async def main() -> None:
        house = House()
        trip = drive(1, 40)
        trip += [record(seq, usual(seq), mode=DrivingMode.MINIMAL_RISK) for seq in range(41, 100)]
        await house.hear(trip)
        frozen = only(house)
        assert content(frozen)["occasion"]["source"] == "minimal_risk"
        assert [e.get("mode") for e in item(frozen, Item.AUTOMATION)["entries"][:2]] == ["automated", "minimal_risk"]

    asyncio.run(main())


def test_a_safety_system_stands_until_it_is_switched_and_raises_no_alarm():
    async def main() -> None:
        house = House()
        brake = Extension(safety_systems=(SafetySystem(name="ABS", is_active=True, triggered_by="attendant"),))
        trip = shuttle_drive(1, 900)
        trip[1] = record(2, brake, vehicle_id=SHUTTLE, mode=DrivingMode.ASSISTED, speed_mps=4.0)
        trip[799:] = [record(s, vehicle_id=SHUTTLE, mode=DrivingMode.ASSISTED, speed_mps=0.0) for s in range(800, 901)]
        trip[798] = record(799, vehicle_id=SHUTTLE, mode=DrivingMode.ASSISTED, speed_mps=4.5)
        await house.hear(trip)
        systems = item(only(house), Item.SAFETY_SYSTEMS)
        assert systems["status"] == "present"
        assert systems["entries"][0]["at"] == "2025-11-18T11:00:02.000Z"
        assert (systems["entries"][0]["state"], systems["entries"][0]["carried"]) == ("on", True)
        assert standing(house) == []
        await house.another()._begin()
        await house.wait(30)
        assert only(house).revision == 1

    asyncio.run(main())


class Buffering(MemoryWindows):
    """A log that has not written yet what it was given, as in the simulator."""

    async def read(self, vehicle_id: VehicleId, first: Instant, last: Instant) -> list[TelemetryRecord]:
        del vehicle_id, first, last
        return []


def test_what_is_told_once_a_minute_stands_although_the_log_still_buffers_it_and_ten_samples_a_second_follow():
    async def main() -> None:
        house = House()
        house.windows = Buffering()
        house.another()
        trip = [record(n, usual(n, is_minute=False), at=NOON + n * 100) for n in range(1, 801)]
        trip[0] = record(1, replace(usual(1), safety_systems=()), at=NOON + 100)
        trip[549] = record(550, replace(usual(550, is_minute=False), incidents=(CRASH,)), at=NOON + 55_000)
        await house.hear(trip)
        states = {number: item(only(house), number)["status"] for number in (Item.VIN, Item.SYSTEM, Item.ENVIRONMENT)}
        assert states == dict.fromkeys(states, "present")

    asyncio.run(main())


def test_a_level_2_shuttle_is_recorded_too_and_lacks_nothing_it_never_had():
    async def main() -> None:
        house = House()
        trip = shuttle_drive(1, 80)
        trip[40:] = [record(seq, vehicle_id=SHUTTLE, mode=DrivingMode.ASSISTED, speed_mps=0.0) for seq in range(41, 81)]
        trip[39] = replace(trip[39], sample=replace(trip[39].sample, speed_mps=4.5))
        await house.hear(trip)
        frozen = only(house)
        assert content(frozen)["occasion"]["source"] == "hard_braking"
        states = {Item(each["number"]): each["status"] for each in content(frozen)["items"]}
        present = {Item.POSITION, Item.AUTOMATION, Item.SPEED}
        assert {number for number, state in states.items() if state == "present"} == present
        assert {number for number, state in states.items() if state == "not_fitted"} == set(Item) - present

    asyncio.run(main())


def test_a_recorder_that_restarts_freezes_what_was_noted_before():
    async def main() -> None:
        house = House()
        trip = drive(1, 75)
        trip[69] = record(70, replace(usual(70), incidents=(CRASH,)))
        await house.hear(trip)
        assert len(house.ledger.state.supervised.occasions) == 1
        assert house.archive.kept == {}
        again = house.another()
        await again._begin()
        await house.wait(20)
        seqs = [r.sample.seq for r in records_of(content(only(house)), with_lead=False)]
        assert seqs == list(range(60, 76))

    asyncio.run(main())


def test_an_occasion_that_was_never_noted_is_found_again_after_a_restart_and_a_noted_one_only_once():
    async def main() -> None:
        house = House()
        trip = drive(1, 200)
        for seq in (50, 51, 180):
            trip[seq - 1] = record(seq, replace(usual(seq), acceleration_long_mps2=-6.0))
        await house.hear(trip[:60])
        house.windows.records.extend(trip[60:])
        house.clock.moment = Instant(NOON + 201_000)
        await house.another()._begin()
        await house.wait(30)
        found = sorted(o.at for o in house.ledger.state.supervised.occasions.values())
        assert found == [NOON + 50_000, NOON + 180_000]

    asyncio.run(main())


@pytest.mark.parametrize("body", [b"{}", b"no json", b'{"revision":1,"previous_sha256":"","frozen_at":""}'])
def test_an_unreadable_revision_is_told_and_never_overwritten_and_the_recorder_goes_on(body):
    async def main() -> None:
        house = House()
        trip = drive(1, 150)
        for seq in (50, 100):
            trip[seq - 1] = record(seq, replace(usual(seq), incidents=(CRASH,)))
        foreign = f"{VAN}-{NOON + 50_000}-conflict-vehicle-accident"
        await house.archive.put(OccasionId(foreign), 1, body)
        await house.hear(trip)
        kept = {name: [each.body for each in revisions] for name, revisions in house.archive.kept.items()}
        assert kept.pop(OccasionId(foreign)) == [body]
        assert [len(records_of(json.loads(revisions[-1]), with_lead=False)) for revisions in kept.values()] == [21]
        assert house.recorder.unreadable > 0

    asyncio.run(main())


def test_the_hash_of_every_revision_stands_in_the_ledger_and_other_bytes_are_not_served():
    async def main() -> None:
        house = House()
        trip = drive(1, 100)
        trip[49] = record(50, replace(usual(50), incidents=(CRASH,)))
        await house.hear([*trip[:54], *trip[56:]])
        await house.hear([replace(each, received_at=Instant(NOON + 101_000)) for each in trip[54:56]])
        await house.wait(20)
        (revisions,) = house.archive.kept.values()
        facts = [e.body for e in house.ledger.read() if isinstance(e.body, OccasionFrozen)]
        assert [(f.revision, f.sha256) for f in facts] == [(r.revision, r.sha256) for r in revisions]
        assert len(facts) == 2
        name = revisions[0].occasion_id
        house.archive.kept[name] = [revisions[0], replace(revisions[1], sha256="00" * 32)]
        with pytest.raises(CorruptionError, match="not the one the ledger knows"):
            await house.recorder.frozen(name)
        house.archive.kept.clear()
        house.recorder._freezing.again(name, house.clock.moment)
        await house.recorder.settle()
        assert house.archive.kept == {}
        house.archive.kept[name] = revisions[:1]
        with pytest.raises(CorruptionError, match="the ledger knows 2"):
            await house.another().frozen(name)

    asyncio.run(main())


def test_a_revision_kept_just_before_the_process_ended_is_told_to_the_ledger_later():
    async def main() -> None:
        house = House()
        trip = drive(1, 80)
        trip[49] = record(50, replace(usual(50), incidents=(CRASH,)))
        await house.hear(trip[:64])
        house.ledger.is_read_only = True
        with pytest.raises(ReadOnlyError):
            await house.wait(5)
        house.ledger.is_read_only = False
        await house.another()._begin()
        await house.wait(20)
        facts = [e.body for e in house.ledger.read() if isinstance(e.body, OccasionFrozen)]
        assert [(f.revision, f.sha256) for f in facts] == [(1, only(house).sha256)]

    asyncio.run(main())


def test_a_late_record_after_a_restart_completes_the_kept_table_and_does_not_replace_it():
    async def main() -> None:
        house = House()
        await house.hear(drive(1, 700))
        house.windows.records = []
        house.clock.moment = Instant(NOON + 2 * 86_400_000)
        again = house.another()
        await again._begin()
        late = replace(record(800, usual(800)), received_at=house.clock.moment)
        again.observe(late, usual(800))
        house.clock.advance(700)
        await again.settle()
        third = house.another()
        await third._begin()
        (van,) = await third.completeness(date(2025, 11, 18))
        assert van["expected_s"] == 800
        assert van["items"][1]["present"] >= 600

    asyncio.run(main())


def test_an_unreadable_table_is_left_out():
    async def main() -> None:
        house = House()
        await house.archive.put_table("2025-11-17~van", b"no table")
        await house.recorder._begin()
        assert await house.recorder.completeness(date(2025, 11, 17)) == []

    asyncio.run(main())


def test_a_recorder_runs_until_it_is_cancelled_and_begins_once():
    async def main() -> list[str]:
        house = House()
        house.clock = LoopClock(NOON)  # type: ignore[assignment]  # one that sleeps
        house.ledger = MemoryLedger(house.clock)
        recorder = house.another()
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(recorder.run())
            trip = drive(1, 60)
            trip[19] = record(20, replace(usual(20), incidents=(CRASH,)))
            for each in trip:
                await house.clock.sleep((each.received_at - house.clock.now()) / 1000)
                recorder.observe(each, extension_in(each))
            running.cancel()
        return list(house.archive.kept)

    assert run_virtual(main()) == [f"{VAN}-{NOON + 20_000}-conflict-vehicle-accident"]


def test_nothing_is_lost_while_the_disk_is_full():
    async def main() -> None:
        house = House()
        trip = drive(1, 100)
        trip[49] = record(50, replace(usual(50), incidents=(CRASH,)))
        await house.hear(trip[:55])
        house.archive.is_read_only = True
        with pytest.raises(ReadOnlyError):
            await house.hear(trip[55:])
        house.archive.is_read_only = False
        await house.hear(trip[55:])
        await house.wait(10)
        assert [r.sample.seq for r in records_of(content(only(house)), with_lead=False)] == list(range(40, 61))

    asyncio.run(main())


def standing(house: House) -> list[AlarmKind]:
    return [alarm.kind for alarm in house.ledger.state.supervised.alarms.values()]


@pytest.mark.parametrize("lost", ["acceleration_lat_mps2", "supply_v", "lights_on"])
def test_an_item_that_is_missing_is_alarmed_within_a_minute_and_cleared_when_it_is_back(lost):
    async def main() -> None:
        house = House()
        await house.hear(drive(1, 120))
        assert standing(house) == []
        silent = [record(seq, replace(usual(seq), **{lost: None})) for seq in range(121, 181)]
        await house.hear(silent)
        assert standing(house) == [AlarmKind.RECORDER_GAP]
        alarm = next(iter(house.ledger.state.supervised.alarms.values()))
        assert alarm.raised_at <= NOON + 120_000 + 60_000
        await house.hear(drive(181, 200))
        assert standing(house) == []

    asyncio.run(main())


def test_an_item_sent_once_a_minute_is_overdue_after_a_minute_and_alarmed_within_the_next():
    async def main() -> None:
        house = House()
        await house.hear(drive(1, 125))
        await house.hear([record(seq, usual(seq, is_minute=False)) for seq in range(126, 300)])
        alarm = next(iter(house.ledger.state.supervised.alarms.values()))
        assert alarm.detail == "items 1, 5, 6, 7"
        assert NOON + 181_000 < alarm.raised_at <= NOON + 241_000

    asyncio.run(main())


def test_records_that_stay_lost_are_alarmed_within_a_minute_after_the_vehicle_is_back():
    async def main() -> None:
        house = House()
        await house.hear(drive(1, 100))
        await house.hear(drive(140, 330))
        assert [a.detail for a in house.ledger.state.supervised.alarms.values()] == ["38 s of records"]
        raised = [e for e in house.ledger.read() if type(e.body).__name__ == "AlarmRaised"]
        assert len(raised) == 1
        assert raised[0].recorded_at <= NOON + 140_000 + 70_000
        filled = [replace(each, received_at=Instant(NOON + 331_000)) for each in drive(101, 139)]
        await house.hear(filled)
        await house.hear(drive(331, 345))
        assert standing(house) == []

    asyncio.run(main())


def test_a_hole_of_seconds_is_alarmed_where_the_law_asks_for_the_record_and_elsewhere_one_of_half_a_minute():
    async def main(lost_s: int) -> list[str]:
        house = House()
        trip = [*drive(1, 100), *drive(101 + lost_s, 300), *shuttle_drive(1, 100), *shuttle_drive(101 + lost_s, 300)]
        await house.hear(sorted(trip, key=lambda each: each.received_at))
        return sorted(alarm.vehicle_id for alarm in house.ledger.state.supervised.alarms.values())

    assert asyncio.run(main(5)) == [VAN]
    assert asyncio.run(main(40)) == [VAN, SHUTTLE]


def back_after(first: int, last: int, backlog: int) -> list[TelemetryRecord]:
    """The van's records of ``first`` to ``last`` as they come, with each two of its backlog from ``backlog`` on."""
    found: list[TelemetryRecord] = []
    for seq in range(first, last + 1):
        late = backlog + 2 * (seq - first)
        arrived = (seq, *range(late, min(late + 2, first)))
        found += [record(each, usual(each), received=NOON + seq * 1000 + 50) for each in arrived]
    return found


def test_a_backlog_that_is_coming_in_alarms_nobody():
    async def main() -> None:
        house = House()
        await house.hear(drive(1, 100))
        await house.hear(back_after(600, 900, 101))
        assert standing(house) == []
        assert [e for e in house.ledger.read() if type(e.body).__name__ == "AlarmRaised"] == []

    asyncio.run(main())


def test_a_backlog_that_stops_half_way_is_alarmed_within_a_minute():
    async def main() -> None:
        house = House()
        await house.hear(drive(1, 100))
        await house.hear(back_after(600, 700, 101))
        await house.hear(drive(701, 760))
        assert [a.detail for a in house.ledger.state.supervised.alarms.values()] == ["296 s of records"]

    asyncio.run(main())


def test_a_vehicle_at_rest_or_silent_raises_no_alarm_and_a_shuttle_without_sensors_neither():
    async def main() -> None:
        house = House()
        await house.hear(drive(1, 100))
        await house.hear([record(101, Extension(goes_to_rest=True))])
        await house.hear(shuttle_drive(1, 150)[101:])
        await house.wait(600)
        assert standing(house) == []

    asyncio.run(main())


def test_a_rest_within_a_boot_is_no_gap_and_not_expected():
    async def main() -> None:
        house = House()
        await house.hear([*drive(1, 100), record(101, Extension(goes_to_rest=True)), *drive(400, 600)])
        assert standing(house) == []
        (van,) = await house.recorder.completeness(date(2025, 11, 18))
        assert (van["expected_s"], van["items"][1]["status"]) == (302, "present")

    asyncio.run(main())


def test_a_days_completeness_says_the_share_of_each_item():
    async def main() -> None:
        house = House()
        trip = drive(1, 400)
        trip[200:300] = [record(seq, replace(usual(seq), supply_v=None)) for seq in range(201, 301)]
        await house.hear([*trip, *shuttle_drive(1, 1)])
        van, shuttle = await house.recorder.completeness(date(2025, 11, 18))
        shares = {Item(row["number"]): row["share"] for row in van["items"]}
        assert van["expected_s"] == 400
        assert shares[Item.POSITION] == shares[Item.VIN] == 1
        assert shares[Item.SUPPLY] == pytest.approx(301 / 400)
        assert shares[Item.COMMANDS] is None
        assert {row["status"] for row in shuttle["items"]} == {"present", "not_fitted"}

    asyncio.run(main())


def test_completeness_outlives_a_restart():
    async def main() -> None:
        house = House()
        await house.hear(drive(1, 900))
        house.windows.records = house.windows.records[-400:]
        again = house.another()
        await again._begin()
        van = next(row for row in await again.completeness(date(2025, 11, 18)) if row["vehicle_id"] == VAN)
        assert (van["expected_s"], van["items"][1]["share"]) == (900, 1)

    asyncio.run(main())


def test_round_trips_of_the_session_stand_beside_what_the_modem_says_and_survive_a_restart():
    async def main() -> None:
        house = House()
        trip = drive(1, 100)
        trip[49] = record(50, replace(usual(50), incidents=(CRASH,)))
        await house.hear(trip[:52])
        house.recorder.timed(VAN, 47, -3, 20, Instant(NOON + 52_000))
        await house.hear(trip[52:])
        network = item(only(house), Item.NETWORK)["entries"]
        assert network[0]["bandwidth_kbps"] == 21_000
        assert [e["round_trip_ms"] for e in network if "round_trip_ms" in e] == [47]
        await house.another()._begin()
        await house.wait(30)
        assert only(house).revision == 1

    asyncio.run(main())


def test_other_boots_do_not_mix_and_an_old_occasion_is_left_as_it_is():
    async def main() -> None:
        house = House()
        old = Occasion(
            occasion_id=OCCASION.occasion_id,
            vehicle_id=VAN,
            kind=OccasionKind.INTERVENTION,
            at=Instant(NOON - 8 * 86_400_000),
            source="supervision",
        )
        await told(house, OccasionNoted(occasion=old))
        trip = [*drive(1, 50), *(record(s, usual(s), boot="b2", at=NOON + 50_000 + s * 1000) for s in range(1, 60))]
        trip[49] = record(50, replace(usual(50), incidents=(CRASH,)))
        await house.hear(trip)
        boots = {r.sample.boot_id for r in records_of(content(only(house)), with_lead=False)}
        assert boots == {BootId("b1"), BootId("b2")}
        assert content(only(house))["missing"] == []

    asyncio.run(main())
