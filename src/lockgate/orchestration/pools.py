"""Work pools in Prefect: made, brought to what is wanted, and compared with it."""

from contextlib import suppress

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.client.schemas.objects import WorkPool
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

from lockgate.core.changes import Fields
from lockgate.orchestration.pool_template import Pool


async def ensure_pool(client: PrefectClient, wanted: Pool) -> None:
    """Create a work pool, or bring an existing one to what is wanted; one of another type is made anew."""
    job, limit = wanted.base_job_template, wanted.concurrency_limit
    existing = await _read(client, wanted.name)
    if existing and existing.type != wanted.type:
        await client.delete_work_pool(wanted.name)
        existing = None
    if existing is None:
        new = WorkPoolCreate(name=wanted.name, type=wanted.type, base_job_template=job, concurrency_limit=limit)
        # A worker that starts at the same time creates its pool as well, with Prefect's own template.
        with suppress(ObjectAlreadyExists):
            await client.create_work_pool(new)
            return
    elif (existing.base_job_template, existing.concurrency_limit) == (job, limit):
        return
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
