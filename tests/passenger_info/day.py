"""A small line in Ilmenau as GTFS text, and a shuttle that drives it: the world of these tests."""

import io
import random
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

from gtfs.edge.load import load_feed
from gtfs.timetable import Timetable
from mobility.core.clock import Instant, shifted
from mobility.core.geo import XY, LatLon
from mobility.core.ids import BootId, TripId, VehicleId
from mobility.core.service_day import ServiceDay
from mobility.core.vehicle import Doors, Sample, ServiceKind, TripRef, VehicleSpec, VehicleState
from passenger_info.run import TripRun
from passenger_info.runs import Runs

ZONE = "Europe/Berlin"
DAY = date(2025, 10, 14)
SHUTTLE = VehicleId("shuttle-1")
SPECS = {
    VehicleId(name): VehicleSpec(
        vehicle_id=VehicleId(name),
        label=name.upper(),
        kind=kind,
        seats=6,
        wheelchair_places=1,
        seats_lost_per_wheelchair=2,
        sae_level=2,
        max_speed_mps=5.0,
        has_ramp=True,
        battery_wh=30000,
        is_bookable=False,
    )
    for name, kind in (
        ("shuttle-1", ServiceKind.SHUTTLE),
        ("shuttle-2", ServiceKind.SHUTTLE),
        ("bus-9", ServiceKind.CITIZEN_BUS),
        ("van-9", ServiceKind.RESEARCH),
    )
}

STOPS = {
    "station": LatLon(50.6845, 10.9241),
    "market": LatLon(50.6850, 10.9311),
    "north": LatLon(50.6850, 10.9382),
    "campus": LatLon(50.6825, 10.9440),
}
BASE = {
    "agency.txt": "agency_id,agency_name,agency_url,agency_timezone\nIOV,IOV,https://www.example.org,Europe/Berlin\n",
    "feed_info.txt": "feed_publisher_name,feed_publisher_url,feed_lang,feed_version\nIOV,https://www.example.org,de,v1\n",
    "calendar.txt": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
    "daily,1,1,1,1,1,1,1,20250101,20251231\n",
    "routes.txt": "route_id,agency_id,route_short_name,route_long_name,route_type\nD,IOV,D,Bahnhof - Campus,3\n",
    "stops.txt": "stop_id,stop_name,stop_lat,stop_lon\n"
    + "".join(f"{stop_id},{stop_id.title()},{p.lat_deg},{p.lon_deg}\n" for stop_id, p in STOPS.items()),
}
OUT, BACK = ("station", "market", "north", "campus"), ("campus", "north", "market", "station")
RUN_S = 180
"""Scheduled time from stop to stop, dwell of 20 s included at the stop before."""
DWELL_S = 20


def hms(seconds: int) -> str:
    """A GTFS time."""
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def feed_files(trips: Mapping[str, tuple[int, tuple[str, ...], str]]) -> dict[str, str]:
    """A feed of trips: id to start in service seconds, stops, and block."""
    files = dict(BASE)
    trip_rows, time_rows, shape_rows = (
        ["route_id,service_id,trip_id,trip_headsign,direction_id,block_id,shape_id"],
        [],
        [],
    )
    time_rows.append("trip_id,arrival_time,departure_time,stop_id,stop_sequence")
    shape_rows.append("shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence")
    shapes: dict[tuple[str, ...], str] = {}
    for trip_id, (start, stops, block) in trips.items():
        shape = shapes.setdefault(stops, f"shape-{len(shapes) + 1}")
        direction = 0 if stops[0] == "station" else 1
        trip_rows.append(f"D,daily,{trip_id},{stops[-1].title()},{direction},{block},{shape}")
        for i, stop in enumerate(stops):
            came = start + i * RUN_S - (0 if i == 0 else DWELL_S)
            left = start + i * RUN_S if i < len(stops) - 1 else came
            time_rows.append(f"{trip_id},{hms(came)},{hms(left)},{stop},{i + 1}")
    for stops, shape in shapes.items():
        for i, (a, b) in enumerate(pairwise(stops)):
            for k in range(5):
                lat = STOPS[a].lat_deg + k / 5 * (STOPS[b].lat_deg - STOPS[a].lat_deg)
                lon = STOPS[a].lon_deg + k / 5 * (STOPS[b].lon_deg - STOPS[a].lon_deg)
                shape_rows.append(f"{shape},{lat:.6f},{lon:.6f},{i * 5 + k + 1}")
        end = STOPS[stops[-1]]
        shape_rows.append(f"{shape},{end.lat_deg},{end.lon_deg},{5 * len(stops)}")
    files["trips.txt"] = "\n".join(trip_rows) + "\n"
    files["stop_times.txt"] = "\n".join(time_rows) + "\n"
    files["shapes.txt"] = "\n".join(shape_rows) + "\n"
    return files


