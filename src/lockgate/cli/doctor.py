"""`lockgate doctor`."""

from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from lockgate.cli.app import app
from lockgate.cli.output import console, errors, print_json
from lockgate.settings import project_root

if TYPE_CHECKING:
    from lockgate.platform.doctor import Finding

_SIGNS = {"ok": "[green]✓[/green]", "warn": "[yellow]![/yellow]", "fail": "[red]✗[/red]"}


@app.command()
def doctor(json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False) -> None:
    """Look at every part of the platform: what works, what does not, and what cures it.

    Exit code 1 if anything fails; what is only worth a look does not count.

    Example: [bold]lockgate doctor[/bold]
    """
    from lockgate.platform.doctor import examine
    from lockgate.platform.doctor.checks import CHECKS

    with nullcontext() if json else errors.status("Looking at every part ..."):
        found = examine(project_root(), CHECKS)
    if json:
        print_json([vars(finding) for finding in found])
    else:
        console.print(_table(found), soft_wrap=False)
    raise typer.Exit(1 if any(finding.status == "fail" for finding in found) else 0)


def _table(found: "list[Finding]") -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in found:
        cure = f" [bold]{escape(finding.cure)}[/bold]" if finding.cure else ""
        table.add_row(_SIGNS[finding.status], finding.part, escape(finding.message) + cure)
    return table
