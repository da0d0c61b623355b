"""``sources.csv`` and ``factors.toml``: every fact of a bundle, sourced or assumed."""

import re
from collections.abc import Iterable, Mapping

from mobility.core.evidence import Factor, SourceRow
from mobility.core.place import Evidence
from mobility.storage.bundle_fields import Fields, csv_rows, unique

_DATED = re.compile(r"|\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?", re.ASCII)

COLUMNS = ("subject", "fact", "value", "status", "source", "dated")


def read_sources(text: str, source: str) -> tuple[SourceRow, ...]:
    """Return the rows of ``sources.csv``; raises ``BadInputError`` naming row and field."""
    rows = csv_rows(text, source, COLUMNS)
    unique(rows, "fact", lambda row: f"{row.text('subject')} {row.text('fact')}")
    return tuple(_source(row) for row in rows)


def evidence_of(rows: Iterable[SourceRow]) -> Mapping[str, Evidence]:
    """Return what may be said of each subject.

    A stop is as good as the row of its ``name``: that it exists is what a page would mark. Every other subject is
    sourced only when each of its facts is.
    """
    found: dict[str, Evidence] = {}
    for row in rows:
        if row.subject.startswith("stop:") and row.fact != "name":
            continue
        if found.get(row.subject) is not Evidence.ASSUMED:
            found[row.subject] = row.evidence
    return found


def read_factors(top: Fields) -> tuple[Factor, ...]:
    """Return the factors; raises ``BadInputError``."""
    rows = top.tables("factors")
    unique(rows, "id", lambda row: row.identifier("id"))
    factors = tuple(_factor(row) for row in rows)
    top.close()
    return factors


def _source(row: Fields) -> SourceRow:
    dated = row.text("dated", is_optional=True)
    if not _DATED.fullmatch(dated):
        row.fail("dated", f"{dated!r:.40} is no date like 2025, 2025-10 or 2025-10-14")
    return SourceRow(
        subject=row.text("subject"),
        fact=row.text("fact"),
        value=row.text("value", is_optional=True),
        evidence=row.choice("status", Evidence),
        source=row.text("source"),
        dated=dated,
    )


def _factor(row: Fields) -> Factor:
    factor = Factor(
        factor_id=row.identifier("id"),
        value=row.number("value"),
        unit=row.text("unit"),
        year=row.whole("year", low=1900, high=2200),
        description=row.text("description"),
        source=row.text("source"),
    )
    row.close()
    return factor
