"""What commands print: for people on a narrow terminal, or one JSON document for machines."""

import datetime
import json
import sys
from typing import Any

from rich.console import Console

COLORS = {"published": "green", "unchanged": "green", "rejected": "red", "blocked": "red", "failed": "red"}

console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(data: Any) -> None:
    """Print one JSON document."""
    sys.stdout.write(json.dumps(data, indent=2, default=_plain) + "\n")


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime.datetime) else str(value)


def progress(name: str, seconds: float) -> None:
    """Say that a part is ready, and how long it took."""
    errors.print(f"  [green]✓[/green] {name} [dim]{seconds:.1f} s[/dim]")


def building(team: str) -> None:
    """Say that a team's environment is being built, which can take a while."""
    errors.print(f"  building the environment of {team} ...")
