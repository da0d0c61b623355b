"""An hour of a small line as the push hub's frames, made without a socket: one reader of every topic."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import merge
from pathlib import Path

from gtfs.timetable import Timetable
from mobility.core.clock import Instant
from mobility.core.events import Envelope, TripCancelled
from mobility.core.ids import TripId
from mobility.core.vehicle import TripRef, VehicleState
from passenger_info.dataset import DatasetKind
from passenger_info.edge.service import PassengerInfo
from passenger_info.frame_pb2 import Frame
from passenger_info.hub import Hub
from passenger_info.topics import ALL, Known, parse_topic
from tests.fakes.clock import SettableClock
from tests.passenger_info.day import DAY, SPECS


@dataclass
class Recording:
    """Frames in their order, and the full dataset at their end."""

    at: Instant
    frames: list[Frame] = field(default_factory=list)
    full_dataset: bytes = b""

    def feeds(self, topic: str) -> list[bytes]:
        """The feed messages of one topic."""
        return [frame.feed for frame in self.frames if frame.topic == topic and frame.feed]

    def write(self, path: Path) -> Path:
        """Write every frame after its length, four bytes, the largest first."""
        with path.open("wb") as out:
            for frame in self.frames:
                data = frame.SerializeToString()
                out.write(struct.pack(">I", len(data)) + data)
        return path


def recorded(timetable: Timetable, *vehicles: Iterable[VehicleState], most: int) -> Recording:
    """Drive the vehicles until there are ``most`` frames, or to their end; the last trip is cancelled meanwhile."""
    states = list(merge(*vehicles, key=lambda state: state.received_at))
    clock = SettableClock(states[0].received_at)
    info = PassengerInfo(timetable=timetable, clock=clock, specs=SPECS)
    changed: dict[str, None] = {}
    info.on_change(lambda entity_id: changed.update({entity_id: None}))
    hub = Hub(epoch="e1", feed_version=timetable.feed_version)
    known = Known(timetable.routes, timetable.stops, timetable.trips)
    made = Recording(clock.now())
    for name in _topics(timetable):
        topic, box = parse_topic(name, known)
        made.frames.append(hub.snapshot(hub.open(topic, box, clock.now()), clock.now()))
    for count, state in enumerate(states):
        clock.moment = state.received_at
        info.observe(state)
        if count == len(states) // 4:
            _cancel(info, clock.now())
        if count % 5 == 0:
            info.age(clock.now())
        for entity_id in changed:
            hub.update(entity_id, info.feed.entity(entity_id, clock.now()))
        changed.clear()
        made.frames.extend(frame for _, frame in hub.flush(clock.now()))
        if len(made.frames) >= most:
            break
    made.at = clock.now()
    made.full_dataset = info.full_dataset(DatasetKind.ALL, made.at)
    return made


def _cancel(info: PassengerInfo, at: Instant) -> None:
    body = TripCancelled(trip=TripRef(TripId("D3"), DAY), reason="Fahrzeugschaden")
    info.facts([Envelope(seq=1, recorded_at=at, actor="dispatcher", body=body)])


def _topics(timetable: Timetable) -> list[str]:
    named = [f"stop:{stop_id}" for stop_id in timetable.stops] + [f"trip:{trip_id}" for trip_id in timetable.trips]
    box = "bbox:10.9,50.6,11.0,50.7"
    return [ALL, *(f"route:{route_id}" for route_id in timetable.routes), *named, "vehicle:shuttle-1", box]
