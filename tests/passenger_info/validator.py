"""The independent validator (gtfs-rt-validator, all 121 rules) over a sequence of full datasets."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from gtfs_rt_validator.api import Mode, Request, SortBy, prepare_feed, resolve, validate

from mobility.core.clock import Instant


def prepared(schedule: Path):
    """Read the static feed once."""
    return prepare_feed(schedule, mode=Mode.MODERN)


def findings(feed, messages: Sequence[tuple[Instant, bytes]], folder: Path) -> Counter[str]:
    """Rule ids and how often they fired; the validator's clock is each message's instant."""
    folder.mkdir(exist_ok=True)
    for at, message in messages:
        name = f"all-{datetime.fromtimestamp(at // 1000, tz=UTC):%Y-%m-%dT%H-%M-%SZ}.pb"
        (folder / name).write_bytes(message)
    inputs = resolve(str(folder), sort_by=SortBy.NAME)
    result = validate(Request(mode=Mode.MODERN, gtfs=feed, inputs=inputs, sort_by=SortBy.NAME))
    assert len(result.run.rules_run) == 121
    assert result.run.messages_validated == len({message for _, message in messages})
    assert result.run.system_errors.in_order() == ()
    return Counter(found.rule_id for found in result.run.notices.in_order())
