"""The push hub as server-sent events: the same topics, numbers and pacing, for readers that only speak HTTP.

``GET /gtfs-rt/events?topics=route:D,stop:x&format=json``. Events are ``snapshot``, ``delta`` and ``heartbeat`` with a
frame as data, and ``subscribed`` or ``error`` with the hub's answer. The id of each says where the reader stands in all
its topics; a browser gives the last one back as ``Last-Event-ID`` (HTML standard, "Server-sent events").
"""

import asyncio
import json
from contextlib import suppress
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mobility.core.errors import RefusedError, StreamClosedError
from mobility.core.refusal import Refusal, RefusalCode
from passenger_info.edge.push import PushHub
from passenger_info.event_id import event_id, resume_from
from passenger_info.frames import EventText
from passenger_info.protocol import MOST_TOPICS, Format, ProtocolError, Subscribe
from passenger_info.topics import split_topics

PATH = "/gtfs-rt/events"
MOST_READERS = 1000
"""Streams at once; more are answered 503, so that pages and feeds keep connections."""
RETRY_MS = 2000
"""What a browser waits before it connects again."""
_CLOSE_S = 2.0
"""A reader that takes nothing is not waited for longer when its stream ends."""
_LONGEST_QUOTE = 100


class EventFormat(StrEnum):
    """How the frame in an event is written: JSON, or protobuf in base64."""

    JSON = "json"
    PB = "pb"


_FORMATS = {EventFormat.JSON: Format.EVENT_JSON, EventFormat.PB: Format.EVENT_PB}


class EventStream:
    """The body of a response as a ``FrameStream``; what the reader asks for, its address has said already."""

    def __init__(self, topics: tuple[str, ...], receive: Receive, send: Send) -> None:
        """Write to ``send`` until ``receive`` tells that nobody listens."""
        self._topics = topics
        self._receive = receive
        self._send = send
        self._numbers: dict[str, int] = {}
        self._ended = asyncio.Event()

    async def receive(self) -> bytes | str:
        """Wait for the end; raises ``StreamClosedError``."""
        ending = asyncio.ensure_future(self._ended.wait())
        hearing = asyncio.ensure_future(self._disconnect())
        try:
            await asyncio.wait((ending, hearing), return_when=asyncio.FIRST_COMPLETED)
        finally:
            ending.cancel()
            hearing.cancel()
        self._ended.set()
        raise StreamClosedError("the reader is gone")

    async def _disconnect(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def send(self, frame: bytes | str) -> None:
        """Write an event, waiting while the reader is behind."""
        if self._ended.is_set():
            raise StreamClosedError("the stream has ended")
        await self._write(self._event(frame).encode())

    async def close(self, reason: str = "") -> None:
        """End the stream, ``reason`` in a comment; a reader that has stopped reading is not waited for."""
        if self._ended.is_set():
            return
        self._ended.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_S):
                await self._write(f": {' '.join(reason.split())}\n\n".encode(), is_last=True)

    def _event(self, frame: bytes | str) -> str:
        if isinstance(frame, EventText):
            self._numbers[frame.topic] = frame.seq
            return f"id: {event_id(frame.epoch, self._topics, self._numbers)}\n{frame}\n"
        answer = json.loads(frame)
        return f"event: {answer['type']}\ndata: {json.dumps(answer, ensure_ascii=False)}\n\n"

    async def _write(self, body: bytes, *, is_last: bool = False) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": not is_last})


class EventStreamResponse(Response):
    """A response that lasts as long as somebody reads."""

    media_type = "text/event-stream"

    def __init__(self, hub: PushHub, subscribe: Subscribe, readers: set[Response]) -> None:
        """Serve ``subscribe`` from ``hub``; the response is one of ``readers`` while it lasts."""
        headers = {
            "Cache-Control": "no-store",
            # Proxies that collect a body before they pass it on would hold back every event.
            "X-Accel-Buffering": "no",
            "Access-Control-Allow-Origin": "*",
        }
        super().__init__(headers=headers)
        del self.headers["content-length"]
        self._hub = hub
        self._subscribe = subscribe
        self._readers = readers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Begin the response, then serve."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        hello = f"retry: {RETRY_MS}\n\n".encode()
        await send({"type": "http.response.body", "body": hello, "more_body": True})
        stream = EventStream(self._subscribe.topics, receive, send)
        self._readers.add(self)
        try:
            await self._hub.serve(stream, (self._subscribe,))
        finally:
            self._readers.discard(self)
            await stream.close()


def events_router(hub: PushHub) -> APIRouter:
    """Return ``/gtfs-rt/events``."""
    routes = APIRouter(tags=["gtfs-rt"])
    readers: set[Response] = set()

    @routes.get(PATH, status_code=200, response_class=EventStreamResponse)
    async def events(
        request: Request,
        topics: Annotated[list[str] | None, Query()] = None,
        form: Annotated[EventFormat, Query(alias="format")] = EventFormat.JSON,
        last_event_id: str = "",
    ) -> Response:
        """GTFS-realtime as server-sent events: a snapshot of each topic, then what changes, with resume."""
        wanted = split_topics(topics or [])
        if not 0 < len(wanted) <= MOST_TOPICS:
            raise RefusedError(Refusal(RefusalCode.TOO_MANY_TOPICS, {"most": MOST_TOPICS}), status=400)
        if len(readers) >= MOST_READERS:
            raise RefusedError(Refusal(RefusalCode.TOO_MANY_READERS), status=503)
        names = _checked(hub, wanted)
        epoch, numbers = resume_from(request.headers.get("last-event-id", last_event_id), names)
        subscribe = Subscribe(request_id="events", topics=names, format=_FORMATS[form], epoch=epoch, resume=numbers)
        return EventStreamResponse(hub, subscribe, readers)

    return routes


def _checked(hub: PushHub, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Return the topics in the hub's spelling, each once; raises ``RefusedError``."""
    names: dict[str, None] = {}
    for topic in wanted:
        try:
            names[hub.checked(topic)] = None
        except ProtocolError as error:
            if error.code == "unknown_topic":
                refusal = Refusal(RefusalCode.UNKNOWN_TOPIC, {"topic": topic[:_LONGEST_QUOTE]})
                raise RefusedError(refusal, status=404) from None
            raise RefusedError(Refusal(RefusalCode.TOO_MANY_READERS), status=503) from None
    return tuple(names)
