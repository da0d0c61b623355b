"""Checking a feed with both offline validators: gtfs-guru (Rust) and gtfs-validator (Python).

They are development dependencies: whoever runs the server needs neither.
"""

import importlib
import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from gtfs.edge.archive import tables_in
from gtfs.findings import Finding, Severity, merged
from mobility.core.errors import MobilityError

_MODULES = {"gtfs-guru": "gtfs_guru", "gtfs-validator": "gtfs_validator"}
VALIDATORS = frozenset(_MODULES)
"""Names of the validators this module can run."""
_RUN = "import sys; from gtfs_validator.cli import main; sys.exit(main())"
_TIMEOUT_S = 900


class ValidatorError(MobilityError):
    """No validator is installed, or one broke down; says nothing about the feed."""


def installed_validators() -> Mapping[str, str]:
    """Return the validators that are installed, name to version."""
    return {name: version(name) for name, module in _MODULES.items() if importlib.util.find_spec(module) is not None}


def check_feed(path: Path, *, on: date | None = None) -> list[Finding]:
    """Return what the installed validators find in a feed (zip or folder), merged by severity and code.

    ``on`` is the day to check for, e.g. whether calendars have expired; default: today. Raises ``BadInputError``
    for a file that is no readable feed, ``ValidatorError`` where no validator is installed or one breaks down.
    """
    tables_in(path)
    validators = installed_validators()
    if not validators:
        raise ValidatorError("no validator is installed: pip install gtfs-guru gtfs-validator")
    findings: list[Finding] = []
    if "gtfs-guru" in validators:
        findings.extend(_guru(path, on))
    if "gtfs-validator" in validators:
        findings.extend(_validator(path, on))
    return merged(findings)


def _guru(path: Path, on: date | None) -> Iterator[Finding]:
    guru: Any = importlib.import_module("gtfs_guru")
    try:
        result = guru.validate(str(path), date=None if on is None else on.isoformat())
    except (RuntimeError, ValueError, OSError) as error:
        raise ValidatorError(f"gtfs-guru broke down: {error}") from error
    groups: dict[tuple[str, str], list[Any]] = {}
    for notice in result.notices:
        groups.setdefault((notice.severity, notice.code), []).append(notice)
    for (severity, code), notices in groups.items():
        first = notices[0]
        place = {"file": first.file, "row": first.row, "field": first.field, **dict(first.context())}
        yield _finding("gtfs-guru", severity, code, len(notices), place)


def _validator(path: Path, on: date | None) -> Iterator[Finding]:
    with tempfile.TemporaryDirectory(prefix="gtfs-check-") as folder:
        command = [sys.executable, "-c", _RUN, "--input", str(path.resolve()), "--output_base", folder]
        command += [] if on is None else ["--date", on.isoformat()]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)  # noqa: S603 - our own interpreter, no shell
            report = json.loads((Path(folder) / "report.json").read_text(encoding="utf-8"))
        except subprocess.TimeoutExpired as error:
            raise ValidatorError(f"gtfs-validator did not end within {_TIMEOUT_S} s") from error
        except (OSError, ValueError) as error:
            last = done.stderr.strip().splitlines()[-1:] or [str(error)]
            raise ValidatorError(f"gtfs-validator broke down: {last[0]}") from error
    for notice in report["notices"]:
        samples: Sequence[Mapping[str, Any]] = notice.get("sampleNotices") or [{}]
        yield _finding("gtfs-validator", notice["severity"], notice["code"], notice["totalNotices"], samples[0])


def _finding(validator: str, severity: str, code: str, count: int, place: Mapping[str, Any]) -> Finding:
    words = ", ".join(f"{key} {value}" for key, value in place.items() if value not in {None, ""})
    return Finding(severity=Severity(severity.lower()), code=code, count=count, validators=(validator,), example=words)
