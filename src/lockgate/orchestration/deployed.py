"""What Prefect knows of many assets at once: their deployments, and the runs of them that are not over."""

import datetime
from collections.abc import Collection
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import DeploymentFilter, FlowFilter, FlowRunFilter
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.sorting import DeploymentSort, FlowRunSort

from lockgate.core.job import MARK as JOB_MARK

PAGE = 200
MAX_PAGES = 10


async def deployments_of(client: PrefectClient, keys: Collection[str]) -> dict[str, DeploymentResponse]:
    """The deployments of assets, by key; what is not deployed is left out. A bounded number of queries."""
    teams = {key.partition("/")[0] for key in keys}
    names = sorted({key.partition("/")[2] for key in keys})
    found = await _deployments(client, teams, {"any_": names})
    return {key: found[key] for key in keys if key in found}


async def jobs_of(client: PrefectClient, teams: Collection[str]) -> dict[str, DeploymentResponse]:
    """The deployments of these teams' jobs, by name as ``team/@job``."""
    found = await _deployments(client, teams, {"like_": JOB_MARK})
    return {name: one for name, one in found.items() if one.name.startswith(JOB_MARK)}


async def _deployments(
    client: PrefectClient, teams: Collection[str], named: dict[str, Any]
) -> dict[str, DeploymentResponse]:
    of_teams = FlowFilter.model_validate({"name": {"any_": sorted(teams)}})
    flows = {flow.id: flow.name for flow in await client.read_flows(flow_filter=of_teams, limit=PAGE)}
    found: dict[str, DeploymentResponse] = {}
    for page in range(MAX_PAGES):
        deployments = await client.read_deployments(
            flow_filter=of_teams,
            deployment_filter=DeploymentFilter.model_validate({"name": named}),
            sort=DeploymentSort.NAME_ASC,
            limit=PAGE,
            offset=page * PAGE,
        )
        found |= {f"{flows[one.flow_id]}/{one.name}": one for one in deployments if one.flow_id in flows}
        if len(deployments) < PAGE:
            break
    return found


async def unfinished(
    client: PrefectClient,
    *states: str,
    flows: Collection[str] | None = None,
    deployments: Collection[UUID] | None = None,
) -> list[FlowRun]:
    """The runs due by now that are in one of these types of state, oldest first.

    Args:
        client: Of Prefect's API.
        states: ``SCHEDULED``, ``PENDING``, ``RUNNING``, ``CANCELLING``.
        flows: Only those of flows with these names.
        deployments: Only those of these deployments.
    """
    wanted: dict[str, Any] = {
        "state": {"type": {"any_": list(states)}},
        "expected_start_time": {"before_": datetime.datetime.now(datetime.UTC)},
    }
    if deployments is not None:
        wanted["deployment_id"] = {"any_": [str(one) for one in deployments]}
    named = None if flows is None else FlowFilter.model_validate({"name": {"any_": list(flows)}})
    runs: list[FlowRun] = []
    for page in range(MAX_PAGES):
        found = await client.read_flow_runs(
            flow_filter=named,
            flow_run_filter=FlowRunFilter.model_validate(wanted),
            sort=FlowRunSort.EXPECTED_START_TIME_ASC,
            limit=PAGE,
            offset=page * PAGE,
        )
        runs += found
        if len(found) < PAGE:
            break
    return runs


async def crashed(client: PrefectClient, since: datetime.datetime, *, flows: Collection[str]) -> list[FlowRun]:
    """The newest runs of flows with these names that crashed since then, but not those that were started again."""
    wanted = {"state": {"type": {"any_": ["CRASHED"]}}, "end_time": {"after_": since}}
    found = await client.read_flow_runs(
        flow_filter=FlowFilter.model_validate({"name": {"any_": list(flows)}}),
        flow_run_filter=FlowRunFilter.model_validate(wanted),
        sort=FlowRunSort.END_TIME_DESC,
        limit=PAGE,
    )
    if not found:
        return []
    keys = FlowRunFilter.model_validate({"idempotency_key": {"any_": [repair_key(run) for run in found]}})
    again = {run.idempotency_key for run in await client.read_flow_runs(flow_run_filter=keys, limit=PAGE)}
    return [run for run in found if repair_key(run) not in again]


def repair_key(run: FlowRun) -> str:
    """The idempotency key of the run that is started in place of one that crashed."""
    return f"repair {run.id}"
