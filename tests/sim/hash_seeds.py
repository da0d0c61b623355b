"""Runs a program under several hash seeds: what it prints must not depend on them."""

import subprocess
import sys
from pathlib import Path


def outputs(program: str, *seeds: str) -> set[str]:
    """Return the different outputs of a Python program under the given values of ``PYTHONHASHSEED``."""
    return {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in seeds
    }
