"""Work pools as data: ``work_pools/<kind>.yaml`` holds the base job template; one pool per team is made from it."""

from pathlib import Path
from typing import Any

import yaml
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.exceptions import ObjectNotFound

from lockgate.core.errors import UsageError

DEFAULT_KIND = "warm-process"


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
    return template


async def ensure_pool(client: PrefectClient, name: str, template: dict[str, Any], folder: Path) -> None:
    """Create a work pool, or bring an existing one to the template.

    Args:
        client: Of Prefect's API.
        name: The pool's name: the team's.
        template: From ``read_template``.
        folder: Working directory of its runs: the team's folder, so that they import that team's code alone.
    """
    job = yaml.safe_load(yaml.safe_dump(template["base_job_template"]))
    job["variables"]["properties"]["working_dir"]["default"] = str(folder)
    limit = int(template["concurrency_limit"])
    try:
        existing = await client.read_work_pool(name)
    except ObjectNotFound:
        pool = WorkPoolCreate(name=name, type=template["type"], base_job_template=job, concurrency_limit=limit)
        await client.create_work_pool(pool)
        return
    if existing.base_job_template != job or existing.concurrency_limit != limit:
        await client.update_work_pool(name, WorkPoolUpdate(base_job_template=job, concurrency_limit=limit))
