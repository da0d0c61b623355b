"""Roster files on disk: a period's TOML with its volunteers' CSV, and the roster as CSV and printable sheet."""

import os
import tempfile
from pathlib import Path

from dispatch.edge.holidays import public_holidays
from dispatch.roster.period import Period
from dispatch.roster.period_file import Text, period_of, roster_csv, roster_of, settings_table
from dispatch.roster.sheet import sheet
from mobility.core.errors import BadInputError
from mobility.core.roster import Roster


def read_period(path: Path) -> Period:
    """Return the period of a TOML file; its ``volunteers`` names the CSV beside it (``volunteers.csv``).

    Raises ``BadInputError`` with file, row and field for whatever can not be used.
    """
    settings = read(path)
    people = path.parent / settings_table(settings).text("volunteers", "volunteers.csv")
    return period_of(settings, read(people), public_holidays)


def read_roster(path: Path, period: Period) -> Roster:
    """Return the roster of a CSV file; raises ``BadInputError``."""
    return roster_of(read(path), period)


def read(path: Path) -> Text:
    """Return a UTF-8 file's text; raises ``BadInputError`` when it is absent, unreadable or not UTF-8."""
    try:
        return Text(path.read_bytes().decode("utf-8-sig"), path.name)
    except FileNotFoundError:
        raise BadInputError("the file is missing", source=path.name) from None
    except OSError as error:
        raise BadInputError(f"can not be read: {error.strerror}", source=path.name) from error
    except ValueError as error:
        raise BadInputError("is not UTF-8, or no path", source=path.name) from error


def write_roster(roster: Roster, folder: Path, language: str) -> tuple[Path, Path]:
    """Write ``roster.csv`` and ``roster.html`` into a folder that is made where absent; each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    table, page = folder / "roster.csv", folder / "roster.html"
    _replace(table, roster_csv(roster, language))
    _replace(page, sheet(roster, language))
    return table, page


def _replace(path: Path, content: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    part = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(content)
        part.replace(path)  # readable for its owner only: it says who is away when
    finally:
        part.unlink(missing_ok=True)
