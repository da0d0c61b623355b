"""A large feed made from nothing: 2.24 million calls, with the columns our own feeds have."""

import random
import zipfile
from pathlib import Path

CALLS_PER_TRIP = 35
TRIPS = 64_000
PATTERNS = 800
STOPS = 4_000
_COLUMNS = (
    "trip_id,arrival_time,departure_time,stop_id,stop_sequence,"
    "pickup_type,drop_off_type,shape_dist_traveled,timepoint\n"
)


def write_large_feed(path: Path, *, trips: int = TRIPS, seed: int = 7) -> int:
    """Write the feed and return its number of calls; the same seed gives the same feed."""
    chance = random.Random(seed)
    places = sorted((50.2 + chance.random(), 10.2 + 1.5 * chance.random()) for _ in range(STOPS))
    patterns = [[start + k for k in range(CALLS_PER_TRIP)] for start in _starts(chance)]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        archive.writestr(
            "agency.txt",
            "agency_id,agency_name,agency_url,agency_timezone\nA,Buses,https://buses.example.org/,Europe/Berlin\n",
        )
        archive.writestr(
            "feed_info.txt",
            "feed_publisher_name,feed_publisher_url,feed_lang,feed_version\nBuses,https://buses.example.org/,de,1\n",
        )
        archive.writestr("stops.txt", "stop_id,stop_name,stop_lat,stop_lon,location_type\n" + _stops(places))
        archive.writestr("routes.txt", "route_id,agency_id,route_short_name,route_type\n" + _routes())
        archive.writestr("calendar.txt", _CALENDAR)
        archive.writestr(
            "shapes.txt",
            "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence,shape_dist_traveled\n" + _shapes(places, patterns),
        )
        archive.writestr(
            "trips.txt", "route_id,service_id,trip_id,trip_headsign,direction_id,block_id,shape_id\n" + _trips(trips)
        )
        archive.writestr("stop_times.txt", _COLUMNS + "".join(_calls(n, patterns, chance) for n in range(trips)))
    return trips * CALLS_PER_TRIP


_CALENDAR = (
    "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
    "mofr,1,1,1,1,1,0,0,20250901,20251213\nsaso,0,0,0,0,0,1,1,20250901,20251213\n"
)


def _starts(chance: random.Random) -> list[int]:
    return [chance.randrange(STOPS - CALLS_PER_TRIP) for _ in range(PATTERNS)]


def _stop_id(index: int) -> str:
    return f"de:16070:{1000 + index}:0:{index % 4}"


def _stops(places: list[tuple[float, float]]) -> str:
    return "".join(f"{_stop_id(k)},Stop {k},{lat:.6f},{lon:.6f},0\n" for k, (lat, lon) in enumerate(places))


def _routes() -> str:
    return "".join(f"R{k},A,{k},3\n" for k in range(PATTERNS // 4))


def _shapes(places: list[tuple[float, float]], patterns: list[list[int]]) -> str:
    return "".join(
        f"sh{number},{places[stop][0]:.6f},{places[stop][1]:.6f},{k + 1},{k * 412.37:.2f}\n"
        for number, pattern in enumerate(patterns)
        for k, stop in enumerate(pattern)
    )


def _trip_id(number: int) -> str:
    return f"trip-{number:06d}-{number % PATTERNS}"


def _trips(count: int) -> str:
    return "".join(
        f"R{n % PATTERNS // 4},{'mofr' if n % 5 else 'saso'},{_trip_id(n)},Head {n % PATTERNS},{n % 2},b{n // 10},"
        f"sh{n % PATTERNS}\n"
        for n in range(count)
    )


def _calls(number: int, patterns: list[list[int]], chance: random.Random) -> str:
    name, at_s, rows = _trip_id(number), chance.randrange(4 * 3600, 23 * 3600), []
    for k, stop in enumerate(patterns[number % PATTERNS]):
        leaves_s = at_s + (0, 0, 0, 20)[(number + k) % 4]
        rows.append(f"{name},{_clock(at_s)},{_clock(leaves_s)},{_stop_id(stop)},{k + 1},0,0,{k * 412.37:.2f},1\n")
        at_s = leaves_s + 60 + (number * 7 + k * 13) % 180
    return "".join(rows)


def _clock(time_s: int) -> str:
    return f"{time_s // 3600:02d}:{time_s // 60 % 60:02d}:{time_s % 60:02d}"
