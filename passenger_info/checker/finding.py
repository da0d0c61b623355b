"""What the checker found: which rule an entity or a message breaks."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class RuleFinding:
    """One broken rule."""

    rule_id: str
    """``E…`` as in the GTFS Realtime Validator's rules, ``S…`` as numbered by gtfs-rt-validator (text of the spec)."""
    severity: Severity
    entity_id: str
    """Id of the ``FeedEntity``; empty where the header or the message as a whole is meant."""
    detail: str
    """What is wrong, for a log; names ids, never a person."""
