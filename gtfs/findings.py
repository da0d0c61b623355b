"""What validators found in a feed: their notices, merged by severity and code."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is; the names of the canonical validator."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """All notices of one code and severity."""

    severity: Severity
    code: str
    """Notice code of the canonical GTFS validator, e.g. ``foreign_key_violation``."""
    count: int
    """How often it was found; where validators differ, the larger count."""
    validators: tuple[str, ...]
    """Who found it, sorted."""
    example: str
    """Where it was found first, as the validator words it; empty where it does not say."""


def merged(findings: Iterable[Finding]) -> list[Finding]:
    """Return one finding for each severity and code: errors first, then warnings and infos, each by code."""
    groups: dict[tuple[int, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((_RANK.index(finding.severity), finding.code), []).append(finding)
    return [_one(groups[key]) for key in sorted(groups)]


def _one(same: Sequence[Finding]) -> Finding:
    return Finding(
        severity=same[0].severity,
        code=same[0].code,
        count=max(finding.count for finding in same),
        validators=tuple(sorted({name for finding in same for name in finding.validators})),
        example=next((finding.example for finding in same if finding.example), ""),
    )


_RANK = (Severity.ERROR, Severity.WARNING, Severity.INFO)
