"""Files of ITS messages: every form to lines of JSON, and JSON objects back to bytes. The work of ``mobility v2x``."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from mobility.app.clock import system_instant
from mobility.core.clock import Instant
from mobility.core.errors import BadInputError
from v2x.edge.its_keys import development_signer
from v2x.its.clock import timestamp_its
from v2x.its.codec import decode, encode
from v2x.its.errors import ItsError, ItsErrorKind
from v2x.its.frame import Start, ethernet_frame, open_frame
from v2x.its.frame_building import link_address, message_packet
from v2x.its.frame_lines import error_line, message_line, told_message
from v2x.its.pcap import capture_bytes, is_capture, read_capture
from v2x.its.security_certificate import parse_certificate
from v2x.its.security_sign import DevelopmentSigner
from v2x.its.security_trust import UNCHECKED, TrustStore, parse_certificates
from v2x.its.text import frame_of, hex_lines, is_text

_NS_PER_MS = 1_000_000
_SHOW_PROGRESS_BYTES = 2_000_000
"""A file this large takes longer than two seconds."""

_Found = tuple[bytes, Start | None, int | None] | ItsError
"""A frame, the layer it begins with, when it was captured (UTC nanoseconds); or why there is none."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """An encoded message."""

    uper: bytes
    time_ns: int
    """When it was captured, or else made: UTC nanoseconds since 1970."""
    frame: bytes
    """The Ethernet frame around it, signed where a signature was asked for."""


def decoded_lines(data: bytes, store: TrustStore | None) -> Iterator[tuple[str, bool]]:
    """Yield a line of JSON for each frame in a file, and whether nothing is wrong with the frame.

    The file may be a capture, hex text or one raw frame. Without ``store`` signatures are reported, not judged.
    """
    for number, found in _shown(enumerate(_frames(data), 1), len(data)):
        line, is_right = _decoded(number, found, store)
        yield json.dumps(line), is_right


def read_certificates(file: Path) -> TrustStore:
    """Return the certificates of a file, hex lines or one in COER; raises ``ItsError`` or ``OSError``."""
    data = file.read_bytes()
    return TrustStore(parse_certificates(data.decode(), file.name) if is_text(data) else [parse_certificate(data)])


def encoded_objects(data: bytes, keys: Path | None) -> Iterator[Encoded | BadInputError]:
    """Yield each JSON object in a file encoded, or what is wrong with it; signed with the keys of a folder if given.

    Raises ``BadInputError`` or ``OSError`` for keys that can not be used.
    """
    now = system_instant()
    signer = None if keys is None else development_signer(keys, now)
    for found in _objects(data):
        try:
            yield _encoded(found, now, signer)
        except BadInputError as error:
            yield error


def write_capture(out: Path, messages: Iterable[Encoded]) -> None:
    """Write a classic pcap; raises ``OSError``."""
    out.write_bytes(capture_bytes((message.time_ns, message.frame) for message in messages))


def _shown(frames: Iterable[tuple[int, _Found]], size: int) -> Iterable[tuple[int, _Found]]:
    """Show on stderr how far it is, where it takes a while."""
    if size < _SHOW_PROGRESS_BYTES:
        return frames
    return track(list(frames), "Decoding", console=Console(stderr=True), transient=True)


def _frames(data: bytes) -> Iterator[_Found]:
    if not data:
        yield ItsError(ItsErrorKind.TRUNCATED, "an empty file")
    elif is_capture(data):
        yield from _captured(data)
    elif is_text(data):
        for line in hex_lines(data.decode()):
            try:
                yield frame_of(line), None, None
            except ItsError as error:
                yield error
    else:
        yield data, None, None


def _captured(data: bytes) -> Iterator[_Found]:
    try:
        for frame in read_capture(data):
            try:
                yield frame.data, frame.start, frame.time_ns
            except ItsError as error:
                yield error
    except ItsError as error:
        yield error


def _decoded(number: int, found: _Found, store: TrustStore | None) -> tuple[dict[str, Any], bool]:
    """Return the line of a frame, and whether nothing is wrong with it."""
    if isinstance(found, ItsError):
        return error_line(number, found), False
    data, start, time_ns = found
    try:
        frame = open_frame(data, start)
        message = decode(frame.uper)
    except ItsError as error:
        return error_line(number, error), False
    trust = UNCHECKED
    if store is not None and frame.signed is not None:
        trust = store.check(frame.signed, system_instant())
    return message_line(number, message, frame, trust=trust, time_ns=time_ns), not trust.state.is_refuted


def _objects(data: bytes) -> Iterator[Any]:
    """Yield what stands in the file: an object a line, or one object or list over many lines; else what is wrong."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        yield BadInputError("the file is no UTF-8")
        return
    whole = _parsed(text)
    if not isinstance(whole, BadInputError):
        yield from whole if isinstance(whole, list) else [whole]
        return
    # Only at line feeds: a text in a message may hold the other characters that Python takes for line ends.
    for line in text.split("\n"):
        if line.strip():
            yield _parsed(line)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        return BadInputError(f"no JSON: {error}")


def _encoded(found: Any, now: Instant, signer: DevelopmentSigner | None) -> Encoded:
    if isinstance(found, BadInputError):
        raise found
    if not isinstance(found, dict):
        raise BadInputError("an object is wanted")
    name, value = told_message(found)
    uper = encode(name, value)
    message = decode(uper)
    time_ns = _time_ns(found, now)
    timestamp = timestamp_its(now if signer is not None else Instant(time_ns // _NS_PER_MS))
    packet = message_packet(message, uper, timestamp=timestamp, signer=signer)
    return Encoded(uper, time_ns, ethernet_frame(packet, link_address(message.station_id)))


def _time_ns(found: dict[str, Any], now: Instant) -> int:
    """Return when the frame was captured, so that a capture keeps its times; else the present."""
    layers = found.get("layers")
    told = layers.get("captured_at_ns") if isinstance(layers, dict) else None
    if isinstance(told, int) and 0 <= told < 2**32 * 1000 * _NS_PER_MS:
        return told
    return now * _NS_PER_MS
