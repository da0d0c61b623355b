"""A recording of a few minutes: a vehicle drives, falls silent, its block's next trip is cancelled."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from gtfs.edge.load import load_feed
from gtfs.timetable import Timetable
from mobility.app.clock import LoopClock
from mobility.cli.recording import Recording
from mobility.core.clock import seconds_between
from mobility.core.events import Envelope, TripCancelled
from passenger_info.edge.push import PushHub
from passenger_info.edge.service import PassengerInfo
from sim.edge.loop import run_virtual
from tests.passenger_info.day import ONE_HOUR, SPECS, Drive, at, feed_files, run_on, zipped

STARTS, ENDS = at("07:58"), at("08:12")
SILENT = (at("08:04"), at("08:05:10"))


def record(folder: Path) -> Path:
    """Write the recording and return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    schedule = zipped(feed_files(ONE_HOUR), folder / "source.zip")
    run_virtual(_day(folder, load_feed(schedule), schedule.read_bytes()))
    return folder


async def _day(folder: Path, timetable: Timetable, schedule: bytes) -> None:
    clock = LoopClock(STARTS)
    info = PassengerInfo(timetable=timetable, clock=clock, specs=SPECS)
    server: Any = SimpleNamespace(info=info, hub=PushHub(info, clock), schedule=schedule)
    async with asyncio.TaskGroup() as tasks:
        background = [tasks.create_task(info.run()), tasks.create_task(Recording(folder, server, clock).run())]
        body = TripCancelled(trip=run_on(timetable, "D2").ref, reason="Das Fahrzeug ist defekt.")
        info.facts([Envelope(seq=1, recorded_at=clock.now(), actor="dispatcher", body=body)])
        for seen in Drive(run_on(timetable, "D1"), timetable, start_late_s=70, noise_m=3).states():
            if SILENT[0] <= seen.received_at < SILENT[1] or seen.received_at < STARTS:
                continue
            if seen.received_at > ENDS:
                break
            await clock.sleep(seconds_between(clock.now(), seen.received_at))
            info.observe(seen)
        await clock.sleep(seconds_between(clock.now(), ENDS))
        for task in background:
            task.cancel()


def frames(folder: Path) -> list[bytes]:
    """The frames of a recording."""
    from tests.rigs.feed_findings_stream import frames_of  # noqa: PLC0415 - the rig is what is tested

    return list(frames_of(folder / "stream" / "all.frames"))


def write_frames(folder: Path, bodies: list[bytes]) -> None:
    """Write a stream."""
    parts = (len(body).to_bytes(4, "big") + body for body in bodies)
    (folder / "stream" / "all.frames").write_bytes(b"".join(parts))