def zipped(files: Mapping[str, str], path: Path) -> Path:
    """Write a feed."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    path.write_bytes(packed.getvalue())
    return path


ONE_HOUR = {"D1": (8 * 3600, OUT, "b1"), "D2": (8 * 3600 + 900, BACK, "b1"), "D3": (9 * 3600, OUT, "b1")}


def timetable_of(trips: Mapping[str, tuple[int, tuple[str, ...], str]], folder: Path) -> Timetable:
    """Load a feed of trips."""
    return load_feed(zipped(feed_files(trips), folder / "feed.zip"))


def run_on(timetable: Timetable, trip_id: str, day: date = DAY) -> TripRun:
    """A run of a trip."""
    run = Runs(timetable).get(TripRef(TripId(trip_id), day))
    assert run is not None
    return run


def at(clock: str, day: date = DAY) -> Instant:
    """The instant of ``HH:MM`` or ``HH:MM:SS`` service time."""
    parts = [int(part) for part in clock.split(":")]
    return ServiceDay(day, ZONE).at(parts[0] * 3600 + parts[1] * 60 + (parts[2] if len(parts) > 2 else 0))


@dataclass
class Drive:
    """A vehicle on a run: seconds late at the start, driving and dwell times per call, GPS noise in metres."""

    run: TripRun
    timetable: Timetable
    vehicle_id: VehicleId = SHUTTLE
    start_late_s: float = 0.0
    drive_s: tuple[float, ...] = ()
    dwell_s: tuple[float, ...] = ()
    noise_m: float = 0.0
    seed: int = 1
    wait_before_s: float = 60.0
    has_log_on: bool = True
    every_s: float = 1.0

    def calls(self) -> list[tuple[Instant, Instant]]:
        """True arrival and departure at each call; a vehicle never leaves before its time."""
        run = self.run
        leaves = shifted(run.departure[0], self.start_late_s)
        times = [(shifted(run.departure[0], -self.wait_before_s), leaves)]
        for i in range(1, run.last + 1):
            drive_s = self.drive_s[i - 1] if self.drive_s else RUN_S - DWELL_S - 40
            came = shifted(times[-1][1], drive_s)
            dwell_s = self.dwell_s[i - 1] if self.dwell_s else DWELL_S
            times.append((came, max(run.departure[i], shifted(came, dwell_s))))
        return times

    def states(self, seq: int = 1) -> Iterator[VehicleState]:
        """One state every ``every_s`` seconds, from the wait at the first stop to a while after the last."""
        rng, calls, chain = random.Random(self.seed), self.calls(), self.run.chainage_m
        now, end = calls[0][0], shifted(calls[-1][0], 40)
        while now <= end:
            i = max(k for k in range(len(calls)) if calls[k][0] <= now)
            if now < calls[i][1] or i == self.run.last:
                place_m, speed_mps, doors = chain[i], 0.0, Doors.OPEN
            else:
                share = (now - calls[i][1]) / (calls[i + 1][0] - calls[i][1])
                place_m = chain[i] + share * (chain[i + 1] - chain[i])
                speed_mps = 1000 * (chain[i + 1] - chain[i]) / (calls[i + 1][0] - calls[i][1])
                doors = Doors.CLOSED
            point = self.run.trip.pattern.line.at(place_m)
            noisy = XY(point.x_m + rng.gauss(0, self.noise_m), point.y_m + rng.gauss(0, self.noise_m))
            yield state(
                self.timetable.frame.latlon(noisy),
                now,
                vehicle_id=self.vehicle_id,
                trip=self.run.ref if self.has_log_on else None,
                speed_mps=speed_mps,
                doors=doors,
                seq=seq,
            )
            seq += 1
            now = shifted(now, self.every_s)


def state(
    place: LatLon,
    now: Instant,
    *,
    vehicle_id: VehicleId = SHUTTLE,
    trip: TripRef | None = None,
    speed_mps: float | None = None,
    doors: Doors = Doors.UNKNOWN,
    seq: int = 1,
    bearing_deg: float | None = None,
    passengers: int | None = None,
) -> VehicleState:
    """A vehicle state of one sample."""
    sample = Sample(
        vehicle_id=vehicle_id,
        boot_id=BootId("boot"),
        seq=seq,
        device_time=now,
        place=place,
        speed_mps=speed_mps,
        bearing_deg=bearing_deg,
        doors=doors,
        trip=trip,
        passengers=passengers,
    )
    return VehicleState(sample=sample, as_of=now, received_at=now)
