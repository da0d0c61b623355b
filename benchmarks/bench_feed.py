"""Rebuilding a feed of 10,000 entities of which one in a hundred changed, against building all of it anew.

A trip update of eight stops each, told from runs and predicted times as the server has them. *Naive* fills a
``FeedMessage`` with all of them, field by field, and serialises it. *Ours* makes the changed entities anew by the
server's own code, and lets ``Dataset.render`` put the feed together from the kept records. Both by turns, CPU time,
median; garbage collection stays on, as in the server. Both messages are compared: they say the same. ``ratio`` is ours
over naive; limit 1/40. Run: ``python -m benchmarks.bench_feed [--rounds 9]``.
"""

import argparse
import json
import random
import sys
import time
from datetime import date
from statistics import median

import numpy as np
from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from gtfs.pattern import straight_pattern
from gtfs.trip import StopTimes, Trip
from mobility.core.arrivals import Prediction
from mobility.core.clock import Instant
from mobility.core.geo import XY
from mobility.core.ids import RouteId, StopId, TripId, VehicleId
from mobility.core.service_day import ServiceDay
from passenger_info.call_times import CallTimes
from passenger_info.dataset import Dataset
from passenger_info.entities import Manner
from passenger_info.run import TripRun, run_of
from passenger_info.trip_entities import Telling, update_entity, update_message

ENTITIES, CHANGED, STOPS, PATTERNS = 10_000, 100, 8, 400
LIMIT_RATIO = 1 / 40
AIM_MS = 2.0
DAY = ServiceDay(date(2025, 10, 14), "Europe/Berlin")
Expected = tuple[CallTimes, ...]


def runs() -> list[TripRun]:
    """Return trips of eight stops that leave within two hours, a minute from stop to stop."""
    call = np.arange(STOPS, dtype=np.int32)
    places = [XY(400.0 * k, 0.0) for k in range(STOPS)]
    patterns = [straight_pattern([StopId(f"stop-{n + k}") for k in range(STOPS)], places) for n in range(PATTERNS)]
    made: list[TripRun] = []
    for number in range(ENTITIES):
        arrival_s = 8 * 3600 + number * 7 % 7200 + 60 * call
        trip = Trip(
            trip_id=TripId(f"T{number}"),
            route_id=RouteId(f"R{number % 50}"),
            service_id="s",
            headsign="",
            direction=number % 2,
            block_id=None,
            is_wheelchair_accessible=None,
            pattern=patterns[number % PATTERNS],
            first_call=0,
            stop_times=StopTimes(
                stop=call,
                stop_sequence=call + 1,
                arrival_s=arrival_s,
                departure_s=arrival_s + 15,
                can_board=call < STOPS - 1,
                fastest_s=None,
            ),
        )
        made.append(run_of(trip, DAY))
    return made


def expected(run: TripRun, version: int, rng: random.Random) -> Expected:
    """Return predictions: the run is ``version`` seconds late, more or less, and other quantiles at each stop."""
    late_ms = [version * 1000 + rng.randrange(-20_000, 20_000) + 900 * k for k in range(STOPS)]

    def spread(moment: int, k: int) -> Prediction:
        p50 = Instant(moment + late_ms[k])
        return Prediction(p10=Instant(p50 - 3000 * (k + 1)), p50=p50, p90=Instant(p50 + 4000 * (k + 1)))

    return tuple(CallTimes(spread(run.arrival[k], k), spread(run.departure[k], k)) for k in range(STOPS))


