"""How changes look: what `lockgate plan` shows in full, and `lockgate deploy` in one line per team."""

import json
from collections import Counter
from typing import TYPE_CHECKING

from rich.markup import escape

from lockgate.cli.output import console, errors
from lockgate.core.changes import Change, FieldChange, excerpts, narrowed
from lockgate.core.errors import LockgateError

if TYPE_CHECKING:
    from lockgate.orchestration.deploy import Result

MAX_VALUE = 60
_SIGNS = {"created": "[green]+[/green]", "changed": "[yellow]~[/yellow]", "removed": "[red]-[/red]"}


def print_plan(team: str, result: "Result") -> None:
    """One team's changes, each with the fields that differ."""
    if isinstance(result, LockgateError):
        print_error(team, result)
        return
    console.print(f"[bold]{team}[/bold]: {_summary(result.changes)}")
    for change in result.changes:
        console.print(f"  {_SIGNS[change.action]} {change.part} {escape(change.name)}")
        if change.action == "changed":
            for field in (part for whole in change.fields for part in narrowed(whole)):
                console.print(f"      {_told(field)}", soft_wrap=False)


def print_deployed(team: str, result: "Result") -> None:
    """What was done, in one line."""
    if isinstance(result, LockgateError):
        print_error(team, result)
    else:
        console.print(f"[green]✓[/green] {team}: {_summary(result.changes)}")


def print_error(team: str, error: LockgateError) -> None:
    """Why a team cannot be deployed."""
    errors.print(f"[red]✗[/red] {team}: {escape(str(error))}")


def _summary(changes: tuple[Change, ...]) -> str:
    """``2 assets created, 1 trigger changed``."""
    counts = Counter((change.part, change.action) for change in changes)
    told = [f"{count} {part}{'s' if count > 1 else ''} {action}" for (part, action), count in counts.items()]
    return ", ".join(told) or "up to date"


def _told(field: FieldChange) -> str:
    sides = (field.before, field.after)
    plain = all(isinstance(side, str) for side in sides)
    before, after = (str(side) if plain else json.dumps(side, default=str, ensure_ascii=False) for side in sides)
    before, after = excerpts(before, after, MAX_VALUE)
    return escape(f"{field.name}: {before} -> {after}")
