"""A road network as ``network.npz``: the same network gives the same bytes, damaged bytes give one clear error."""

import io
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mobility.core.errors import BadInputError
from mobility.core.network import RoadNetwork

_EPOCH = (1980, 1, 1, 0, 0, 0)
_LARGEST_BYTES = 2 * 1024**3
"""A district has a few MB; more than this is damage or an attack."""

_NODE_ARRAYS: Mapping[str, type[Any]] = {"lat_deg": np.float64, "lon_deg": np.float64, "elevation_m": np.float32}
_EDGE_ARRAYS: Mapping[str, type[Any]] = {"target": np.int32, "length_m": np.float32, "time_s": np.float32}
_OTHER_ARRAYS: Mapping[str, type[Any]] = {
    "first_edge": np.int32,
    "geometry_start": np.int32,
    "geometry_lat_deg": np.float64,
    "geometry_lon_deg": np.float64,
}
_ARRAYS: Mapping[str, type[Any]] = {**_NODE_ARRAYS, **_EDGE_ARRAYS, **_OTHER_ARRAYS}


def network_bytes(network: RoadNetwork) -> bytes:
    """Return the npz archive of a network: stored, fixed dates, so equal networks give equal bytes.

    Besides the arrays of ``RoadNetwork`` it holds ``grade_frac``, derived, for other readers.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in (*_ARRAYS, "grade_frac"):
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(getattr(network, name)), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _EPOCH), member.getvalue())
    return buffer.getvalue()


def network_from_bytes(data: bytes, source: str = "network.npz") -> RoadNetwork:
    """Return the network of an npz archive; raises ``BadInputError`` naming the array that is wrong."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _LARGEST_BYTES:
                raise BadInputError("unpacks to more than 2 GiB", source=source)
            arrays = {name: _array(archive, name, source) for name in _ARRAYS}
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise BadInputError(f"is no npz archive: {error}", source=source) from error
    _check(arrays, source)
    for array in arrays.values():
        array.setflags(write=False)
    return RoadNetwork(**arrays)


def _array(archive: zipfile.ZipFile, name: str, source: str) -> NDArray[Any]:
    try:
        member = archive.read(f"{name}.npy")
        array = np.lib.format.read_array(io.BytesIO(member), allow_pickle=False)
    except KeyError:
        raise BadInputError("the array is missing", source=source, field=name) from None
    except (ValueError, MemoryError, OverflowError, TypeError, SyntaxError, EOFError) as error:
        raise BadInputError(f"the array is damaged: {error}", source=source, field=name) from error
    if array.dtype != _ARRAYS[name] or array.ndim != 1:
        message = f"must be one-dimensional {_ARRAYS[name].__name__}, is {array.ndim}-dimensional {array.dtype}"
        raise BadInputError(message, source=source, field=name)
    return np.ascontiguousarray(array)


def _check(arrays: Mapping[str, NDArray[Any]], source: str) -> None:
    def must(fulfilled: bool | np.bool_, name: str, message: str) -> None:
        if not fulfilled:
            raise BadInputError(message, source=source, field=name)

    nodes, edges = len(arrays["lat_deg"]), len(arrays["target"])
    points = len(arrays["geometry_lat_deg"])
    must(nodes > 0, "lat_deg", "a network needs at least one node")
    for name in _NODE_ARRAYS:
        must(len(arrays[name]) == nodes, name, f"has {len(arrays[name])} values for {nodes} nodes")
    for name in _EDGE_ARRAYS:
        must(len(arrays[name]) == edges, name, f"has {len(arrays[name])} values for {edges} edges")
    must(len(arrays["geometry_lon_deg"]) == points, "geometry_lon_deg", f"has not {points} values")
    _check_starts(arrays, "first_edge", nodes, edges, source)
    _check_starts(arrays, "geometry_start", edges, points, source)
    target = arrays["target"].astype(np.int64)
    must(bool(np.all((target >= 0) & (target < nodes))), "target", "names nodes that do not exist")
    for name, limit in (("lat_deg", 90), ("lon_deg", 180), ("geometry_lat_deg", 90), ("geometry_lon_deg", 180)):
        degrees = arrays[name].astype(np.float64)
        must(bool(np.all(np.abs(degrees) <= limit)), name, f"has values beyond {limit} degrees")
    for name in ("length_m", "time_s"):
        amounts = arrays[name].astype(np.float64)
        must(bool(np.all(np.isfinite(amounts) & (amounts >= 0))), name, "has values that are no positive amount")


def _check_starts(arrays: Mapping[str, NDArray[Any]], name: str, rows: int, total: int, source: str) -> None:
    starts = arrays[name].astype(np.int64)
    least = 2 if name == "geometry_start" else 0
    if len(starts) != rows + 1 or starts[0] != 0 or starts[-1] != total or not np.all(np.diff(starts) >= least):
        raise BadInputError(f"does not divide {total} values into {rows} rows", source=source, field=name)
