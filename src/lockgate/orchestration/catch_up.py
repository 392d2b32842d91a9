"""Catching up after a downtime: late runs that were overtaken end at once, runs never scheduled are made.

While workers are down, Prefect goes on scheduling, and all that is late starts when they return; while Prefect's
server is down, nothing is scheduled at all. Either way an asset's ``catch_up`` says what is made up for.
"""

import datetime
from collections.abc import AsyncIterator, Iterator, Mapping
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import DeploymentSchedule, FlowRun, State
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule
from prefect.client.schemas.sorting import FlowRunSort
from prefect.context import FlowRunContext
from prefect.states import Cancelled, Scheduled

from lockgate.core.catch_up import missed, skipped
from lockgate.core.partitions import Daily
from lockgate.core.schedule import Cron, Every, Schedule, last_complete_day, time_of
from lockgate.core.spec import AssetSpec, CatchUp
from lockgate.orchestration.deployed import MAX_PAGES, PAGE, deployments_of, jobs_of
from lockgate.orchestration.notes import Note, by_itself

DOWNTIME = datetime.timedelta(minutes=3)
MADE_UP = "scheduled while the server was down: started"


async def at_another_time(catch_up: CatchUp, schedule: Schedule | None) -> State[None] | None:
    """The state in which a scheduled run of this process ends at once, because it comes too late or too early.

    In place of one that Prefect starts before its time, another one waits for that time.
    """
    context = FlowRunContext.get()
    run = context.flow_run if context else None
    if schedule is None or run is None or not run.auto_scheduled or run.expected_start_time is None:
        return None
    now, begins = datetime.datetime.now(datetime.UTC), time_of(schedule, run.expected_start_time)
    if begins > now and run.deployment_id:
        await _postpone(run, run.deployment_id, begins)
        return Cancelled(
            name="Skipped", message=f"{run.expected_start_time:%H:%M} is before its time: moved to {begins}"
        )
    why = skipped(catch_up, schedule, run.expected_start_time, now)
    return Cancelled(name="Skipped", message=why) if why else None


async def _postpone(run: FlowRun, deployment: UUID, begins: datetime.datetime) -> None:
    async with get_client() as client:
        await client.create_flow_run_from_deployment(
            deployment,
            parameters=run.parameters,
            state=Scheduled(scheduled_time=begins),
            idempotency_key=f"moved {run.id}",
        )


async def catch_up(client: PrefectClient, registry: Mapping[str, AssetSpec]) -> list[Note]:
    """After a downtime of the server, start the runs that were due meanwhile and never scheduled.

    Without a downtime it asks Prefect one question.
    """
    now = datetime.datetime.now(datetime.UTC)
    last = await _last_round(client)
    if last is None or now - last < DOWNTIME:
        return []
    return await make_up(client, registry, last, now)


async def make_up(
    client: PrefectClient, registry: Mapping[str, AssetSpec], after: datetime.datetime, now: datetime.datetime
) -> list[Note]:
    """Start the runs that were due between two moments and never scheduled.

    Each deployment is looked at by itself: a schedule that Prefect holds and nobody can follow stops no other.

    Args:
        client: Of Prefect's API.
        registry: All deployed assets.
        after: With time zone.
        now: With time zone.

    Returns:
        A note per slice; of a job, of which the latest run is made up for, by the name of its deployment.
    """
    scheduled = {key: spec for key, spec in registry.items() if spec.schedule and spec.catch_up != "none"}
    teams = {spec.team for spec in registry.values()}
    deployments = await deployments_of(client, scheduled) | await jobs_of(client, teams)
    notes: list[Note] = []
    for key, deployment in deployments.items():
        with by_itself(notes, key):
            if not deployment.paused:
                async for partition in _make_up(client, key, deployment, scheduled.get(key), after, now):
                    notes.append(Note(key, partition, MADE_UP))
    return notes


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
    key: str,
    deployment: DeploymentResponse,
    spec: AssetSpec | None,
    after: datetime.datetime,
    now: datetime.datetime,
) -> AsyncIterator[str]:
    known = await _known(client, deployment, after, now)
    for entry in deployment.schedules:
        for due in _missed(entry, spec.catch_up if spec else "latest", after, now):
            partition = str(entry.parameters.get("partition") or "")
            if any(abs((due - _time(entry, time)).total_seconds()) < 1 and partition == of for time, of in known):
                continue
            if spec and isinstance(spec.partitions, Daily) and not partition:
                partition = last_complete_day(spec.schedule, due)
            await client.create_flow_run_from_deployment(
                deployment.id,
                parameters={**entry.parameters, "partition": partition},
                state=Scheduled(scheduled_time=due),
                idempotency_key=f"catch-up {key} [{partition}] {due.isoformat()}",
                tags=["catch-up"],
            )
            yield partition


def _missed(
    entry: DeploymentSchedule, policy: CatchUp, after: datetime.datetime, now: datetime.datetime
) -> Iterator[datetime.datetime]:
    if not entry.active:
        return
    if isinstance(entry.schedule, CronSchedule):
        yield from missed(policy, _cron(entry.schedule), after, now, now)
    elif isinstance(entry.schedule, IntervalSchedule) and entry.schedule.anchor_date:
        yield from missed(policy, Every(entry.schedule.interval), after, now, entry.schedule.anchor_date)


def _cron(schedule: CronSchedule) -> Cron:
    return Cron(schedule.cron, schedule.timezone or "UTC")


def _time(entry: DeploymentSchedule, due: datetime.datetime) -> datetime.datetime:
    return time_of(_cron(entry.schedule), due) if isinstance(entry.schedule, CronSchedule) else due


async def _known(
    client: PrefectClient, deployment: DeploymentResponse, after: datetime.datetime, now: datetime.datetime
) -> list[tuple[datetime.datetime, str]]:
    """When the deployment's runs of that time were due, and their partition."""
    wanted = {
        "deployment_id": {"any_": [str(deployment.id)]},
        # From a day before: what Prefect scheduled before its time counts at its time.
        "expected_start_time": {"after_": after - datetime.timedelta(days=1), "before_": now},
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
