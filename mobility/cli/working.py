"""A spinner on stderr for work that takes longer than a moment; nothing where stderr is no terminal."""

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


def working(words: str) -> Progress:
    """Return a context that shows ``words`` and the time since; leaving it wipes them away."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    progress.add_task(words, total=None)
    return progress
