"""Frames straight into sockets: what a full or broken one does to its reader and to the others."""

import asyncio
import socket
from collections.abc import Callable

from passenger_info.edge.reader_link import DirectStream, ReaderLink, framed, spread
from passenger_info.protocol import Format

KEY = ("all", Format.PB)


class Wire:
    """A stream on one end of a pair of sockets."""

    def __init__(self) -> None:
        self.here, self.there = socket.socketpair()
        self.here.setblocking(False)
        self.descriptor = self.here.fileno()
        self.on_look: Callable[[], None] = lambda: None
        self.is_over = False
        self.rests: list[bytes] = []

    def finish(self, rest: bytes) -> None:
        self.rests.append(rest)
        self.shut()

    def abort(self) -> None:
        self.is_over = True
        self.shut()

    def shut(self) -> None:
        self.descriptor = -1
        self.on_look()

    async def receive(self) -> bytes | str:
        raise NotImplementedError

    async def send(self, frame: bytes | str) -> None:
        raise NotImplementedError

    async def close(self, reason: str = "") -> None:
        self.here.close()
        self.there.close()


def links(count: int) -> tuple[list[Wire], list[ReaderLink]]:
    wires = [Wire() for _ in range(count)]
    return wires, [ReaderLink(wire) for wire in wires]


def shut(wires: list[Wire]) -> None:
    for wire in wires:
        wire.here.close()
        wire.there.close()


def test_a_frame_goes_to_all_readers_whose_way_is_clear() -> None:
    wires, readers = links(3)
    assert all(isinstance(wire, DirectStream) for wire in wires)
    wires[1].shut()
    assert spread(b"news", readers) == [readers[1]]
    assert [wire.there.recv(100) for wire in (wires[0], wires[2])] == [b"\x82\x04news"] * 2
    shut(wires)


def test_a_text_is_a_text_frame_and_a_long_one_tells_its_length() -> None:
    assert framed("für") == b"\x81\x04f\xc3\xbcr"
    assert framed(bytes(200)) == b"\x82\x7e\x00\xc8" + bytes(200)
    assert framed(b"x") != framed("x")


def test_a_full_socket_hands_the_rest_to_its_stream_and_takes_no_more() -> None:
    wires, readers = links(2)
    message, written = bytes(100_000), 0
    while not wires[0].rests:
        assert spread(message, readers[:1]) == []
        written += len(framed(message))
    assert 0 < len(wires[0].rests[0]) <= len(framed(message))
    assert readers[0].descriptor == -1
    assert spread(b"news", readers) == [readers[0]]
    taken = 0
    wires[0].there.setblocking(False)
    while taken < written - len(wires[0].rests[0]):
        taken += len(wires[0].there.recv(1 << 20))
    assert taken + len(wires[0].rests[0]) == written
    shut(wires)


def test_a_broken_socket_is_given_up_and_keeps_nothing_from_the_others() -> None:
    wires, readers = links(3)
    wires[1].there.close()
    assert spread(b"news", readers) == []
    assert wires[1].is_over
    assert [wire.there.recv(100) for wire in (wires[0], wires[2])] == [b"\x82\x04news"] * 2
    readers[1].deliver(KEY, b"more")
    assert readers[1].descriptor == -1
    assert not readers[1].lagging
    shut(wires)


def test_what_waits_for_a_reader_goes_before_what_is_new() -> None:
    wires, readers = links(1)
    readers[0].reply("answer")
    assert readers[0].descriptor == -1
    wires[0].on_look()
    assert readers[0].descriptor == -1
    assert spread(b"news", readers) == readers
    shut(wires)


class Book:
    """A stream that takes frames at once, while it has room."""

    def __init__(self) -> None:
        self.has_room = True
        self.read: list[bytes | str] = []
        self.written_late = 0

    def take(self, frame: bytes | str) -> bool:
        if self.has_room:
            self.read.append(frame)
        return self.has_room

    async def receive(self) -> bytes | str:
        raise NotImplementedError

    async def send(self, frame: bytes | str) -> None:
        self.written_late += 1
        self.read.append(frame)

    async def close(self, reason: str = "") -> None:
        raise NotImplementedError


def test_who_takes_frames_at_once_gets_them_without_a_task_and_in_their_order() -> None:
    async def story() -> None:
        book = Book()
        link = ReaderLink(book)
        link.deliver(KEY, b"1")
        assert book.read == [b"1"]
        link.reply("2")
        link.deliver(KEY, b"3")
        assert book.read == [b"1"], "the answer waits, and what comes after it"
        await link.write_waiting()
        link.deliver(KEY, b"4")
        assert book.read == [b"1", "2", b"3", b"4"]
        assert book.written_late == 2
        book.has_room = False
        link.deliver(KEY, b"5")
        book.has_room = True
        link.deliver(KEY, b"6")
        assert book.read[4:] == []
        await link.write_waiting()
        assert book.read[4:] == [b"5", b"6"]

    asyncio.run(story())


def test_for_readers_without_a_socket_no_websocket_frame_is_made() -> None:
    framed.cache_clear()
    assert len(spread(b"news", [ReaderLink(Book())])) == 1
    assert framed.cache_info().misses == 0
