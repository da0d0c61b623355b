"""``mobility dispatch roster``: plan a period, repair it after a cancellation, check one that somebody wrote."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mobility.cli.leaving import FOUND_WANTING, fail
from mobility.cli.working import working
from mobility.core.errors import BadInputError
from mobility.core.ids import DutyId
from mobility.core.refusal import Refusal

if TYPE_CHECKING:
    from dispatch.roster.period import Period
    from mobility.core.roster import Roster

app = typer.Typer(name="roster", help="Volunteers' rosters: plan, repair, check.", no_args_is_help=True)

_File = Annotated[Path, typer.Argument(help="The period's TOML file; it names the volunteers' CSV.")]
_RosterFile = Annotated[
    Path | None, typer.Option("--roster", help="The roster's CSV file; without it roster.csv beside the period.")
]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
_Language = Annotated[str, typer.Option("--language", help="de or en.")]


@app.command("plan")
def plan_period(
    file: _File,
    *,
    before: Annotated[Path | None, typer.Option("--before", help="Stay close to this roster (CSV).")] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Chooses among equally good rosters.")] = 1,
    time_limit_s: Annotated[
        float, typer.Option("--time-limit", min=0.1, help="Most seconds the solver searches.")
    ] = 60.0,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for roster.csv and roster.html.")] = None,
    language: _Language = "de",
    as_json: _Json = False,
) -> None:
    """Make the best roster. Exit 0: every duty has somebody; 1: some are open, each says why; 2: unusable input."""
    period = _period(file, language)
    # The solver is a large library: the other commands do without it.
    from dispatch.roster.plan import Limit, plan  # noqa: PLC0415

    old = None if before is None else _roster(before, period)
    begin_s = time.process_time()
    try:
        with working(f"Planning {len(period.duties)} duties of {len(period.volunteers)} volunteers"):
            # Work counted first: with enough time the same seed gives the same roster on every machine.
            found = plan(period, Limit(work_s=time_limit_s, elapsed_s=time_limit_s), before=old, seed=seed)
    except BadInputError as error:
        fail(f"{file.name}: {error}")
    cpu_s = time.process_time() - begin_s
    result = {
        **_summary(found.roster, language),
        "cost": found.cost,
        "lower_bound": found.bound,
        "is_optimal": found.is_optimal,
        "gap_frac": round(found.gap_frac, 6),
        "cpu_s": round(cpu_s, 3),
        "seed": seed,
    }
    proof = "proved optimal" if found.is_optimal else f"at most {100 * found.gap_frac:.2f} % from the best"
    _show(found.roster, result, f"cost {found.cost}, {proof}, {cpu_s:.1f} CPU seconds", language, as_json=as_json)
    _write(found.roster, out, language)
    if result["open"]:
        raise typer.Exit(FOUND_WANTING)


@app.command("repair")
def repair_roster(
    file: _File,
    *,
    cancel: Annotated[str, typer.Option("--cancel", help="The duty that somebody can not do after all.")],
    roster: _RosterFile = None,
    choose: Annotated[int, typer.Option("--choose", min=1, help="Which proposal --out writes.")] = 1,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the repaired roster.")] = None,
    language: _Language = "de",
    as_json: _Json = False,
) -> None:
    """Propose who takes a cancelled duty. Exit 0: covered; 1: something stays open; 2: unusable input."""
    period = _period(file, language)
    before = _roster(roster or file.parent / "roster.csv", period)
    from dispatch.roster.repair import needed_others, repair  # noqa: PLC0415 - the solver is a large library
    from dispatch.roster.wording import REFUSALS, explained  # noqa: PLC0415

    found = repair(period, before, DutyId(cancel))
    if isinstance(found, Refusal):
        fail(REFUSALS[found.code][language].format_map(found.parameters))
    others = None if found.is_covered else needed_others(found, before)
    result: dict[str, Any] = {
        "duty": cancel,
        "is_covered": found.is_covered,
        "proposals": [
            {
                "others": each.others,
                "uncovered": each.uncovered,
                "changes": [
                    {"duty": change.duty_id, "before": change.before, "after": change.after} for change in each.changes
                ],
            }
            for each in found.proposals
        ],
        "why_open": explained(found.why_open, language),
        "needed_others": others,
    }
    typer.echo(json.dumps(result, ensure_ascii=False) if as_json else _repair_words(result))
    if out is not None and len(found.proposals) >= choose:
        _write(found.proposals[choose - 1].roster, out, language)
    if not found.is_covered:
        raise typer.Exit(FOUND_WANTING)


@app.command("check")
def check_roster(
    file: _File, *, roster: _RosterFile = None, language: _Language = "de", as_json: _Json = False
) -> None:
    """Check a roster against every hard rule. Exit 0: none broken; 1: some are; 2: unusable input."""
    period = _period(file, language)
    written = _roster(roster or file.parent / "roster.csv", period)
    from dispatch.roster.check import faults  # noqa: PLC0415 - beside the others

    found = faults(period, written)
    open_duties = sum(each.driver is None for each in written.assignments)
    if as_json:
        typer.echo(json.dumps({"faults": found, "open": open_duties}, ensure_ascii=False))
    else:
        typer.echo("\n".join([*found, f"{len(found)} rules broken, {open_duties} duties open"]))
    if found:
        raise typer.Exit(FOUND_WANTING)


def _period(file: Path, language: str) -> "Period":
    from dispatch.edge.roster_files import read_period  # noqa: PLC0415 - nothing of dispatch at start

    if language not in ("de", "en"):
        fail(f"{language}: the language is de or en")
    try:
        return read_period(file)
    except BadInputError as error:
        fail(str(error))


def _roster(file: Path, period: "Period") -> "Roster":
    from dispatch.edge.roster_files import read_roster  # noqa: PLC0415 - nothing of dispatch at start

    try:
        return read_roster(file, period)
    except BadInputError as error:
        fail(str(error))


def _summary(roster: "Roster", language: str) -> dict[str, Any]:
    from dispatch.roster.period_file import roster_rows  # noqa: PLC0415 - nothing of dispatch at start

    return {
        "area": roster.area_id,
        "first": roster.first.isoformat(),
        "last": roster.last.isoformat(),
        "version": roster.version,
        "open": sum(each.driver is None for each in roster.assignments),
        "assignments": roster_rows(roster, language),
    }


def _show(roster: "Roster", result: Mapping[str, Any], words: str, language: str, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(result, ensure_ascii=False))
        return
    from dispatch.roster.sheet import WORDS, role_name, who  # noqa: PLC0415 - nothing of dispatch at start

    heads = WORDS[language]
    table = Table(*(heads[name] for name in ("day", "time", "group", "role", "who")))
    for each, row in zip(roster.assignments, result["assignments"], strict=True):
        cells = (row["day"], f"{row['starts']}-{row['ends']}", row["group"])
        table.add_row(*map(escape, (*cells, role_name(each.duty.role, language), who(each, language))))
    Console().print(table)
    typer.echo(f"{len(roster.assignments)} duties, {result['open']} open; {words}")


def _repair_words(result: Mapping[str, Any]) -> str:
    lines = []
    for number, proposal in enumerate(result["proposals"], 1):
        lines.append(f"{number}. {proposal['others']} other duties change")
        lines += [
            f"   {change['duty']}: {change['before'] or '-'} -> {change['after'] or '-'}"
            for change in proposal["changes"]
        ]
    if not result["is_covered"]:
        others = result["needed_others"]
        needed = "no number of changes helps" if others is None else f"{others} other duties would have to change"
        lines.append(f"{result['duty']} can not be covered with at most 2 other changes: {needed}.")
        lines.append(result["why_open"])
    return "\n".join(lines)


def _write(roster: "Roster", out: Path | None, language: str) -> None:
    if out is None:
        return
    from dispatch.edge.roster_files import write_roster  # noqa: PLC0415 - nothing of dispatch at start

    table, page = write_roster(roster, out, language)
    typer.echo(f"mobility: wrote {table} and {page}", err=True)
