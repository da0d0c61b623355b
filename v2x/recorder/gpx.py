"""An occasion's way as GPX 1.1, the point sequence that §1g(1) no. 2 has in mind.

Schema: http://www.topografix.com/GPX/1/1/gpx.xsd. Speed and mode stand in ``extensions`` under our own namespace.
"""

import xml.etree.ElementTree as ET

from mobility.core.ports import TelemetryRecord
from v2x.extension import Extension
from v2x.recorder.formats import iso

_NAMESPACES = {"xmlns": "http://www.topografix.com/GPX/1/1", "xmlns:recorder": "urn:mobility:recorder:1"}


def gpx_of(name: str, points: list[tuple[TelemetryRecord, Extension | None]]) -> bytes:
    """Return a GPX document with one track; points in the order given, coordinates with five decimals."""
    root = ET.Element("gpx", {"version": "1.1", "creator": "mobility event recorder", **_NAMESPACES})
    track = ET.SubElement(root, "trk")
    ET.SubElement(track, "name").text = _printable(name)
    segment = ET.SubElement(track, "trkseg")
    for record, extension in points:
        _add_point(segment, record, extension)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'.encode()


def _add_point(segment: ET.Element, record: TelemetryRecord, extension: Extension | None) -> None:
    place = record.sample.place
    point = ET.SubElement(segment, "trkpt", {"lat": f"{place.lat_deg:.5f}", "lon": f"{place.lon_deg:.5f}"})
    # The schema asks for this order: elevation, time, extensions.
    if extension is not None and extension.altitude_m is not None:
        ET.SubElement(point, "ele").text = f"{extension.altitude_m:.2f}"
    ET.SubElement(point, "time").text = iso(record.event_time)
    more = ET.SubElement(point, "extensions")
    if record.sample.speed_mps is not None:
        ET.SubElement(more, "recorder:speed_mps").text = f"{record.sample.speed_mps:.3f}"
    ET.SubElement(more, "recorder:mode").text = record.sample.mode.value


def _printable(text: str) -> str:
    # XML has no way to write control characters.
    return "".join(character for character in text if character.isprintable())
