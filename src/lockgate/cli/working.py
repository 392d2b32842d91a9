"""What the terminal shows while something takes its time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from lockgate.cli.output import errors


@contextmanager
def working(text: str, console: Console = errors) -> Iterator[Callable[[str], None]]:
    """Show what is done and for how long, below all that is printed meanwhile, until the block ends.

    Nothing is shown where there is no terminal.

    Args:
        text: What is done.
        console: Where to show it.

    Yields:
        A function that changes the text.
    """
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(escape(text), total=None)

        def change(new: str) -> None:
            progress.update(task, description=escape(new))

        yield change
