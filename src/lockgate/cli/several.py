"""`lockgate run` for several assets of one team, or one of its jobs."""

from contextlib import nullcontext
from pathlib import Path

from lockgate.cli.common import prefect_client
from lockgate.cli.outcomes import exit_code, told
from lockgate.cli.output import console, errors, print_json, warn
from lockgate.core.chain import make_chain
from lockgate.core.errors import PartitionMismatch, PlatformError, UsageError
from lockgate.core.keys import label
from lockgate.core.selection import select
from lockgate.ledger import Ledger
from lockgate.settings import PLATFORM, ledger_url


async def run_several(root: Path, keys: list[str], partition: str, *, wait: bool, force: bool, json: bool) -> int:
    """Start the run; with ``wait``, print one line per asset and partition.

    Returns:
        The exit code of the worst outcome.
    """
    with Ledger(ledger_url(PLATFORM, root)) as ledger:
        selection = select(keys, ledger.registry())
        try:
            chain = make_chain(selection.specs, partition)
        except PartitionMismatch as error:
            raise UsageError(error.message, cure=error.cure) from None
        names = [link.spec.name for link in chain]
        async with prefect_client(root) as client:
            from lockgate.orchestration.start import start_run, wait_for_slices

            flow_run_id = await start_run(client, selection.job, partition, force=force, assets=names or None)
            if not wait:
                started = f"{selection.job}: started flow run {flow_run_id}"
                print_json({"flow_run_id": flow_run_id}) if json else console.print(started)
                return 0
            with nullcontext() if json else errors.status(f"{label(selection.job, partition)} runs ..."):
                results, problem = await wait_for_slices(client, ledger, flow_run_id, warn)
    if json:
        print_json([vars(result) for result in results])
    else:
        for result in results:
            console.print(told(label(result.asset, result.partition), result.outcome, result.message))
    if problem:
        raise PlatformError(f"{selection.job}: flow run {flow_run_id} ended early: {problem}.", cure="Run it again.")
    return exit_code(result.outcome for result in results)
