"""Deployment steps that Prefect files name; what makes plain ``prefect deploy`` as safe as ``lockgate deploy``."""

import functools

from prefect.client.orchestration import get_client

from lockgate.core.errors import LockgateError
from lockgate.orchestration.deploy import register_team, remove_vanished
from lockgate.orchestration.prefect_file import BRACES
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
    _registered().add(team)
