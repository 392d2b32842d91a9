"""How outcomes look on the command line, and the exit codes they end it with."""

from collections.abc import Iterable

from rich.markup import escape

# The first of the bad ones is the worst.
EXIT_CODES = {"published": 0, "unchanged": 0, "failed": 1, "rejected": 3, "blocked": 4, "waiting": 5, "cancelled": 6}
_COLORS = {"published": "green", "unchanged": "green", "waiting": "yellow"}


def exit_code(outcomes: Iterable[str]) -> int:
    """The exit code of the worst outcome; 0 if there is none."""
    return min((code for outcome in outcomes if (code := EXIT_CODES.get(outcome, 1))), default=0)


def told(what: str, outcome: str, message: str) -> str:
    """One line about what became of an asset's partition."""
    color = _COLORS.get(outcome, "red")
    return f"{escape(what)}: [{color}]{outcome}[/{color}]" + (f" - {escape(message)}" if message else "")
