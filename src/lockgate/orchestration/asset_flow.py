"""The flow behind every deployment: one asset, one partition, each step a task that Prefect's UI shows.

All deployments of a team run the same flow, named after the team; the deployment's name says which asset.
The worker starts it in the team's folder, so the team's code is imported nowhere else.
"""

import asyncio
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from prefect import Flow, Task, get_run_logger, runtime
from prefect.artifacts import acreate_table_artifact
from prefect.assets import add_asset_metadata
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed, Failed
from prefect.tasks import MaterializingTask, exponential_backoff

from lockgate.core.asset import Asset
from lockgate.core.check import CONTRACT, Verdict
from lockgate.core.errors import LockgateError, UsageError
from lockgate.core.gate import Blocked, Unchanged, Waiting
from lockgate.core.keys import event_resource, label
from lockgate.core.partitions import UNPARTITIONED, Daily
from lockgate.core.schedule import last_complete_day
from lockgate.ledger import Begun, Ledger, Published
from lockgate.loading import load_team, spec_of
from lockgate.orchestration.asset_run import AssetRun
from lockgate.orchestration.lease import kept
from lockgate.orchestration.threads import in_thread
from lockgate.settings import run_ledger_url, store_url
from lockgate.store import open_store


class CheckFailed(Exception):
    """Raised in the task of a failed ``error`` check; its message holds no data."""


def team_flow(team: str) -> Flow[..., Any]:
    """The flow of a team, as Prefect loads it.

    Args:
        team: The team's name, which becomes the flow's.
    """
    return Flow(
        run_asset,
        name=team,
        flow_run_name=_run_name,
        description=f"Runs one asset of team {team}: gate, compute, stage, check, publish or reject.",
        persist_result=False,
        log_prints=True,
    )


def _run_name() -> str:
    parameters = runtime.flow_run.parameters
    partition = str(parameters.get("partition") or "")
    return label(str(runtime.deployment.name), partition)


async def run_asset(partition: str = "", force: bool = False) -> State[Any]:
    """Run the deployment's asset.

    Args:
        partition: The slice to run; "" for an unpartitioned asset, and for a scheduled daily one, which then
            runs the last complete day.
        force: Compute even if inputs and code are unchanged.
    """
    folder = Path.cwd()
    asset = _own_asset(folder)
    with Ledger(run_ledger_url()) as ledger:
        run = AssetRun(
            asset=asset,
            spec=spec_of(asset, folder),
            partition=_chosen(asset, partition),
            force=force,
            flow_run_id=str(runtime.flow_run.id),
            ledger=ledger,
            store=open_store(store_url()),
        )
        return await _through_the_gate(run)


def _own_asset(folder: Path) -> Asset:
    team, name = load_team(folder), str(runtime.deployment.name)
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


async def _through_the_gate(run: AssetRun) -> State[Any]:
    passed = await _step("gate", run.gate)()
    match passed:
        case Blocked(reasons):
            return Failed(name="Blocked", message="; ".join(map(str, reasons)))
        case Waiting(reasons):
            return Cancelled(name="Waiting", message="; ".join(map(str, reasons)))
        case Unchanged(number):
            await _announce("confirm", run, run.confirm)
            return Completed(name="Unchanged", message=f"version {number} has the same inputs and code")
        case Begun(outcome="duplicate", holder=holder):
            return Completed(name="Duplicate", message=f"the same work is done by flow run {holder}")
    with kept(run.ledger, run.attempt.attempt, run.attempt.token):
        return await _work(run)


async def _work(run: AssetRun) -> State[Any]:
    """Everything between the gate and the end; whatever is raised settles the attempt as failed."""
    try:
        await _step("compute", run.compute, **_limits(run.asset))()
        await _stage_and_check(run)
        judged = await (_reject(run) if run.rejected else _publish(run))
    except BaseException as error:
        why = _told(error)
        await in_thread(lambda: run.fail(why))
        raise
    await _show_checks(run)
    return judged


def _limits(asset: Asset) -> dict[str, Any]:
    return {
        "retries": asset.retries,
        "retry_delay_seconds": exponential_backoff(1) if asset.retries else None,
        "timeout_seconds": asset.timeout,
    }


