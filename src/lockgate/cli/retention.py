"""`lockgate retention`."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from lockgate.cli.app import app
from lockgate.cli.output import console, errors, print_json
from lockgate.core.keys import label
from lockgate.ledger import Operator
from lockgate.settings import PLATFORM, ledger_url, project_root


@app.command()
def retention(
    apply: Annotated[bool, typer.Option("--apply", help="Remove it; without, it is only shown.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show what is old and needed by nobody: versions beyond keep=N of their asset, records of old attempts.

    Never a current version, never one that a kept version was made from, never one that a run is reading.

    Example: [bold]lockgate retention --apply[/bold]
    """
    from lockgate.orchestration import retention as work

    with Operator(ledger_url(PLATFORM, project_root())) as ledger, errors.status("Looking for what nobody needs ..."):
        retired = work.apply(ledger) if apply else work.dry_run(ledger)
    if json:
        versions = [vars(version) for version in retired.versions]
        print_json({"applied": apply, "versions": versions, "attempts": retired.attempts, "deleted": retired.deleted})
        return
    if retired.versions:
        table = Table("version", "bytes", box=None, pad_edge=False)
        for version in retired.versions:
            name = f"{label(version.asset, version.partition)} v{version.number}"
            table.add_row(escape(name), f"{version.size:,}")
        console.print(table, soft_wrap=False)
    done = "removed" if apply else "can be removed: lockgate retention --apply"
    console.print(f"{len(retired.versions)} versions, {retired.size:,} bytes, {retired.attempts} old attempts {done}")
