"""Deploying a team: validate it as a whole, register it in the ledger, then bring Prefect to the same state.

``lockgate deploy`` and plain ``prefect deploy`` meet in ``register_team``, the build step of the team's Prefect
file: nothing reaches Prefect that the ledger has not accepted.
"""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.filters import FlowFilter, FlowFilterName
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule
from prefect.client.schemas.sorting import DeploymentSort
from prefect.events import AutomationCore, DeploymentEventTrigger
from prefect.flows import Flow, load_flow_from_entrypoint
from prefect.utilities.callables import parameter_schema

from lockgate.core.errors import LockgateError
from lockgate.environments import Announce, silent
from lockgate.ledger import Ledger, Registered
from lockgate.orchestration.loads import start_loading
from lockgate.orchestration.prefect_file import FILE, trigger_name
from lockgate.orchestration.validate import TeamPlan, check_plan, producers_first
from lockgate.settings import ledger_url

PAGE = 200


def register_team(plan: TeamPlan, root: Path) -> Registered:
    """Validate a team against the registry and its Prefect file, then register it in one transaction.

    Raises:
        DefinitionError: If anything of it does not fit; nothing is changed.
        LedgerError: If the ledger cannot be reached or refuses.
    """
    with Ledger(ledger_url(plan.team, root)) as ledger:
        check_plan(plan, ledger.registry())
        return ledger.register(plan.manifest)


async def deploy_teams(
    root: Path,
    teams: Iterable[str],
    client: PrefectClient,
    report: Callable[[str, Registered | LockgateError], None],
    announce: Announce = silent,
) -> bool:
    """Deploy teams, each as soon as it and those it reads from are loaded, producers first.

    One that is wrong is reported and stops no other; one whose code hangs holds back those alone that read from it.

    Args:
        root: The project.
        teams: Names of the teams.
        client: Of Prefect's API.
        report: Called with each team's result, as soon as there is one.
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


async def _deploy(plan: TeamPlan, root: Path, client: PrefectClient) -> Registered | LockgateError:
    try:
        registered = register_team(plan, root)
        await apply_file(plan.folder / FILE, client)
        await remove_vanished(plan, client)
    except LockgateError as error:
        return error
    return registered


async def apply_file(file: Path, client: PrefectClient) -> None:
    """Bring Prefect's deployments and automations to what a team's Prefect file says.

    Automations are updated in place, so that no event falls between an old and a new one.
    """
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    for entry in content["deployments"]:
        flow: Flow[..., Any] = load_flow_from_entrypoint(_absolute(entry["entrypoint"], file.parent))
        flow_id = await client.create_flow_from_name(flow.name)
        deployment_id = await client.create_deployment(
            flow_id=flow_id,
            name=entry["name"],
            description=entry.get("description"),
            tags=entry.get("tags", []),
            entrypoint=entry["entrypoint"],
            work_pool_name=entry["work_pool"]["name"],
            pull_steps=content["pull"],
            schedules=[_schedule(schedule) for schedule in entry.get("schedules", [])],
            parameter_openapi_schema=parameter_schema(flow).model_dump(exclude_unset=True),
            enforce_parameter_schema=True,
            concurrency_limit=entry.get("concurrency_limit"),
        )
        await _apply_triggers(client, f"{flow.name}/{entry['name']}", deployment_id, entry.get("triggers", []))


def _absolute(entrypoint: str, folder: Path) -> str:
    """An entrypoint that does not depend on the working directory; module paths have none."""
    return str(folder / entrypoint) if ":" in entrypoint else entrypoint


def _schedule(entry: dict[str, Any]) -> DeploymentScheduleCreate:
    rule = {key: entry[key] for key in ("cron", "timezone", "interval") if key in entry}
    schedule = CronSchedule(**rule) if "cron" in rule else IntervalSchedule(**rule)
    return DeploymentScheduleCreate(
        schedule=schedule, parameters=entry.get("parameters", {}), slug=entry.get("slug"), active=True
    )


async def _apply_triggers(client: PrefectClient, key: str, deployment_id: UUID, entries: list[dict[str, Any]]) -> None:
    wanted: dict[str, AutomationCore] = {}
    for entry in entries:
        trigger = DeploymentEventTrigger.model_validate(entry)
        trigger.set_deployment_id(deployment_id)
        automation = trigger.as_automation()
        wanted[automation.name] = automation
    for existing in await client.read_resource_related_automations(f"prefect.deployment.{deployment_id}"):
        if not existing.name.endswith(trigger_name("", key)):
            continue  # somebody's own automation: the API does not say who owns which
        if existing.name not in wanted:
            await client.delete_automation(existing.id)
            continue
        automation = wanted.pop(existing.name)
        if _differs(existing, automation):
            await client.update_automation(existing.id, automation)
    for automation in wanted.values():
        await client.create_automation(automation)


def _differs(existing: AutomationCore, wanted: AutomationCore) -> bool:
    def essence(automation: AutomationCore) -> Any:
        return automation.model_dump(mode="json", include={"name", "enabled", "actions", "trigger"}) | {
            "trigger": automation.trigger.model_dump(mode="json", exclude={"id"})
        }

    return bool(essence(existing) != essence(wanted))


async def remove_vanished(plan: TeamPlan, client: PrefectClient) -> list[str]:
    """Delete the team's deployments whose asset or job is gone; returns their names."""
    named = FlowFilter(name=FlowFilterName(any_=[plan.team]))
    deployed = await client.read_deployments(flow_filter=named, limit=PAGE, sort=DeploymentSort.NAME_ASC)
    gone = [found for found in deployed if found.name not in plan.deployments]
    for deployment in gone:
        await client.delete_resource_owned_automations(f"prefect.deployment.{deployment.id}")
        await client.delete_deployment(deployment.id)
    return [deployment.name for deployment in gone]
