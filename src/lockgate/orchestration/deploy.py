"""Deploying a team: plan it as a whole, then carry out what the plan says differs, and nothing else.

    1. register  the ledger has the last word: what it refuses changes nothing
    2. pool      there before the deployments that name it
    3. deploy    create or change deployments, each with its automations, in place
    4. remove    last, what the code no longer has

Whatever breaks in between, the next deploy compares anew and finishes. Until then the registry is ahead of Prefect,
which is harmless: an asset without a deployment does not run, and a deployment without an asset ends at the gate.

Plain ``prefect deploy`` meets ``lockgate deploy`` in ``register_team``, the build step of the team's Prefect file.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from uuid import UUID

import httpx
from prefect.client.orchestration import PrefectClient
from prefect.exceptions import PrefectException

from lockgate.core.errors import LockgateError, PlatformError
from lockgate.environments import Announce, silent
from lockgate.ledger import Ledger, Registered
from lockgate.orchestration.loads import start_loading
from lockgate.orchestration.plan import TeamChanges, compare_with_prefect, plan_team, read_registry
from lockgate.orchestration.pool_template import read_pool
from lockgate.orchestration.pools import ensure_pool
from lockgate.orchestration.prefect_file import FILE
from lockgate.orchestration.prefect_state import Held, Wanted, read_file, read_held
from lockgate.orchestration.validate import TeamPlan, check_pickles, check_plan, producers_first
from lockgate.settings import PLATFORM, ledger_url

Result = TeamChanges | LockgateError


def register_team(plan: TeamPlan, root: Path) -> Registered:
    """Validate a team against the registry and its Prefect file, then register it in one transaction.

    Raises:
        DefinitionError: If anything of it does not fit; nothing is changed.
        LedgerError: If the ledger cannot be reached or refuses.
    """
    with Ledger(ledger_url(plan.team, root)) as ledger:
        check_plan(plan, ledger.registry())
        check_pickles(plan, ledger)
        return ledger.register(plan.manifest)


async def deploy_teams(
    root: Path,
    teams: Iterable[str],
    client: PrefectClient,
    report: Callable[[str, Result], None],
    announce: Announce = silent,
) -> bool:
    """Deploy teams, each as soon as it and those it reads from are loaded, producers first.

    One that is wrong is reported and stops no other; one whose code hangs holds back those alone that read from it.

    Args:
        root: The project.
        teams: Names of the teams.
        client: Of Prefect's API.
        report: Called with each team's changes once they are carried out, or with its error, as soon as there is one.
        announce: Told the name of each team whose environment must be built first.

    Returns:
        Whether all were deployed.
    """
    loading = {asyncio.wrap_future(load): team for team, load in start_loading(root, teams, announce).items()}
    plans: dict[str, TeamPlan] = {}
    complete = True
    while loading or plans:
        if free := producers_first(plans, set(loading.values())):
            result = await _deploy(plans.pop(free[0]), root, client)
            complete &= not isinstance(result, LockgateError)
            report(free[0], result)
            continue
        done, _ = await asyncio.wait(loading, return_when=asyncio.FIRST_COMPLETED)
        for load in done:
            team, loaded = loading.pop(load), load.result()
            if isinstance(loaded, TeamPlan):
                plans[team] = loaded
            else:
                complete = False
                report(team, loaded)
    return complete


async def _deploy(plan: TeamPlan, root: Path, client: PrefectClient) -> Result:
    try:
        changes = await plan_team(plan, root, client, read_registry(root, plan.team), login=plan.team)
        await carry_out(changes, root, client)
    except LockgateError as error:
        return error
    except (httpx.HTTPError, PrefectException) as error:
        return PlatformError(
            f"Prefect's API failed while team {plan.team} was deployed: {_first_line(error)}.",
            cure=f"What is missing is made up for by: lockgate deploy {plan.team}",
            team=plan.team,
        )
    return changes


async def carry_out(changes: TeamChanges, root: Path, client: PrefectClient) -> None:
    """Make the changes of one team; see the module for their order.

    Raises:
        LedgerError: If the ledger refuses; then nothing is changed.
        HTTPError: If Prefect's API fails; then a repeated deploy finishes.
    """
    parts = {change.part for change in changes.changes}
    if "asset" in parts:
        register_team(changes.plan, root)
    if "pool" in parts:
        await ensure_pool(client, changes.pool)
    await _apply(changes.wanted, changes.held, client)
    for key in changes.held.keys() - changes.wanted.keys():
        await _remove(changes.held[key], client)


async def deploy_platform(root: Path, client: PrefectClient) -> None:
    """Bring the platform's own pool and deployments to what the root ``prefect.yaml`` says."""
    await ensure_pool(client, read_pool(root, PLATFORM, root))
    wanted = read_file(root / FILE)
    await _apply(wanted, await read_held(client, {each.flow for each in wanted.values()}), client)


async def _apply(wanted: Mapping[str, Wanted], held: Mapping[str, Held], client: PrefectClient) -> None:
    """Create and change what differs. Automations are changed in place, so that no event falls in between."""
    differing = list(compare_with_prefect(wanted, held))
    deployments = {change.name for change in differing if change.part == "deployment"}
    triggers = {change.name for change in differing if change.part == "trigger"}
    for key, each in wanted.items():
        if key in deployments:
            flow_id = await client.create_flow_from_name(each.flow)
            deployment_id = await client.create_deployment(flow_id=flow_id, name=each.name, **each.arguments)
        else:
            deployment_id = held[key].deployment.id
        await _apply_triggers(each, held.get(key), deployment_id, triggers, client)


async def _apply_triggers(
    wanted: Wanted, held: Held | None, deployment_id: UUID, differing: set[str], client: PrefectClient
) -> None:
    present = held.automations if held else {}
    automations = wanted.automations(deployment_id)
    for name in differing & (automations.keys() | present.keys()):
        if name not in automations:
            await client.delete_automation(present[name].id)
        elif name in present:
            await client.update_automation(present[name].id, automations[name])
        else:
            await client.create_automation(automations[name])


async def remove_vanished(plan: TeamPlan, client: PrefectClient) -> None:
    """Delete the team's deployments that its Prefect file no longer has."""
    wanted = read_file(plan.folder / FILE)
    for key, held in (await read_held(client, {plan.team})).items():
        if key not in wanted:
            await _remove(held, client)


async def _remove(held: Held, client: PrefectClient) -> None:
    await client.delete_resource_owned_automations(f"prefect.deployment.{held.deployment.id}")
    await client.delete_deployment(held.deployment.id)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
