"""Loading any static feed into a timetable: quickly where the feed is ordinary, else patiently, by gtfs-kit.

The only user of gtfs-kit, which is imported when a feed needs it.
"""

import csv
import gc
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gtfs.assemble import assemble
from gtfs.edge.archive import MAX_BYTES, content_digest, tables_in
from gtfs.edge.diagnose import FRACTIONS, fault_in
from gtfs.timetable import Timetable

if TYPE_CHECKING:
    from gtfs.edge.columns import Table

_LARGEST = {"Int8": 2**7 - 1, "Int16": 2**15 - 1, "Int32": 2**31 - 1}
_READING_FAULTS = (
    ValueError,
    TypeError,
    OverflowError,
    OSError,
    EOFError,
    NotImplementedError,
    RuntimeWarning,
    csv.Error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What reading a damaged or foreign file was seen to raise; never a fault of our own code, which runs later."""


def load_feed(path: Path, *, max_bytes: int = MAX_BYTES) -> Timetable:
    """Return the timetable of a static feed: a zip, or a folder of text files.

    Raises ``BadInputError`` naming file, row and field for anything that can not be understood; nothing is half
    loaded. What GTFS allows but a timetable can not show is left out and named in ``Timetable.notes``: trips with
    zones or time windows (GTFS-Flex), trips by headway (frequencies.txt), trips with fewer than two calls.
    ``max_bytes`` limits the unpacked size of all tables together.
    """
    tables = tables_in(path, max_bytes=max_bytes)
    # Arrow takes a while to import: whoever only builds or writes feeds shall not wait for it.
    from gtfs.edge.feed import feed_rows  # noqa: PLC0415 - see above

    with _collector_paused():
        rows = feed_rows(read_feed(path, tables), version=lambda: content_digest(path))
        return assemble(rows)


def read_feed(path: Path, tables: Mapping[str, int]) -> "dict[str, Table]":
    """Return the tables of a feed that a timetable needs, by name without ``.txt``; raises ``BadInputError``."""
    from gtfs.edge.quick import UnusualTableError, quick_tables  # noqa: PLC0415 - see load_feed
    from gtfs.edge.wanted import COLUMNS  # noqa: PLC0415 - see load_feed

    try:
        return quick_tables(path, tables, COLUMNS)
    except UnusualTableError:
        return read_feed_patiently(path, tables)


def read_feed_patiently(path: Path, tables: Mapping[str, int]) -> "dict[str, Table]":
    """Return the same tables read by gtfs-kit, which takes whatever quoting and line breaks a feed has."""
    import gtfs_kit  # noqa: PLC0415 - two seconds that ordinary feeds do not need
    import pandas as pd  # noqa: PLC0415 - see above
    import pyarrow as pa  # noqa: PLC0415 - see load_feed

    from gtfs.edge.columns import Table  # noqa: PLC0415 - see load_feed
    from gtfs.edge.wanted import COLUMNS  # noqa: PLC0415 - see load_feed

    numbers = _number_columns(gtfs_kit.constants.DTYPES)
    try:
        with warnings.catch_warnings():
            # A column of mixed types in a file we do not read further is none of our business …
            warnings.simplefilter("ignore", category=pd.errors.DtypeWarning)
            # … but a number too large for its column would be taken over as another number.
            warnings.simplefilter("error", category=RuntimeWarning)
            feed = gtfs_kit.read_feed(path, dist_units="m")
    except _READING_FAULTS as error:
        raise fault_in(path, tables, numbers, _first_line(error)) from error
    found: dict[str, Table] = {}
    for name, columns in COLUMNS.items():
        frame = getattr(feed, name, None)
        if frame is not None:
            if not isinstance(frame.index, pd.RangeIndex):
                raise fault_in(path, tables, numbers, f"{name}.txt has more fields in its rows than in its first line")
            kept = [column for column in columns if column in frame.columns]
            found[name] = Table(f"{name}.txt", {column: pa.array(frame[column], from_pandas=True) for column in kept})
    return found


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Keep Python from looking for garbage among the hundred thousands of objects that are only just being made."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _number_columns(types: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, int]]:
    """Return per table the columns that must be numbers, with their largest whole number or ``FRACTIONS``."""
    return {
        name: {column: _LARGEST.get(kind, FRACTIONS) for column, kind in columns.items() if kind != "string"}
        for name, columns in types.items()
    }


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", maxsplit=1)[0] or type(error).__name__
