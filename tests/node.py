"""The Node that builds the console also runs the clients under test: from the PATH, else from PyPI's wheel."""

import os
import runpy
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

from tests.patience import LONG_PATIENCE_S

_CONSOLE = Path(__file__).parents[1] / "requirements" / "console.py"


@dataclass(frozen=True, slots=True)
class Node:
    """A Node and the command line that is its npm."""

    program: Path
    npm: Sequence[str]

    def ci(self, folder: Path, *options: str, timeout_s: float = LONG_PATIENCE_S) -> None:
        """Install what the folder's lock names; skips where that fails, on CI that is a failure."""
        command = [*self.npm, "ci", "--no-audit", "--no-fund", "--no-progress", "--prefer-offline", *options]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=folder, timeout=timeout_s, env=self.environment
        )
        if done.returncode != 0:
            absent(f"npm did not install: {done.stderr[-400:]}")

    @property
    def environment(self) -> dict[str, str]:
        """The process's, with this Node before any other."""
        return {**os.environ, "PATH": f"{self.program.parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def find_node() -> Node:
    """Return a Node new enough; skips without one, on CI that is a failure."""
    console = runpy.run_path(str(_CONSOLE))
    try:
        program, npm = console["find_node"]()
    except console["ConsoleBuildError"] as missing:
        absent(str(missing))
    return Node(program, npm)


def absent(reason: str) -> NoReturn:
    """Skip with a reason; fail on CI, where everything is to be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