async def _stage_and_check(run: AssetRun) -> None:
    """Stage the value while the checks run on copies of it."""
    steps = [_step("stage", run.stage)()]
    if run.asset.contract:
        steps.append(_check_task(CONTRACT, run, run.check_contract))
    steps += [_check_task(check.name, run, partial(run.check, check)) for check in run.asset.checks]
    outcomes = await asyncio.gather(*steps, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException) and not isinstance(outcome, CheckFailed):
            raise outcome


def _step(name: str, work: Callable[[], Any], **options: Any) -> Task[..., Any]:
    """One step as a task; its blocking work runs on a thread, so that the flow's loop stays free."""

    async def step() -> Any:
        return await in_thread(work)

    return Task(step, name=name, cache_policy=NO_CACHE, persist_result=False, **options)


async def _check_task(name: str, run: AssetRun, judge: Callable[[], Verdict]) -> None:
    """Run one check in a task of its own, which fails if the check is an ``error`` and fails."""

    async def check() -> State[Any] | None:
        verdict = await in_thread(judge)
        if verdict.blocks:
            raise CheckFailed(_explained(verdict))
        return None if verdict.passed else Completed(name="Warned", message=_explained(verdict))

    await Task(check, name=f"check {name}", cache_policy=NO_CACHE, persist_result=False)()


async def _reject(run: AssetRun) -> State[Any]:
    await _step("reject", run.reject)()
    return Failed(name="Rejected", message="; ".join(map(_explained, run.rejected)))


async def _publish(run: AssetRun) -> State[Any]:
    published = await _announce("publish", run, run.publish)
    if published.outcome == "superseded":
        return Completed(name="Superseded", message=f"version {published.number} was made from newer inputs")
    return Completed(message=f"version {published.number} is published")


async def _announce(name: str, run: AssetRun, commit: Callable[[], Published]) -> Published:
    """Commit in a task that materialises the asset: once it completes, Prefect tells the dependents.

    A superseded attempt ends its task as cancelled, the one kind of end for which Prefect emits nothing.
    """
    resource = event_resource(run.spec.key)
    committed: list[Published] = []

    async def announce() -> State[Any] | None:
        published = await in_thread(commit)
        committed.append(published)
        if published.outcome == "superseded":
            return Cancelled(name="Superseded")
        add_asset_metadata(resource, {"partition": run.partition, "version": published.number})
        return None

    task = MaterializingTask(announce, assets=[resource], name=name, cache_policy=NO_CACHE, persist_result=False)
    state: Any = await task(return_state=True)  # type: ignore[misc]
    if not committed:
        await state.aresult()
    return committed[0]


async def _show_checks(run: AssetRun) -> None:
    """One table per attempt: which checks ran, and what they found. It is a view: the ledger has what counts."""
    rows = [
        {
            "check": spec.name,
            "severity": spec.severity,
            "passed": "yes" if verdict.passed else "NO",
            "rows failed": "" if verdict.rows_failed is None else f"{verdict.rows_failed} of {verdict.rows_seen}",
            "message": verdict.message,
            "redacted example": verdict.example,
        }
        for spec in run.spec.checks
        if (verdict := run.verdicts.get(spec.name))
    ]
    where = label(run.spec.key, run.partition)
    description = f"Checks of {where}, attempt {run.attempt.attempt}. Examples show the shape, not the data."
    try:
        await acreate_table_artifact(table=rows, key=_artifact_key(where), description=description)
    except httpx.HTTPError as error:
        get_run_logger().warning("The table of checks could not be shown: %s", type(error).__name__)


def _artifact_key(where: str) -> str:
    return "checks-" + re.sub(r"[^a-z0-9]+", "-", where.lower()).strip("-")


def _explained(verdict: Verdict) -> str:
    rows = f" ({verdict.rows_failed} of {verdict.rows_seen} rows)" if verdict.rows_failed is not None else ""
    return f"{verdict.name}{rows}" + (f": {verdict.message}" if verdict.message else "")


def _told(error: BaseException) -> str:
    """What the ledger keeps of an exception: lockgate's own in full, a team's only by its kind."""
    return str(error) if isinstance(error, LockgateError) else type(error).__name__
