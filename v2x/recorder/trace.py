"""An occasion as an MCAP trace for Foxglove and Lichtblick: location, items, commands and the raw samples.

Channels with JSON schemas: ``/location`` (foxglove.LocationFix), ``/items``, ``/commands``, ``/samples``. Log time is
event time.
"""

import io
import json
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mcap.writer import CompressionType, Writer

from mobility.core.ports import TelemetryRecord
from v2x.extension import Extension

_TIME = {"type": "object", "properties": {"sec": {"type": "integer"}, "nsec": {"type": "integer"}}}
_NUMBER = {"type": ["number", "null"]}
_TEXT = {"type": "string"}
_NS_PER_MS = 1_000_000

_CHANNELS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "/location": (
        "foxglove.LocationFix",
        {"timestamp": _TIME, "frame_id": _TEXT, "latitude": _NUMBER, "longitude": _NUMBER, "altitude": _NUMBER},
    ),
    "/items": (
        "mobility.RecorderItems",
        {
            "mode": _TEXT,
            "speed_mps": _NUMBER,
            "supply_v": _NUMBER,
            "acceleration_long_mps2": _NUMBER,
            "acceleration_lat_mps2": _NUMBER,
            "lights_on": {"type": ["array", "null"], "items": _TEXT},
        },
    ),
    "/commands": (
        "mobility.RecorderCommand",
        {"command_id": _TEXT, "action": _TEXT, "source": _TEXT, "destination": _TEXT, "frame_hex": _TEXT},
    ),
    "/samples": (
        "mobility.RawSample",
        {"boot_id": _TEXT, "seq": {"type": "integer"}, "payload": {"type": "string", "contentEncoding": "base64"}},
    ),
}


def trace_of(
    points: Sequence[tuple[TelemetryRecord, Extension | None]], commands: Sequence[tuple[int, Mapping[str, Any]]]
) -> bytes:
    """Return the MCAP file; ``commands`` are entries of item 13 with their UTC milliseconds. Same input, same bytes."""
    file = io.BytesIO()
    writer = Writer(file, compression=CompressionType.ZSTD)
    writer.start(profile="", library="mobility")
    channels = {}
    for topic, (name, properties) in _CHANNELS.items():
        schema = json.dumps({"type": "object", "properties": properties}, sort_keys=True).encode()
        schema_id = writer.register_schema(name=name, encoding="jsonschema", data=schema)
        channels[topic] = writer.register_channel(topic=topic, message_encoding="json", schema_id=schema_id)
    for number, (moment_ms, topic, message) in enumerate(_messages(points, commands)):
        moment_ns = max(moment_ms, 0) * _NS_PER_MS
        data = json.dumps(message, ensure_ascii=False, sort_keys=True).encode()
        writer.add_message(
            channel_id=channels[topic], log_time=moment_ns, publish_time=moment_ns, sequence=number, data=data
        )
    writer.finish()  # type: ignore[no-untyped-call]  # the library leaves it bare
    return file.getvalue()


def _messages(
    points: Sequence[tuple[TelemetryRecord, Extension | None]], commands: Sequence[tuple[int, Mapping[str, Any]]]
) -> Iterator[tuple[int, str, Mapping[str, Any]]]:
    for moment_ms, command in commands:
        yield moment_ms, "/commands", command
    for record, extension in points:
        moment_ms = record.event_time
        yield moment_ms, "/location", _location(record, extension)
        yield moment_ms, "/items", _items(record, extension)
        sample = record.sample
        raw = {"boot_id": sample.boot_id, "seq": sample.seq, "payload": b64encode(record.payload).decode()}
        yield moment_ms, "/samples", raw


def _location(record: TelemetryRecord, extension: Extension | None) -> Mapping[str, Any]:
    seconds, rest_ms = divmod(record.event_time, 1000)
    place = record.sample.place
    return {
        "timestamp": {"sec": seconds, "nsec": rest_ms * _NS_PER_MS},
        "frame_id": "wgs84",
        "latitude": place.lat_deg,
        "longitude": place.lon_deg,
        "altitude": 0.0 if extension is None or extension.altitude_m is None else extension.altitude_m,
        # LocationFix wants nine covariances and their kind; 0 says that it is not known.
        "position_covariance": [0.0] * 9,
        "position_covariance_type": 0,
    }


def _items(record: TelemetryRecord, extension: Extension | None) -> Mapping[str, Any]:
    told: dict[str, Any] = {"mode": record.sample.mode.value, "speed_mps": record.sample.speed_mps}
    if extension is None:
        return told
    lights = extension.lights_on
    return {
        **told,
        "acceleration_long_mps2": extension.acceleration_long_mps2,
        "acceleration_lat_mps2": extension.acceleration_lat_mps2,
        "supply_v": extension.supply_v,
        "lights_on": None if lights is None else sorted(light.value for light in lights),
    }
