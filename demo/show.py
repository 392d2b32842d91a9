"""What the demonstration prints: a story for a terminal of 80 columns, plain lines where there is none."""

import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

from lockgate.cli.working import working

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
    console.print(_folded(text, "   "))


def command(line: str) -> None:
    """A command that is run now, as one would type it."""
    console.print(f"\n[bold cyan]$ {escape(line)}[/bold cyan]", soft_wrap=True)


def claim(sentence: str, holds: bool, exceptions: str = "") -> None:
    """Say something that was checked.

    Args:
        sentence: What is claimed.
        holds: Whether it is so.
        exceptions: What it is not true of, if it does not hold.

    Raises:
        ClaimRefuted: If it does not hold; then it is not said.
    """
    if not holds:
        raise ClaimRefuted(f"This does not hold{exceptions and f' of {exceptions}'}: {sentence}")
    console.print(_folded(sentence, " ✓ ").replace("✓", "[green]✓[/green]", 1))


def counts(rows: Sequence[tuple[str, int]], what: str) -> None:
    """A name and a number per line, as evidence of the claim before."""
    wide = max(len(name) for name, _ in rows)
    for name, number in rows:
        console.print(f"     [dim]{escape(name.ljust(wide))}  {number} {what}[/dim]", soft_wrap=True)


def _folded(text: str, start: str) -> str:
    """Text for the console, folded between words, its further lines indented like the first."""
    width, indent = console.width - 1, " " * len(start)
    return escape(
        textwrap.fill(
            text,
            width,
            initial_indent=start,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
    )


def done(sentence: str) -> None:
    """The last line of a story that went as told."""
    console.print(f"\n[bold green]{escape(sentence)}[/bold green]")


def failed(sentence: str) -> None:
    """The last line of one that did not."""
    Console(stderr=True, highlight=False).print(f"\n[bold red]demo:[/bold red] {escape(sentence)}")


@contextmanager
def waiting(text: str) -> Iterator[Callable[[str], None]]:
    """Show what is waited for and for how long, until the block ends; one line if there is no terminal.

    Yields:
        A function that changes the text on a terminal.
    """
    if not console.is_terminal:
        say(f"{text} ...")
    with working(text, console) as change:
        yield change
