"""The command line for rosters: plan, repair, check; results, errors and exit codes."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mobility.cli.roster import app
from tests.dispatch.roster.test_period_file import PEOPLE, SETTINGS


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "period.toml").write_text(SETTINGS, encoding="utf-8")
    (tmp_path / "volunteers.csv").write_text(PEOPLE, encoding="utf-8")
    return tmp_path / "period.toml"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments])


def test_a_planned_roster_is_written_checked_and_repaired(file: Path) -> None:
    made = run("plan", file, "--json", "--seed", 1, "--time-limit", 30, "--out", file.parent)
    assert made.exit_code == 0, made.output
    result = json.loads(made.stdout)
    assert result["is_optimal"] is True
    assert result["open"] == 0
    assert result["lower_bound"] == result["cost"]
    checked = run("check", file)
    assert checked.exit_code == 0
    assert "0 rules broken, 0 duties open" in checked.stdout
    cancel = "2026-04-07/Di vormittags/phone"
    answer = run("repair", file, "--cancel", cancel, "--json", "--out", file.parent / "after")
    found = json.loads(answer.stdout)
    assert found["is_covered"] is (answer.exit_code == 0)
    assert all(proposal["others"] <= 2 for proposal in found["proposals"])


def test_the_table_names_every_duty_and_open_ones_with_their_reason(file: Path) -> None:
    text = (file.parent / "volunteers.csv").read_text(encoding="utf-8")
    (file.parent / "volunteers.csv").write_text(text.replace("d-3,phone,2,2", "d-3,phone,2,0"), encoding="utf-8")
    made = run("plan", file, "--language", "en")
    assert made.exit_code == 1
    assert "OPEN" in made.stdout
    assert "proved optimal" in made.stdout


def test_a_broken_rule_is_found_in_a_roster_somebody_wrote(file: Path) -> None:
    written = file.parent / "mine.csv"
    written.write_text("duty,driver\n2026-04-02/Do und Mo/driver,d-1\n", encoding="utf-8")
    checked = run("check", file, "--roster", written, "--json")
    assert checked.exit_code == 1
    assert any("d-1 said no to this day" in fault for fault in json.loads(checked.stdout)["faults"])


def test_wrong_use_is_exit_2_with_the_place(file: Path) -> None:
    assert run("plan", file.parent / "none.toml").exit_code == 2
    assert run("repair", file, "--cancel", "x").exit_code == 2, "there is no roster yet"
    assert run("plan", file, "--language", "fr").exit_code == 2
    run("plan", file, "--out", file.parent)
    unknown = run("repair", file, "--cancel", "x")
    assert unknown.exit_code == 2
    assert "Diesen Dienst gibt es im Dienstplan nicht: x." in unknown.stderr
    file.write_text(SETTINGS.replace("2026-03-31/Di", "2026-03-31/Mi"), encoding="utf-8")
    broken = run("plan", file)
    assert broken.exit_code == 2
    assert "period.toml" in broken.stderr
