"""Starting a run of an asset by hand, and waiting for what becomes of it."""

import asyncio
from dataclasses import dataclass

from prefect.client.orchestration import PrefectClient
from prefect.exceptions import ObjectNotFound

from lockgate.core.errors import UsageError
from lockgate.ledger import Attempt, Ledger

POLL_SECONDS = 0.3


@dataclass(frozen=True)
class RunResult:
    """What became of a run.

    Attributes:
        outcome: Of its attempt; of the holder's if it was a duplicate; ``published`` if it was superseded.
        flow_run_id: Prefect's id of the run.
        message: Of the run's final state.
        version: Number of the version it published, or that took its place.
    """

    outcome: str
    flow_run_id: str
    message: str
    version: int | None


async def start_run(client: PrefectClient, key: str, partition: str, *, force: bool) -> str:
    """Start a run; returns its flow run id.

    Raises:
        UsageError: If the asset has no deployment.
    """
    try:
        deployment = await client.read_deployment_by_name(key)
    except ObjectNotFound:
        raise UsageError(
            f"{key} is not deployed.", cure=f"Run: lockgate deploy {key.partition('/')[0]}", asset=key
        ) from None
    run = await client.create_flow_run_from_deployment(
        deployment.id, parameters={"partition": partition, "force": force}
    )
    return str(run.id)


async def wait_for(client: PrefectClient, ledger: Ledger, flow_run_id: str) -> RunResult:
    """Wait until a run is over and say what became of it.

    A run that ended without an attempt (its process died, its code could not be loaded) has failed.
    """
    while True:
        run = await client.read_flow_run(flow_run_id)  # type: ignore[arg-type]
        if run.state and run.state.is_final():
            break
        await asyncio.sleep(POLL_SECONDS)
    message = run.state.message or run.state.name or ""
    attempts = ledger.attempts(flow_run_id=flow_run_id)
    if not attempts:
        return RunResult("failed", flow_run_id, message, None)
    settled = await _settled(ledger, attempts[0])
    outcome = "published" if settled.outcome == "superseded" else settled.outcome or "failed"
    return RunResult(outcome, flow_run_id, message, settled.version)


async def _settled(ledger: Ledger, attempt: Attempt) -> Attempt:
    """Follow a duplicate to the attempt that did the work, and wait until that is settled."""
    while attempt.holder is not None or attempt.outcome is None:
        attempt = ledger.attempts(attempt=attempt.holder or attempt.attempt)[0]
        if attempt.outcome is None:
            await asyncio.sleep(POLL_SECONDS)
    return attempt
