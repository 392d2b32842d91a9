"""The sweep: level-triggered repair. What an event failed to start, it starts a minute later."""

import datetime
import hashlib
from uuid import UUID

from prefect.artifacts import acreate_table_artifact
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.exceptions import ObjectNotFound

from lockgate.core.sweep import Start, missing_runs
from lockgate.ledger import Ledger
from lockgate.orchestration.threads import in_thread
from lockgate.settings import PLATFORM, ledger_url, store_url
from lockgate.store import open_store

UNFINISHED = [StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING]
MAX_STARTS = 50
COLLECT_GRACE_SECONDS = 24 * 3600


async def sweep_once() -> list[Start]:
    """Start what is missing and collect what will never be published; one artifact tells what was done.

    Returns:
        The runs that were started, at most 50 a round.
    """
    with Ledger(ledger_url(PLATFORM)) as ledger:
        found = await in_thread(lambda: list(missing_runs(ledger.snapshot_all(), ledger.progress())))
        collected = await in_thread(lambda: collect_values(ledger))
    started: list[Start] = []
    async with get_client() as client:
        for start in found[:MAX_STARTS]:
            if await _start(client, start):
                started.append(start)
    await acreate_table_artifact(
        table=[
            {"asset": start.key, "partition": start.partition, "attempts before": start.ordinal} for start in started
        ],
        key="sweep",
        description=f"{len(found)} found missing, {len(started)} started, {collected} values collected.",
    )
    return started


async def _start(client: PrefectClient, start: Start) -> bool:
    """Create the run, once per inputs and attempt; claims in the ledger settle what races with an event."""
    try:
        deployment = await client.read_deployment_by_name(start.key)
    except ObjectNotFound:
        return False
    if deployment.paused or await _under_way(client, deployment.id, start.partition):
        return False
    await client.create_flow_run_from_deployment(
        deployment.id,
        parameters={"partition": start.partition},
        idempotency_key=idempotency_key(start),
        tags=["sweep"],
    )
    return True


async def _under_way(client: PrefectClient, deployment_id: UUID, partition: str) -> bool:
    """Whether an event has started the same work already and it only waits for a worker, or runs."""
    due = FlowRunFilter(
        deployment_id=FlowRunFilterDeploymentId(any_=[deployment_id]),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=UNFINISHED)),
        expected_start_time=FlowRunFilterExpectedStartTime.model_validate(
            {"before_": datetime.datetime.now(datetime.UTC)}
        ),
    )
    runs = await client.read_flow_runs(flow_run_filter=due)
    return any(run.parameters.get("partition", "") == partition for run in runs)


def idempotency_key(start: Start) -> str:
    """The key Prefect keeps for ever: the slice, what it would read, and the attempt's ordinal."""
    ids = ",".join(str(pin.version_id) for pin in sorted(start.pins, key=lambda pin: pin.version_id))
    digest = hashlib.sha256(ids.encode()).hexdigest()[:16]
    return f"sweep {start.key} [{start.partition}] {digest} {start.ordinal}"


def collect_values(ledger: Ledger) -> int:
    """Delete staged values that will never be published, a day after they were staged."""
    store = open_store(store_url())
    locations = ledger.collect(COLLECT_GRACE_SECONDS)
    for location in locations:
        store.delete(location)
    return len(locations)
