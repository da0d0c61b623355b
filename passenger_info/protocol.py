"""What readers of the push hub say: hello, sub, unsub, as JSON text. Anything else gets one named error."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from passenger_info.topics import LONGEST_TOPIC

LONGEST_TEXT = 64 * 1024
"""Characters of one command."""
MOST_TOPICS = 100
"""Topics of one subscription."""
_LONGEST_ID = 64


class Format(StrEnum):
    """How frames are sent: protobuf in binary frames, or JSON in text frames."""

    PB = "pb"
    JSON = "json"
    EVENT_PB = "event-pb"
    """A server-sent event with the protobuf frame in base64; only over HTTP."""
    EVENT_JSON = "event-json"
    """A server-sent event with the JSON frame; only over HTTP."""


class ProtocolError(ValueError):
    """A command that can not be followed. ``code`` is for programs, the text for people."""

    def __init__(self, code: str, detail: str, request_id: str = "") -> None:
        """Keep the code, one sentence, and the subscription it is about where it has one."""
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.request_id = request_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """A reader greets; ``version`` is the highest protocol version it speaks."""

    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe:
    """Ask for topics. ``resume`` maps topics to the last sequence number seen in ``epoch``."""

    request_id: str
    topics: tuple[str, ...]
    format: Format
    epoch: str
    resume: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribe:
    """End a subscription."""

    request_id: str


Command = Hello | Subscribe | Unsubscribe


def parse_command(frame: bytes | str) -> Command:
    """Return the command in a frame; raises ``ProtocolError`` for everything that is none."""
    if isinstance(frame, bytes):
        raise ProtocolError("not_text", "Commands are sent as JSON text.")
    if len(frame) > LONGEST_TEXT:
        raise ProtocolError("too_large", f"A command may have {LONGEST_TEXT} characters.")
    try:
        said = json.loads(frame)
    except (ValueError, RecursionError):
        raise ProtocolError("bad_json", "This is no JSON.") from None
    if not isinstance(said, dict):
        raise ProtocolError("bad_json", "A command is a JSON object.")
    match said.get("type"):
        case "hello":
            return Hello(version=_number(said.get("version", 1), "version"))
        case "sub":
            return _subscribe(said)
        case "unsub":
            return Unsubscribe(request_id=_request_id(said))
        case _:
            raise ProtocolError("unknown_command", "The type of a command is hello, sub or unsub.")


def _subscribe(said: Mapping[str, object]) -> Subscribe:
    request_id = _request_id(said)
    topics = said.get("topics")
    if not isinstance(topics, list) or not topics or not all(isinstance(topic, str) for topic in topics):
        raise ProtocolError("bad_field", "topics is a list of at least one topic.", request_id)
    if len(topics) > MOST_TOPICS:
        raise ProtocolError("too_many_topics", f"A subscription may name {MOST_TOPICS} topics.", request_id)
    form = said.get("format", "pb")
    if not isinstance(form, str) or form not in (Format.PB, Format.JSON):
        raise ProtocolError("bad_field", "format is pb or json.", request_id)
    epoch, resume = _resume(said.get("resume", {}), request_id)
    return Subscribe(
        request_id=request_id,
        topics=tuple(dict.fromkeys(_texts(topics))),
        format=Format(form),
        epoch=epoch,
        resume=resume,
    )


def _texts(topics: Sequence[object]) -> list[str]:
    return [str(topic) for topic in topics]


def _resume(said: object, request_id: str) -> tuple[str, Mapping[str, int]]:
    if not isinstance(said, dict):
        raise ProtocolError("bad_field", "resume maps epoch to its name and topics to numbers.", request_id)
    epoch = said.get("epoch", "")
    if not isinstance(epoch, str) or len(said) > MOST_TOPICS + 1:
        raise ProtocolError("bad_field", "resume maps epoch to its name and topics to numbers.", request_id)
    numbers = {topic: _number(seq, "resume", request_id) for topic, seq in said.items() if topic != "epoch"}
    return epoch, {topic: seq for topic, seq in numbers.items() if len(topic) <= LONGEST_TOPIC}


def _request_id(said: Mapping[str, object]) -> str:
    request_id = said.get("id")
    if not isinstance(request_id, str) or not 0 < len(request_id) <= _LONGEST_ID:
        raise ProtocolError("bad_field", f"id is a text of 1 to {_LONGEST_ID} characters.")
    return request_id


def _number(said: object, field: str, request_id: str = "") -> int:
    if not isinstance(said, int) or isinstance(said, bool) or not 0 <= said < 2**63:
        raise ProtocolError("bad_field", f"{field} needs a whole number that is not negative.", request_id)
    return said
