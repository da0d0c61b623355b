"""How a command ends that can not do what was asked: one sentence on stderr and the exit code that scripts read."""

from typing import NoReturn

import typer

FOUND_WANTING = 1
"""The command did its work, and what it looked at is not in order."""

WRONG_USE = 2
"""The command could not do its work: a wrong option, or a file that is missing or not what it should be."""


def fail(sentence: str, code: int = WRONG_USE) -> NoReturn:
    """Say why, and leave.

    Raises:
        typer.Exit: Always.
    """
    typer.echo(f"mobility: {sentence}", err=True)
    raise typer.Exit(code)
