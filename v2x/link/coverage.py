"""Where the link fails: per day and piece of street how many samples came late, how long round trips took.

A sample that comes late was taken where there was no link, so coverage is drawn by where samples were taken, not by
where the vehicle was when it could send again. Vehicles on demand are counted apart: where fewer than ten of their
passes lead, they are not shown.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from v2x.link.histogram import Histogram
from v2x.road.sections import SectionId
from v2x.road.survey import FEWEST_ON_DEMAND


@dataclass(slots=True)
class Cell:
    """What is known of one piece of street, both directions together."""

    samples: int = 0
    """At most one for each second and vehicle."""
    late: int = 0
    """Of those: that came more than 2 s after they were taken."""
    passes: int = 0
    reconnects: int = 0
    """Sessions that began when the vehicle's newest place was here."""
    round_trips: Histogram = field(default_factory=Histogram)
    rsrp_sum_dbm: int = 0
    rsrp_count: int = 0

    def add(self, other: "Cell") -> None:
        """Add the counts of another."""
        self.samples += other.samples
        self.late += other.late
        self.passes += other.passes
        self.reconnects += other.reconnects
        self.round_trips.add(other.round_trips)
        self.rsrp_sum_dbm += other.rsrp_sum_dbm
        self.rsrp_count += other.rsrp_count

    @property
    def late_frac(self) -> float:
        """Share of samples that came late; 0 for none."""
        return self.late / self.samples if self.samples else 0.0

    @property
    def rsrp_dbm(self) -> int | None:
        """Mean reference signal power, where modems told it."""
        return round(self.rsrp_sum_dbm / self.rsrp_count) if self.rsrp_count else None


class Coverage:
    """Cells of one span of time, usually a day."""

    def __init__(self) -> None:
        """Begin without any cell."""
        self.line: dict[SectionId, Cell] = {}
        """Of vehicles in line service and research."""
        self.on_demand: dict[SectionId, Cell] = {}
        """Of vehicles on demand; only ``publishable`` may be shown."""

    def cell(self, place: SectionId, *, is_on_demand: bool) -> Cell:
        """Return the cell of a piece of street (``Sections.place_of``) to count in."""
        cells = self.on_demand if is_on_demand else self.line
        cell = cells.get(place)
        if cell is None:
            cell = cells[place] = Cell()
        return cell

    def add(self, other: "Coverage") -> None:
        """Add all cells of another span."""
        for mine, others in ((self.line, other.line), (self.on_demand, other.on_demand)):
            for place, cell in others.items():
                mine.setdefault(place, Cell()).add(cell)

    def publishable(self) -> dict[SectionId, Cell]:
        """Return what may be shown, in the order of sections."""
        shown: dict[SectionId, Cell] = {}
        for place in sorted(self.line.keys() | self.on_demand.keys()):
            total = Cell()
            if place in self.line:
                total.add(self.line[place])
            if place in self.on_demand and self.on_demand[place].passes >= FEWEST_ON_DEMAND:
                total.add(self.on_demand[place])
            if total.samples:
                shown[place] = total
        return shown

    def as_json(self) -> dict[str, Any]:
        """Return all cells as JSON values, for ``of_json``."""
        return {"line": _rows(self.line), "on_demand": _rows(self.on_demand)}


def of_json(saved: Mapping[str, Any]) -> Coverage:
    """Return what ``Coverage.as_json`` saved; raises ``KeyError``, ``TypeError`` or ``ValueError`` for other values."""
    coverage = Coverage()
    for is_on_demand, rows in ((False, saved["line"]), (True, saved["on_demand"])):
        for edge, index, samples, late, passes, reconnects, rsrp_sum_dbm, rsrp_count, counts in rows:
            cell = coverage.cell(SectionId(int(edge), int(index)), is_on_demand=is_on_demand)
            cell.add(
                Cell(
                    samples=int(samples),
                    late=int(late),
                    passes=int(passes),
                    reconnects=int(reconnects),
                    round_trips=Histogram(counts),
                    rsrp_sum_dbm=int(rsrp_sum_dbm),
                    rsrp_count=int(rsrp_count),
                )
            )
    return coverage


def together(spans: Iterable[Coverage]) -> Coverage:
    """Return the sum of some spans."""
    total = Coverage()
    for span in spans:
        total.add(span)
    return total


def _rows(cells: Mapping[SectionId, Cell]) -> list[list[Any]]:
    return [
        [
            *(place.edge, place.index, cell.samples, cell.late, cell.passes, cell.reconnects),
            *(cell.rsrp_sum_dbm, cell.rsrp_count, cell.round_trips.counts if cell.round_trips.total else []),
        ]
        for place, cell in sorted(cells.items(), key=lambda item: item[0])
    ]
