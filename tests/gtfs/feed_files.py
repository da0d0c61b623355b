"""Feeds written as text, for tests of the loader."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

FILES: Mapping[str, str] = {
    "agency.txt": "agency_id,agency_name,agency_url,agency_timezone\nA,Buses,https://buses.example.org/,Europe/Berlin\n",
    "stops.txt": (
        "stop_id,stop_name,stop_lat,stop_lon\n"
        "a,Alpha,50.6845,10.9241\n"
        "b,Beta,50.6866,10.9135\n"
        "c,Gamma,50.6825,10.9380\n"
    ),
    "routes.txt": "route_id,route_short_name,route_type\nR,7,3\n",
    "calendar.txt": (
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
        "daily,1,1,1,1,1,1,1,20250101,20251231\n"
    ),
    "trips.txt": "route_id,service_id,trip_id,trip_headsign\nR,daily,t1,Gamma\nR,daily,t2,Gamma\n",
    "stop_times.txt": (
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
        "t1,08:00:00,08:00:00,a,1\n"
        "t1,08:05:00,08:06:00,b,2\n"
        "t1,08:10:00,08:10:00,c,3\n"
        "t2,25:00:00,25:00:00,a,1\n"
        "t2,25:10:00,25:10:00,c,2\n"
    ),
}
"""A feed of one route, three stops and two trips, the second one after midnight."""


def packed(files: Mapping[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def feed(folder: Path, changes: Mapping[str, str | bytes | None] | None = None) -> Path:
    """Write the feed with some files replaced, added, or (``None``) left out."""
    files = {**FILES, **(changes or {})}
    path = folder / "feed.zip"
    path.write_bytes(packed({name: content for name, content in files.items() if content is not None}))
    return path
