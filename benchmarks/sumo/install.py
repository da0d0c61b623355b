"""SUMO in an environment of its own: where it is, or how it gets there."""

import importlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PACKAGES = ("eclipse-sumo==1.28.0", "ortools==9.10.4067")
"""SUMO's drtOrtools.py fails with ortools 9.15: a float as time limit, and a list where a span is wanted."""


@dataclass(frozen=True, slots=True)
class Sumo:
    """An installed SUMO."""

    home: Path
    """What SUMO_HOME is set to: holds ``bin`` and ``tools``."""
    python: Path | None
    """Interpreter of an environment with the ortools that SUMO's example needs."""

    def program(self, name: str) -> Path:
        """Return one of SUMO's programs."""
        return self.home / "bin" / name

    def traci(self) -> Any:
        """Return SUMO's module for remote control."""
        tools = str(self.home / "tools")
        if tools not in sys.path:
            sys.path.append(tools)
        return importlib.import_module("traci")


def sumo_at(home: Path) -> Sumo:
    """Return the SUMO in ``home`` (SUMO_HOME); raises ``FileNotFoundError``."""
    if not (home / "bin" / "sumo").is_file() or not (home / "tools").is_dir():
        raise FileNotFoundError(f"{home} holds no SUMO (bin/sumo and tools)")
    # Installed by pip it lies in <environment>/lib/pythonX/site-packages/sumo.
    python = home.resolve().parents[3] / "bin" / "python3" if len(home.resolve().parents) > 3 else None
    return Sumo(home, python if python is not None and python.is_file() else None)


def installed(cache: Path) -> Sumo:
    """Return the SUMO of the environment ``cache / sumo``, made on the first call (0.8 GB from PyPI)."""
    environment = cache / "sumo"
    if not (environment / "bin" / "sumo").exists():
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        command = [environment / "bin" / "python3", "-m", "pip", "install", "--quiet", *PACKAGES]
        subprocess.run(command, check=True, stdout=sys.stderr)
    return sumo_at(next(environment.glob("lib/python*/site-packages/sumo")))
