"""``mobility dispatch``: one JSON object on stdout, words on stderr, exit codes that scripts can trust."""

import json
import random
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mobility.cli import darp_runs
from mobility.cli.darp_gaps import Best, best_known, best_of, natural, series_of
from mobility.cli.dispatch import app
from mobility.core.errors import BadInputError
from tests.dispatch.darp.cordeau_files import TINY, TINY_COST, random_file, with_row

RUN = CliRunner()


def invoke(*arguments):
    return RUN.invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.txt"
    path.write_text(TINY, encoding="utf-8")
    return path


def test_solve_prints_one_object_with_routes_in_the_files_nodes(tiny):
    done = invoke("solve", tiny, "--iterations", "200", "--seed", "3", "--json")
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)
    assert result["instance"] == "tiny"
    assert result["seed"] == 3
    assert result["unserved"] == []
    assert result["valid"] is True
    assert sorted(node for route in result["routes"] for node in route) == [1, 2, 3, 4]
    assert result["cost"] <= TINY_COST + 1e-9
    assert {"cpu_s", "jit_s", "iterations"} <= result.keys()
    assert done.stderr == ""


def test_the_same_seed_and_count_give_the_same_answer(tmp_path):
    path = tmp_path / "day.txt"
    path.write_text(random_file(random.Random(2), 12, 3), encoding="utf-8")
    first, second = (
        json.loads(invoke("solve", path, "--iterations", "300", "--seed", "1", "--json").stdout) for _ in "ab"
    )
    assert {**first, "cpu_s": 0, "jit_s": 0} == {**second, "cpu_s": 0, "jit_s": 0}


def test_solve_without_json_shows_the_routes_and_the_verdict(tiny):
    done = invoke("solve", tiny, "--iterations", "50")
    assert done.exit_code == 0
    assert "every rule is kept" in done.stdout


