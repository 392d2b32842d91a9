"""The flow behind the deployment of a job: several assets of one team in one flow run, in the order of their inputs.

Each goes through the same steps as alone, so the ledger cannot tell the difference; only the way from one to the
next is shorter, because no event, no worker and no new process lies between them.
"""

import asyncio
import graphlib
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect import Flow, runtime
from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed, Failed

from lockgate.core.asset import Asset
from lockgate.core.chain import Link, make_chain, starts_elsewhere
from lockgate.core.errors import UsageError
from lockgate.core.gate import Slice
from lockgate.core.job import MARK, Job
from lockgate.core.keys import label
from lockgate.core.schedule import last_complete_day
from lockgate.core.spec import AssetSpec
from lockgate.core.team import Team
from lockgate.ledger import Ledger
from lockgate.loading import load_team, spec_of
from lockgate.orchestration.asset_flow import deployment_name, flow_of
from lockgate.orchestration.asset_run import AssetRun
from lockgate.orchestration.asset_steps import AssetSteps, told
from lockgate.orchestration.catch_up import at_another_time
from lockgate.orchestration.check_table import check_rows, show_checks
from lockgate.orchestration.discard import discard_own
from lockgate.orchestration.threads import end_without_its_threads, in_thread
from lockgate.settings import run_ledger_url, store_url
from lockgate.store import Store, open_store

# More than there are processors, as a run waits for the ledger and the store most of the time.
AT_ONCE = 2 * (os.cpu_count() or 1)
MAX_NOTES = 20
MAX_ROWS = 500


def job_flow(team: str) -> Flow[..., Any]:
    """The flow of a team's jobs, as Prefect loads it.

    Args:
        team: The team's name, which becomes the flow's.
    """
    steps = "gate, compute, stage, check, publish or reject"
    return flow_of(team, run_job, f"Runs several assets of team {team}, each through {steps}.")


async def run_job(assets: list[str] | None = None, partition: str = "", force: bool = False) -> State[Any]:
    """Run the deployment's job.

    Args:
        assets: Names of assets to run instead of the job's own.
        partition: The slice to run of every partitioned asset; "" for all partitions of a static one, and for the
            last complete day of a daily one if the job has a schedule.
        force: Compute even if inputs and code are unchanged.
    """
    end_without_its_threads()
    folder = Path.cwd()
    team = load_team(folder)
    job = _own_job(team)
    if late := await at_another_time("latest", job.schedule):
        return late
    chosen = {asset.key: asset for asset in _chosen(team, assets or job.assets)}
    specs = {asset.key: spec_of(asset, folder) for asset in team.assets.values()}
    day = last_complete_day(job.schedule, runtime.flow_run.scheduled_start_time) if job.schedule else None
    chain = make_chain([specs[key] for key in chosen], partition, day=day)
    store = open_store(store_url())
    with Ledger(run_ledger_url()) as ledger:
        ends = await _ChainRun(chosen, list(specs.values()), force, ledger, store).settle(chain)
        await in_thread(lambda: discard_own(ledger, store))
    if rows := sorted((row for end in ends for row in end.checks), key=lambda row: row["passed"] == "yes"):
        await show_checks(rows[:MAX_ROWS], f"{team.name}/{job.deployment}", f"job {job.name} of team {team.name}")
    return _judged(ends)


def _own_job(team: Team) -> Job:
    name = deployment_name().removeprefix(MARK)
    if name not in team.jobs:
        raise UsageError(f"Team {team.name} has no job {name}.", cure=f"Run: lockgate deploy {team.name}")
    return team.jobs[name]


def _chosen(team: Team, names: Sequence[str]) -> list[Asset]:
    if unknown := sorted(set(names) - team.assets.keys()):
        raise UsageError(
            f"Team {team.name} has no asset {', '.join(unknown)}.", cure=f"Run: lockgate deploy {team.name}"
        )
    return [team.assets[name] for name in names or team.assets]


@dataclass(frozen=True)
class _End:
    """What became of one slice."""

    where: str
    state: State[Any]
    checks: list[dict[str, Any]]


@dataclass(frozen=True)
class _ChainRun:
    """Runs slices side by side, each as soon as those it reads are settled, however they ended.

    It holds no value: a dependent reads the published version from the store as any reader does, by its digest.
    """

    chosen: dict[str, Asset]
    team: list[AssetSpec]
    force: bool
    ledger: Ledger
    store: Store

    async def settle(self, chain: Sequence[Link]) -> list[_End]:
        """Run all slices of a chain; what is raised in one ends only that one.

        What has just become possible goes first, so that data is at the end of its way as early as can be.
        """
        links = {link.slice: link for link in chain}
        order = graphlib.TopologicalSorter({where: link.after for where, link in links.items()})
        order.prepare()
        ready, ends = list(order.get_ready()), []
        under_way: dict[asyncio.Task[_End], Slice] = {}
        while ready or under_way:
            while ready and len(under_way) < AT_ONCE:
                where = ready.pop()
                under_way[asyncio.create_task(self._settle(links[where]))] = where
            done, _ = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                ends.append(task.result())
                order.done(under_way.pop(task))
            ready.extend(order.get_ready())
        return ends

    async def _settle(self, link: Link) -> _End:
        run = AssetRun(
            asset=self.chosen[link.spec.key],
            spec=link.spec,
            partition=link.partition,
            force=self.force,
            flow_run_id=str(runtime.flow_run.id),
            ledger=self.ledger,
            store=self.store,
        )
        where = label(link.spec.name, link.partition)
        elsewhere = starts_elsewhere(link.spec.key, self.chosen, self.team)
        try:
            state = await AssetSteps(run, f"{where}: ", starts_own_team=elsewhere).settle()
        except Exception as error:  # noqa: BLE001 - whatever one asset raised, the others go on
            state = Failed(message=told(error))
        return _End(where, state, [{"asset": where, **row} for row in check_rows(run)])


_WORST_FIRST = ("Failed", "Rejected", "Blocked", "Waiting")


def _judged(ends: Sequence[_End]) -> State[Any]:
    """The state of the whole: completed if every asset's is, else named as the worst of them."""
    names = Counter(end.state.name or "" for end in ends)
    summary = ", ".join(f"{number} {name.lower()}" for name, number in names.items())
    notes = [f"{end.where}: {end.state.name}: {end.state.message}" for end in ends if not end.state.is_completed()]
    if not notes:
        return Completed(message=summary)
    message = "; ".join([summary, *notes[:MAX_NOTES]])
    worst = next((name for name in _WORST_FIRST if name in names), "Failed")
    return Cancelled(name=worst, message=message) if worst == "Waiting" else Failed(name=worst, message=message)
