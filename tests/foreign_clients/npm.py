"""npm packages of others, installed by ``npm ci`` into a folder of one's own, without their scripts."""

import shutil
import subprocess
from pathlib import Path

from tests.node import find_node
from tests.patience import LONG_PATIENCE_S

HERE = Path(__file__).parent
FILES = ("package.json", "package-lock.json", ".npmrc", "frames.mjs", "full_dataset.mjs", "node_gtfs.mjs", "live.mjs")


def installed(folder: Path) -> Path:
    """Install and return the folder; skips without Node, npm or the registry, on CI that is a failure."""
    for name in FILES:
        shutil.copy(HERE / name, folder / name)
    find_node().ci(folder, "--ignore-scripts", "--omit=dev")
    return folder


def run(folder: Path, script: str, *arguments: object) -> str:
    """Run a script of the folder with Node and return what it printed."""
    command = [find_node().program, script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, timeout=LONG_PATIENCE_S)
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-500:]
    return done.stdout
