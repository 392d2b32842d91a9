"""What Prefect shall hold of a Prefect file, and what it holds: both as plain fields that can be compared."""

import json
from collections.abc import Collection, Iterable, Mapping
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
from prefect.client.schemas.sorting import AutomationSort, DeploymentSort
from prefect.events import AutomationCore, DeploymentEventTrigger
from prefect.events.actions import RunDeployment
from prefect.events.schemas.automations import Automation
from prefect.flows import Flow, load_flow_from_entrypoint
from prefect.utilities.callables import parameter_schema

from lockgate.core.changes import Fields
from lockgate.core.errors import UsageError
from lockgate.orchestration.prefect_file import started_by, unquoted
from lockgate.orchestration.schedules import prefect_schedule

PAGE = 200
# Prefect makes it with each pool, and puts there what names none.
QUEUE = "default"
# How an automation is told about and whether it is on; its trigger and its actions are what it does.
_LABELS = ("description", "tags", "enabled")
_ACTIONS = ("actions", "actions_on_trigger", "actions_on_resolve")
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
    """What Prefect holds of some flows.

    Attributes:
        deployments: By full name.
        automations: Those that start one of these deployments, and those named as if they did: an automation outlives
            a deployment that is deleted in Prefect's UI.
    """

    deployments: Mapping[str, DeploymentResponse]
    automations: tuple[Automation, ...]

    def ids(self, keys: Iterable[str]) -> dict[str, UUID]:
        """The ids of deployments by full name; `NOT_YET` for one that is not there."""
        return {key: self.deployments[key].id if key in self.deployments else NOT_YET for key in keys}

    def current(self) -> dict[str, Automation]:
        """By name, the automations that start the deployment they are named after, one of each."""
        found: dict[str, Automation] = {}
        for each in self.automations:
            deployment = self.deployments.get(started_by(each.name))
            if deployment and _targets(each) == {deployment.id}:
                found.setdefault(each.name, each)
        return found

    def surplus(self, wanted: Iterable[AutomationCore]) -> list[Automation]:
        """Lockgate's automations that are one too many: second of a name, pointing elsewhere or nowhere, or renamed.

        Whoever starts the same deployment on the same event as a wanted one does is that one under another name. All
        others may be somebody's own: Prefect's API does not say who owns which.

        Args:
            wanted: The automations there shall be.
        """
        kept = {each.id for each in self.current().values()}
        same = [_effect(each) for each in wanted]
        rest = [each for each in self.automations if each.id not in kept]
        return [each for each in rest if started_by(each.name) or _effect(each) in same]


def _targets(automation: AutomationCore) -> set[UUID | None]:
    return {each.deployment_id for each in automation.actions if isinstance(each, RunDeployment)}


def _effect(automation: AutomationCore) -> dict[str, Any]:
    """What it does, whatever it is called."""
    fields = trigger_fields(automation)
    return {name: value for name, value in fields.items() if name not in _LABELS}


def automations_of(wanted: Mapping[str, Wanted], ids: Mapping[str, UUID]) -> dict[str, AutomationCore]:
    """All automations that deployments shall have, by name."""
    return {name: each for key, one in wanted.items() for name, each in one.automations(ids[key]).items()}


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
        "path": None,
        "work_pool_name": entry["work_pool"]["name"],
        "work_queue_name": QUEUE,
        "job_variables": {},
        "parameters": {},
        "pull_steps": pull,
        "schedules": [_schedule(schedule) for schedule in entry.get("schedules", [])],
        "parameter_openapi_schema": parameter_schema(flow).model_dump(exclude_unset=True),
        "enforce_parameter_schema": True,
        "concurrency_limit": entry.get("concurrency_limit"),
        "concurrency_options": None,
    }
    return Wanted(flow.name, entry["name"], arguments, tuple(entry.get("triggers", ())))


def _absolute(entrypoint: str, folder: Path) -> str:
    """An entrypoint that does not depend on the working directory; module paths have none."""
    return str(folder / entrypoint) if ":" in entrypoint else entrypoint


def _schedule(entry: Mapping[str, Any]) -> DeploymentScheduleCreate:
    rule = {key: entry[key] for key in ("cron", "timezone", "interval", "anchor_date") if key in entry}
    return DeploymentScheduleCreate(
        schedule=prefect_schedule(rule), parameters=entry.get("parameters", {}), slug=entry.get("slug"), active=True
    )


async def read_held(client: PrefectClient, flows: Collection[str]) -> Held:
    """What Prefect holds of the deployments of some flows."""
    deployments = {f"{flow}/{each.name}": each for flow in flows for each in await _deployments(client, flow)}
    ids = {each.id for each in deployments.values()}
    automations = [
        each
        for each in await _automations(client)
        if started_by(each.name).partition("/")[0] in flows or _targets(each) & ids
    ]
    return Held(deployments, tuple(automations))


async def _automations(client: PrefectClient) -> list[Automation]:
    found = list[Automation]()
    while True:
        page = await client.read_automations(limit=PAGE, offset=len(found), sort=AutomationSort.CREATED_DESC)
        found += page
        if len(page) < PAGE:
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


def held_fields(found: DeploymentResponse) -> Fields:
    """A deployment that Prefect holds as the same fields. Whether it is paused is its operator's business."""
    limit, options = found.global_concurrency_limit, found.concurrency_options
    return {
        "description": found.description,
        "tags": found.tags,
        "entrypoint": found.entrypoint,
        "path": found.path,
        "work_pool_name": found.work_pool_name,
        "work_queue_name": found.work_queue_name,
        "job_variables": found.job_variables,
        "parameters": found.parameters,
        "pull_steps": found.pull_steps,
        "schedules": _schedules(found.schedules),
        "parameter_openapi_schema": found.parameter_openapi_schema,
        "enforce_parameter_schema": found.enforce_parameter_schema,
        "concurrency_limit": limit.limit if limit else None,
        "concurrency_options": options.model_dump(mode="json") if options else None,
    }


def trigger_fields(automation: AutomationCore) -> dict[str, Any]:
    """An automation as fields, without ids that Prefect gives."""
    trigger = automation.trigger.model_dump(mode="json", exclude={"id"})
    rest = automation.model_dump(mode="json", include={*_LABELS, *_ACTIONS})
    return {**trigger, **rest}


def update_of(automation: AutomationCore) -> AutomationCore:
    """What Prefect's API takes to change an automation into this one: each field is sent, except its owner."""
    names = ("name", "trigger", *_LABELS, *_ACTIONS)
    return AutomationCore(**{name: getattr(automation, name) for name in names})


def _schedules(schedules: Iterable[DeploymentScheduleCreate | DeploymentSchedule]) -> list[dict[str, Any]]:
    """Schedules without ids, in one order; what is as it always is is left out."""
    found = []
    for each in schedules:
        rule = each.schedule.model_dump(mode="json", exclude_none=True)
        if rule.get("day_or"):
            rule.pop("day_or")
        if "interval" in rule:
            rule.pop("timezone", None)
        parameters = {"parameters": each.parameters} if each.parameters else {}
        slug = {"slug": each.slug} if each.slug else {}
        found.append({**rule, **parameters, **slug, **({} if each.active else {"active": False})})
    return sorted(found, key=lambda entry: json.dumps(entry, sort_keys=True))
