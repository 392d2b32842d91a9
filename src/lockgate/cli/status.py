"""`lockgate status`."""

from collections.abc import Iterable
from typing import Annotated, Any

import typer
from rich.table import Table

from lockgate.cli.app import app
from lockgate.cli.output import console, print_json
from lockgate.ledger import Ledger
from lockgate.orchestration.standings import status_rows
from lockgate.settings import PLATFORM, ledger_url, project_root

_COLORS = {"published": "green", "unchanged": "green", "rejected": "red", "blocked": "red", "failed": "red"}


@app.command()
def status(json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False) -> None:
    """Show every asset and partition: latest outcome, current version, checks, and what blocks it.

    Example: [bold]lockgate status --json[/bold]
    """
    with Ledger(ledger_url(PLATFORM, project_root())) as ledger:
        rows = status_rows(ledger)
    if json:
        print_json(rows)
    else:
        console.print(status_table(rows))


def status_table(rows: Iterable[dict[str, Any]]) -> Table:
    """The rows of ``status`` as a table for a narrow terminal."""
    table = Table(box=None, pad_edge=False)
    for heading in ("asset", "partition", "outcome", "version", "checks", "blocked by"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        color = _COLORS.get(row["outcome"] or "", "dim")
        table.add_row(
            row["key"],
            row["partition"] or "",
            f"[{color}]{row['outcome'] or '-'}[/{color}]",
            "-" if row["version"] is None else f"v{row['version']}",
            _checks(row["checks"]),
            ", ".join(f"{cause['asset']}: {cause['check'] or 'not shared'}" for cause in row["blocked_by"]),
        )
    return table


def _checks(checks: list[dict[str, Any]]) -> str:
    failed = [check["name"] for check in checks if not check["passed"]]
    return f"[red]{', '.join(failed)}[/red]" if failed else f"{len(checks)} ok" if checks else ""
