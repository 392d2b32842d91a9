"""What whoever reaches Prefect's API cannot do to a team: choose what runs with its login."""

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import DeploymentUpdate, WorkPoolUpdate
from prefect.exceptions import PrefectHTTPStatusError
from prefect.states import Pending

from lockgate.core.errors import LockgateError
from lockgate.orchestration.closed import openings
from lockgate.orchestration.deploy import deploy_platform, deploy_teams
from lockgate.platform.doctor import prefect_side, teams
from tests.running import Live

VICTIM = "alpha/solo"
OPEN: dict[str, Any] = {
    "job_configuration": {"command": "{{ command }}", "env": "{{ env }}", "working_dir": "{{ working_dir }}"},
    "variables": {
        "type": "object",
        "properties": {"command": {"type": "string"}, "env": {"type": "object"}, "working_dir": {"type": "string"}},
    },
}


@pytest.fixture
def payload(live: Live, tmp_path: Path) -> Iterator[Path]:
    """What the attacker wants to run, which notes that it did; whatever was changed in Prefect is mended afterwards."""
    script = tmp_path / "payload.py"
    script.write_text(f"from pathlib import Path\nPath({str(tmp_path / 'ran')!r}).touch()\n")
    yield script

    async def mend() -> None:
        async with PrefectClient(live.api_url) as client:
            await deploy_platform(live.root, client)
            results: dict[str, Any] = {}
            await deploy_teams(live.root, ["alpha"], client, results.__setitem__)
            assert not isinstance(results["alpha"], LockgateError)

    asyncio.run(mend())


def variables(payload: Path) -> dict[str, Any]:
    return {
        "command": f"python {payload}",
        "env": {"PREFECT__FLOW_ENTRYPOINT": f"{payload}:nothing", "PYTHONSTARTUP": str(payload)},
        "working_dir": str(payload.parent),
    }


def did_not_run(payload: Path) -> bool:
    return not payload.with_name("ran").exists()


@pytest.mark.parametrize("name", ["command", "env", "working_dir", "image", "volumes"])
def test_a_run_with_job_variables_of_its_own_is_refused(live: Live, day: str, payload: Path, name: str) -> None:
    deployment = live.client.read_deployment_by_name(VICTIM)
    with pytest.raises((PrefectHTTPStatusError, httpx.HTTPStatusError)) as refused:
        live.client.create_flow_run_from_deployment(
            deployment.id, parameters={"partition": day}, job_variables={name: variables(payload).get(name, "x")}
        )
    assert refused.value.response.status_code == 422


def test_a_run_made_behind_the_schema_runs_the_teams_own_flow_all_the_same(live: Live, day: str, payload: Path) -> None:
    """The API's other way to make a run judges no job variables; neither does a pool that somebody has opened."""
    live.client.update_work_pool("alpha", WorkPoolUpdate(base_job_template=OPEN))
    deployment = live.client.read_deployment_by_name(VICTIM)
    run = live.client.create_flow_run_from_deployment(
        deployment.id, parameters={"partition": day}, job_variables=variables(payload)
    )
    assert live.ended(str(run.id)).outcome == "published"
    assert did_not_run(payload)


def test_a_deployments_pull_steps_entrypoint_and_path_are_not_what_runs(live: Live, day: str, payload: Path) -> None:
    deployment = live.client.read_deployment_by_name(VICTIM)
    step = {"prefect.deployments.steps.run_shell_script": {"script": f"python {payload}"}}
    live.client.update_deployment(
        deployment.id,
        DeploymentUpdate(pull_steps=[step], entrypoint=f"{payload}:nothing", path=str(payload.parent)),
    )
    assert live.run(VICTIM, day).outcome == "published"
    assert did_not_run(payload)


def test_a_run_that_crashes_loads_nothing_into_its_worker(live: Live, day: str, payload: Path) -> None:
    """Prefect would look for the hooks of the flow that the deployment names, in the worker's own process."""
    deployment = live.client.read_deployment_by_name(VICTIM)
    live.client.update_deployment(deployment.id, DeploymentUpdate(entrypoint=f"{payload}:nothing"))
    live.steer("solo", day, hold=True)
    cancelled = live.start(VICTIM, day)
    live.is_computing("solo", day)
    live._post(f"/flow_runs/{cancelled}/set_state", {"state": {"type": "CANCELLING"}, "force": True})
    assert live.ended(cancelled).state.name == "Cancelled"
    live.steer("solo", day, die=True)
    assert live.ended(live.start(VICTIM, day)).state.is_crashed()
    assert did_not_run(payload)


