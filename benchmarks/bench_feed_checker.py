"""What checking costs before publishing: a message of 300 entities, and one entity.

150 trips of a foreign-sized feed, each with eight calls, and their vehicles. Three states of the checker: it has seen
nothing (``cold``), it has seen the message before and a tenth of the entities has changed (``changed``: what runs all
day), and single entities. The peer is gtfs-rt-validator with its static feed prepared, on the same message; it checks
121 rules, we the error rules alone. CPU time, best of several rounds. Run: ``python -m benchmarks.bench_feed_checker``.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from google.transit import gtfs_realtime_pb2 as gtfs_realtime
from gtfs_rt_validator.api import Mode, Request, prepare_feed, resolve, validate

from gtfs.edge.load import load_feed
from mobility.core.clock import Instant
from passenger_info.checker.checker import Checker
from passenger_info.checker.static_view import StaticView, static_view
from tests.passenger_info.day import BACK, OUT, STOPS, at, feed_files, zipped

TRIPS = 150
CALLS = (*OUT, *BACK[1:], "market")
NOW_S = at("08:05") // 1000
LIMIT_MS = 5.0
LIMIT_ENTITY_US = 50.0
ROUNDS = 20


def message() -> gtfs_realtime.FeedMessage:
    """Return a message without a finding."""
    feed = gtfs_realtime.FeedMessage()
    feed.header.gtfs_realtime_version, feed.header.incrementality = "2.0", gtfs_realtime.FeedHeader.FULL_DATASET
    feed.header.timestamp = NOW_S
    for k in range(TRIPS):
        update = feed.entity.add(id=f"trip:{k}").trip_update
        update.trip.trip_id, update.trip.start_date, update.trip.route_id = f"T{k}", "20251014", "D"
        update.trip.direction_id, update.trip.schedule_relationship = 0, gtfs_realtime.TripDescriptor.SCHEDULED
        update.vehicle.id, update.timestamp = f"v{k}", NOW_S - 2
        for i, stop in enumerate(CALLS):
            call = update.stop_time_update.add(stop_sequence=i + 1, stop_id=stop, schedule_relationship=0)
            call.arrival.time, call.arrival.delay, call.arrival.uncertainty = NOW_S + 180 * i, 30, 20
            call.departure.time, call.departure.delay, call.departure.uncertainty = NOW_S + 180 * i + 20, 30, 25
        vehicle = feed.entity.add(id=f"vehicle:{k}").vehicle
        vehicle.trip.CopyFrom(update.trip)
        vehicle.vehicle.id, vehicle.timestamp, vehicle.stop_id = f"v{k}", NOW_S - 1, "market"
        place, position = STOPS["market"], vehicle.position
        position.latitude, position.longitude, position.bearing, position.speed = place.lat_deg, place.lon_deg, 90, 4
    return feed


def best_ms(work: Callable[[], object]) -> float:
    """Return the least CPU milliseconds of several rounds."""
    taken = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        work()
        taken.append((time.process_time() - begun) * 1000)
    return min(taken)


def cold(view: StaticView, feed: gtfs_realtime.FeedMessage) -> None:
    """Check with a checker that knows only the shapes."""
    assert not Checker(view).check(feed, Instant(NOW_S * 1000))  # noqa: S101 - the figure is of a message that is right


def changing(view: StaticView, feed: gtfs_realtime.FeedMessage) -> Callable[[], None]:
    """Return the work of a second in which a tenth of the entities changed."""
    checker, second = Checker(view), 0
    checker.check(feed, Instant(NOW_S * 1000))

    def step() -> None:
        nonlocal second
        second += 1
        for entity in feed.entity[: TRIPS // 5]:
            part = entity.trip_update if entity.HasField("trip_update") else entity.vehicle
            part.timestamp += 1
        feed.header.timestamp = NOW_S + second
        assert not checker.check(feed, Instant((NOW_S + second) * 1000))  # noqa: S101 - see above

    return step


def reference_ms(schedule: Path, feed: gtfs_realtime.FeedMessage, folder: Path) -> float:
    """Return what the peer takes for the message."""
    prepared, file = prepare_feed(schedule, mode=Mode.MODERN), folder / "message.pb"
    file.write_bytes(feed.SerializeToString())
    moment = datetime.fromtimestamp(NOW_S, tz=UTC)
    request = Request(mode=Mode.MODERN, gtfs=prepared, inputs=resolve(str(file)), at=moment)
    return best_ms(lambda: validate(request))


def main() -> int:
    """Print one line each; 1 where a limit is not kept."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        schedule = zipped(feed_files({f"T{k}": (8 * 3600, CALLS, f"b{k}") for k in range(TRIPS)}), folder / "feed.zip")
        view, feed = static_view(load_feed(schedule), agency_id="IOV"), message()
        cold(view, feed)
        peer_ms = reference_ms(schedule, feed, folder)
        cold_ms = best_ms(lambda: cold(view, feed))
        changed_ms = best_ms(changing(view, message()))
        checker = Checker(view)
        entity_us = best_ms(lambda: [checker.check_entity(e, Instant(NOW_S * 1000)) for e in feed.entity])
        entity_us *= 1000 / len(feed.entity)
    lines = [
        {"benchmark": "feed_checker.cold", "cpu_ms": cold_ms, "peer_cpu_ms": peer_ms, "ratio": cold_ms / peer_ms},
        {"benchmark": "feed_checker.changed", "cpu_ms": changed_ms, "limit_ms": LIMIT_MS, "peer_cpu_ms": peer_ms},
        {"benchmark": "feed_checker.entity", "us": entity_us, "limit_us": LIMIT_ENTITY_US},
    ]
    for line in lines:
        rounded = {key: round(value, 3) if isinstance(value, float) else value for key, value in line.items()}
        print(json.dumps(rounded))
    return int(changed_ms > LIMIT_MS or entity_us > LIMIT_ENTITY_US)


if __name__ == "__main__":
    sys.exit(main())
