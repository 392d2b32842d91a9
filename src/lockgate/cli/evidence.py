"""`lockgate evidence`."""

from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from lockgate.cli.app import app
from lockgate.cli.common import check_partition, registered
from lockgate.cli.output import COLORS, console, print_json
from lockgate.core.check import Verdict
from lockgate.core.errors import UsageError
from lockgate.core.explain_text import moment
from lockgate.core.keys import label
from lockgate.ledger import Attempt, Ledger, Staged
from lockgate.settings import PLATFORM, ledger_url, project_root


@app.command()
def evidence(
    key: Annotated[str, typer.Argument(metavar="KEY", help="The asset: team/asset.")],
    partition: Annotated[str | None, typer.Option("--partition", "-p", help="Its slice; any if left out.")] = None,
    attempt: Annotated[int | None, typer.Option("--attempt", "-a", help="The last that judged if left out.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show what the checks of an attempt found: counts and redacted examples, letters as x and digits as 9.

    Example: [bold]lockgate evidence weather/observations --partition 2013-01-05[/bold]
    """
    with Ledger(ledger_url(PLATFORM, project_root())) as ledger:
        spec = registered(ledger.registry(), key)
        if partition is not None:
            check_partition(spec, partition)
        found = _attempt(ledger, key, partition, attempt)
        verdicts, staged = ledger.verdicts(found.attempt), ledger.staged(found.attempt)
    if json:
        print_json(_data(found, verdicts, staged))
    else:
        _print(found, verdicts, staged)


def _attempt(ledger: Ledger, key: str, partition: str | None, number: int | None) -> Attempt:
    number = number if number is not None else ledger.judged_attempt(key, partition)
    found = ledger.attempts(attempt=number, key=key, partition=partition, limit=1) if number is not None else []
    if not found:
        where = label(key, partition or "")
        what = "no attempt that judged yet" if number is None else f"no attempt {number}"
        raise UsageError(f"{where} has {what}.", cure=f"See: lockgate history {key}", asset=key)
    return found[0]


def _data(attempt: Attempt, verdicts: tuple[Verdict, ...], staged: Staged | None) -> dict[str, Any]:
    return {
        "key": attempt.asset,
        "partition": attempt.partition,
        "attempt": attempt.attempt,
        "outcome": attempt.outcome,
        "finished_at": attempt.finished_at,
        "checks": [vars(verdict) for verdict in verdicts],
        "staged": None if staged is None else vars(staged),
    }


def _print(attempt: Attempt, verdicts: tuple[Verdict, ...], staged: Staged | None) -> None:
    color = COLORS.get(attempt.outcome or "", "dim")
    when = f", {moment(attempt.finished_at)}" if attempt.finished_at else ""
    name = escape(label(attempt.asset, attempt.partition))
    outcome = attempt.outcome or "under way"
    console.print(f"{name}, attempt {attempt.attempt}: [{color}]{outcome}[/{color}]{when}", soft_wrap=False)
    if not verdicts:
        console.print("No check has judged it.")
    for verdict in sorted(verdicts, key=lambda verdict: verdict.passed):
        console.print(_told(verdict), soft_wrap=False)
    if staged:
        rows = "" if staged.rows is None else f", {staged.rows} rows"
        console.print(f"value in the store: {staged.location}{rows}", markup=False)


def _told(verdict: Verdict) -> Table:
    """One check: a line of what it came to, and below it what it said."""
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    failed = "[red]✗[/red]" if verdict.severity == "error" else "[yellow]![/yellow]"
    seen = "" if verdict.rows_seen is None else f" of {verdict.rows_seen}"
    rows = "" if verdict.rows_failed is None else f": {verdict.rows_failed}{seen} rows failed"
    waived = " [yellow](waived)[/yellow]" if verdict.waived else ""
    table.add_row("[green]✓[/green]" if verdict.passed else failed, f"[bold]{verdict.name}[/bold]{waived}{rows}")
    if verdict.message and not verdict.passed:
        table.add_row("", escape(verdict.message))
    if verdict.example:
        table.add_row("", f"looks like: {escape(verdict.example)}")
    return table
