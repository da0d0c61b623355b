"""Retention: what has had its time goes, what has not stays, and a repetition of what went is still known as one."""

import asyncio
import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from crc32c import crc32c

from mobility.app.clock import LoopClock
from mobility.core.errors import BadInputError
from mobility.core.ids import BootId, OccasionId, VehicleId
from mobility.core.ports import TelemetryRecord
from mobility.core.service_day import ServiceDay
from mobility.core.vehicle import ServiceKind, VehicleSpec
from mobility.storage.occasion_files import OccasionFiles, newest_revision
from mobility.storage.retention import NOTES_NAME, Deleted, Retention, RetentionPolicy, apply_retention
from mobility.storage.segments import SegmentLog, read_day
from sim.edge.loop import run_virtual
from tests.contracts.sample_records import record

ZONE = "Europe/Berlin"
DAY = date(2025, 10, 14)
BUS, VAN, SHUTTLE = VehicleId("buergerbus"), VehicleId("pmover-1"), VehicleId("shuttle-1")


def spec(vehicle_id: VehicleId, kind: ServiceKind, sae_level: int) -> VehicleSpec:
    return VehicleSpec(
        vehicle_id=vehicle_id,
        label="",
        kind=kind,
        seats=6,
        wheelchair_places=1,
        seats_lost_per_wheelchair=2,
        sae_level=sae_level,
        max_speed_mps=16.0,
        has_ramp=True,
        battery_wh=0.0,
        is_bookable=True,
    )


FLEET = {
    BUS: spec(BUS, ServiceKind.CITIZEN_BUS, 0),
    VAN: spec(VAN, ServiceKind.RESEARCH, 4),
    SHUTTLE: spec(SHUTTLE, ServiceKind.SHUTTLE, 2),
}


def records(day: date, count: int = 5) -> list[TelemetryRecord]:
    start = ServiceDay(day, ZONE).start + 8 * 3_600_000
    return [
        record(seq, vehicle=vehicle, boot=f"boot of {day}", at=start + seq * 1000)
        for vehicle in FLEET
        for seq in range(1, count + 1)
    ]


def store(folder: Path, *days: date, sealed: bool = True) -> None:
    async def main() -> None:
        async with SegmentLog.open(folder, zone=ZONE, inline=True) as log:
            for day in days:
                await log.append(records(day))
                if sealed:
                    await log.seal(ServiceDay(day, ZONE))

    asyncio.run(main())


def look(tmp_path: Path, *, today: date, policy: RetentionPolicy | None = None) -> list[Deleted]:
    return apply_retention(
        telemetry=tmp_path / "telemetry",
        occasions=tmp_path / "occasions",
        policy=policy or RetentionPolicy(),
        fleet=FLEET,
        today=today,
    )


def left(tmp_path: Path, day: date) -> dict[str, int]:
    found = [r.sample.vehicle_id for r in read_day(tmp_path / "telemetry", ServiceDay(day, ZONE))]
    return {name: found.count(name) for name in sorted(set(found))}


def test_the_citizen_buss_tracks_go_after_seven_days_and_only_they(tmp_path: Path) -> None:
    store(tmp_path / "telemetry", DAY)
    assert look(tmp_path, today=DAY + timedelta(days=7)) == []
    assert look(tmp_path, today=DAY + timedelta(days=8)) == [
        Deleted(what="telemetry", name=DAY.isoformat(), vehicle_id=BUS, samples=5)
    ]
    assert left(tmp_path, DAY) == {SHUTTLE: 5, VAN: 5}
    assert look(tmp_path, today=DAY + timedelta(days=9)) == []


def test_what_was_deleted_is_noted(tmp_path: Path) -> None:
    store(tmp_path / "telemetry", DAY)
    look(tmp_path, today=DAY + timedelta(days=8))
    notes = [json.loads(line) for line in (tmp_path / "telemetry" / NOTES_NAME).read_text().splitlines()]
    assert notes == [{"on": "2025-10-22", "what": "telemetry", "name": "2025-10-14", "vehicle_id": BUS, "samples": 5}]


