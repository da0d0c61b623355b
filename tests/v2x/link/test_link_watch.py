"""The watch raises and clears alarms in time, keeps the picture, and tells it over HTTP."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import httpx
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.app.clock import LoopClock
from mobility.core.clock import Instant
from mobility.core.events import AlarmCleared, AlarmRaised
from mobility.core.ids import VehicleId
from mobility.core.supervision import AlarmKind
from mobility.core.vehicle import ServiceKind, VehicleSpec
from sim.edge.loop import run_virtual
from tests.fakes.clock import SettableClock
from tests.fakes.ledger import MemoryLedger
from tests.v2x.road.world import T0, crossroads, place, record
from v2x.edge.link_routes import router
from v2x.edge.link_watch import SAVE_EVERY_MS, LinkWatch
from v2x.extension import Extension, LinkReading
from v2x.link.alarms import SEVERAL, alarm_id
from v2x.link.observer import LinkObserver
from v2x.road.layers import collection

A, BUS = VehicleId("shuttle-1"), VehicleId("bus-1")
NETWORK = crossroads()
SPECS = {
    BUS: VehicleSpec(
        vehicle_id=BUS,
        label="Bürgerbus",
        kind=ServiceKind.CITIZEN_BUS,
        seats=8,
        wheelchair_places=1,
        seats_lost_per_wheelchair=1,
        sae_level=0,
        max_speed_mps=25.0,
        has_ramp=True,
        battery_wh=60_000.0,
        is_bookable=True,
    )
}


def watch_of(clock, ledger: MemoryLedger, directory: Path | None = None) -> LinkWatch:
    return LinkWatch(
        clock=clock,
        ledger=ledger,
        zone="Europe/Berlin",
        specs=SPECS,
        network=NETWORK,
        names=(("Mitte", place(0, 0)),),
        directory=directory,
    )


Story = Callable[[LinkWatch, MemoryLedger, LoopClock], Awaitable[None]]


def in_virtual_time(story: Story) -> MemoryLedger:
    """Run a story beside the watch; nothing waits for real."""

    async def whole() -> MemoryLedger:
        clock = LoopClock(T0)
        ledger = MemoryLedger(clock)
        watch = watch_of(clock, ledger)
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(watch.run())
            await story(watch, ledger, clock)
            running.cancel()
        return ledger

    return run_virtual(whole())


def on_duty(watch: LinkWatch, vehicle_id: VehicleId, now: Instant) -> None:
    """A session and a first sample."""
    watch.connected(vehicle_id, now)
    watch.kept(record(1, now, place(150, 0), vehicle_id=vehicle_id, late_ms=0), None, now)


async def drive(watch: LinkWatch, clock: LoopClock, vehicles: list[VehicleId], seconds: int) -> None:
    for _ in range(seconds):
        for vehicle_id in vehicles:
            watch.heard(vehicle_id, 200, clock.now())
        await clock.sleep(1)


def raised(ledger: MemoryLedger) -> list[tuple[str, int]]:
    return [(e.body.alarm.alarm_id, e.recorded_at - T0) for e in ledger.read() if isinstance(e.body, AlarmRaised)]


def cleared(ledger: MemoryLedger) -> list[tuple[str, int]]:
    return [(e.body.alarm_id, e.recorded_at - T0) for e in ledger.read() if isinstance(e.body, AlarmCleared)]


def test_the_watch_is_a_link_observer() -> None:
    clock = SettableClock(T0)
    observer: LinkObserver = watch_of(clock, MemoryLedger(clock))
    observer.heard(A, 1, T0)
    assert isinstance(observer, LinkWatch)


def test_a_silent_vehicle_is_an_alarm_at_five_seconds_exactly_and_cleared_when_it_is_back() -> None:
    async def story(watch: LinkWatch, ledger: MemoryLedger, clock: LoopClock) -> None:
        on_duty(watch, A, clock.now())
        await drive(watch, clock, [A], 11)
        await clock.sleep(60)
        alarm = ledger.state.supervised.alarms[alarm_id(A)]
        assert (alarm.kind, alarm.detail) == (AlarmKind.LINK_LOST, "Mitte"), "the detail says where it was last"
        await drive(watch, clock, [A], 20)

    ledger = in_virtual_time(story)
    # Heard last at 10 s; back at 71 s and steady five seconds later.
    assert raised(ledger) == [(alarm_id(A), 15_000)]
    assert cleared(ledger) == [(alarm_id(A), 76_000)]


def test_resting_and_never_heard_vehicles_ring_nothing() -> None:
    async def story(watch: LinkWatch, _: MemoryLedger, clock: LoopClock) -> None:
        watch.connected(A, clock.now())
        await drive(watch, clock, [A], 5)
        at_rest = record(6, clock.now(), place(0, 0), extension=Extension(goes_to_rest=True))
        watch.kept(at_rest, Extension(goes_to_rest=True), clock.now())
        watch.disconnected(A, clock.now())
        await clock.sleep(36_000)
        assert watch.views(clock.now())[0]["state"] == "resting"
        assert watch.views(clock.now())[0]["silences_today"] == 0

    assert raised(in_virtual_time(story)) == []


def test_a_known_radio_gap_alarms_nobody_for_five_minutes_unless_nobody_is_aboard() -> None:
    alone = VehicleId("pmover-1")
    specs = {**SPECS, alone: replace(SPECS[BUS], vehicle_id=alone, sae_level=4)}

    async def whole() -> MemoryLedger:
        clock = LoopClock(T0)
        ledger = MemoryLedger(clock)
        watch = LinkWatch(clock=clock, ledger=ledger, zone="Europe/Berlin", specs=specs, network=NETWORK)
        for hour in range(1, 6):
            # Whoever drove here before could only tell later.
            gone = clock.now() - hour * 3_600_000
            watch.kept(record(hour, gone, place(280, 0), vehicle_id="former", late_ms=60_000), None, clock.now())
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(watch.run())
            for vehicle_id in (BUS, alone):
                on_duty(watch, vehicle_id, clock.now())
            await clock.sleep(10)
            assert [view["state"] for view in watch.views(clock.now()) if view["vehicle_id"] == BUS] == ["lost"]
            await clock.sleep(400)
            running.cancel()
        return ledger

    rung = dict(raised(run_virtual(whole())))
    assert rung[alarm_id(alone)] == 5_000
    assert 300_000 <= rung[alarm_id(BUS)] <= 305_000


def test_a_computer_that_is_on_and_takes_no_sample_is_not_on_duty() -> None:
    async def story(watch: LinkWatch, _: MemoryLedger, clock: LoopClock) -> None:
        watch.connected(A, clock.now())
        await clock.sleep(3600)
        assert watch.views(clock.now())[0]["state"] == "resting"
        on_duty(watch, A, clock.now())
        assert watch.views(clock.now())[0]["silences_today"] == 0
        assert watch.views(clock.now())[0]["state"] == "live"

    assert raised(in_virtual_time(story)) == []


def test_what_only_stations_relay_comes_and_goes_without_alarm() -> None:
    async def story(watch: LinkWatch, _: MemoryLedger, clock: LoopClock) -> None:
        for seq in range(1, 10):
            watch.kept(record(seq, clock.now(), place(0, 0), late_ms=0), None, clock.now())
            await clock.sleep(1)
        assert watch.views(clock.now())[0]["state"] == "live"
        await clock.sleep(100)
        assert watch.views(clock.now())[0]["state"] == "lost"

    assert raised(in_virtual_time(story)) == []


def test_a_hundred_vehicles_behind_a_dead_mast_are_at_most_three_alarms() -> None:
    fleet = [VehicleId(f"v{number:03d}") for number in range(100)]

    async def story(watch: LinkWatch, ledger: MemoryLedger, clock: LoopClock) -> None:
        for vehicle_id in fleet:
            on_duty(watch, vehicle_id, clock.now())
            await clock.sleep(0.01)
        for _ in range(10):
            for vehicle_id in fleet:
                watch.heard(vehicle_id, 200, clock.now())
                await clock.sleep(0.01)
        await clock.sleep(30)
        assert 1 <= len(ledger.state.supervised.alarms) <= 3
        for _ in range(8):
            await drive(watch, clock, fleet, 1)
        assert ledger.state.supervised.alarms == {}

    ledger = in_virtual_time(story)
    assert len(raised(ledger)) <= 8
    assert {name for name, _ in raised(ledger)} >= {SEVERAL}


def test_a_quiet_fleet_wakes_the_watch_seldom() -> None:
    waits: list[float] = []

    class Counting(LoopClock):
        async def sleep(self, duration_s: float) -> None:
            waits.append(duration_s)
            await super().sleep(duration_s)

    async def whole() -> None:
        clock = Counting(T0)
        watch = watch_of(clock, MemoryLedger(clock))
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(watch.run())
            on_duty(watch, A, clock.now())
            for _ in range(600):
                watch.heard(A, 200, clock.now())
                await asyncio.sleep(1)
            running.cancel()

    run_virtual(whole())
    assert len(waits) < 200


def test_figures_of_a_drive_through_a_gap() -> None:
    async def story(watch: LinkWatch, _: MemoryLedger, clock: LoopClock) -> None:
        def take(seq: int, at: int, late_ms: int) -> None:
            reading = Extension(link=LinkReading(latency_ms=44, bandwidth_kbps=9000, rsrp_dbm=-95))
            where = place(-250 + seq * 5, 0)
            watch.kept(record(seq, at, where, late_ms=late_ms, extension=reading), reading, clock.now())

        watch.connected(A, clock.now())
        for seq in range(1, 31):
            watch.heard(A, 250, clock.now())
            take(seq, clock.now(), 0)
            await clock.sleep(1)
        watch.timed(A, 80, -350, 20, clock.now())
        watch.disconnected(A, clock.now())
        gap_at = clock.now()
        await clock.sleep(30)
        watch.connected(A, clock.now())
        watch.heard(A, 9000, clock.now())
        watch.repeated(A, 2, clock.now())
        for seq in range(31, 61):
            take(seq, gap_at + (seq - 31) * 1000, 30_000 - (seq - 31) * 1000)
        (view,) = watch.views(clock.now())
        assert view["state"] == "live"
        assert (view["rtt_p50_ms"], view["clock_offset_ms"], view["clock_error_ms"]) == (80, -350, 20)
        assert (view["sessions_today"], view["reconnects_today"], view["repeated_today"]) == (2, 1, 2)
        assert (view["silences_today"], view["silent_today_s"]) == (1, 31.0)
        assert (view["samples_today"], view["late_today"], view["missing"]) == (60, 28, 0)
        assert view["loss_frac"] == round(28 / 60, 4)
        assert (view["modem_latency_ms"], view["rsrp_dbm"]) == (44, -95)
        worst = watch.picture(1)[0].properties
        assert worst["late_frac"] == 1.0
        assert worst["near"] == "Mitte"
        await clock.sleep(86_400)
        watch.heard(A, 1, clock.now())
        assert watch.views(clock.now())[0]["samples_today"] == 0

    assert len(raised(in_virtual_time(story))) >= 1


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["connected", "disconnected", "heard", "timed", "kept", "repeated", "wait"]),
            st.sampled_from([A, BUS]),
            st.integers(0, 10_000),
            st.integers(1, 253_402_300_799_999) | st.integers(T0 - 10**7, T0 + 10**7),
            st.booleans(),
        ),
        max_size=30,
    )
)
def test_no_word_of_a_session_ever_raises_and_every_view_can_be_told(words) -> None:
    clock = SettableClock(T0)
    watch = watch_of(clock, MemoryLedger(clock))
    for word, vehicle_id, number, at_ms, rests in words:
        now = clock.now()
        if word == "wait":
            clock.advance(number)
        elif word == "heard":
            watch.heard(vehicle_id, number, now)
        elif word == "timed":
            watch.timed(vehicle_id, number, number - 5000, number, now)
        elif word == "repeated":
            watch.repeated(vehicle_id, number, now)
        elif word == "kept":
            extension = Extension(goes_to_rest=rests, link=LinkReading(rsrp_dbm=-90))
            made = record(number + 1, at_ms, place(number % 300, 0), vehicle_id=vehicle_id, late_ms=0)
            watch.kept(replace(made, received_at=now), extension, now)
        else:
            getattr(watch, word)(vehicle_id, now)
        watch.register.check(clock.now())
        assert {view["state"] for view in watch.views(clock.now())} <= {"live", "stale", "lost", "resting"}
        assert all(deadline > 0 for deadline in watch.register.deadlines(clock.now()))
    watch.save()
    json.dumps([collection(watch.picture(30)), watch.views(clock.now())], allow_nan=False)


def served(watch: LinkWatch, clock: SettableClock, *paths: str) -> list[httpx.Response]:
    app = FastAPI()
    app.include_router(router(watch, clock))

    async def ask() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://x") as client:
            return [await client.get(path) for path in paths]

    return asyncio.run(ask())


def test_links_and_coverage_are_told_over_http() -> None:
    clock = SettableClock(T0)
    watch = watch_of(clock, MemoryLedger(clock))
    watch.connected(A, T0)
    watch.kept(record(1, T0, place(150, 0)), None, T0)
    links, picture, rows, wrong = served(
        watch, clock, "/api/v1/links", *(f"/api/v1/links/coverage{x}" for x in ("", "/table?days=1", "?days=0"))
    )
    assert links.json()["vehicles"][0]["vehicle_id"] == A
    assert (links.json()["stale_after_s"], links.json()["lost_after_s"]) == (2, 5)
    (drawn,) = picture.json()["features"]
    assert drawn["geometry"]["type"] == "LineString"
    assert drawn["properties"]["samples"] == 1
    assert drawn["properties"].items() <= rows.json()["rows"][0].items()
    assert wrong.status_code == 422


def test_the_picture_outlives_the_process_and_forgets_another_network_and_damage(tmp_path: Path) -> None:
    clock = SettableClock(T0)
    watch = watch_of(clock, MemoryLedger(clock), tmp_path)
    watch.kept(record(1, T0, place(150, 0)), None, T0)
    watch.save()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["2025-11-18.json", "duty.json"]
    assert len(watch_of(clock, MemoryLedger(clock), tmp_path).picture()) == 1
    whole = (tmp_path / names[0]).read_text()
    for damaged in ("", "[]", "null", whole[:-9], whole.replace('"network":"', '"network":"x')):
        (tmp_path / names[0]).write_text(damaged)
        assert watch_of(clock, MemoryLedger(clock), tmp_path).picture() == []
    (tmp_path / names[0]).write_text(whole)
    clock.advance(40 * 86_400)
    later = watch_of(clock, MemoryLedger(clock), tmp_path)
    assert later.picture() == []
    later.save()
    assert [path.name for path in tmp_path.iterdir()] == ["duty.json"]


def restarted(directory: Path, story: Story, *, after_s: int) -> MemoryLedger:
    """A process in which two vehicles were on duty and one at rest, and after a while the next one."""

    async def whole() -> MemoryLedger:
        clock = LoopClock(T0)
        former = watch_of(clock, MemoryLedger(clock), directory)
        for vehicle_id in (A, BUS, VehicleId("resting")):
            on_duty(former, vehicle_id, clock.now())
        at_rest = Extension(goes_to_rest=True)
        former.kept(
            record(2, clock.now() + 1, place(0, 0), vehicle_id="resting", extension=at_rest), at_rest, clock.now()
        )
        former.save()
        await clock.sleep(after_s)
        ledger = MemoryLedger(clock)
        watch = watch_of(clock, ledger, directory)
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(watch.run())
            await story(watch, ledger, clock)
            running.cancel()
        return ledger

    return run_virtual(whole())


def test_a_vehicle_that_does_not_come_back_after_a_restart_is_lost(tmp_path: Path) -> None:
    async def story(watch: LinkWatch, ledger: MemoryLedger, clock: LoopClock) -> None:
        await clock.sleep(8)
        on_duty(watch, A, clock.now())
        await drive(watch, clock, [A], 60)
        assert list(ledger.state.supervised.alarms) == [alarm_id(BUS)]
        on_duty(watch, BUS, clock.now())
        await drive(watch, clock, [A, BUS], 12)
        assert ledger.state.supervised.alarms == {}

    (alarm,) = raised(restarted(tmp_path, story, after_s=60))
    assert alarm[0] == alarm_id(BUS)
    assert 90_000 <= alarm[1] <= 95_000


def test_after_a_long_time_switched_off_nobody_is_awaited(tmp_path: Path) -> None:
    async def story(watch: LinkWatch, _: MemoryLedger, clock: LoopClock) -> None:
        await clock.sleep(600)
        assert watch.views(clock.now()) == []

    assert raised(restarted(tmp_path, story, after_s=7200)) == []


def test_the_picture_is_written_every_few_minutes(tmp_path: Path) -> None:
    async def whole() -> None:
        clock = LoopClock(T0)
        watch = watch_of(clock, MemoryLedger(clock), tmp_path)
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(watch.run())
            watch.kept(record(1, T0, place(150, 0)), None, T0)
            await clock.sleep(SAVE_EVERY_MS / 1000 + 10)
            running.cancel()

    run_virtual(whole())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2025-11-18.json", "duty.json"]


def test_a_disk_that_takes_nothing_is_no_fault_of_the_link(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    clock = SettableClock(T0)
    watch = watch_of(clock, MemoryLedger(clock), tmp_path / "file")
    watch.kept(record(1, T0, place(150, 0)), None, T0)
    watch.save()
    assert len(watch.picture()) == 1


def test_without_a_network_links_are_watched_and_there_is_no_picture() -> None:
    clock = SettableClock(Instant(T0))
    watch = LinkWatch(clock=clock, ledger=MemoryLedger(clock), zone="Europe/Berlin", specs={})
    watch.connected(A, T0)
    watch.kept(record(1, T0, place(150, 0)), None, T0)
    watch.save()
    assert watch.picture() == ()
    assert len(watch.views(T0)) == 1
