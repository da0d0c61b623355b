"""Recorded feeds and stream of simulated days: not one error of 121 rules, and a stream that says what the feeds say.

Reads what ``mobility sim run SCENARIO --record-feeds --out DIR`` wrote: ``schedule.zip``, ``feeds/all-….pb`` (a full
dataset every 30 s) and ``stream/all.frames`` (every frame of the push stream, each after its length as four bytes,
big-endian). Errors must be 0, warnings W002 and W003 alone, and only on trips that are cancelled or have no vehicle;
our own checker must be silent; every frame must be read by the official bindings, and the content put together from
the frames be that of the full datasets.

Run: ``python -m tests.rigs.feed_findings DIR [DIR…] [--workers 2]``; one JSON object, exit 1 on a finding.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from tests.rigs.feed_findings_stream import Replayed, replayed
from tests.rigs.feed_findings_validator import CHUNK, Judged, judged


def run(folders: Sequence[Path], *, workers: int = 1, chunk: int = CHUNK) -> dict[str, Any]:
    """Judge recordings; a stream that is not there is a fault."""
    feeds = Judged()
    streams: dict[str, Replayed] = {}
    for folder in folders:
        feeds.add(judged(folder, workers=workers, chunk=chunk))
        streams[folder.name] = replayed(folder)
    is_clean = feeds.is_clean and all(stream.is_clean for stream in streams.values())
    return {
        "ok": is_clean,
        "feeds": said(feeds),
        "streams": {name: said(stream) for name, stream in streams.items()},
    }


def said(part: Judged | Replayed) -> dict[str, Any]:
    """Return a part of the result as it is printed."""
    values = {field.name: getattr(part, field.name) for field in fields(part)}
    plain = {name: dict(value) if isinstance(value, Counter) else value for name, value in values.items()}
    return {**plain, "ok": part.is_clean}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    result = run(given.folders, workers=given.workers)
    sys.stdout.write(json.dumps(result, ensure_ascii=False, sort_keys=True) + "\n")
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
