"""Writing a region's static feed as a zip: the same region gives the same bytes."""

import csv
import io
import zipfile
from collections.abc import Sequence

from gtfs.build import Row, Tables, tables
from mobility.core.region import Region

_NO_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip can name; file times would make equal feeds unequal."""
_READABLE = 0o644 << 16
_UNIX = 3
_LEVEL = 9


def schedule_zip(region: Region) -> bytes:
    """Return the region's static feed (GTFS Schedule) as the bytes of a zip, without touching the disk."""
    return zipped(tables(region))


def zipped(files: Tables) -> bytes:
    """Return tables as the bytes of a zip; the same tables give the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, rows in files.items():
            entry = zipfile.ZipInfo(name, date_time=_NO_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = _UNIX
            entry.external_attr = _READABLE
            archive.writestr(entry, _csv(rows), compresslevel=_LEVEL)
    return packed.getvalue()


def _csv(rows: Sequence[Row]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
