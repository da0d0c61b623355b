"""From the frame of a vehicle to the frozen occasion: the recorder behind the real gateway and session."""

import asyncio
import json
from dataclasses import replace

from mobility.core.clock import Instant
from mobility.core.supervision import OccasionKind
from sim.edge.loop import run_virtual
from tests.fakes.stream import stream_pair
from tests.fakes.telemetry_log import MemoryTelemetryLog
from tests.v2x.making import KeptFrames, heard, hello, identify
from tests.v2x.recorder.van import NOON, VAN, House, drive, record, usual
from v2x.client_frames import batch_frame
from v2x.edge.gateway import Gateway
from v2x.extension import Incident
from v2x.recorder.frozen import records_of


def test_an_accident_in_a_backlog_is_frozen_with_the_bytes_the_vehicle_sent():
    async def main() -> None:
        house = House()
        house.clock.moment = Instant(NOON + 130_000)
        gateway = Gateway(log=MemoryTelemetryLog(), clock=house.clock, identify=identify, quarantine=KeptFrames())
        gateway.subscribe_records(house.recorder.observe)
        trip = drive(1, 120)
        trip[59] = record(60, replace(usual(60), incidents=(Incident(kind=OccasionKind.CONFLICT, is_accident=True),)))
        boot = trip[0].sample.boot_id
        async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
            ours, theirs = stream_pair()
            tasks.create_task(gateway.serve(theirs))
            await ours.send(hello(vehicle_id=VAN, boot_id=boot))
            await heard(ours)
            # The newest first, then what is older, and all of it twice.
            for first in (91, 61, 31, 1, 1, 31, 61, 91):
                payloads = [each.payload for each in trip[first - 1 : first + 29]]
                await ours.send(batch_frame(boot, first, payloads))
            await heard(ours)
            await house.wait(30)
            await ours.close()
        frozen = next(iter(house.archive.kept.values()))[-1]
        held = records_of(json.loads(frozen.body), with_lead=False)
        assert [each.payload for each in held] == [each.payload for each in trip[49:70]]

    run_virtual(main())
