"""Deployment steps that Prefect files name; what makes plain ``prefect deploy`` as safe as ``lockgate deploy``."""

import atexit
import functools
import sys
from uuid import UUID

import httpx
from prefect.client.orchestration import PrefectClient, SyncPrefectClient, get_client
from prefect.exceptions import PrefectException

from lockgate.core.errors import LockgateError
from lockgate.orchestration.deploy import register_team, remove_vanished
from lockgate.orchestration.prefect_file import BRACES
from lockgate.orchestration.prefect_state import read_held
from lockgate.orchestration.validate import load_plan
from lockgate.settings import project_root


async def register(team: str) -> dict[str, str]:
    """Build step: validate a team as a whole and register it, before Prefect changes anything.

    Args:
        team: The team's name.

    Returns:
        ``{"team": team}``, for later steps, and what the file's texts need to arrive as they are.

    Raises:
        SystemExit: With one sentence, if anything of the team is wrong; nothing is deployed then.
    """
    try:
        await _register_once(team)
    except LockgateError as error:
        raise SystemExit(f"lockgate: {error}") from None
    return {"team": team, BRACES: "{{"}


@functools.cache
def _registered() -> set[str]:
    """Teams this process has registered: Prefect runs the build step once per deployment."""
    return set()


async def _register_once(team: str) -> None:
    if team in _registered():
        return
    root = project_root()
    plan = load_plan(root, team)
    register_team(plan, root)
    async with get_client() as client:
        await remove_vanished(plan, client)
        await _keep_paused(team, client)
    _registered().add(team)


async def _keep_paused(team: str, client: PrefectClient) -> None:
    """Let an operator's pauses outlive ``prefect deploy``, which resumes all it deploys and has no step afterwards."""
    held = await read_held(client, {team})
    if paused := [each.id for each in held.deployments.values() if each.paused]:
        # Made now, while the command's settings are in force.
        atexit.register(_pause, get_client(sync_client=True), paused)


def _pause(client: SyncPrefectClient, deployments: list[UUID]) -> None:
    with client:
        for each in deployments:
            try:
                client.pause_deployment(each)
            except (httpx.HTTPError, PrefectException) as error:
                print(f"lockgate: deployment {each} was paused and is not any more: {error}", file=sys.stderr)  # noqa: T201
