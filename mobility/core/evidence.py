"""Where a region's facts come from: one row per fact, sourced with an address or assumed; dated factors."""

from dataclasses import dataclass

from mobility.core.place import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """One fact of a region bundle, e.g. subject ``stop:busbahnhof``, fact ``name``."""

    subject: str
    """``region``, ``network``, or ``stop:``, ``line:``, ``vehicle:``, ``area:``, ``factor:``, ``research:`` + id."""
    fact: str
    value: str
    evidence: Evidence
    source: str
    """Address or title of the source; for an assumed fact, why it was assumed so."""
    dated: str
    """Date of the source (year, month or day, ISO 8601; empty where it bears none) or of the assumption."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """A dated, cited energy or climate factor."""

    factor_id: str
    value: float
    unit: str
    """E.g. ``g_co2e_per_kwh``."""
    year: int
    description: str
    source: str
