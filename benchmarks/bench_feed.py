"""Rebuilding a feed of 10,000 entities of which one in a hundred changed, against building all of it anew.

A trip update of eight stops each. *Naive* fills a ``FeedMessage`` with all entities and serialises it. *Ours* makes the
changed entities anew, serialises each once, and lets ``Dataset.render`` put the feed together from the kept records.
Both by turns, CPU time, median; garbage collection stays on, as in the server. Both messages are compared: they say
the same. ``ratio`` is ours over naive; limit 1/40. Run: ``python -m benchmarks.bench_feed [--rounds 5]``.
"""

import argparse
import json
import random
import sys
import time
from statistics import median

from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from mobility.core.clock import Instant
from passenger_info.dataset import Dataset
from passenger_info.splice import entity_record

ENTITIES, CHANGED, STOPS = 10_000, 100, 8
LIMIT_RATIO = 1 / 40
AIM_MS = 2.0
START = Instant(1_760_000_000_000)


def fill(entity: gtfs_realtime.FeedEntity, number: int, version: int) -> None:
    """Write a trip update with eight stops into an entity."""
    entity.id = f"trip:20251014:{number}"
    update = entity.trip_update
    update.trip.trip_id, update.trip.start_date, update.trip.route_id = f"T{number}", "20251014", f"R{number % 50}"
    update.vehicle.id = f"v{number}"
    update.timestamp = START // 1000 + version
    for k in range(STOPS):
        stop = update.stop_time_update.add(stop_sequence=k + 1, stop_id=f"stop-{number % 400 + k}")
        for event in (stop.arrival, stop.departure):
            event.time, event.delay, event.uncertainty = START // 1000 + 60 * k + version, version, 30


def naive(versions: list[int], at: Instant) -> bytes:
    """Build and serialise the whole message."""
    feed = gtfs_realtime.FeedMessage()
    feed.header.gtfs_realtime_version, feed.header.timestamp, feed.header.feed_version = "2.0", at // 1000, "v1"
    feed.header.incrementality = gtfs_realtime.FeedHeader.FULL_DATASET
    for number, version in enumerate(versions):
        fill(feed.entity.add(), number, version)
    return feed.SerializeToString()


def record(number: int, version: int) -> bytes:
    """Build and serialise one entity."""
    entity = gtfs_realtime.FeedEntity()
    fill(entity, number, version)
    return entity_record(entity)


def measure(rounds: int) -> dict[str, object]:
    """Change a hundred entities a round, and build both ways."""
    rng, versions = random.Random(1), [0] * ENTITIES
    records = [record(number, 0) for number in range(ENTITIES)]
    dataset = Dataset("v1")
    dataset.render(START, records)
    ours_ms: list[float] = []
    join_ms: list[float] = []
    naive_ms: list[float] = []
    for n in range(1, rounds + 1):
        at = Instant(START + n * 1000)
        changed = rng.sample(range(ENTITIES), CHANGED)
        for number in changed:
            versions[number] += 1
        began_s = time.process_time()
        for number in changed:
            records[number] = record(number, versions[number])
        made_s = time.process_time()
        rendered = dataset.render(at, records)
        ended_s = time.process_time()
        ours_ms.append((ended_s - began_s) * 1000)
        join_ms.append((ended_s - made_s) * 1000)
        began_s = time.process_time()
        whole = naive(versions, at)
        naive_ms.append((time.process_time() - began_s) * 1000)
        assert len(whole) == len(rendered.message)  # noqa: S101 - the same feed, or the comparison means nothing
    read, told = gtfs_realtime.FeedMessage.FromString(rendered.message), gtfs_realtime.FeedMessage.FromString(whole)
    assert read == told  # noqa: S101 - see above
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
