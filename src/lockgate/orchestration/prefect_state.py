"""What Prefect shall hold of a Prefect file, and what it holds: both as plain fields that can be compared."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.filters import FlowFilter, FlowFilterName
from prefect.client.schemas.objects import DeploymentSchedule
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.sorting import DeploymentSort
from prefect.events import AutomationCore, DeploymentEventTrigger
from prefect.events.schemas.automations import Automation
from prefect.flows import Flow, load_flow_from_entrypoint
from prefect.utilities.callables import parameter_schema

from lockgate.core.changes import Fields
from lockgate.core.errors import UsageError
from lockgate.orchestration.prefect_file import trigger_name, unquoted
from lockgate.orchestration.schedules import prefect_schedule

PAGE = 200
# Stands for the id of a deployment that is not there yet.
NOT_YET = UUID(int=0)


@dataclass(frozen=True)
class Wanted:
    """One deployment as a Prefect file has it.

    Attributes:
        flow: Its flow's name.
        name: Its own name; ``flow/name`` is the asset's key.
        arguments: Of Prefect's ``create_deployment``, without the flow.
        triggers: Its triggers as the file has them.
    """

    flow: str
    name: str
    arguments: Mapping[str, Any]
    triggers: tuple[Mapping[str, Any], ...]

    @property
    def key(self) -> str:
        """Its full name."""
        return f"{self.flow}/{self.name}"

    def automations(self, deployment_id: UUID) -> dict[str, AutomationCore]:
        """The automations its triggers become, by name."""
        found = {}
        for entry in self.triggers:
            trigger = DeploymentEventTrigger.model_validate(entry)
            trigger.set_deployment_id(deployment_id)
            automation = trigger.as_automation()
            found[automation.name] = automation
        return found


@dataclass(frozen=True)
class Held:
    """One deployment that Prefect holds, with the automations lockgate made for it, by name."""

    deployment: DeploymentResponse
    automations: Mapping[str, Automation]


def read_file(file: Path) -> dict[str, Wanted]:
    """The deployments of a Prefect file, by full name.

    Raises:
        UsageError: If it is not YAML, or lacks what every deployment has.
    """
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise UsageError(f"{file} is not YAML: {' '.join(str(error).split())}.", cure="Mend it.") from None
    if not _is_whole(content):
        needs = "pull, and deployments with a name, an entrypoint and the name of a work_pool"
        raise UsageError(f"{file} is not whole: it needs {needs}.", cure="Mend it.")
    wanted = [_wanted(entry, content["pull"], file.parent) for entry in content["deployments"]]
    return {each.key: each for each in wanted}


def _is_whole(content: Any) -> bool:
    try:
        entries = [(entry["name"], entry["entrypoint"], entry["work_pool"]["name"]) for entry in content["deployments"]]
        return isinstance(content["pull"], list) and all(isinstance(text, str) for entry in entries for text in entry)
    except (KeyError, TypeError):
        return False


def _wanted(entry: Mapping[str, Any], pull: list[Any], folder: Path) -> Wanted:
    flow: Flow[..., Any] = load_flow_from_entrypoint(_absolute(entry["entrypoint"], folder))
    arguments = {
        "description": unquoted(entry["description"]) if "description" in entry else None,
        "tags": [unquoted(tag) for tag in entry.get("tags", [])],
        "entrypoint": entry["entrypoint"],
        "work_pool_name": entry["work_pool"]["name"],
        "pull_steps": pull,
        "schedules": [_schedule(schedule) for schedule in entry.get("schedules", [])],
        "parameter_openapi_schema": parameter_schema(flow).model_dump(exclude_unset=True),
        "enforce_parameter_schema": True,
        "concurrency_limit": entry.get("concurrency_limit"),
    }
    return Wanted(flow.name, entry["name"], arguments, tuple(entry.get("triggers", ())))


def _absolute(entrypoint: str, folder: Path) -> str:
    """An entrypoint that does not depend on the working directory; module paths have none."""
    return str(folder / entrypoint) if ":" in entrypoint else entrypoint


def _schedule(entry: Mapping[str, Any]) -> DeploymentScheduleCreate:
    rule = {key: entry[key] for key in ("cron", "timezone", "interval") if key in entry}
    return DeploymentScheduleCreate(
        schedule=prefect_schedule(rule), parameters=entry.get("parameters", {}), slug=entry.get("slug"), active=True
    )


async def read_held(client: PrefectClient, flows: Iterable[str]) -> dict[str, Held]:
    """What Prefect holds of the deployments of some flows, by full name."""
    found = {}
    for flow in flows:
        for deployment in await _deployments(client, flow):
            key = f"{flow}/{deployment.name}"
            related = await client.read_resource_related_automations(f"prefect.deployment.{deployment.id}")
            # Others than ours may be somebody's own: the API does not say who owns which.
            ours = {each.name: each for each in related if each.name.endswith(trigger_name("", key))}
            found[key] = Held(deployment, ours)
    return found


async def _deployments(client: PrefectClient, flow: str) -> list[DeploymentResponse]:
    named, found = FlowFilter(name=FlowFilterName(any_=[flow])), list[DeploymentResponse]()
    while True:
        page = await client.read_deployments(
            flow_filter=named, limit=PAGE, offset=len(found), sort=DeploymentSort.NAME_ASC
        )
        found += page
        if len(page) < PAGE:
            return found


def wanted_fields(wanted: Wanted) -> Fields:
    """A deployment of a file as fields."""
    return {**wanted.arguments, "schedules": _schedules(wanted.arguments["schedules"])}


def held_fields(held: Held) -> Fields:
    """A deployment that Prefect holds as the same fields. Whether it is paused is its operator's business."""
    found = held.deployment
    limit = found.global_concurrency_limit
    return {
        "description": found.description,
        "tags": found.tags,
        "entrypoint": found.entrypoint,
        "work_pool_name": found.work_pool_name,
        "pull_steps": found.pull_steps,
        "schedules": _schedules(found.schedules),
        "parameter_openapi_schema": found.parameter_openapi_schema,
        "enforce_parameter_schema": found.enforce_parameter_schema,
        "concurrency_limit": limit.limit if limit else None,
    }


def trigger_fields(automation: AutomationCore) -> Fields:
    """An automation as fields, without ids that Prefect gives."""
    trigger = automation.trigger.model_dump(mode="json", exclude={"id"})
    rest = automation.model_dump(mode="json", include={"enabled", "actions"})
    return {**trigger, **rest}


def _schedules(schedules: Iterable[DeploymentScheduleCreate | DeploymentSchedule]) -> list[dict[str, Any]]:
    """Schedules without ids and anchors, in one order."""
    found = []
    for each in schedules:
        rule = each.schedule.model_dump(mode="json", include={"cron", "timezone", "interval", "rrule"})
        if "interval" in rule:
            rule.pop("timezone")
        parameters = {"parameters": each.parameters} if each.parameters else {}
        slug = {"slug": each.slug} if each.slug else {}
        found.append({**rule, **parameters, **slug, **({} if each.active else {"active": False})})
    return sorted(found, key=lambda entry: json.dumps(entry, sort_keys=True))