def test_a_request_that_can_not_be_served_is_named_with_its_constraint(tmp_path):
    path = tmp_path / "far.txt"
    path.write_text(with_row(TINY, 5, "3 99.0 0.0 3 -1 30 45"), encoding="utf-8")
    result = json.loads(invoke("solve", path, "--iterations", "50", "--json").stdout)
    assert result["unserved"] == [{"request": 1, "nodes": [1, 3], "constraint": "window"}]
    assert result["routes"] == [[2, 4]]
    assert "request 1 is not served: no vehicle can, even alone (window)" in invoke(
        "solve", path, "--iterations", "50"
    ).stdout.replace("\n", " ")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1: expected"),
        (TINY[:60], "line 4: expected"),
        (TINY.replace("3 1 10 20", "-3 1 10 20"), "line 4, field service: expected 0 or more"),
    ],
)
def test_a_malformed_file_ends_with_2_and_says_where(tmp_path, text, words):
    path = tmp_path / "bad.txt"
    path.write_text(text, encoding="utf-8")
    done = invoke("solve", path, "--time-limit", "1", "--json")
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"{path}, {words}" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--time-limit", "1", "--iterations", "5"),
        ("--time-limit", "0"),
        ("--time-limit", "nan"),
        ("--iterations", "0"),
    ],
)
def test_one_budget_is_needed(tiny, arguments):
    done = invoke("solve", tiny, *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("mobility: ")


def test_a_solution_that_fails_the_check_ends_with_1(tiny, monkeypatch):
    honest = darp_runs.check
    monkeypatch.setattr(darp_runs, "check", lambda text, routes, **rest: honest(text, routes[:0], **rest))
    done = invoke("solve", tiny, "--iterations", "50", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["valid"] is False


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    instances = tmp_path / "instances"
    instances.mkdir()
    (instances / "a2-2.txt").write_text(TINY, encoding="utf-8")
    (instances / "pr01").write_text(random_file(random.Random(1), 5, 2), encoding="utf-8")
    (instances / "notes.md").write_text("no instance", encoding="utf-8")
    (tmp_path / "bks.csv").write_text(f"instance,bks,status\na2-2,{TINY_COST / 2},recalled\n", encoding="utf-8")
    return instances


def test_benchmark_shows_gaps_per_instance_and_series(folder):
    bks = folder.parent / "bks.csv"
    done = invoke("benchmark", folder, "--bks", bks, "--iterations", "50", "--seeds", "1,2", "--json")
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)
    tiny, pr01 = result["instances"]
    assert (tiny["instance"], tiny["bks"], tiny["status"]) == ("a2-2", TINY_COST / 2, "recalled")
    assert tiny["mean_gap_percent"] == pytest.approx(100 * (tiny["mean_cost"] / (TINY_COST / 2) - 1), abs=1e-3)
    assert [run["seed"] for run in tiny["runs"]] == [1, 2]
    assert all(run["valid"] for run in [*tiny["runs"], *pr01["runs"]])
    assert (pr01["instance"], pr01["bks"], pr01["mean_gap_percent"]) == ("pr01", None, None)
    assert [group["series"] for group in result["series"]] == ["a", "pr", "all"]
    assert "a2-2 seed 1" in done.stderr


def test_benchmark_as_a_table_names_series_and_verdict(folder):
    bks = folder.parent / "bks.csv"
    done = invoke("benchmark", folder, "--bks", bks, "--iterations", "20", "--seeds", "1", "--only", "a*")
    assert done.exit_code == 0
    assert "passes" in done.stdout
    assert "a: mean gap" in done.stdout


@pytest.mark.slow
def test_two_files_at_once_give_the_same_answers_in_the_same_order(folder):
    arguments = ("benchmark", folder, "--bks", folder.parent / "bks.csv", "--iterations", "50", "--seeds", "1,2")
    alone, together = (json.loads(invoke(*arguments, "--json", "--jobs", jobs).stdout) for jobs in (1, 2))
    costs = [[run["cost"] for row in result["instances"] for run in row["runs"]] for result in (alone, together)]
    assert costs[0] == costs[1]


def test_benchmark_reads_every_file_before_it_solves_one(folder):
    (folder / "b2-2.txt").write_text("2 2 480\n", encoding="utf-8")
    done = invoke("benchmark", folder, "--bks", folder.parent / "bks.csv", "--iterations", "10")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "b2-2.txt, line 1: expected 5 numbers" in done.stderr


@pytest.mark.parametrize("seeds", ["", "1,,2", "-1", "x", "1.5"])
def test_seeds_are_whole_numbers(folder, seeds):
    done = invoke("benchmark", folder, "--bks", folder.parent / "bks.csv", "--iterations", "10", "--seeds", seeds)
    assert (done.exit_code, done.stdout) == (2, "")


def test_a_folder_without_instances_is_wrong_use(tmp_path):
    (tmp_path / "bks.csv").write_text("instance,bks\n", encoding="utf-8")
    assert invoke("benchmark", tmp_path / "none", "--bks", tmp_path / "bks.csv", "--iterations", "1").exit_code == 2
    assert invoke("benchmark", tmp_path, "--bks", tmp_path / "bks.csv", "--iterations", "1").exit_code == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1: expected the columns"),
        ("name,value\n", "line 1: expected the columns"),
        ("instance,bks\na,1\nb,two\n", "line 3, field bks: expected a cost above 0, found 'two'"),
        ("instance,bks\na,nan\n", "line 2, field bks"),
        ("instance,bks\na\n", "line 2, field bks"),
    ],
)
def test_a_malformed_table_of_best_known_solutions_is_refused_with_its_line(text, words):
    with pytest.raises(BadInputError, match=words):
        best_known(text, "bks.csv")


def test_both_names_of_the_large_series_are_known():
    known = {"r1a": Best(1.0, ""), "r10b": Best(2.0, "")}
    assert best_of("pr01", known) == best_of("R1a", known) == Best(1.0, "")
    assert best_of("pr20", known) == Best(2.0, "")
    assert best_of("pr02", known) is None


def test_names_sort_as_people_count_and_letters_make_a_series():
    assert sorted(["R10a", "R2a", "a8-96", "a2-16"], key=natural) == ["R2a", "R10a", "a2-16", "a8-96"]
    assert [series_of(name) for name in ("a2-16", "R10a", "pr07")] == ["a", "Ra", "pr"]
