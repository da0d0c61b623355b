"""The first line of every table of a feed."""

import csv
from collections.abc import Mapping
from pathlib import Path

from gtfs.edge.archive import open_table, tables_in

_LONGEST_LINE = 64 * 1024


def headers(path: Path) -> Mapping[str, tuple[str, ...]]:
    """Return the columns of every table by file name; raises ``BadInputError`` for what is no feed.

    A first line that can not be read as text has no columns here: other checks name it.
    """
    return {name: _header(path, name) for name in tables_in(path)}


def _header(path: Path, name: str) -> tuple[str, ...]:
    with open_table(path, name) as source:
        line = source.readline(_LONGEST_LINE)
    try:
        cells = next(csv.reader([line.decode("utf-8-sig").strip()]), [])
    except (UnicodeDecodeError, csv.Error):
        return ()
    return tuple(cell.strip() for cell in cells)
