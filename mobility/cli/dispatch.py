"""``mobility dispatch``: solve benchmark files of the dial-a-ride problem, and compare with best known solutions."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from fnmatch import fnmatch
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from mobility.cli.darp_gaps import Row, best_known, best_of, natural, row_as_json, series_of, summary
from mobility.cli.darp_runs import Effort, Run, read, run
from mobility.cli.leaving import FOUND_WANTING, fail
from mobility.cli.working import working
from mobility.core.errors import BadInputError

app = typer.Typer(
    name="dispatch", help="The citizen bus: service levels, rosters, dial-a-ride benchmark files.", no_args_is_help=True
)

_PIPE_WIDTH = 160
"""Columns of a table that goes to no terminal."""

TimeLimit = Annotated[
    float | None, typer.Option("--time-limit", help="Processor seconds to search, JIT compilation not counted.")
]
Count = Annotated[int | None, typer.Option("--iterations", help="Iterations instead: same seed, same answer.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command()
def solve(
    instance: Annotated[Path, typer.Argument(help="A file in Cordeau's format.")],
    *,
    time_limit_s: TimeLimit = None,
    iterations: Count = None,
    seed: Annotated[int, typer.Option("--seed", help="Of the search's random choices.", min=0)] = 0,
    as_json: AsJson = False,
) -> None:
    """Solve one file. Exit 0: solved; 1: the solution fails the independent check; 2: not such a file, wrong use."""
    effort = _effort(time_limit_s, iterations, seed)
    with working(f"Solving {instance.name}"):
        try:
            done = run(instance, effort)
        except BadInputError as error:
            fail(str(error))
    if as_json:
        typer.echo(json.dumps(done.as_json()))
    else:
        _print_run(done)
    if done.faults:
        raise typer.Exit(FOUND_WANTING)


@app.command()
def benchmark(
    folder: Annotated[Path, typer.Argument(help="Folder of files in Cordeau's format: .txt, or pr01, pr02, …")],
    *,
    bks: Annotated[Path, typer.Option("--bks", help="CSV of best known solutions: instance,bks[,status].")],
    time_limit_s: TimeLimit = None,
    iterations: Count = None,
    seeds: Annotated[str, typer.Option("--seeds", help="Comma-separated; each file is solved with each.")] = "1",
    jobs: Annotated[int, typer.Option("--jobs", help="Files solved at once, one process each.", min=1)] = 1,
    only: Annotated[str, typer.Option("--only", help="Names to solve, as a pattern: 'R*a'.")] = "*",
    as_json: AsJson = False,
) -> None:
    """Solve a folder of files and show the gaps. Exit 1: a solution fails the independent check; 2: wrong use."""
    efforts = [_effort(time_limit_s, iterations, seed) for seed in _seeds(seeds)]
    try:
        paths = _instances(folder, only)
        known = best_known(bks.read_text(encoding="utf-8"), str(bks))
    except BadInputError as error:
        fail(str(error))
    except UnicodeDecodeError:
        fail(f"{bks}: expected a CSV file in UTF-8")
    runs = list(_runs(paths, efforts, jobs))
    rows = [
        Row(
            instance=path.stem,
            best=best_of(path.stem, known),
            runs=[done for done in runs if done.instance == path.stem],
        )
        for path in paths
    ]
    if as_json:
        series = summary(rows)
        typer.echo(json.dumps({"series": series, "instances": [row_as_json(row) for row in rows]}))
    else:
        _print_rows(rows)
    if any(row.faults for row in rows):
        raise typer.Exit(FOUND_WANTING)


def _effort(time_limit_s: float | None, iterations: int | None, seed: int) -> Effort:
    if (time_limit_s is None) == (iterations is None):
        fail("give either --time-limit or --iterations")
    if time_limit_s is not None and not 0 < time_limit_s < float("inf"):  # also refuses NaN
        fail(f"--time-limit: expected more than 0 seconds, found {time_limit_s}")
    if iterations is not None and iterations < 1:
        fail(f"--iterations: expected 1 or more, found {iterations}")
    return Effort(time_limit_s=time_limit_s, iterations=iterations, seed=seed)


def _seeds(text: str) -> list[int]:
    words = [word.strip() for word in text.split(",")]
    if not all(word.isascii() and word.isdigit() for word in words):
        fail(f"--seeds: expected whole numbers like 1,2,3, found {text!r}")
    return list(dict.fromkeys(int(word) for word in words))


def _instances(folder: Path, only: str) -> list[Path]:
    """Return the folder's instances; each is parsed before hours are spent on the others."""
    if not folder.is_dir():
        fail(f"{folder}: there is no such folder")
    paths = [path for path in folder.iterdir() if path.is_file() and (path.suffix == ".txt" or _is_pr(path))]
    chosen = sorted((path for path in paths if fnmatch(path.stem, only)), key=lambda path: natural(path.stem))
    if not chosen:
        fail(f"{folder}: no file named {only} with the suffix .txt, and none like pr01")
    for path in chosen:
        read(path)
    return chosen


