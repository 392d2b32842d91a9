"""`lockgate history`."""

from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from lockgate.cli.app import app
from lockgate.cli.common import check_partition, registered
from lockgate.cli.output import COLORS, console, print_json
from lockgate.core.explain_text import moment
from lockgate.core.gate import Reason
from lockgate.ledger import Attempt, Ledger
from lockgate.settings import PLATFORM, ledger_url, project_root


@app.command()
def history(
    key: Annotated[str, typer.Argument(metavar="KEY", help="The asset: team/asset.")],
    partition: Annotated[str | None, typer.Option("--partition", "-p", help="One slice; all if left out.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 20,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """List an asset's attempts, newest first: what each came to, what it read, and why it ended so.

    Example: [bold]lockgate history weather/observations --partition 2013-01-05[/bold]
    """
    with Ledger(ledger_url(PLATFORM, project_root())) as ledger:
        spec = registered(ledger.registry(), key)
        if partition is not None:
            check_partition(spec, partition)
        attempts = ledger.attempts(key=key, partition=partition, limit=limit)
    if json:
        print_json([vars(attempt) for attempt in attempts])
    elif attempts:
        console.print(_table(attempts), soft_wrap=False)
    else:
        console.print(f"{key} has never run.")


def _table(attempts: list[Attempt]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("attempt", no_wrap=True)
    table.add_column("began", overflow="fold")
    table.add_column("outcome", no_wrap=True)
    table.add_column("notes", overflow="fold")
    for attempt in attempts:
        color = COLORS.get(attempt.outcome or "", "dim")
        table.add_row(
            str(attempt.attempt),
            moment(attempt.started_at),
            f"[{color}]{attempt.outcome or 'under way'}[/{color}]",
            escape("; ".join(_notes(attempt))),
        )
    return table


def _notes(attempt: Attempt) -> list[str]:
    notes = [f"[{attempt.partition}]"] if attempt.partition else []
    if attempt.version is not None:
        notes.append(f"v{attempt.version}")
    if attempt.holder is not None:
        notes.append(f"attempt {attempt.holder} did the work")
    notes += [f"{name} v{number}" for name, number in list(attempt.inputs.items())[:3]]
    if len(attempt.inputs) > 3:
        notes.append(f"{len(attempt.inputs) - 3} more inputs")
    return notes + _reasons(attempt.reason)


def _reasons(reason: Any) -> list[str]:
    told = [str(reason["why"])] if "why" in reason else []
    return told + [str(Reason(**{**each, "checks": tuple(each["checks"])})) for each in reason.get("reasons", ())]
