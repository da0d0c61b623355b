"""The wall display: which rows and which alert stand on which of its pages, so that everything comes round and fits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from passenger_info.board import BoardRow
from passenger_info.board_view import AlertShown

TURN_S = 12
"""A page of several stays this long; with one page it is how often the display renews itself at the latest."""

# Sizes in hundredths of an em of the wall's own letters (its style sheet), measured on a screen of 16:9, which is
# about 29 em high.
_ROOM_EM = 2260
"""Height below the heading and the head of the table."""
_ROW_EM, _SAYS_LINE_EM, _TOWARDS_LINE_EM, _MINUTES_LINE_EM = 242, 128, 164, 152
_SAYS_REST_EM, _ROW_REST_EM = 52, 56
"""A row with its clock times; what lines of notes, destinations and the time left need, and the space around them."""
_SAYS_EM, _TOWARDS_EM, _TOWARDS_BESIDE_EXPECTED_EM = 1880, 1080, 900
_LETTER_EM, _BOLD_EM, _SMALL_EM, _WARNING_EM = 54, 54, 38, 44
_SYMBOL_EM, _GAP_EM = 110, 60
_MINUTES_EM, _MINUTES_LETTER_EM = 760, 58
"""Width of the time left, and of its letters."""
_ALERT_EM, _ALERT_LINE_EM, _ALERT_LETTERS = 190, 114, 115
"""An alert: its heading with the space below it, a line of its text, and how many letters a line holds."""

_REST_EM = 125
"""The line that counts what stands on no page."""
_SEASON_EM = 105
"""The line below a clock time that comes twice in the night."""
_MOST_TURNS = 3
"""So many pages take turns to show departures: none is out of sight for longer than two others stand."""
_MOST_ALERTS = 6

_R = TypeVar("_R")
_A = TypeVar("_A")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenPage(Generic[_R, _A]):
    """What stands on one page."""

    rows: Sequence[_R]
    alerts: Sequence[_A]
    """At most one."""
    page: int
    """From 1."""
    pages: int
    rows_left: int
    """How many departures, the latest, stand on no page."""
    alerts_left: int
    """How many alerts, the last in order, stand on no page."""

    @property
    def next_page(self) -> int:
        """The page after this one, the first after the last."""
        return self.page % self.pages + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Heights(Generic[_R, _A]):
    """How high things stand, in hundredths of an em."""

    row: Callable[[_R], int]
    alert: Callable[[_A], int]


def screen_page(
    rows: Sequence[_R], alerts: Sequence[_A], page: int, *, heights: Heights[_R, _A], size: int = 0
) -> ScreenPage[_R, _A]:
    """Return a page of a wall display; a number beyond the last page starts again from the first.

    Rows and alerts turn separately, rows a whole number of times while each alert stands at least once. What comes last
    of many is only counted. ``size`` is how many rows a page holds whatever their height, 0 for as many as fit a wide
    screen.
    """
    told = alerts[:_MOST_ALERTS]
    room_em = _ROOM_EM - max((heights.alert(alert) for alert in told), default=0)
    chunks = _chunks(rows, room_em, heights.row, size)
    if len(chunks) > _MOST_TURNS or len(alerts) > len(told):
        chunks = _chunks(rows, room_em - _REST_EM, heights.row, size)[:_MOST_TURNS]
    turns = max(1, len(chunks))
    pages = turns * max(1, -(-len(told) // turns))
    here = (max(page, 1) - 1) % pages
    return ScreenPage(
        rows=chunks[here % turns] if chunks else (),
        alerts=[told[here % len(told)]] if told else (),
        page=here + 1,
        pages=pages,
        rows_left=len(rows) - sum(len(chunk) for chunk in chunks),
        alerts_left=len(alerts) - len(told),
    )


def wall_heights(rows: Sequence[BoardRow]) -> Heights[BoardRow, AlertShown]:
    """Return the heights of a board's rows and alerts; late rows bring a column that takes room from destinations."""
    is_any_other = any(row.is_other_time for row in rows)
    towards_em = _TOWARDS_BESIDE_EXPECTED_EM if is_any_other else _TOWARDS_EM
    return Heights(row=lambda row: row_height(row, towards_em), alert=_alert_height)


def _alert_height(alert: AlertShown) -> int:
    """Return about how high an alert stands on a wall display, in hundredths of an em."""
    view = alert.view
    letters = len(view.description) + len(view.period_sentence) + 1
    return _ALERT_EM + _ALERT_LINE_EM * -(-letters // _ALERT_LETTERS)


def _chunks(rows: Sequence[_R], room_em: int, height: Callable[[_R], int], size: int) -> list[Sequence[_R]]:
    if size:
        return [rows[i : i + size] for i in range(0, len(rows), size)]
    chunks: list[list[_R]] = []
    left_em = 0
    for row in rows:
        needs_em = height(row)
        if not chunks or needs_em > left_em:
            chunks.append([])
            left_em = room_em
        chunks[-1].append(row)
        left_em -= needs_em
    return [tuple(chunk) for chunk in chunks]


def row_height(row: BoardRow, towards_em: int = _TOWARDS_EM) -> int:
    """Return about how high a row stands, in hundredths of an em, where destinations are ``towards_em`` wide.

    Rather too much than too little.
    """
    says = [_BOLD_EM * len(row.state_word) + _SYMBOL_EM + _GAP_EM]
    says += [_SMALL_EM * len(text) + _GAP_EM for text in (row.age, row.reason) if text]
    says += [
        (_WARNING_EM if note.is_warning else _SMALL_EM) * len(note.short) + _SYMBOL_EM + _GAP_EM for note in row.notes
    ]
    towards = [_LETTER_EM * (len(word) + 1) for word in row.towards.replace("-", "- ").split()]
    says_em = _SAYS_REST_EM + _SAYS_LINE_EM * _lines(says, _SAYS_EM)
    minutes_em = -(-_MINUTES_LETTER_EM * len(row.minutes) // _MINUTES_EM) * _MINUTES_LINE_EM
    towards_lines_em = _TOWARDS_LINE_EM * _lines(towards, towards_em)
    row_em = _ROW_EM + (_SEASON_EM if row.season or row.expected_season else 0)
    return max(row_em, says_em, _ROW_REST_EM + max(minutes_em, towards_lines_em))


def _lines(widths_em: Sequence[int], room_em: int) -> int:
    """Return how many lines pieces need that are set one after the other and broken only where they must be."""
    lines, left_em = 0, 0
    for width_em in widths_em:
        if width_em > left_em:
            needed = max(1, -(-width_em // room_em))
            lines += needed
            left_em = room_em if needed == 1 else width_em  # a piece of several lines leaves no room beside it
        left_em -= width_em
    return max(1, lines)