def test_a_repetition_of_a_deleted_sample_is_still_known_after_a_restart(tmp_path: Path) -> None:
    store(tmp_path / "telemetry", DAY)
    look(tmp_path, today=DAY + timedelta(days=8))

    async def main() -> None:
        async with SegmentLog.open(tmp_path / "telemetry", zone=ZONE, inline=True) as log:
            known = log.received()[BUS, BootId(f"boot of {DAY}")]
            assert dict(known) == {seq: crc32c(f"{BUS}/{seq}".encode()) for seq in range(1, 6)}

    asyncio.run(main())


def test_a_late_sample_of_a_pruned_day_is_kept_sealed_and_pruned_in_its_turn(tmp_path: Path) -> None:
    telemetry = tmp_path / "telemetry"
    store(telemetry, DAY)
    look(tmp_path, today=DAY + timedelta(days=8))
    late = record(9, vehicle=BUS, boot=f"boot of {DAY}", at=ServiceDay(DAY, ZONE).start + 9 * 3_600_000)

    async def main() -> None:
        async with SegmentLog.open(telemetry, zone=ZONE, inline=True) as log:
            await log.append([late])
            assert look(tmp_path, today=DAY + timedelta(days=9)) == []
            await log.seal(ServiceDay(DAY, ZONE))

    asyncio.run(main())
    assert left(tmp_path, DAY)[BUS] == 1
    assert [each.samples for each in look(tmp_path, today=DAY + timedelta(days=9))] == [1]

    async def again() -> None:
        async with SegmentLog.open(telemetry, zone=ZONE, inline=True) as log:
            assert sorted(log.received()[BUS, BootId(f"boot of {DAY}")]) == [1, 2, 3, 4, 5, 9]

    asyncio.run(again())


def test_a_day_that_is_not_sealed_yet_is_left_alone(tmp_path: Path) -> None:
    store(tmp_path / "telemetry", DAY, sealed=False)
    assert look(tmp_path, today=DAY + timedelta(days=400)) == []
    assert left(tmp_path, DAY) == {BUS: 5, SHUTTLE: 5, VAN: 5}


def test_all_telemetry_goes_in_its_time_and_in_the_end_the_index_too(tmp_path: Path) -> None:
    store(tmp_path / "telemetry", DAY, DAY + timedelta(days=100))
    policy = RetentionPolicy(section_63a_days=184, other_days=30, index_days=200)
    seen: dict[int, list[str]] = {}
    for age in range(1, 210):
        for each in look(tmp_path, today=DAY + timedelta(days=age), policy=policy):
            if each.name == DAY.isoformat():
                seen.setdefault(age, []).append(f"{each.what} {each.vehicle_id}".strip())
    expected = {8: [f"telemetry {BUS}"], 31: [f"telemetry {SHUTTLE}"], 185: [f"telemetry {VAN}"], 201: ["index"]}
    assert seen == expected
    assert not (tmp_path / "telemetry" / DAY.isoformat()).exists()
    assert left(tmp_path, DAY + timedelta(days=100)) == {VAN: 5}


def test_a_crash_between_index_and_day_loses_neither(tmp_path: Path) -> None:
    telemetry = tmp_path / "telemetry"
    store(telemetry, DAY)
    sealed = telemetry / DAY.isoformat() / "samples.parquet"
    before = sealed.read_bytes()
    look(tmp_path, today=DAY + timedelta(days=8))
    sealed.write_bytes(before)  # as if the process had ended after the index was written
    assert [each.samples for each in look(tmp_path, today=DAY + timedelta(days=8))] == [5]

    async def main() -> None:
        async with SegmentLog.open(telemetry, zone=ZONE, inline=True) as log:
            assert len(log.received()[BUS, BootId(f"boot of {DAY}")]) == 5

    asyncio.run(main())


def occasion(name: str, at: date, *, is_accident: bool = False) -> tuple[OccasionId, bytes]:
    body = {"occasion": {"at": f"{at}T11:00:00.000Z", "is_accident": is_accident, "vehicle_id": VAN}}
    return OccasionId(name), json.dumps(body).encode()


