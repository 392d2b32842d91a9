"""Whether a person ended a run in Prefect: cancelled it there, or deleted it while it was under way."""

from collections.abc import Sequence
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import ObjectNotFound

from lockgate.ledger import UnderWay
from lockgate.orchestration.deployed import PAGE, deployments_of

DELETED = "its run was deleted in Prefect"
CANCELLED = "cancelled in Prefect"


def cancellation(state: State | None) -> str | None:
    """Why a run is over if a person ended it, else None. Our own ends of this type have names of their own."""
    if state is None or not (state.is_cancelling() or (state.is_cancelled() and state.name == "Cancelled")):
        return None
    return f"{CANCELLED}: {state.message}" if state.is_cancelling() and state.message else CANCELLED


async def why_ended(flow_run_id: str) -> str | None:
    """Why a run under way was ended by a person, None if nobody did or Prefect cannot say."""
    try:
        async with get_client() as client:
            return cancellation((await client.read_flow_run(UUID(flow_run_id))).state)
    except ObjectNotFound:
        return DELETED
    except Exception:  # noqa: BLE001 - whatever keeps Prefect from saying, what is not known to be cancelled has failed
        return None


async def ended_by_people(client: PrefectClient, going: Sequence[UnderWay]) -> dict[int, str]:
    """The attempts under way whose run a person ended, and why.

    A run that Prefect does not know was deleted if its deployment is older than the attempt: otherwise it is Prefect's
    database that is new, and nobody decided anything.
    """
    runs = await _runs(client, sorted({one.flow_run_id for one in going}))
    missing = [one for one in going if one.flow_run_id not in runs]
    deployed = await deployments_of(client, {one.asset for one in missing}) if missing else {}
    found = {one.attempt: cancellation(runs[one.flow_run_id].state) for one in going if one.flow_run_id in runs}
    for one in missing:
        deployment = deployed.get(one.asset)
        if deployment and deployment.created and deployment.created < one.began_at:
            found[one.attempt] = DELETED
    return {attempt: why for attempt, why in found.items() if why}


async def _runs(client: PrefectClient, ids: Sequence[str]) -> dict[str, FlowRun]:
    found: dict[str, FlowRun] = {}
    for first in range(0, len(ids), PAGE):
        wanted = FlowRunFilter.model_validate({"id": {"any_": list(ids[first : first + PAGE])}})
        found |= {str(run.id): run for run in await client.read_flow_runs(flow_run_filter=wanted, limit=PAGE)}
    return found
