"""What commands print: for people on a narrow terminal, or one JSON document for machines."""

import codecs
import datetime
import io
import json
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ParamSpec

from rich.console import Console
from rich.markup import escape

P = ParamSpec("P")

# Where the terminal, or the file that we write to, is of an encoding that has no such sign.
_PLAIN = {"✓": "+", "✗": "x", "…": "...", "│": "|", "─": "-", "→": "->"}

COLORS = {"published": "green", "unchanged": "green", "rejected": "red", "blocked": "red", "failed": "red"}

console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


def write_in_any_encoding() -> None:
    """Let nothing that is printed end a command because the encoding of the output has no sign for it."""
    codecs.register_error("lockgate", _plain_signs)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="lockgate")


def _plain_signs(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    return "".join(_PLAIN.get(sign, "?") for sign in signs), error.end


def harmless(report: Callable[P, None]) -> Callable[P, None]:
    """The reporter of a work that goes on, if need be unseen: a closed pipe or a full disk does not end it."""

    def reported(*arguments: P.args, **named: P.kwargs) -> None:
        with suppress(OSError, ValueError):
            report(*arguments, **named)

    return reported


def print_json(data: Any) -> None:
    """Print one JSON document."""
    sys.stdout.write(json.dumps(data, indent=2, default=_plain) + "\n")


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime.datetime) else str(value)


@harmless
def progress(name: str, seconds: float) -> None:
    """Say that a part is ready, and how long it took."""
    errors.print(f"  [green]✓[/green] {name} [dim]{seconds:.1f} s[/dim]")


@harmless
def building(team: str) -> None:
    """Say that a team's environment is being built, which can take a while."""
    errors.print(f"  building the environment of {team} ...")


@harmless
def warn(text: str) -> None:
    """Say what a person should know while something goes on."""
    errors.print(f"[yellow]![/yellow] {escape(text)}")
