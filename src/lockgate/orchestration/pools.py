"""Work pools as data: ``work_pools/<kind>.yaml`` holds the base job template; one pool per team is made from it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.client.schemas.objects import WorkPool
from prefect.exceptions import ObjectNotFound

from lockgate.core.changes import Fields
from lockgate.core.errors import UsageError

DEFAULT_KIND = "warm-process"


@dataclass(frozen=True)
class Pool:
    """A work pool as it shall be.

    Attributes:
        name: The team's name, or ``platform``.
        type: Prefect's worker type.
        concurrency_limit: How many runs at a time.
        base_job_template: Prefect's, with everything filled in.
    """

    name: str
    type: str
    concurrency_limit: int
    base_job_template: dict[str, Any]


def read_template(root: Path, kind: str = DEFAULT_KIND) -> dict[str, Any]:
    """Read a kind of work pool: ``type``, ``concurrency_limit`` and ``base_job_template``.

    Raises:
        UsageError: If there is no such file or it is not of that form.
    """
    file = root / "work_pools" / f"{kind}.yaml"
    try:
        template = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"There is no {file}.", cure="Choose a file of work_pools/.") from None
    except yaml.YAMLError as error:
        raise UsageError(f"{file} is not YAML: {' '.join(str(error).split())}.", cure="Mend it.") from error
    wanted = {"type", "concurrency_limit", "base_job_template"}
    if not isinstance(template, dict) or not wanted <= template.keys():
        raise UsageError(f"{file} lacks one of {', '.join(sorted(wanted))}.", cure="Add it.")
    _check_types(file, template)
    return template


def _check_types(file: Path, template: dict[str, Any]) -> None:
    limit = template["concurrency_limit"]
    if type(limit) is not int or limit < 1:
        raise UsageError(f"{file}: concurrency_limit is {limit!r}, which is no number above 0.", cure="Mend it.")
    if not isinstance(template["type"], str):
        raise UsageError(f"{file}: type is no text.", cure="Name a type of worker: warm-process, process.")
    found: Any = template["base_job_template"]
    for part in ("variables", "properties", "working_dir"):
        found = found.get(part) if isinstance(found, dict) else None
    if not isinstance(found, dict):
        raise UsageError(f"{file}: base_job_template has no variable working_dir.", cure="Add it: runs start there.")


def read_pool(root: Path, name: str, folder: Path) -> Pool:
    """A pool made from its kind's template.

    Args:
        root: The project.
        name: The pool's name: the team's, or ``platform``.
        folder: Working directory of its runs: the team's folder, so that they import that team's code alone.

    Raises:
        UsageError: If there is no such kind or its file is not of the form.
    """
    template = read_template(root)
    job = template["base_job_template"]
    job["variables"]["properties"]["working_dir"]["default"] = str(folder)
    return Pool(name, template["type"], int(template["concurrency_limit"]), job)


async def ensure_pool(client: PrefectClient, wanted: Pool) -> None:
    """Create a work pool, or bring an existing one to what is wanted."""
    job, limit = wanted.base_job_template, wanted.concurrency_limit
    if await _read(client, wanted.name) is None:
        await client.create_work_pool(
            WorkPoolCreate(name=wanted.name, type=wanted.type, base_job_template=job, concurrency_limit=limit)
        )
    else:
        await client.update_work_pool(wanted.name, WorkPoolUpdate(base_job_template=job, concurrency_limit=limit))


async def pool_fields(client: PrefectClient, wanted: Pool) -> tuple[dict[str, Fields], dict[str, Fields]]:
    """A pool as Prefect holds it and as it shall be, each by name; whether it is paused is its operator's business."""
    held = await _read(client, wanted.name)
    return ({wanted.name: _fields(held)} if held else {}), {wanted.name: _fields(wanted)}


def _fields(pool: Pool | WorkPool) -> Fields:
    return {
        "type": pool.type,
        "concurrency_limit": pool.concurrency_limit,
        "base_job_template": pool.base_job_template,
    }


async def _read(client: PrefectClient, name: str) -> WorkPool | None:
    try:
        return await client.read_work_pool(name)
    except ObjectNotFound:
        return None
