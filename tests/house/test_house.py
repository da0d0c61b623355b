"""The rules of the house that no linter knows."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("mobility", "gtfs", "dispatch", "v2x", "passenger_info", "sim")
FILE_WALL, FUNCTION_WALL = 400, 60

FLOAT_SUFFIXES = (
    *("_s", "_ms", "_m", "_mm", "_km", "_m2", "_mps", "_mps2", "_kmh", "_deg", "_frac", "_share", "_ratio", "_factor"),
    *("_wh", "_kwh", "_w", "_kg", "_cent", "_hz", "_db", "_percent", "_person_s", "_per_s", "_per_hour", "_per_km"),
    *("_cost", "_weight", "_score", "_per_day", "_per_train", "_per_call", "_v", "_degc"),
)
UNITLESS = {
    *("lat", "lon", "share", "factor", "scale", "speed", "probability", "weight", "cost", "quantile", "ratio", "rate"),
    *("low", "high", "default", "mean", "deviation", "p10", "p50", "p90", "eta_accuracy", "accuracy", "coverage"),
    *("score", "value", "tolerance", "grade"),
    # The event loop's own parameter, in seconds.
    "when",
}
"""Names of plain numbers: ratios, coordinates of JSON contracts, and a clock's speed-up."""


def sources() -> list[Path]:
    found = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")) if "node_modules" not in path.parts]
    return [path for path in found if not path.name.endswith("_pb2.py") and "migrations" not in path.parts]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def where(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"


def test_no_file_is_longer_than_the_wall() -> None:
    sizes = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in sources()}
    assert {name: size for name, size in sizes.items() if size > FILE_WALL} == {}
    assert median(sizes.values()) <= 200


def test_no_function_is_longer_than_the_wall_and_most_are_short() -> None:
    sizes = [(lines(node), f"{where(path, node)} {node.name}") for path in sources() for node in functions(path)]
    assert [entry for entry in sizes if entry[0] > FUNCTION_WALL] == []
    ordered = sorted(size for size, _ in sizes)
    assert ordered[int(len(ordered) * 0.95)] <= 40


def test_every_file_says_its_one_idea_in_its_first_line() -> None:
    silent = [str(path.relative_to(ROOT)) for path in sources() if not (ast.get_docstring(tree(path)) or "").strip()]
    assert silent == []


def test_every_public_item_is_documented() -> None:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    bare = [
        f"{where(path, node)} {node.name}"
        for path in sources()
        for owner in ast.walk(tree(path))
        if isinstance(owner, ast.Module | ast.ClassDef) and not getattr(owner, "name", "").startswith("_")
        for node in owner.body
        if isinstance(node, kinds) and not node.name.startswith("_") and not ast.get_docstring(node)
    ]
    assert bare == []


def float_names(path: Path) -> Iterator[tuple[ast.AST, str]]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and is_float(node.annotation):
            yield node, node.target.id
        if isinstance(node, ast.arg) and node.annotation is not None and is_float(node.annotation):
            yield node, node.arg


def is_float(annotation: ast.expr) -> bool:
    return ast.unparse(annotation) in {"float", "float | None"}


def test_every_physical_number_carries_its_unit_in_its_name() -> None:
    unnamed = [
        f"{where(path, node)} {name}"
        for path in sources()
        for node, name in float_names(path)
        if "darp" not in path.parts  # the solver counts in the one time unit of its problem, whichever that is
        if not name.lstrip("_").endswith(tuple(FLOAT_SUFFIXES)) and name.lstrip("_") not in UNITLESS
    ]
    assert unnamed == []


@pytest.mark.parametrize("name", ["runtime.txt", "build.txt", "dev.txt", "uv.txt"])
def test_locks_have_hashes_and_name_no_address_and_no_place_of_a_machine(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    assert "--hash=sha256:" in text
    assert re.findall(r"https?://|file:|--index-url|--find-links|/home/|/root/", text) == []


def test_locks_pin_every_package_that_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    runtime = (ROOT / "requirements" / "runtime.txt").read_text(encoding="utf-8")
    dev = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")
    names = {re.split(r"[<>=~\[ ]", need)[0] for need in project["project"]["dependencies"]}
    tools = {re.split(r"[<>=~\[ ]", need)[0] for need in project["dependency-groups"]["dev"]}
    assert {name for name in names if f"\n{name}==" not in f"\n{runtime}"} == set()
    assert {name for name in names | tools if f"\n{name}==" not in f"\n{dev}"} == set()


def test_the_console_lock_names_no_address() -> None:
    lock = (ROOT / "mobility" / "app" / "console" / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    assert "omit-lockfile-registry-resolved=true" in (lock_folder() / ".npmrc").read_text(encoding="utf-8")


def lock_folder() -> Path:
    return ROOT / "mobility" / "app" / "console"


def test_a_test_always_asserts() -> None:
    hollow = [
        f"{where(path, node)} {node.name}"
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        for node in functions(path)
        if node.name.startswith("test_") and not re.search(r"\bassert\b|\braises\b|check_|expect\(", ast.unparse(node))
    ]
    assert hollow == []


def test_no_todo_is_left_behind() -> None:
    marked = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sources()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line)
    ]
    assert marked == []
