"""Starting a run by hand, and waiting for what becomes of it."""

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import State
from prefect.exceptions import ObjectNotFound

from lockgate.core.errors import UsageError
from lockgate.core.gate import Reason
from lockgate.ledger import Attempt, Ledger

POLL_SECONDS = 0.3
UNTAKEN_SECONDS = 10.0
MAX_SLICES = 10_000
GOOD = ("published", "unchanged")
Tell = Callable[[str], None]


@dataclass(frozen=True)
class RunResult:
    """What became of a run.

    Attributes:
        outcome: Of its attempt; of the holder's if it was a duplicate; ``published`` if it was superseded.
        flow_run_id: Prefect's id of the run.
        message: Of the run's final state, its first line.
        version: Number of the version it published, or that took its place.
    """

    outcome: str
    flow_run_id: str
    message: str
    version: int | None


@dataclass(frozen=True)
class SliceResult:
    """What became of one asset and partition in a run of several; the fields are those of ``RunResult``."""

    asset: str
    partition: str
    outcome: str
    flow_run_id: str
    message: str
    version: int | None


async def start_run(
    client: PrefectClient, key: str, partition: str, *, force: bool, assets: Sequence[str] | None = None
) -> str:
    """Start a run; returns its flow run id.

    Args:
        client: Of Prefect's API.
        key: The asset, or a job: ``flights/@all``.
        partition: Its partition.
        force: Run even if nothing changed.
        assets: Names of the assets to run, if not those of the job.

    Raises:
        UsageError: If there is no such deployment.
    """
    try:
        deployment = await client.read_deployment_by_name(key)
    except ObjectNotFound:
        raise UsageError(
            f"{key} is not deployed.", cure=f"Run: lockgate deploy {key.partition('/')[0]}", asset=key
        ) from None
    parameters: dict[str, Any] = {"partition": partition, "force": force}
    if assets is not None:
        parameters["assets"] = list(assets)
    run = await client.create_flow_run_from_deployment(deployment.id, parameters=parameters)
    return str(run.id)


async def wait_for(client: PrefectClient, ledger: Ledger, flow_run_id: str, tell: Tell = lambda why: None) -> RunResult:
    """Wait until a run is over and say what became of it.

    A run that ended without an attempt (its process died, its code could not be loaded) has failed.

    Args:
        client: Of Prefect's API.
        ledger: Where its attempt is.
        flow_run_id: The run.
        tell: Told, once, why no worker has taken the run after some seconds.
    """
    state = await _final_state(client, flow_run_id, tell)
    message = (state.message or state.name or "").partition("\n")[0]
    attempts = ledger.attempts(flow_run_id=flow_run_id)
    if not attempts:
        return RunResult("failed", flow_run_id, message, None)
    settled = await _settled(ledger, attempts[0])
    outcome = "published" if settled.outcome == "superseded" else settled.outcome or "failed"
    return RunResult(outcome, flow_run_id, message, settled.version)


async def wait_for_slices(
    client: PrefectClient, ledger: Ledger, flow_run_id: str, tell: Tell = lambda why: None
) -> tuple[list[SliceResult], str | None]:
    """Wait until a run of several is over.

    Returns:
        One result per asset and partition in the order of their gates; and why the run ended before it had settled
        them all, if it did.
    """
    state = await _final_state(client, flow_run_id, tell)
    attempts = ledger.attempts(flow_run_id=flow_run_id, limit=MAX_SLICES)
    results = [await _slice_result(ledger, attempt) for attempt in reversed(attempts)]
    complete = state.is_completed() or any(result.outcome not in GOOD for result in results)
    return results, None if complete else state.message or state.name


async def _slice_result(ledger: Ledger, attempt: Attempt) -> SliceResult:
    settled = await _settled(ledger, attempt)
    outcome = "published" if settled.outcome == "superseded" else settled.outcome or "failed"
    message = _why(ledger, settled) if outcome not in GOOD else ""
    return SliceResult(attempt.asset, attempt.partition, outcome, attempt.flow_run_id, message, settled.version)


def _why(ledger: Ledger, attempt: Attempt) -> str:
    if attempt.outcome == "rejected":
        return "; ".join(verdict.summary for verdict in ledger.verdicts(attempt.attempt) if verdict.blocks)
    reasons = [Reason(**{**given, "checks": tuple(given["checks"])}) for given in attempt.reason.get("reasons", ())]
    return "; ".join(map(str, reasons)) or str(attempt.reason.get("why", ""))


async def _final_state(client: PrefectClient, flow_run_id: str, tell: Tell) -> State[Any]:
    patience = time.monotonic() + UNTAKEN_SECONDS
    while True:
        run = await client.read_flow_run(flow_run_id)  # type: ignore[arg-type]
        if run.state and run.state.is_final():
            return run.state
        if run.state and run.state.is_scheduled() and time.monotonic() > patience:
            patience = math.inf
            tell(await _why_untaken(client, run.work_pool_name or ""))
        await asyncio.sleep(POLL_SECONDS)


async def _why_untaken(client: PrefectClient, pool: str) -> str:
    if (await client.read_work_pool(pool)).is_paused:
        return f"No worker takes it: the pool {pool} is paused. Run: prefect work-pool resume {pool}"
    if any(worker.status == "ONLINE" for worker in await client.read_workers_for_work_pool(pool)):
        return f"It waits: the worker of {pool} has as many runs as it may, or has just died. See: lockgate doctor"
    return f"No worker takes it: none of {pool} is alive. Start it: lockgate up"


async def _settled(ledger: Ledger, attempt: Attempt) -> Attempt:
    """Follow a duplicate to the attempt that did the work, and wait until that is settled."""
    while attempt.holder is not None or attempt.outcome is None:
        attempt = ledger.attempts(attempt=attempt.holder or attempt.attempt)[0]
        if attempt.outcome is None:
            await asyncio.sleep(POLL_SECONDS)
    return attempt
