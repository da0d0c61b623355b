"""Where a reader of server-sent events stands, in the one line it gives back when it comes again.

``epoch:which:numbers``: the hub's epoch, a checksum of the topics in their order, and their sequence numbers in that
order with dots between. A browser keeps only the last id, so each id speaks for all topics; the checksum keeps numbers
from being read for other topics than they were written for.
"""

import re
from collections.abc import Mapping, Sequence
from zlib import crc32

LONGEST_ID = 4000
"""Characters; a longer one is not looked at."""
_ID = re.compile(r"([0-9a-f]{1,32}):([0-9a-f]{8}):([0-9]{1,18}(?:\.[0-9]{1,18})*)", re.ASCII)


def event_id(epoch: str, topics: Sequence[str], numbers: Mapping[str, int]) -> str:
    """Return the id of an event after which a reader knows ``numbers``; a topic not heard of yet stands at 0."""
    return f"{epoch}:{_which(topics)}:{'.'.join(str(numbers.get(topic, 0)) for topic in topics)}"


def resume_from(said: str, topics: Sequence[str]) -> tuple[str, Mapping[str, int]]:
    """Return epoch and numbers an id speaks of; nothing for an id that is none, or belongs to other topics."""
    parts = _ID.fullmatch(said) if len(said) <= LONGEST_ID else None
    if parts is None or parts[2] != _which(topics):
        return "", {}
    numbers = [int(number) for number in parts[3].split(".")]
    return (parts[1], dict(zip(topics, numbers, strict=True))) if len(numbers) == len(topics) else ("", {})


def _which(topics: Sequence[str]) -> str:
    names = "\n".join(topics)
    return f"{crc32(names.encode()):08x}"
