"""The flow behind the deployment of an asset: one asset, one partition.

All these deployments of a team run the same flow, named after the team; the deployment's name says which asset.
The worker starts it in the team's folder, so the team's code is imported nowhere else.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from prefect import Flow, runtime
from prefect.client.schemas.objects import State
from prefect.settings import get_current_settings

from lockgate.core.asset import Asset
from lockgate.core.errors import UsageError
from lockgate.core.keys import label
from lockgate.core.partitions import UNPARTITIONED, Daily
from lockgate.core.schedule import last_complete_day
from lockgate.ledger import Ledger
from lockgate.loading import load_team, spec_of
from lockgate.orchestration.asset_run import AssetRun
from lockgate.orchestration.asset_steps import AssetSteps
from lockgate.orchestration.catch_up import at_another_time
from lockgate.orchestration.check_table import check_rows, show_checks
from lockgate.orchestration.discard import discard_own
from lockgate.orchestration.threads import end_without_its_threads, in_thread
from lockgate.settings import DEPLOYMENT, run_ledger_url, store_url
from lockgate.store import open_store


def team_flow(team: str) -> Flow[..., Any]:
    """The flow of a team, as Prefect loads it.

    Args:
        team: The team's name, which becomes the flow's.
    """
    return flow_of(team, run_asset, f"Runs one asset of team {team}: gate, compute, stage, check, publish or reject.")


def flow_of(team: str, work: Callable[..., Any], description: str) -> Flow[..., Any]:
    """A flow named after a team, that keeps no results and names its runs by deployment and partition."""
    return Flow(
        work,
        name=team,
        flow_run_name=run_name,
        description=description,
        persist_result=False,
        result_storage=result_storage(),
        log_prints=True,
    )


def run_name() -> str:
    """Name of the current flow run: its deployment and partition."""
    parameters = runtime.flow_run.parameters
    partition = str(parameters.get("partition") or "")
    return label(deployment_name(), partition)


def deployment_name() -> str:
    """Name of the current run's deployment, as the warm worker says; asking Prefect takes a client and a request."""
    return os.environ.get(DEPLOYMENT) or str(runtime.deployment.name)


def result_storage() -> Path:
    """Where Prefect would keep results; a flow that does not say it asks the server, twice, though it keeps none."""
    return get_current_settings().results.local_storage_path


async def run_asset(partition: str = "", force: bool = False) -> State[Any]:
    """Run the deployment's asset.

    Args:
        partition: The slice to run; "" for an unpartitioned asset, and for a scheduled daily one, which then
            runs the last complete day.
        force: Compute even if inputs and code are unchanged.
    """
    end_without_its_threads()
    folder = Path.cwd()
    asset = _own_asset(folder)
    if late := await at_another_time(asset.catch_up, asset.schedule):
        return late
    store = open_store(store_url())
    with Ledger(run_ledger_url()) as ledger:
        run = AssetRun(
            asset=asset,
            spec=spec_of(asset, folder),
            partition=_chosen(asset, partition),
            force=force,
            flow_run_id=str(runtime.flow_run.id),
            ledger=ledger,
            store=store,
        )
        state = await AssetSteps(run).settle()
        await in_thread(lambda: discard_own(ledger, store))
    if run.verdicts:
        where = label(run.spec.key, run.partition)
        await show_checks(check_rows(run), where, f"{where}, attempt {run.attempt.attempt}")
    return state


def _own_asset(folder: Path) -> Asset:
    team, name = load_team(folder), deployment_name()
    if name not in team.assets:
        raise UsageError(
            f"The code in {folder} has no asset {name}.", cure=f"Run: lockgate deploy {team.name}", team=team.name
        )
    return team.assets[name]


def _chosen(asset: Asset, partition: str) -> str:
    if partition == UNPARTITIONED and isinstance(asset.partitions, Daily) and asset.schedule:
        partition = last_complete_day(asset.schedule, runtime.flow_run.scheduled_start_time)
    asset.partitions.validate(partition)
    return partition
