"""Team delta, whose code each test writes anew."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from textwrap import dedent
from typing import Any

from prefect.client.orchestration import PrefectClient

from lockgate.core.errors import LockgateError
from lockgate.orchestration.deploy import Result, deploy_teams
from lockgate.orchestration.generate import generate_files
from tests.running import BROKEN, Live

HEAD = """
from lockgate import Daily, Static, Team

team = Team("delta", owners=["delta@example.com"])
DAYS = Daily("2020-01-01")
"""


def write_team(live: Live, code: str, *, generated: bool = True) -> None:
    """Write the team's code and, if it can be loaded, its Prefect file."""
    (live.root / "teams" / BROKEN / "assets.py").write_text(HEAD + "\n\n" + dedent(code) + "\n")
    if generated:
        generate_files(live.root, [BROKEN])


def deploy(live: Live, *teams: str) -> dict[str, str]:
    """``lockgate deploy`` without the start of its process: per team why it was refused, "" if it was deployed."""
    results: dict[str, Result] = {}

    async def run() -> None:
        async with PrefectClient(live.api_url) as client:
            await deploy_teams(live.root, teams, client, results.__setitem__)

    asyncio.run(run())
    return {team: str(result) if isinstance(result, LockgateError) else "" for team, result in results.items()}


def deployed(live: Live) -> dict[str, Any]:
    """All that is deployed of the team: registered assets, deployments and automations, without ids and times."""
    with live.ledger() as ledger:
        registered = {key: spec.to_json() for key, spec in ledger.registry().items() if spec.team == BROKEN}
    deployments = {
        f"{BROKEN}/{found['name']}": {name: value for name, value in found.items() if name in _DEPLOYMENT}
        for found in live.deployments(BROKEN)
    }
    automations = {
        found["name"]: {name: value for name, value in found.items() if name in _AUTOMATION}
        for found in live.automations()
        if found["name"].endswith(tuple(f"-> {key}" for key in deployments))
    }
    return {"registered": registered, **_without_ids({"deployments": deployments, "automations": automations})}


_DEPLOYMENT = {
    "name", "description", "tags", "entrypoint", "path", "work_pool_name", "work_queue_name", "pull_steps",
    "parameters", "parameter_openapi_schema", "enforce_parameter_schema", "concurrency_limit", "paused",
    "job_variables", "schedules",
}  # fmt: skip
_CHANGING = ("id", "deployment_id", "created", "updated")
_AUTOMATION = {"name", "description", "enabled", "trigger", "actions"}


def _without_ids(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {name: _without_ids(value) for name, value in tree.items() if name not in _CHANGING}
    if isinstance(tree, list):
        return [_without_ids(value) for value in tree]
    return tree


@contextmanager
def edited(live: Live, team: str, old: str, new: str) -> Iterator[None]:
    """Another code of a team, its Prefect file with it, for the time of the block. Deploying is up to the test."""
    file = live.root / "teams" / team / "assets.py"
    before = file.read_text()
    assert before.count(old) == 1
    try:
        file.write_text(before.replace(old, new))
        generate_files(live.root, [team])
        yield
    finally:
        file.write_text(before)
        generate_files(live.root, [team])
