"""The reference: what gtfs-rt-validator says about messages, rule by rule."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from gtfs_rt_validator.api import Mode, Request, SortBy, prepare_feed, resolve, validate


def reference_feed(schedule: Path):
    return prepare_feed(schedule, mode=Mode.MODERN)


def reference_rules(feed, message: bytes, at_s: int, folder: Path) -> frozenset[str]:
    """Rule ids that fire on one message by itself, read at ``at_s``."""
    file = folder / "message.pb"
    file.write_bytes(message)
    moment = datetime.fromtimestamp(at_s, tz=UTC)
    result = validate(Request(mode=Mode.MODERN, gtfs=feed, inputs=resolve(str(file)), at=moment))
    assert result.run.system_errors.in_order() == ()
    return frozenset(found.rule_id for found in result.run.notices.in_order())


def reference_sequence(feed, messages: Sequence[tuple[int, bytes]], folder: Path) -> list[frozenset[str]]:
    """Rule ids of each message in turn; repeated messages are skipped and get none."""
    folder.mkdir(exist_ok=True)
    for k, (at_s, message) in enumerate(messages):
        name = f"all-{datetime.fromtimestamp(at_s, tz=UTC):%Y-%m-%dT%H-%M-%SZ}.pb"
        assert k == 0 or messages[k - 1][0] < at_s, "one second, one message"
        (folder / name).write_bytes(message)
    inputs = resolve(str(folder), sort_by=SortBy.NAME)
    found: dict[str, set[str]] = {}
    result = validate(Request(mode=Mode.MODERN, gtfs=feed, inputs=inputs, sort_by=SortBy.NAME))
    for notice in result.run.notices.in_order():
        found.setdefault(Path(str(notice.context["sourceFile"])).name, set()).add(notice.rule_id)
    return [frozenset(found.get(name, ())) for name in sorted(path.name for path in folder.iterdir())]