def fill(entity: gtfs_realtime.FeedEntity, run: TripRun, number: int, times: Expected, at: Instant) -> None:
    """Write a trip update with eight stops into an entity."""
    entity.id = f"trip:{run.ref.start_date:%Y%m%d}:{run.trip_id}"
    update = entity.trip_update
    update.trip.trip_id, update.trip.route_id = run.trip_id, run.trip.route_id
    update.trip.start_date, update.trip.direction_id = f"{run.ref.start_date:%Y%m%d}", number % 2
    update.trip.schedule_relationship = gtfs_realtime.TripDescriptor.SCHEDULED
    update.vehicle.id, update.timestamp = f"v{number}", at // 1000
    for k, call in enumerate(times):
        stop = update.stop_time_update.add(
            stop_sequence=run.trip.stop_sequence[k],
            stop_id=run.trip.pattern.stops[k],
            schedule_relationship=gtfs_realtime.TripUpdate.StopTimeUpdate.SCHEDULED,
        )
        for event, when, planned in (
            (stop.arrival, call.arrival, run.arrival[k]),
            (stop.departure, call.departure, run.departure[k]),
        ):
            event.time, event.delay = when.p50 // 1000, (when.p50 - planned) // 1000
            event.uncertainty = (when.p90 - when.p10) // 2000


def naive(told: list[tuple[TripRun, Expected, Instant]], at: Instant) -> bytes:
    """Build and serialise the whole message."""
    feed = gtfs_realtime.FeedMessage()
    feed.header.gtfs_realtime_version, feed.header.timestamp, feed.header.feed_version = "2.0", at // 1000, "v1"
    feed.header.incrementality = gtfs_realtime.FeedHeader.FULL_DATASET
    for number, (run, times, seen_at) in enumerate(told):
        fill(feed.entity.add(), run, number, times, seen_at)
    return feed.SerializeToString()


def record(number: int, run: TripRun, times: Expected, at: Instant) -> bytes:
    """Build one entity as the server does."""
    told = Telling(run=run, manner=Manner(), at=at, first=0, calls=times, vehicle_id=VehicleId(f"v{number}"))
    return update_entity(update_message(told), run).record


def measure(rounds: int) -> dict[str, object]:
    """Change a hundred entities a round, and build both ways."""
    rng, start = random.Random(1), DAY.at(8 * 3600)
    told = [(run, expected(run, 0, rng), start) for run in runs()]
    records = [record(number, *each) for number, each in enumerate(told)]
    dataset = Dataset("v1")
    dataset.render(start, records)
    ours_ms: list[float] = []
    join_ms: list[float] = []
    naive_ms: list[float] = []
    for n in range(1, rounds + 1):
        at = Instant(start + n * 1000)
        changed = rng.sample(range(ENTITIES), CHANGED)
        for number in changed:
            run = told[number][0]
            told[number] = (run, expected(run, rng.randrange(-60, 600), rng), at)
        began_s = time.process_time()
        for number in changed:
            records[number] = record(number, *told[number])
        made_s = time.process_time()
        rendered = dataset.render(at, records)
        ended_s = time.process_time()
        ours_ms.append((ended_s - began_s) * 1000)
        join_ms.append((ended_s - made_s) * 1000)
        began_s = time.process_time()
        whole = naive(told, at)
        naive_ms.append((time.process_time() - began_s) * 1000)
        assert len(whole) == len(rendered.message)  # noqa: S101 - the same feed, or the comparison means nothing
    read, meant = gtfs_realtime.FeedMessage.FromString(rendered.message), gtfs_realtime.FeedMessage.FromString(whole)
    assert read == meant  # noqa: S101 - see above
    return {
        "benchmark": "feed.rebuild",
        "entities": ENTITIES,
        "changed": CHANGED,
        "bytes": len(rendered.message),
        "cpu_ms": round(median(ours_ms), 3),
        "splice_cpu_ms": round(median(join_ms), 3),
        "naive_cpu_ms": round(median(naive_ms), 1),
        "ratio": round(median(mine / other for mine, other in zip(ours_ms, naive_ms, strict=True)), 4),
        "limit": LIMIT_RATIO,
        "aim_ms": AIM_MS,
    }


def main() -> None:
    """Print one JSON line; exit 1 beyond the limit."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=9)
    result = measure(parser.parse_args().rounds)
    print(json.dumps(result))
    sys.exit(0 if float(str(result["ratio"])) <= LIMIT_RATIO else 1)


if __name__ == "__main__":
    main()
