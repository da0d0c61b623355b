"""What a researcher does: install the wheel, run the five lines of the tutorial."""

import ast
import os
import random
import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from dispatch.darp.check import check
from tests.dispatch.darp.cordeau_files import random_file

ROOT = Path(__file__).parents[3]
TUTORIAL = ROOT / "docs" / "tutorial" / "researcher.md"


def five_lines() -> str:
    return re.findall(r"```python\n(.*?)```", TUTORIAL.read_text(encoding="utf-8"), flags=re.DOTALL)[0]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked wheel. Its console assets are built elsewhere; the solver needs none."""
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    environment = {**os.environ, "HATCH_BUILD_NO_HOOKS": "true"}
    subprocess.run(command, check=True, cwd=ROOT, env=environment, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_example_has_five_lines() -> None:
    assert len([line for line in five_lines().splitlines() if line.strip()]) == 5
    assert "from dispatch import" in five_lines()


@pytest.mark.slow
def test_the_five_lines_of_the_tutorial_solve_an_instance_with_the_wheel_alone(installed: Path, tmp_path: Path) -> None:
    text = random_file(random.Random(1), 8, 3)
    (tmp_path / "a2-16.txt").write_text(text, encoding="utf-8")
    script = tmp_path / "example.py"
    script.write_text(five_lines() + "import dispatch\nprint(dispatch.__file__)\n", encoding="utf-8")
    # The libraries come from here, the project from the wheel: the path is searched in this order.
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
        "PYTHONPATH": os.pathsep.join([str(installed), sysconfig.get_paths()["purelib"]]),
        "NUMBA_CACHE_DIR": str(tmp_path / "cache"),
    }
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, cwd=tmp_path, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    answer, home = done.stdout.strip().split("\n")
    assert Path(home).is_relative_to(installed)
    printed = re.fullmatch(r"(\S+) (\[.*\]) (\(.*\))", answer)
    assert printed is not None, answer
    cost, routes, unserved = (ast.literal_eval(part) for part in printed.groups())
    assert check(text, routes, unserved=[ride + 1 for ride in unserved], cost=cost).is_valid
