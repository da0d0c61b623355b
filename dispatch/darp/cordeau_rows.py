"""The rows of a file in Cordeau's format, each checked before anything is made of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan, nan

from mobility.core.errors import BadInputError

MOST_REQUESTS = 2_000
MOST_VEHICLES = 1_000
"""A header beyond these is no benchmark file; its matrices would fill the memory."""
_LARGEST = 1e9
"""Of any number: what lies beyond is no place and no time, and would overflow later."""

Minutes = float
"""Of time, and of distance: a vehicle drives one unit a minute."""

_HEADER = ("vehicles m", "count N", "longest route T", "capacity Q", "longest ride L")
_COLUMNS = ("id", "x", "y", "service", "load", "earliest", "latest")


@dataclass(frozen=True, slots=True)
class Node:
    """A row: where, how long, what boards, when service may begin."""

    x: Minutes
    y: Minutes
    service: Minutes
    load: int
    earliest: Minutes
    latest: Minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """What a file says, unchanged."""

    vehicles: int
    longest_route: Minutes
    capacity: int
    longest_ride: Minutes
    nodes: tuple[Node, ...]
    """The depot, n pickups, n deliveries."""
    end: Node
    """Where routes end: the second depot row, or the depot itself."""

    @property
    def requests(self) -> int:
        """How many requests there are: n."""
        return (len(self.nodes) - 1) // 2

    @property
    def has_other_end(self) -> bool:
        """Whether routes end at another place than they start."""
        return (self.end.x, self.end.y) != (self.nodes[0].x, self.nodes[0].y)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line that holds something, and where it stands."""

    name: str
    number: int
    words: tuple[str, ...]

    def fault(self, message: str, field: str = "") -> BadInputError:
        return BadInputError(message, source=f"{self.name}, line {self.number}", field=field)

    def number_at(self, column: int, field: str) -> float:
        word = self.words[column]
        try:
            value = float(word)
        except ValueError:
            value = nan
        if isnan(value) or "_" in word:  # Python's own notation, which files do not use
            raise self.fault(f"expected a number, found {word[:20]!r}", field)
        if abs(value) > _LARGEST:
            raise self.fault(f"expected a number within ±{_LARGEST:.0e}, found {word[:20]}", field)
        return value

    def whole_at(self, column: int, field: str) -> int:
        value = self.number_at(column, field)
        if not value.is_integer():
            raise self.fault(f"expected a whole number, found {self.words[column]}", field)
        return int(value)

    def positive_at(self, column: int, field: str) -> float:
        value = self.number_at(column, field)
        if value <= 0:
            raise self.fault(f"expected a number above 0, found {self.words[column]}", field)
        return value


def file_of(text: str | bytes, name: str) -> File:
    """Return what a file says; raises ``BadInputError`` with file, line and what was expected there."""
    lines = _lines(_decoded(text, name), name)
    if not lines:
        raise BadInputError(f"expected a line of {', '.join(_HEADER)}, found an empty file", source=f"{name}, line 1")
    header, rows = lines[0], lines[1:]
    vehicles, count, longest_route, capacity, longest_ride = _header(header)
    _refuse_other_count(header, count, lines)
    nodes = [_node(row, expected) for expected, row in enumerate(rows)]
    requests = (len(rows) - 1) // 2
    _refuse_unbalanced(rows, nodes, requests)
    ends = 2 * requests + 1
    return File(
        vehicles=vehicles,
        longest_route=longest_route,
        capacity=capacity,
        longest_ride=longest_ride,
        nodes=tuple(nodes[:ends]),
        end=nodes[-1] if len(nodes) > ends else nodes[0],
    )


def _decoded(text: str | bytes, name: str) -> str:
    if isinstance(text, str):
        return text.removeprefix("\ufeff")
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = text[: fault.start].count(b"\n") + 1
        found = f"byte 0x{text[fault.start]:02x}"
        raise BadInputError(f"expected numbers as plain text, found {found}", source=f"{name}, line {line}") from None


def _lines(text: str, name: str) -> list[_Line]:
    # Not splitlines: it also breaks at form feeds and the like, and editors would count other lines.
    found = (_Line(name, number, tuple(line.split())) for number, line in enumerate(text.split("\n"), start=1))
    return [line for line in found if line.words]


def _header(line: _Line) -> tuple[int, int, Minutes, int, Minutes]:
    if len(line.words) != len(_HEADER):
        raise line.fault(f"expected {len(_HEADER)} numbers ({', '.join(_HEADER)}), found {len(line.words)}")
    vehicles, count, capacity = (line.whole_at(column, _HEADER[column]) for column in (0, 1, 3))
    for value, most, field in ((vehicles, MOST_VEHICLES, _HEADER[0]), (count, 2 * MOST_REQUESTS, _HEADER[1])):
        if not 1 <= value <= most:
            raise line.fault(f"expected 1 to {most}, found {value}", field)
    if capacity < 1:
        raise line.fault(f"expected 1 or more, found {capacity}", _HEADER[3])
    return vehicles, count, line.positive_at(2, _HEADER[2]), capacity, line.positive_at(4, _HEADER[4])


def _refuse_other_count(header: _Line, count: int, lines: Sequence[_Line]) -> None:
    rows = len(lines) - 1
    requests = (rows - 1) // 2
    if requests >= 1 and count in (requests, 2 * requests):
        return
    # N is the number of requests in some files and of their nodes in others.
    fitting = f"{count + 1} or {count + 2}" if count % 2 == 0 else ""
    either = " or ".join(part for part in (fitting, f"{2 * count + 1} or {2 * count + 2}") if part)
    last = lines[-1]
    message = f"expected {either} rows after the header, as it says N = {count}; the file ends after {rows}"
    raise last.fault(message) if rows <= 2 * count else header.fault(message, _HEADER[1])


def _node(row: _Line, expected: int) -> Node:
    if len(row.words) != len(_COLUMNS):
        raise row.fault(f"expected {len(_COLUMNS)} numbers ({' '.join(_COLUMNS)}), found {len(row.words)}")
    found = row.whole_at(0, "id")
    if found != expected:
        raise row.fault(f"expected node {expected}, found {found}", "id")
    x, y, service = (row.number_at(column, _COLUMNS[column]) for column in (1, 2, 3))
    earliest, latest = (row.number_at(column, _COLUMNS[column]) for column in (5, 6))
    if service < 0:
        raise row.fault(f"expected 0 or more, found {row.words[3]}", "service")
    if latest < earliest:
        raise row.fault(f"expected {row.words[5]} or later, found {row.words[6]}", "latest")
    return Node(x, y, service, row.whole_at(4, "load"), earliest, latest)


def _refuse_unbalanced(rows: Sequence[_Line], nodes: Sequence[Node], requests: int) -> None:
    """Refuse rows whose loads do not make depot, pickups, deliveries."""
    for depot in {0, *range(2 * requests + 1, len(rows))}:
        if nodes[depot].load != 0 or nodes[depot].service != 0:
            raise rows[depot].fault("expected the depot: load 0 and service 0")
    for k in range(1, requests + 1):
        if nodes[k].load < 1:
            raise rows[k].fault(f"expected a pickup: 1 or more, found {nodes[k].load}", "load")
        taken, given = nodes[k].load, nodes[k + requests].load
        if given != -taken:
            where = rows[k + requests]
            raise where.fault(f"expected {-taken}: node {k} takes {taken} aboard; found {given}", "load")
