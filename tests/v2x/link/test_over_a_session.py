"""A real vehicle client over a real gateway session, in virtual time: what the watch hears is what happened."""

import asyncio
from pathlib import Path

from mobility.app.clock import LoopClock
from mobility.core.errors import StreamClosedError
from mobility.core.events import AlarmCleared, AlarmRaised
from mobility.core.ids import BootId, VehicleId
from mobility.core.ports import FrameStream
from mobility.core.vehicle import DrivingMode, Sample
from sim.edge.loop import run_virtual
from sim.edge.pipe import pipe
from tests.fakes.ledger import MemoryLedger
from tests.fakes.telemetry_log import MemoryTelemetryLog
from tests.v2x.making import KeptFrames, identify
from tests.v2x.road.world import T0, crossroads, place
from v2x.edge.client import MemoryBuffer, VehicleClient
from v2x.edge.gateway import Gateway
from v2x.edge.link_watch import LinkWatch
from v2x.edge.road_watch import Layer, RoadWatch
from v2x.extension import Extension
from v2x.goodbye import GoodbyeReason

A = VehicleId("shuttle-1")
NETWORK = crossroads()


class Radio:
    """Pipes to the gateway that break when the radio is off."""

    def __init__(self, gateway: Gateway, tasks: asyncio.TaskGroup) -> None:
        self._gateway = gateway
        self._tasks = tasks
        self._open: list[FrameStream] = []
        self.is_on = True

    async def connect(self) -> FrameStream:
        if not self.is_on:
            raise StreamClosedError("no network")
        ours, theirs = pipe()
        self._tasks.create_task(self._gateway.serve(ours))
        self._open.append(theirs)
        return theirs

    async def switch(self, *, is_on: bool) -> None:
        self.is_on = is_on
        if not is_on:
            for stream in self._open:
                await stream.close("")
            self._open.clear()


def sample(seq: int, clock: LoopClock) -> Sample:
    """From the west end over the junction to the east at 5 m/s."""
    return Sample(
        vehicle_id=A,
        boot_id=BootId("b"),
        seq=seq,
        device_time=clock.now(),
        place=place(-295 + seq * 5, 0),
        speed_mps=5.0,
        bearing_deg=90.0,
        mode=DrivingMode.ASSISTED,
    )


def test_a_drive_through_a_radio_gap_is_an_alarm_a_hole_in_the_picture_and_no_hole_in_the_road(tmp_path: Path) -> None:
    async def main() -> tuple[MemoryLedger, LinkWatch, RoadWatch, dict[str, object]]:
        clock = LoopClock(T0)
        ledger = MemoryLedger(clock)
        watch = LinkWatch(
            clock=clock, ledger=ledger, zone="Europe/Berlin", specs={}, network=NETWORK, directory=tmp_path
        )
        road = RoadWatch(clock=clock, ledger=ledger, network=NETWORK, specs={})
        gateway = Gateway(log=MemoryTelemetryLog(), clock=clock, identify=identify, quarantine=KeptFrames(), link=watch)
        gateway.subscribe_records(road.observe)
        async with asyncio.TaskGroup() as tasks:
            radio = Radio(gateway, tasks)
            client = VehicleClient(
                vehicle_id=A,
                boot_id=BootId("b"),
                token=f"token of {A}",
                buffer=MemoryBuffer(),
                connect=radio.connect,
                clock=clock,
            )
            running = [tasks.create_task(client.run()), tasks.create_task(watch.run())]
            for seq in range(1, 118):
                if seq in (40, 61):
                    await radio.switch(is_on=seq == 61)
                client.record(sample(seq, clock), Extension(roughness_mps2=0.5))
                await clock.sleep(1)
            driving = watch.views(clock.now())[0]
            client.record(sample(118, clock), Extension(goes_to_rest=True))
            await clock.sleep(2)
            for task in running:
                task.cancel()
            await gateway.part(GoodbyeReason.SHUTTING_DOWN)
            assert watch.views(clock.now())[0]["state"] == "resting"
        return ledger, watch, road, driving

    ledger, watch, road, driving = run_virtual(main())
    facts = [(type(envelope.body), (envelope.recorded_at - T0) // 1000) for envelope in ledger.read()]
    # The last word came at 38 s; the radio is back at 60 s, the client dials by its waits, five steady seconds follow.
    assert [kind for kind, _ in facts] == [AlarmRaised, AlarmCleared]
    assert 43 <= facts[0][1] <= 44
    assert 65 <= facts[1][1] <= 76
    assert (driving["state"], driving["reconnects_today"], driving["missing"]) == ("live", 1, 0)
    assert 15 <= driving["late_today"] <= 31
    late = {(row["edge"], row["from_m"]) for row in (each.properties for each in watch.picture(1)) if row["late_frac"]}
    whole = {(row["edge"], row["from_m"]) for row in (each.properties for each in watch.picture(1))}
    assert len(late) in (2, 3)
    assert len(whole) == 8
    passes = [each.properties["passes"] for each in road.layer(Layer.ROUGHNESS)]
    # Late samples complete the road; the section it stands on at the end is not passed yet.
    assert passes == [1] * 7
