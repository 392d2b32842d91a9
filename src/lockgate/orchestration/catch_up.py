"""Catching up after a downtime: late runs that were overtaken end at once, runs never scheduled are made.

While workers are down, Prefect goes on scheduling, and all that is late starts when they return; while Prefect's
server is down, nothing is scheduled at all. Either way an asset's ``catch_up`` says what is made up for.
"""

import datetime
from collections.abc import Iterator, Mapping

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import DeploymentSchedule, State
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule
from prefect.client.schemas.sorting import FlowRunSort
from prefect.context import FlowRunContext
from prefect.states import Cancelled

from lockgate.core.catch_up import missed, skipped
from lockgate.core.gate import Slice
from lockgate.core.partitions import Daily
from lockgate.core.schedule import Cron, Every, Schedule, last_complete_day
from lockgate.core.spec import AssetSpec, CatchUp
from lockgate.orchestration.deployed import MAX_PAGES, PAGE, deployments_of

DOWNTIME = datetime.timedelta(minutes=3)


def overtaken(catch_up: CatchUp, schedule: Schedule | None) -> State[None] | None:
    """The state in which a scheduled run of this process ends at once, because it comes too late; else None."""
    context = FlowRunContext.get()
    run = context.flow_run if context else None
    if schedule is None or run is None or not run.auto_scheduled or run.expected_start_time is None:
        return None
    why = skipped(catch_up, schedule, run.expected_start_time, datetime.datetime.now(datetime.UTC))
    return Cancelled(name="Skipped", message=why) if why else None


async def catch_up(client: PrefectClient, registry: Mapping[str, AssetSpec]) -> list[Slice]:
    """After a downtime of the server, start the runs that were due meanwhile and never scheduled; returns their slices.

    Without a downtime it asks Prefect one question.
    """
    now = datetime.datetime.now(datetime.UTC)
    last = await _last_round(client)
    scheduled = {key: spec for key, spec in registry.items() if spec.schedule and spec.catch_up != "none"}
    if last is None or now - last < DOWNTIME or not scheduled:
        return []
    started: list[Slice] = []
    for key, deployment in (await deployments_of(client, scheduled)).items():
        if not deployment.paused:
            started += [(key, one) for one in await _make_up(client, deployment, scheduled[key], last, now)]
    return started


async def _last_round(client: PrefectClient) -> datetime.datetime | None:
    """When the sweep last came to its end, and so the server scheduled runs."""
    wanted = {"state": {"type": {"any_": ["COMPLETED"]}}, "name": {"any_": ["sweep"]}}
    rounds = await client.read_flow_runs(
        flow_run_filter=FlowRunFilter.model_validate(wanted),
        sort=FlowRunSort.END_TIME_DESC,
        limit=1,
    )
    return rounds[0].end_time if rounds else None


async def _make_up(
    client: PrefectClient,
    deployment: DeploymentResponse,
    spec: AssetSpec,
    last: datetime.datetime,
    now: datetime.datetime,
) -> list[str]:
    known = await _known(client, deployment, last, now)
    partitions = []
    for entry in deployment.schedules:
        for due in _missed(entry, spec, last, now):
            partition = str(entry.parameters.get("partition") or "")
            if any(abs((due - time).total_seconds()) < 1 and partition == of for time, of in known):
                continue
            if isinstance(spec.partitions, Daily) and not partition:
                partition = last_complete_day(spec.schedule, due)
            await client.create_flow_run_from_deployment(
                deployment.id,
                parameters={**entry.parameters, "partition": partition},
                idempotency_key=f"catch-up {spec.key} [{partition}] {due.isoformat()}",
                tags=["catch-up"],
            )
            partitions.append(partition)
    return partitions


def _missed(
    entry: DeploymentSchedule, spec: AssetSpec, last: datetime.datetime, now: datetime.datetime
) -> Iterator[datetime.datetime]:
    if not entry.active:
        return
    if isinstance(entry.schedule, CronSchedule):
        schedule: Schedule = Cron(entry.schedule.cron, entry.schedule.timezone or "UTC")
        yield from missed(spec.catch_up, schedule, last, now, now)
    elif isinstance(entry.schedule, IntervalSchedule) and entry.schedule.anchor_date:
        yield from missed(spec.catch_up, Every(entry.schedule.interval), last, now, entry.schedule.anchor_date)


async def _known(
    client: PrefectClient, deployment: DeploymentResponse, last: datetime.datetime, now: datetime.datetime
) -> list[tuple[datetime.datetime, str]]:
    """When the deployment's runs of that time were due, and their partition."""
    wanted = {
        "deployment_id": {"any_": [str(deployment.id)]},
        "expected_start_time": {"after_": last, "before_": now},
    }
    known: list[tuple[datetime.datetime, str]] = []
    for page in range(MAX_PAGES):
        runs = await client.read_flow_runs(
            flow_run_filter=FlowRunFilter.model_validate(wanted), limit=PAGE, offset=page * PAGE
        )
        known += [
            (run.expected_start_time, str(run.parameters.get("partition") or ""))
            for run in runs
            if run.auto_scheduled and run.expected_start_time
        ]
        if len(runs) < PAGE:
            break
    return known
