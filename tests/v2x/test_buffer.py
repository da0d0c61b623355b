import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mobility.core.ids import BootId
from tests.v2x.making import BOOT
from v2x.buffer import Buffer, MemoryBuffer
from v2x.edge.disk_buffer import DiskBuffer

OLD = BootId("boot-old")
NewBuffer = Callable[[int], Buffer]


@pytest.fixture(params=["memory", "disk"])
def new(request: pytest.FixtureRequest, tmp_path: Path) -> NewBuffer:
    """Make a buffer with a capacity, of each kind."""
    if request.param == "memory":
        return MemoryBuffer
    return lambda capacity: DiskBuffer(tmp_path / "samples", capacity=capacity)


def test_what_was_put_is_held_until_it_is_released(new: NewBuffer) -> None:
    buffer = new(100)
    for seq in range(1, 6):
        buffer.put(BOOT, seq, b"sample %d" % seq)
    assert buffer.release(BOOT, 2, [(4, 4)]) == [1, 2, 4]
    assert [buffer.get(BOOT, seq) for seq in range(1, 6)] == [None, None, b"sample 3", None, b"sample 5"]
    assert (len(buffer), buffer.holdings()) == (2, [(BOOT, 3, 5)])


def test_releasing_twice_or_what_was_never_held_frees_nothing(new: NewBuffer) -> None:
    buffer = new(100)
    buffer.put(BOOT, 1, b"x")
    buffer.release(BOOT, 1, ())
    assert list(buffer.release(BOOT, 1, [(1, 10**15)])) == []
    assert list(buffer.release(OLD, 5, [(1, 3)])) == []
    assert (len(buffer), buffer.holdings()) == (0, [])


def test_boots_are_held_oldest_first(new: NewBuffer) -> None:
    buffer = new(100)
    buffer.put(OLD, 7, b"x")
    buffer.put(BOOT, 1, b"y")
    assert buffer.holdings() == [(OLD, 7, 7), (BOOT, 1, 1)]


def test_a_full_buffer_lets_go_of_the_oldest_sample_and_counts_it(new: NewBuffer) -> None:
    buffer = new(3)
    for seq in range(1, 6):
        buffer.put(BOOT, seq, b"x")
    assert (buffer.holdings(), buffer.dropped, len(buffer)) == ([(BOOT, 3, 5)], 2, 3)


def test_sequence_numbers_must_rise(new: NewBuffer) -> None:
    buffer = new(10)
    buffer.put(BOOT, 2, b"x")
    with pytest.raises(ValueError, match="after 2"):
        buffer.put(BOOT, 2, b"y")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 40), st.integers(0, 5)), max_size=15))
def test_releases_in_any_order_leave_exactly_the_rest(tmp_path: Path, releases: list[tuple[int, int, int]]) -> None:
    (tmp_path / "property").unlink(missing_ok=True)
    disk = DiskBuffer(tmp_path / "property")
    for buffer in (MemoryBuffer(), disk):
        left = set(range(1, 41))
        for seq in sorted(left):
            buffer.put(BOOT, seq, bytes([seq]))
        for through, first, length in releases:
            span = {*range(1, through + 1), *range(first, first + length + 1)}
            assert sorted(buffer.release(BOOT, through, [(first, first + length)])) == sorted(left & span)
            left -= span
        assert {seq for seq in range(1, 41) if buffer.get(BOOT, seq) == bytes([seq])} == left
        assert buffer.holdings() == ([(BOOT, min(left), max(left))] if left else [])
    disk.close()


def test_samples_on_disk_outlive_the_process(tmp_path: Path) -> None:
    first = DiskBuffer(tmp_path / "samples")
    for seq in range(1, 4):
        first.put(OLD, seq, b"old %d" % seq)
    second = DiskBuffer(tmp_path / "samples")  # the first one was never closed, as after a kill
    second.put(BOOT, 1, b"new")
    third = DiskBuffer(tmp_path / "samples")
    assert third.holdings() == [(OLD, 1, 3), (BOOT, 1, 1)]
    assert (third.get(OLD, 2), third.get(BOOT, 1), third.damaged_bytes) == (b"old 2", b"new", 0)


def test_a_half_written_sample_at_the_end_is_skipped_and_writing_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "samples"
    first = DiskBuffer(path)
    first.put(BOOT, 1, b"whole")
    first.put(BOOT, 2, b"torn")
    os.truncate(path, path.stat().st_size - 2)
    second = DiskBuffer(path)
    assert (second.holdings(), second.damaged_bytes > 0) == ([(BOOT, 1, 1)], True)
    second.put(BootId("boot-b"), 1, b"after")
    third = DiskBuffer(path)
    assert (third.get(BOOT, 1), third.get(BootId("boot-b"), 1)) == (b"whole", b"after")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_damaged_byte_costs_one_sample_at_most(tmp_path: Path, position: int, flip: int) -> None:
    path = tmp_path / "damaged"
    path.unlink(missing_ok=True)
    written = DiskBuffer(path)
    for seq in range(1, 9):
        written.put(BOOT, seq, b"sample %d" % seq)
    written.close()
    content = bytearray(path.read_bytes())
    content[position % len(content)] ^= flip
    path.write_bytes(content)
    buffer = DiskBuffer(path)
    held = {seq: buffer.get(BOOT, seq) for seq in range(1, 9)}
    buffer.close()
    assert sum(payload is None for payload in held.values()) == 1
    assert all(payload in (None, b"sample %d" % seq) for seq, payload in held.items())


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_a_foreign_file_is_no_error_and_holds_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "foreign").write_bytes(content)
    buffer = DiskBuffer(tmp_path / "foreign")
    buffer.close()
    assert (len(buffer), buffer.damaged_bytes) == (0, len(content))


def test_the_file_shrinks_once_samples_are_released(tmp_path: Path) -> None:
    path = tmp_path / "samples"
    buffer = DiskBuffer(path)
    for seq in range(1, 20_001):
        buffer.put(BOOT, seq, b"x" * 60)
    full_bytes = path.stat().st_size
    buffer.release(BOOT, 19_000, ())
    assert path.stat().st_size < full_bytes / 10
    assert [buffer.get(BOOT, seq) for seq in (19_000, 19_001, 20_000)] == [None, b"x" * 60, b"x" * 60]
    buffer.put(BOOT, 20_001, b"y")
    again = DiskBuffer(path)
    assert (again.holdings(), again.get(BOOT, 20_001)) == ([(BOOT, 19_001, 20_001)], b"y")
    again.close()
    buffer.release(BOOT, 20_001, ())
    assert path.stat().st_size < full_bytes / 10


def test_a_full_disk_is_an_error_and_no_silent_loss(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full to play a full disk")
    buffer = DiskBuffer(tmp_path / "samples")
    buffer._file = os.open("/dev/full", os.O_WRONLY)
    with pytest.raises(OSError, match="No space left"):
        buffer.put(BOOT, 1, b"x")
    assert len(buffer) == 0