def _is_pr(path: Path) -> bool:
    return not path.suffix and series_of(path.name).lower() == "pr"


def _runs(paths: Sequence[Path], efforts: Sequence[Effort], jobs: int) -> Iterator[Run]:
    """Yield the runs in order; progress goes to stderr."""
    tasks = list(product(paths, efforts))
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("Solving", total=len(tasks))
        for done in _done(tasks, jobs):
            progress.update(bar, advance=1, description=f"{done.instance} seed {done.seed}: {done.cost:.2f}")
            if not console.is_terminal:
                typer.echo(f"{done.instance} seed {done.seed}: {done.cost:.2f} in {done.cpu_s:.1f} s", err=True)
            yield done


def _done(tasks: Sequence[tuple[Path, Effort]], jobs: int) -> Iterator[Run]:
    if jobs == 1:
        yield from (run(*task) for task in tasks)
        return
    # Fresh interpreters: a search counts the processor time of its own process.
    with ProcessPoolExecutor(max_workers=jobs, mp_context=get_context("spawn")) as pool:
        futures: list[Future[Run]] = [pool.submit(run, *task) for task in tasks]
        yield from (future.result() for future in futures)


def _print_run(done: Run) -> None:
    table = Table(title=f"{done.instance}: {done.cost:.2f}", title_justify="left")
    table.add_column("route", justify="right")
    table.add_column("stops", justify="right")
    table.add_column("nodes")
    for number, route in enumerate(done.routes, start=1):
        table.add_row(str(number), str(len(route)), " ".join(map(str, route)))
    _screen().print(table)
    for left in done.unserved:
        why = left["constraint"]
        reason = f"no vehicle can, even alone ({why})" if why else "no place was found"
        typer.echo(f"request {left['request']} is not served: {reason}")
    bound = "" if done.lower_bound_cost is None else f", proved lower bound {done.lower_bound_cost:.2f}"
    verdict = "; ".join(done.faults) or "every rule is kept"
    typer.echo(f"{done.iterations} iterations, {done.cpu_s:.2f} s + {done.jit_s:.2f} s JIT{bound}; check: {verdict}")


def _print_rows(rows: Sequence[Row]) -> None:
    table = Table()
    table.add_column("instance", no_wrap=True)
    for name in ("best known", "mean", "gap %", "best", "gap %", "unserved", "CPU s"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("check", no_wrap=True)
    table.add_column("status of best known", no_wrap=True, overflow="ellipsis", max_width=40)
    for row in rows:
        table.add_row(*_cells(row))
    _screen().print(table)
    for group in summary(rows):
        mean, most, least = (_percent(group[f"{name}_gap_percent"]) for name in ("mean", "max", "best_seed_mean"))
        typer.echo(
            f"{group['series']}: mean gap {mean} %, greatest {most} %, with the best seeds {least} % "
            f"({group['with_gap']} of {group['instances']} instances); {group['unserved']} requests not served"
        )
    for row in rows:
        for fault in row.faults:
            typer.echo(f"{row.instance}: {fault}")


def _screen() -> Console:
    """Return where tables go; a file or pipe is as wide as they need."""
    console = Console()
    return console if console.is_terminal else Console(width=_PIPE_WIDTH)


def _cells(row: Row) -> tuple[str, ...]:
    best, spent_s = row.best, [done.cpu_s for done in row.runs]
    return (
        row.instance,
        "-" if best is None else f"{best.cost:.2f}",
        f"{row.mean_cost:.2f}",
        _percent(row.gap_percent(row.mean_cost)),
        f"{row.least_cost:.2f}",
        _percent(row.gap_percent(row.least_cost)),
        str(row.unserved),
        f"{sum(spent_s) / len(spent_s):.1f}",
        "fails" if row.faults else "passes",
        "-" if best is None else best.status,
    )


def _percent(value: float | None) -> str:
    # Adding 0 turns a rounded -0.0 into 0.0.
    return "-" if value is None else f"{round(value, 2) + 0.0:.2f}"