def test_the_command_of_the_other_pools_runs_the_teams_own_flow_too(live: Live, day: str, payload: Path) -> None:
    """`python -m lockgate.engine`, as Prefect's process and docker workers start it."""
    deployment = live.client.read_deployment_by_name(VICTIM)
    step = {"prefect.deployments.steps.run_shell_script": {"script": f"python {payload}"}}
    live.client.update_deployment(deployment.id, DeploymentUpdate(pull_steps=[step], entrypoint=f"{payload}:nothing"))
    run = live.client.create_flow_run_from_deployment(deployment.id, parameters={"partition": day}, state=Pending())
    told = {"PREFECT__FLOW_RUN_ID": str(run.id), "PREFECT__DEPLOYMENT_NAME": "solo"}
    worker = psutil.Process(live.process("worker/alpha"))
    subprocess.run(
        [worker.cmdline()[0], "-m", "lockgate.engine"], cwd=worker.cwd(), env={**worker.environ(), **told}, check=True
    )
    assert live.ended(str(run.id)).outcome == "published"
    assert did_not_run(payload)


def test_the_platforms_flows_are_those_of_its_own_file(live: Live, payload: Path) -> None:
    deployment = live.client.read_deployment_by_name("platform/sweep")
    step = {"prefect.deployments.steps.run_shell_script": {"script": f"python {payload}"}}
    live.client.update_deployment(deployment.id, DeploymentUpdate(pull_steps=[step], entrypoint=f"{payload}:sweep"))
    assert live.sweep().state.is_completed()
    assert did_not_run(payload)


def test_doctor_tells_of_a_pool_that_is_open_or_was_changed(live: Live, payload: Path) -> None:
    assert [found.status for found in prefect_side.pools(live.root) if found.part == "pool alpha"] == ["ok"]
    live.client.update_work_pool("alpha", WorkPoolUpdate(base_job_template=OPEN))
    (found,) = (found for found in prefect_side.pools(live.root) if found.part == "pool alpha")
    assert (found.status, found.cure) == ("fail", "lockgate deploy alpha")
    assert "could choose what runs in it: " in found.message
    assert "command can be chosen" in found.message
    (changed,) = (found for found in teams.teams(live.root) if found.part == "deployed alpha")
    assert (changed.status, changed.message[:41]) == ("fail", "its work pool is not what the code says: ")


def test_what_counts_as_open() -> None:
    closed = {"type": "object", "properties": {}, "additionalProperties": False}
    bounded = {**closed, "properties": {"mem_limit": {"enum": ["1g"]}}}
    unbounded = {**closed, "properties": {"mem_limit": {"type": "string"}}}
    assert openings({"job_configuration": {"command": "python x.py"}, "variables": closed}) == []
    assert openings({"job_configuration": {"mem_limit": "{{ mem_limit }}"}, "variables": bounded}) == []
    for configuration, schema, said in (
        ({"mem_limit": "{{ mem_limit }}"}, unbounded, "mem_limit has no ceiling"),
        ({"command": "{{ mem_limit }}"}, bounded, "command can be chosen"),
        ({"command": "sh -c {{ mem_limit }}"}, bounded, "command can be chosen"),
        ({"volumes": ["a", "{{ more }}"]}, closed, "volumes can be chosen"),
        ({"container_create_kwargs": {"devices": "{{ devices }}"}}, closed, "container_create_kwargs.devices can be"),
        ({"env": {"A": "b"}}, closed, "env can be added to"),
        ({}, {"type": "object", "properties": {}}, "any variable is accepted"),
        ({}, {**closed, "properties": {"env": {"default": {}}}}, "env can be set"),
        ({"image": "{{ prefect.variables.image }}"}, closed, "image can be chosen"),
    ):
        (found,) = openings({"job_configuration": configuration, "variables": schema})
        assert found.startswith(said)