def test_occasions_are_kept_three_years_and_accidents_ten(tmp_path: Path) -> None:
    async def main() -> None:
        files = OccasionFiles(tmp_path / "occasions")
        for name, body in (occasion("usual", DAY), occasion("accident", DAY, is_accident=True)):
            await files.put(name, 1, body)
        await files.put_table("2025-10-14~van", b"table")

    asyncio.run(main())
    assert look(tmp_path, today=date(2028, 10, 13)) == []
    assert [each.name for each in look(tmp_path, today=date(2028, 10, 17))] == ["usual", "2025-10-14~van"]
    assert newest_revision(tmp_path / "occasions", OccasionId("accident")) is not None
    assert [each.name for each in look(tmp_path, today=date(2035, 10, 17))] == ["accident"]
    assert look(tmp_path, today=date(2040, 1, 1)) == []


@pytest.mark.parametrize(("vehicle", "days"), [(BUS, 7), (VAN, 184), (SHUTTLE, 90), (VehicleId("unknown"), 90)])
def test_each_vehicle_has_its_class(vehicle: VehicleId, days: int) -> None:
    policy = RetentionPolicy(other_days=90)
    assert policy.telemetry_days(FLEET.get(vehicle)) == days
    assert replace(policy, rider_linked_days=3).telemetry_days(FLEET[BUS]) == 3


def test_a_period_shorter_than_sealing_takes_is_refused() -> None:
    with pytest.raises(BadInputError, match="rider_linked_days: at least 3 days"):
        RetentionPolicy(rider_linked_days=2)


def test_nothing_is_deleted_where_nothing_is_kept(tmp_path: Path) -> None:
    assert look(tmp_path, today=DAY) == []


def test_a_running_server_looks_once_a_day(tmp_path: Path) -> None:
    store(tmp_path / "telemetry", DAY, DAY + timedelta(days=1))

    async def main() -> list[str]:
        clock = LoopClock(ServiceDay(DAY + timedelta(days=8), ZONE).at(7200))
        retention = Retention(
            telemetry=tmp_path / "telemetry",
            occasions=tmp_path / "occasions",
            policy=RetentionPolicy(),
            fleet=FLEET,
            clock=clock,
            zone=ZONE,
            inline=True,
        )
        seen: list[str] = []
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(retention.run())
            for _ in range(3):
                await clock.sleep(20 * 3600)
                seen.append(retention.deleted[-1].name)
            running.cancel()
        return seen

    assert run_virtual(main()) == ["2025-10-14", "2025-10-15", "2025-10-15"]


def run_with_a_log(tmp_path: Path, today: date) -> Retention:
    """Retention beside a running log, for a minute of a day."""

    async def main() -> Retention:
        clock = LoopClock(ServiceDay(today, ZONE).at(8 * 3600))
        async with SegmentLog.open(tmp_path / "telemetry", zone=ZONE, inline=True) as log:
            retention = Retention(
                telemetry=tmp_path / "telemetry",
                occasions=tmp_path / "occasions",
                policy=RetentionPolicy(),
                fleet=FLEET,
                clock=clock,
                zone=ZONE,
                inline=True,
                seal=log.seal,
            )
            async with asyncio.TaskGroup() as tasks:
                running = tasks.create_task(retention.run())
                await clock.sleep(60)
                running.cancel()
            return retention

    return run_virtual(main())


def test_a_day_that_was_left_open_by_a_clock_far_behind_goes_in_its_time_too(tmp_path: Path) -> None:
    store(tmp_path / "telemetry", DAY, DAY + timedelta(days=198), sealed=False)
    retention = run_with_a_log(tmp_path, DAY + timedelta(days=200))
    assert {each.vehicle_id for each in retention.deleted if each.what == "telemetry"} == {BUS, VAN, SHUTTLE}
    assert left(tmp_path, DAY) == {}
    assert left(tmp_path, DAY + timedelta(days=198)) == {BUS: 5, SHUTTLE: 5, VAN: 5}


def test_a_damaged_day_does_not_keep_the_others(tmp_path: Path) -> None:
    store(tmp_path / "telemetry", DAY, DAY + timedelta(days=1), sealed=False)
    (segment,) = (tmp_path / "telemetry" / DAY.isoformat()).glob("*.seg")
    held = bytearray(segment.read_bytes())
    held[len(held) // 2] ^= 0xFF
    segment.write_bytes(held)
    run_with_a_log(tmp_path, DAY + timedelta(days=200))
    assert segment.read_bytes() == bytes(held)
    assert left(tmp_path, DAY + timedelta(days=1)) == {}
