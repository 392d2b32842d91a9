"""Teams: code that loads, Prefect files that say what the code says, deployments that are what the files say."""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from lockgate.core.errors import LockgateError
from lockgate.core.spec import AssetSpec
from lockgate.environments import is_fresh, team_python
from lockgate.ledger import Ledger
from lockgate.orchestration.loads import load_plans
from lockgate.orchestration.plan import TeamChanges, plan_loaded
from lockgate.orchestration.validate import TeamPlan, check_plan
from lockgate.platform.doctor.finding import Finding, fail, ok, warn
from lockgate.settings import PLATFORM, all_teams, api_url, ledger_url, team_folder


def teams(root: Path) -> Iterator[Finding]:
    """Whether each team's environment and code are in order, and what is deployed is what the code says."""
    fresh = []
    for team in all_teams(root):
        found = _environment(team, team_folder(root, team))
        if found.status == "ok":
            fresh.append(team)
        yield found
    loaded = load_plans(root, fresh)
    known = registered(root)
    known |= {spec.key: spec for plan in loaded.values() if isinstance(plan, TeamPlan) for spec in plan.specs}
    sound: dict[str, TeamPlan] = {}
    for team, plan in loaded.items():
        try:
            if isinstance(plan, LockgateError):
                raise plan
            check_plan(plan, known)
        except LockgateError as error:
            yield fail(f"code {team}", error.message, error.cure or f"Mend teams/{team}.")
        else:
            sound[team] = plan
            yield ok(f"code {team}", f"{len(plan.specs)} assets, as its Prefect file says.")
    yield from _deployed(sound, root)


def registered(root: Path) -> dict[str, AssetSpec]:
    """What the ledger knows, of teams whose code is elsewhere too; nothing if it cannot be asked."""
    try:
        with Ledger(ledger_url(PLATFORM, root)) as ledger:
            return ledger.registry()
    except LockgateError:
        return {}


def _environment(team: str, folder: Path) -> Finding:
    """Whether a team's environment is what its lock says. It is not built here: that is for a deploy."""
    part = f"environment {team}"
    try:
        if is_fresh(folder):
            return ok(part, f"{team_python(folder)} is what is locked.")
    except LockgateError as error:
        return fail(part, error.message, error.cure)
    return warn(part, "it is not there, or older than what it is made from.", f"lockgate deploy {team}")


def _deployed(sound: Mapping[str, TeamPlan], root: Path) -> Iterator[Finding]:
    async def planned() -> dict[str, TeamChanges | LockgateError]:
        async with get_client() as client:
            return await plan_loaded(sound, root, client)

    try:
        with temporary_settings({PREFECT_API_URL: api_url(root)}):
            found = asyncio.run(planned())
    except (LockgateError, httpx.HTTPError):
        yield warn("deployed", "not looked at, for want of ledger or server.", "Cure those first.")
        return
    yield from (_compared(team, result) for team, result in found.items())


def _compared(team: str, result: TeamChanges | LockgateError) -> Finding:
    part = f"deployed {team}"
    if isinstance(result, LockgateError):
        return fail(part, result.message, result.cure or f"Mend teams/{team}.")
    if not result.changes:
        return ok(part, "what is deployed is what the code says.")
    if any(change.part == "pool" for change in result.changes):
        told = "its work pool is not what the code says: somebody changed it, or its template."
        return fail(part, told, f"See: lockgate plan {team}; then: lockgate deploy {team}")
    names = list(dict.fromkeys(f"{change.part} {change.name}" for change in result.changes))
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    told = f"not what the code says: {', '.join(names[:2])}{more}."
    return warn(part, told, f"See: lockgate plan {team}; then: lockgate deploy {team}")
