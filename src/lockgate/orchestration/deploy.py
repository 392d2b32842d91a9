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

from prefect.client.orchestration import PrefectClient
from prefect.events import AutomationCore

from lockgate.core.errors import LockgateError, PlatformError
from lockgate.environments import Announce, silent
from lockgate.ledger import Ledger, Registered
from lockgate.orchestration.loads import start_loading
from lockgate.orchestration.plan import TeamChanges, compare_with_prefect, plan_team, read_registry
from lockgate.orchestration.pool_template import read_pool
from lockgate.orchestration.pools import ensure_pool
from lockgate.orchestration.prefect_file import FILE
from lockgate.orchestration.prefect_state import Held, Wanted, automations_of, read_file, read_held, update_of
from lockgate.orchestration.refused import REFUSALS, Refused, told, unplanned
from lockgate.orchestration.together import register_together
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

    Teams that read each other are judged as one set. One that is wrong is reported and stops no other; one whose code
    hangs holds back those alone that read from it.

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
            group = [plans.pop(team) for team in free[0]]
            if len(group) > 1:
                register_together(group, root)
            for plan in group:
                result = await _deploy(plan, root, client)
                complete &= not isinstance(result, LockgateError)
                report(plan.team, result)
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
    except LockgateError as error:
        return error
    except Exception as error:  # noqa: BLE001 - whatever one team breaks on, the others are deployed
        return unplanned(plan.team, error)
    try:
        await carry_out(changes, root, client)
    except LockgateError as error:
        return error
    except Exception as error:  # noqa: BLE001 - the same
        return PlatformError(
            f"Team {plan.team} is registered, but Prefect's API failed while it was deployed: {told(error)}.",
            cure="The next deploy makes up for what is missing; see: lockgate doctor",
            team=plan.team,
        )
    return changes


async def carry_out(changes: TeamChanges, root: Path, client: PrefectClient) -> None:
    """Make the changes of one team; see the module for their order.

    Raises:
        LedgerError: If the ledger refuses; then nothing is changed.
        PlatformError: If Prefect's API refuses some of it; the rest is done.
        HTTPError: If Prefect's API fails; then a repeated deploy finishes.
    """
    parts = {change.part for change in changes.changes}
    if "asset" in parts:
        register_team(changes.plan, root)
    if "pool" in parts:
        await ensure_pool(client, changes.pool)
    refused = Refused(changes.plan.team)
    await _apply(changes.wanted, changes.held, client, refused)
    await _remove_others(changes.wanted, changes.held, client, refused)
    refused.tell()


async def deploy_platform(root: Path, client: PrefectClient) -> None:
    """Bring the platform's own pool and deployments to what the root ``prefect.yaml`` says.

    Raises:
        PlatformError: If Prefect's API refuses some of it; the rest is done.
    """
    refused = Refused(PLATFORM)
    try:
        await ensure_pool(client, read_pool(root, PLATFORM, root))
        wanted = read_file(root / FILE)
        await _apply(wanted, await read_held(client, {each.flow for each in wanted.values()}), client, refused)
    except REFUSALS as error:
        raise unplanned(PLATFORM, error) from None
    refused.tell()


async def _apply(wanted: Mapping[str, Wanted], held: Held, client: PrefectClient, refused: Refused) -> None:
    """Create and change what differs. Automations are changed in place, so that no event falls in between."""
    differing = {(change.part, change.name) for change in compare_with_prefect(wanted, held)}
    for key, each in wanted.items():
        with refused.by_itself(f"deployment {key}"):
            if ("deployment", key) in differing:
                flow_id = await client.create_flow_from_name(each.flow)
                deployment_id = await client.create_deployment(flow_id=flow_id, name=each.name, **each.arguments)
            else:
                deployment_id = held.deployments[key].id
            triggers = each.automations(deployment_id)
            await _apply_triggers(
                {name: one for name, one in triggers.items() if ("trigger", name) in differing}, held, client, refused
            )


async def _apply_triggers(
    differing: Mapping[str, AutomationCore], held: Held, client: PrefectClient, refused: Refused
) -> None:
    current = held.current()
    for name, automation in differing.items():
        with refused.by_itself(f"trigger {name}"):
            if name in current:
                await client.update_automation(current[name].id, update_of(automation))
            else:
                await client.create_automation(automation)


async def remove_vanished(plan: TeamPlan, client: PrefectClient) -> None:
    """Delete what Prefect holds of a team, deployments and automations, that its Prefect file no longer has.

    Raises:
        PlatformError: If Prefect's API refuses some of it; the rest is done.
    """
    refused = Refused(plan.team)
    await _remove_others(read_file(plan.folder / FILE), await read_held(client, {plan.team}), client, refused)
    refused.tell()


async def _remove_others(wanted: Mapping[str, Wanted], held: Held, client: PrefectClient, refused: Refused) -> None:
    """Delete what shall not be there, automations first: none is left that points nowhere."""
    automations = automations_of(wanted, held.ids(wanted))
    unwanted = [each for name, each in held.current().items() if name not in automations]
    for each in [*unwanted, *held.surplus(automations.values())]:
        with refused.by_itself(f"trigger {each.name}"):
            await client.delete_automation(each.id)
    for key in held.deployments.keys() - wanted.keys():
        with refused.by_itself(f"deployment {key}"):
            await client.delete_resource_owned_automations(f"prefect.deployment.{held.deployments[key].id}")
            await client.delete_deployment(held.deployments[key].id)
