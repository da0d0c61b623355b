"""Writing a region's static feed as a zip: the same region gives the same bytes."""

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence

from gtfs.build import documents, tables
from gtfs.table import Row, Tables
from mobility.core.region import Region

_NO_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip can name; file times would make equal feeds unequal."""
_READABLE = 0o644 << 16
_UNIX = 3
_LEVEL = 9


def schedule_zip(region: Region) -> bytes:
    """Return the region's static feed (GTFS Schedule) as the bytes of a zip, without touching the disk."""
    return zipped(tables(region), documents(region))


def zipped(files: Tables, others: Mapping[str, str] | None = None) -> bytes:
    """Return tables and other texts as the bytes of a zip; the same content gives the same bytes."""
    packed = io.BytesIO()
    contents = {name: _csv(rows) for name, rows in files.items()}
    contents |= {name: text.encode() for name, text in (others or {}).items()}
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in contents.items():
            entry = zipfile.ZipInfo(name, date_time=_NO_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = _UNIX
            entry.external_attr = _READABLE
            archive.writestr(entry, content, compresslevel=_LEVEL)
    return packed.getvalue()


def _csv(rows: Sequence[Row]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
