"""Unacknowledged samples in an append-only file: they outlive the vehicle's process, however it ends.

The file holds what was put, not what was freed: after a restart the gateway's Welcome tells what it has. An entry is
``marker, body length u32, CRC32C of body u32, body``, the body ``boot id length u8, boot id, sequence u64, payload``,
all little-endian. A damaged stretch is skipped to the next sound entry.
"""

import errno
import os
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

from crc32c import crc32c

from mobility.core.ids import BootId
from v2x.buffer import DEFAULT_CAPACITY, Held
from v2x.ranges import SeqRange

_MARKER = b"\xb7vs1"
_HEAD = struct.Struct("<4sII")
_SEQ = struct.Struct("<Q")
_LONGEST_BODY = 70_000
_EMPTY_ABOVE_BYTES = 65_536
"""A file that holds nothing any more is emptied when it is longer."""
_COMPACT_ABOVE_BYTES = 1_048_576
"""A file that is mostly freed entries is written anew when it is longer."""
_WORTH_KEEPING_FRAC = 0.25
"""Share of held entries below which a file counts as mostly freed."""


class DiskBuffer:
    """Keeps samples in ``path`` until they are acknowledged. One process at a time."""

    def __init__(self, path: Path, *, capacity: int = DEFAULT_CAPACITY, is_synced: bool = False) -> None:
        """Open or create the file; hold at most ``capacity`` samples.

        Every sample is with the operating system when ``put`` returns, which outlives a killed process;
        ``is_synced`` has it on the disk, which outlives a power cut. Raises ``OSError``.
        """
        self._path = path
        self._capacity = capacity
        self._is_synced = is_synced
        self._held: Held[tuple[int, int]] = Held()
        self._dropped = 0
        self._end_bytes = 0
        self._entries = 0
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self.damaged_bytes = self._load()
        """Bytes that could not be read when the file was opened."""

    @property
    def dropped(self) -> int:
        """Samples that gave way, unacknowledged, because the buffer was full."""
        return self._dropped

    def __len__(self) -> int:
        """Return the number of samples held."""
        return len(self._held)

    def put(self, boot_id: BootId, seq: int, payload: bytes) -> None:
        """Keep a sample; ``seq`` rises within the boot. Raises ``OSError`` when the disk takes nothing."""
        entry = _entry(boot_id, seq, payload)
        where = (self._end_bytes + len(entry) - len(payload), len(payload))
        self._append(entry)
        self._held.put(boot_id, seq, where)
        if len(self._held) > self._capacity:
            self._held.drop_oldest()
            self._dropped += 1
            self._tidy()

    def get(self, boot_id: BootId, seq: int) -> bytes | None:
        """Return a sample's bytes, ``None`` where it is not held."""
        where = self._held.get(boot_id, seq)
        return None if where is None else os.pread(self._file, where[1], where[0])

    def release(self, boot_id: BootId, through_seq: int, ranges: Sequence[SeqRange]) -> Sequence[int]:
        """Free the samples up to ``through_seq`` and in ``ranges``; return the sequence numbers that were held."""
        freed = self._held.release(boot_id, through_seq, ranges)
        if freed:
            self._tidy()
        return freed

    def holdings(self) -> Sequence[tuple[BootId, int, int]]:
        """Return boots, oldest first, each with the first and last sequence number held."""
        return self._held.holdings()

    def close(self) -> None:
        """Close the file; what is held stays in it."""
        os.close(self._file)

    def _append(self, entry: bytes) -> None:
        # A short write leaves a damaged stretch, which the next start skips; the offsets stay right meanwhile.
        written = os.write(self._file, entry)
        self._end_bytes += written
        self._entries += 1
        if written < len(entry):
            raise OSError(errno.ENOSPC, "the disk took only part of a sample", str(self._path))
        if self._is_synced:
            os.fdatasync(self._file)

    def _tidy(self) -> None:
        if not self._held:
            if self._end_bytes > _EMPTY_ABOVE_BYTES:
                os.ftruncate(self._file, 0)
                self._end_bytes = self._entries = 0
        elif self._end_bytes > _COMPACT_ABOVE_BYTES and len(self._held) < self._entries * _WORTH_KEEPING_FRAC:
            self._compact()

    def _compact(self) -> None:
        fresh_path = self._path.with_name(self._path.name + ".new")
        held: Held[tuple[int, int]] = Held()
        end_bytes = 0
        with fresh_path.open("wb") as fresh:
            for boot_id, seq, (offset, length) in self._held.everything():
                payload = os.pread(self._file, length, offset)
                entry = _entry(boot_id, seq, payload)
                fresh.write(entry)
                end_bytes += len(entry)
                held.put(boot_id, seq, (end_bytes - length, length))
            fresh.flush()
            os.fsync(fresh.fileno())
        fresh_path.replace(self._path)
        os.close(self._file)
        self._file = os.open(self._path, os.O_RDWR | os.O_APPEND)
        self._held, self._end_bytes, self._entries = held, end_bytes, len(held)

    def _load(self) -> int:
        content = self._path.read_bytes()
        sound_bytes = 0
        for start, body in _bodies(content):
            try:
                boot_id, seq, payload_at = _parts(body)
                self._held.put(boot_id, seq, (start + payload_at, len(body) - payload_at))
            except ValueError:
                continue
            sound_bytes += _HEAD.size + len(body)
        self._end_bytes, self._entries = len(content), len(self._held)
        return len(content) - sound_bytes


def _parts(body: bytes) -> tuple[BootId, int, int]:
    seq_at = 1 + body[0] if body else 0
    if not body or seq_at + _SEQ.size > len(body):
        raise ValueError("an entry too short for its boot and sequence number")
    return BootId(body[1:seq_at].decode()), _SEQ.unpack_from(body, seq_at)[0], seq_at + _SEQ.size


def _entry(boot_id: BootId, seq: int, payload: bytes) -> bytes:
    boot = boot_id.encode()
    body = bytes((len(boot),)) + boot + _SEQ.pack(seq) + payload
    return _HEAD.pack(_MARKER, len(body), crc32c(body)) + body


def _bodies(content: bytes) -> Iterator[tuple[int, bytes]]:
    offset = content.find(_MARKER)
    while 0 <= offset <= len(content) - _HEAD.size:
        _, length, checksum = _HEAD.unpack_from(content, offset)
        start = offset + _HEAD.size
        body = content[start : start + length] if length <= _LONGEST_BODY else b""
        if len(body) == length and crc32c(body) == checksum:
            yield start, body
            offset = start + length
            if content.startswith(_MARKER, offset):
                continue
        else:
            offset += 1
        offset = content.find(_MARKER, offset)
