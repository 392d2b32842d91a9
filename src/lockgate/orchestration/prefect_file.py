"""``teams/<team>/prefect.yaml``: an ordinary Prefect project file, written from the team's code."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from lockgate.core.errors import DefinitionError
from lockgate.core.job import Job
from lockgate.core.keys import event_resource, slug
from lockgate.core.partitions import UNPARTITIONED, Static, Unpartitioned
from lockgate.core.schedule import schedule_to_json
from lockgate.core.spec import AssetSpec, InputSpec
from lockgate.orchestration.schedules import anchored

FILE = "prefect.yaml"
MATERIALIZED = "prefect.asset.materialization.succeeded"
# Which tool made the asset, as its event says: a run whose dependents events start, or a job that runs them itself.
# Triggers within a team look for the first, so whatever else sends that event has to say it too.
BY_ASSET = "lockgate"
BY_JOB = "lockgate:job"
# Prefect fills in what stands between two braces, a secret block's value too, and has no way to say them as they are.
# So the build step hands it two of them under this name.
BRACES = "lockgate-two-braces"
_TWO_BRACES = "{{ " + BRACES + " }}"
_HEADER = "# Written by `lockgate generate {team}` from assets.py. Change the code, not this file.\n"


def render(team: str, specs: Sequence[AssetSpec], others: Mapping[str, AssetSpec], jobs: Sequence[Job] = ()) -> str:
    """The text of a team's Prefect file.

    Args:
        team: The team's name.
        specs: The team's assets.
        others: Known assets of other teams, to tell how their partitions meet.
        jobs: The team's jobs.
    """
    known = {**others, **{spec.key: spec for spec in specs}}
    content = {
        "name": team,
        "build": [{"lockgate.steps.register": {"team": team}}],
        "pull": [],
        "deployments": [*(_deployment(spec, known) for spec in specs), *(_job(team, job) for job in jobs)],
    }
    return _HEADER.format(team=team) + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)


def _deployment(spec: AssetSpec, known: Mapping[str, AssetSpec]) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": spec.name, "description": quoted(spec.description or f"Asset {spec.key}.")}
    if spec.tags:
        entry["tags"] = [quoted(tag) for tag in spec.tags]
    entry["entrypoint"] = f"lockgate.flows.{spec.team}"
    entry["work_pool"] = {"name": spec.team}
    if spec.schedule:
        entry["schedules"] = _schedules(spec)
    if triggers := [_trigger(spec, given, known) for given in spec.inputs if _starts(spec, given, known)]:
        entry["triggers"] = triggers
    return entry


def _job(team: str, job: Job) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": job.deployment,
        "description": quoted(job.description),
        "entrypoint": f"lockgate.jobs.{team}",
        "work_pool": {"name": team},
    }
    if schedule := schedule_to_json(job.schedule):
        entry["schedules"] = [anchored(schedule)]
    return entry


def quoted(text: str) -> str:
    """A text that Prefect, reading a Prefect file, makes this text again."""
    return text.replace("{{", _TWO_BRACES)


def unquoted(text: str) -> str:
    """What ``prefect deploy`` makes of a quoted text."""
    return text.replace(_TWO_BRACES, "{{")


def _schedules(spec: AssetSpec) -> list[dict[str, Any]]:
    """One schedule, or one per static partition; a daily asset finds its partition by the time it was due."""
    schedule = anchored(schedule_to_json(spec.schedule) or {})
    if isinstance(spec.partitions, Static):
        return [
            {**schedule, "slug": slug(f"{spec.name}-{name}"), "parameters": {"partition": name}}
            for name in spec.partitions.names
        ]
    return [schedule]


def _starts(spec: AssetSpec, given: InputSpec, known: Mapping[str, AssetSpec]) -> bool:
    """Whether an event starts this asset. Whole inputs of a partitioned one are left to the sweep."""
    source = known.get(given.key)
    whole = source is not None and spec.reads_whole(source)
    return spec.starts_on(given, source) and not whole


def _trigger(spec: AssetSpec, given: InputSpec, known: Mapping[str, AssetSpec]) -> dict[str, Any]:
    trigger: dict[str, Any] = {
        "name": trigger_name(given.key, spec.key),
        "type": "event",
        "posture": "Reactive",
        "expect": [MATERIALIZED],
        "match": {"prefect.resource.id": event_resource(given.key)},
    }
    if given.key.startswith(f"{spec.team}/"):
        trigger["match_related"] = {"prefect.resource.role": "asset-materialized-by", "prefect.resource.id": BY_ASSET}
    if isinstance(spec.partitions, Unpartitioned):
        trigger["parameters"] = {"partition": UNPARTITIONED}
    else:
        trigger["parameters"] = {"partition": "{{ event.payload.partition }}"}
    return trigger


def started_by(automation: str) -> str:
    """The key of the asset that an automation of this name starts; an empty text if it is no `trigger_name`."""
    source, _, dependent = automation.partition(" -> ")
    return dependent if "/" in source and "/" in dependent else ""


def trigger_name(source: str, dependent: str) -> str:
    """The name of the automation by which one asset starts another."""
    return f"{source} -> {dependent}"


def check_drift(folder: Path, rendered: str) -> None:
    """Check that a team's Prefect file is what its code says.

    Args:
        folder: The team's folder.
        rendered: What `render` makes of its code.

    Raises:
        DefinitionError: If the file is missing or differs.
    """
    file = folder / FILE
    if not file.is_file() or file.read_text(encoding="utf-8") != rendered:
        raise DefinitionError(
            f"{file} is not what the code says.", cure=f"Run: lockgate generate {folder.name}", team=folder.name
        )
