"""The platform's own flow: gives up what is old and needed by nobody. Deployed by the root prefect.yaml, run daily."""

from prefect import flow
from prefect.artifacts import acreate_table_artifact

from lockgate.ledger import Operator
from lockgate.orchestration.retention import Retired, apply
from lockgate.orchestration.threads import in_thread
from lockgate.settings import PLATFORM, ledger_url

MAX_ROWS = 200


@flow(name="platform", flow_run_name="retention", timeout_seconds=3600)
async def retention() -> int:
    """Remove versions beyond each asset's keep, and records of old attempts; returns how many values were deleted."""
    retired = await in_thread(_apply)
    await acreate_table_artifact(
        table=[
            {"asset": version.asset, "partition": version.partition, "version": version.number, "bytes": version.size}
            for version in retired.versions[:MAX_ROWS]
        ],
        key="retention",
        description=f"{len(retired.versions)} versions, {retired.deleted} values, {retired.attempts} attempts removed.",
    )
    return retired.deleted


def _apply() -> Retired:
    with Operator(ledger_url(PLATFORM)) as ledger:
        return apply(ledger)
