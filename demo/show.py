"""What the demonstration prints: a story for a terminal of 80 columns, plain lines where there is none."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

console = Console(highlight=False)


class ClaimRefuted(Exception):
    """Something the demonstration was about to claim does not hold."""


def title(text: str) -> None:
    """The first line."""
    console.print(f"[bold]{escape(text)}[/bold]")


def heading(number: int, title: str) -> None:
    """Begin an act."""
    console.print(f"\n[bold]{number}. {escape(title)}[/bold]")


def say(text: str) -> None:
    """A sentence of the story."""
    console.print(Padding(escape(text), (0, 0, 0, 3), expand=False))


def command(line: str) -> None:
    """A command that is run now, as one would type it."""
    console.print(f"\n[bold cyan]$ {escape(line)}[/bold cyan]", soft_wrap=True)


def claim(sentence: str, holds: bool) -> None:
    """Say something that was checked.

    Raises:
        ClaimRefuted: If it does not hold; then it is not said.
    """
    if not holds:
        raise ClaimRefuted(f"This does not hold: {sentence}")
    mark = Table.grid(padding=(0, 1))
    mark.add_row(" [green]✓[/green]", escape(sentence))
    console.print(mark)


def counts(rows: Sequence[tuple[str, int]], what: str) -> None:
    """A name and a number per line, as evidence of the claim before."""
    table = Table.grid(padding=(0, 2))
    for name, number in rows:
        table.add_row(f"     [dim]{escape(name)}", f"[dim]{number} {what}")
    console.print(table)


def done(sentence: str) -> None:
    """The last line of a story that went as told."""
    console.print(f"\n[bold green]{escape(sentence)}[/bold green]")


def failed(sentence: str) -> None:
    """The last line of one that did not."""
    Console(stderr=True, highlight=False).print(f"\n[bold red]demo:[/bold red] {escape(sentence)}")


class Waiting:
    """A line that says what is waited for; its text may change."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def tell(self, text: str) -> None:
        """Change the text."""
        self._progress.update(self._task, description=escape(text))


@contextmanager
def waiting(text: str) -> Iterator[Waiting]:
    """Show what is waited for and for how long, until the block ends; one line if there is no terminal."""
    if not console.is_terminal:
        say(f"{text} ...")
    columns = (TextColumn("  "), SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield Waiting(progress, progress.add_task(escape(text), total=None))
