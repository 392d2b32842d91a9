"""`lockgate why`."""

from collections.abc import Iterable
from typing import Annotated

import typer
from rich.markup import escape
from rich.tree import Tree

from lockgate.cli.app import app
from lockgate.cli.common import check_partition, registered
from lockgate.cli.output import console, print_json
from lockgate.core.explain import Explanation
from lockgate.core.explain_text import next_step, sentence, title, to_json
from lockgate.ledger import Ledger
from lockgate.orchestration.explained import explain_all, explain_one
from lockgate.settings import PLATFORM, ledger_url, project_root

SHOWN = 5
_COLORS = {"current": "green", "due": "yellow", "outdated": "yellow", "waiting": "yellow", "never_run": "yellow"}


@app.command()
def why(
    key: Annotated[str, typer.Argument(metavar="KEY", help="The asset: team/asset.")],
    partition: Annotated[str | None, typer.Option("--partition", "-p", help="One slice; all if left out.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Tell why an asset stands as it does: its inputs, up to the cause, its owner, and what to do next.

    Example: [bold]lockgate why forecast/delay_forecast --partition 2013-01-05[/bold]
    """
    with Ledger(ledger_url(PLATFORM, project_root())) as ledger:
        spec = registered(ledger.registry(), key)
        if partition is not None:
            check_partition(spec, partition)
            told = [explain_one(ledger, key, partition)]
        else:
            told = explain_all(ledger, spec)
    if json:
        found = [to_json(each) for each in told]
        print_json(found[0] if partition is not None else {"key": key, "partitions": found})
    else:
        _print(key, told)


def _print(key: str, told: list[Explanation]) -> None:
    if not told:
        console.print(f"{key}: no partition of it or of its inputs has run yet. Next: lockgate run {key} -p PARTITION")
        return
    good = [each for each in told if each.state == "current"]
    shown = told if len(told) == 1 else [each for each in told if each.state != "current"]
    for each in shown[:SHOWN]:
        console.print(_tree(each, Tree(_line(each))), soft_wrap=False)
    if len(told) != 1:
        hidden = f"; {len(shown) - SHOWN} more not shown: add -p PARTITION" if len(shown) > SHOWN else ""
        console.print(f"{key}: {len(good)} of {len(told)} partitions are good and up to date{hidden}.")


def _tree(told: Explanation, branch: Tree) -> Tree:
    for text in _details(told):
        branch.add(f"[dim]{escape(text)}[/dim]")
    for cause in told.causes[:SHOWN]:
        _tree(cause, branch.add(_line(cause)))
    if len(told.causes) > SHOWN:
        branch.add(f"[dim]and {len(told.causes) - SHOWN} more[/dim]")
    return branch


def _line(told: Explanation) -> str:
    color = _COLORS.get(told.state, "red")
    return f"[bold]{escape(title(told))}[/bold]: [{color}]{escape(sentence(told))}[/{color}]"


def _details(told: Explanation) -> Iterable[str]:
    """Owner and next step, where there is something to be done here."""
    if step := next_step(told):
        yield f"owner: {', '.join(told.owners)}"
        yield f"next: {step}"
