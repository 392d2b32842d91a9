"""`lockgate bootstrap`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from lockgate.cli.app import app
from lockgate.cli.output import console, print_json
from lockgate.core.errors import UsageError


@app.command(name="bootstrap")
def bootstrap_command(
    secrets: Annotated[Path, typer.Option(help="Folder of passwords: prefect, ledger-platform, ledger-TEAM ...")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Prepare a database server of your own: Prefect's database, the ledger, one login per file in --secrets.

    LOCKGATE_DATABASE_URL names the server, with a role that may create roles and databases. Safe to repeat: it
    migrates the ledger and sets the passwords anew. `lockgate up` does the same on one machine.

    Example: [bold]lockgate bootstrap --secrets /run/secrets[/bold]
    """
    from lockgate.platform.prepare import prepare_databases

    url = os.environ.get("LOCKGATE_DATABASE_URL")
    if not url:
        raise UsageError("LOCKGATE_DATABASE_URL is not set.", cure="Set it: postgresql://USER:PASSWORD@HOST/postgres")
    logins = prepare_databases(url, secrets)
    if json:
        print_json({"logins": logins})
    else:
        console.print(f"The ledger is ready for {', '.join(logins)}.")
