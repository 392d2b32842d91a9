"""`lockgate status`."""

from collections.abc import Iterable
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from lockgate.cli.app import app
from lockgate.cli.output import COLORS, console, print_json
from lockgate.core.keys import label
from lockgate.ledger import Ledger
from lockgate.orchestration.standings import status_rows
from lockgate.settings import PLATFORM, ledger_url, project_root


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
    """The rows of ``status`` as a table that a narrow terminal can show."""
    table = Table(box=None, pad_edge=False)
    table.add_column("asset", no_wrap=True)
    table.add_column("outcome", no_wrap=True)
    table.add_column("current", no_wrap=True)
    table.add_column("notes", overflow="fold")
    for row in rows:
        color = COLORS.get(row["outcome"] or "", "dim")
        table.add_row(
            escape(label(row["key"], row["partition"] or "")),
            f"[{color}]{row['outcome'] or '-'}[/{color}]",
            "-" if row["version"] is None else f"v{row['version']}",
            _note(row),
        )
    return table


def _note(row: dict[str, Any]) -> str:
    if row["blocked_by"]:
        causes = dict.fromkeys(map(_cause, row["blocked_by"]))
        return f"[red]blocked by {escape('; '.join(causes))}[/red]"
    failed = [check for check in row["checks"] if not check["passed"]]
    if errors := [check["name"] for check in failed if check["severity"] == "error" and not check["waived"]]:
        return f"failed {', '.join(errors)}"
    notes = [f"{len(row['checks']) - len(failed)} passed"] if row["checks"] else []
    for what, waived in (("waived", True), ("warned", False)):
        if names := [check["name"] for check in failed if check["waived"] is waived]:
            notes.append(f"{what}: {', '.join(names)}")
    return ", ".join(notes)


def _cause(cause: dict[str, Any]) -> str:
    return f"{label(cause['asset'], cause['partition'])}: {cause['check'] or 'not shared'}"
