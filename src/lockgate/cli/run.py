"""`lockgate run`."""

import asyncio
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from lockgate.cli.app import app
from lockgate.cli.common import check_partition, checked_key, prefect_client, registered
from lockgate.cli.outcomes import exit_code, told
from lockgate.cli.output import console, errors, print_json, warn
from lockgate.cli.several import run_several
from lockgate.core.keys import label
from lockgate.core.selection import is_several
from lockgate.ledger import Ledger
from lockgate.settings import PLATFORM, ledger_url, project_root


@app.command()
def run(
    keys: Annotated[
        list[str], typer.Argument(metavar="KEY...", help="team/asset; several, 'team/*' or team/@job run as one.")
    ],
    partition: Annotated[str, typer.Option("--partition", "-p", help="The slice to run.")] = "",
    wait: Annotated[bool, typer.Option("--wait", "-w", help="Wait for the outcome; the exit code tells it.")] = False,
    force: Annotated[bool, typer.Option("--force", "-f", help="Compute even if nothing changed.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Start a run of an asset, or of several of one team in the order of their inputs.

    With --wait it exits 0 published or unchanged, 1 failed, 3 rejected, 4 blocked, 5 waiting; of several, with the
    worst. No flag opens a gate that is shut.

    Example: [bold]lockgate run weather/observations --partition 2013-01-05 --wait[/bold]
    """
    root = project_root()
    if is_several(keys):
        code = asyncio.run(run_several(root, keys, partition, wait=wait, force=force, json=json))
    else:
        code = asyncio.run(_run(root, checked_key(keys[0]), partition, wait, force, json))
    raise typer.Exit(code)


async def _run(root: Path, key: str, partition: str, wait: bool, force: bool, json: bool) -> int:
    with Ledger(ledger_url(PLATFORM, root)) as ledger:
        spec = registered(ledger.registry(), key)
        if partition or not spec.schedule:  # a scheduled asset finds its own
            check_partition(spec, partition)
        async with prefect_client(root) as client:
            from lockgate.orchestration.start import start_run, wait_for

            flow_run_id = await start_run(client, key, partition, force=force)
            if not wait:
                _show(json, {"flow_run_id": flow_run_id}, f"{label(key, partition)}: started flow run {flow_run_id}")
                return 0
            waiting = nullcontext() if json else errors.status(f"{label(key, partition)} runs ...")
            with waiting:
                result = await wait_for(client, ledger, flow_run_id, warn)
    _show(json, vars(result), told(label(key, partition), result.outcome, result.message))
    return exit_code([result.outcome])


def _show(json: bool, data: object, text: str) -> None:
    if json:
        print_json(data)
    else:
        console.print(text)
