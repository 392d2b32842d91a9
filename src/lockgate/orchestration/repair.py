"""Repair: runs whose process is gone are ended in Prefect and in the ledger, so that others may go on.

The evidence is the ledger's. A run under way renews the lease of its claim every 5 seconds, however slow it is; a
lease lasts 30. A run is dead

    - if its lease has run out, and still has when it is looked at again after the time of a renewal (the ledger
      itself may have been away: then all leases have run out, and those who live renew them at once), or
    - if it has been Pending or Running for three minutes, holds no claim, and the ledger has not heard of it since:
      it died before its gate, or after its last word.

Whatever was judged dead in error can do no harm: it cannot publish any more, and another run does its work.

What a person ended, cancelled or deleted in Prefect, is settled as cancelled: nothing starts it again by itself, and
its process, if it lives, ends when it learns of it.

What crashed, ended here or by whoever saw its process die, is started again: a dependent by the sweep, which knows
what is missing; a source or a job here, at most twice.
"""

import asyncio
import datetime
import re
from collections.abc import Collection
from functools import partial

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled, Crashed

from lockgate.core.partitions import Daily
from lockgate.core.schedule import last_complete_day
from lockgate.core.spec import AssetSpec
from lockgate.core.sweep import MAX_FAILURES
from lockgate.core.team import TAG_MARK
from lockgate.ledger import Operator
from lockgate.orchestration.cancelled import ended_by_people
from lockgate.orchestration.deployed import crashed, repair_key, unfinished
from lockgate.orchestration.lease import RENEWAL_SECONDS
from lockgate.orchestration.notes import Note, by_itself
from lockgate.orchestration.threads import in_thread
from lockgate.settings import PLATFORM

SILENCE_SECONDS = 180.0
# A round of the sweep, or of retention, reports nothing to the ledger and ends itself in time.
PLATFORM_SECONDS = {"sweep": 300.0, "retention": 3900.0}
# A crash that no round saw for so long is left to the schedule, or to whoever looks.
CRASH_SECONDS = 600.0
# How often a run was started again; a team's own tags cannot begin so.
TAG = f"{TAG_MARK}repair-"


async def repair(client: PrefectClient, ledger: Operator) -> list[Note]:
    """Settle what is dead, free what it holds, and start again what crashed and the sweep does not start itself."""
    registry = await in_thread(ledger.registry)
    repaired: list[Note] = []
    await _settle_cancelled(client, ledger, repaired)
    expired = await in_thread(lambda: ledger.expired(0))
    if expired:
        await asyncio.sleep(RENEWAL_SECONDS + 2)
    for silent in expired:
        with by_itself(repaired, silent.asset, silent.partition):
            run = await _read(client, silent.flow_run_id)
            if await in_thread(partial(ledger.expire, silent.attempt)):
                if run:
                    await _end(client, run, f"the lease of attempt {silent.attempt} ran out")
                repaired.append(Note(silent.asset, silent.partition, f"settled attempt {silent.attempt}"))
    teams = {spec.team for spec in registry.values()}
    for run in await _dead_without_claim(client, ledger, teams | {PLATFORM}):
        with by_itself(repaired, run.name):
            name = await _name(client, run)
            await _end(client, run, "it gave no sign of life")
            repaired.append(Note(name, _partition(run), "ended a dead run"))
    return repaired + await _start_again(client, ledger, registry, teams)


async def _settle_cancelled(client: PrefectClient, ledger: Operator, notes: list[Note]) -> None:
    going = {one.attempt: one for one in await in_thread(ledger.under_way)}
    for attempt, why in (await ended_by_people(client, list(going.values()))).items():
        where = going[attempt]
        with by_itself(notes, where.asset, where.partition):
            if await in_thread(partial(ledger.cancel, attempt, why)):
                notes.append(Note(where.asset, where.partition, f"settled attempt {attempt}: {why}"))


async def _dead_without_claim(client: PrefectClient, ledger: Operator, teams: Collection[str]) -> list[FlowRun]:
    """Of the platform's own flows and the teams', never of others that share the server."""
    going = await unfinished(client, "PENDING", "RUNNING", "CANCELLING", flows=teams)
    runs = [run for run in going if run.deployment_id and _age(run) > SILENCE_SECONDS]
    if not runs:
        return []
    alive = await in_thread(lambda: ledger.heard_of([str(run.id) for run in runs], SILENCE_SECONDS))
    silent = [run for run in runs if str(run.id) not in alive]
    return [run for run in silent if _age(run) > await _patience(client, run)]


async def _patience(client: PrefectClient, run: FlowRun) -> float:
    team, _, name = (await _name(client, run)).partition("/")
    return PLATFORM_SECONDS.get(name, SILENCE_SECONDS) if team == PLATFORM else SILENCE_SECONDS


def _age(run: FlowRun) -> float:
    """Seconds since the run came into its present state."""
    if run.state is None or run.state.timestamp is None:
        return 0.0
    return (datetime.datetime.now(datetime.UTC) - run.state.timestamp).total_seconds()


async def _end(client: PrefectClient, run: FlowRun, why: str) -> None:
    """End a run in Prefect, which frees its slots."""
    if run.state is None or run.state.is_final() or run.state.is_scheduled():
        return
    message = f"Its process is gone: {why}."
    ending = Cancelled if run.state.is_cancelling() else Crashed
    await client.set_flow_run_state(run.id, ending(message=message), force=True)


async def _start_again(
    client: PrefectClient, ledger: Operator, registry: dict[str, AssetSpec], teams: Collection[str]
) -> list[Note]:
    """Start sources and jobs whose run crashed lately, each crash once; not while the dead run's claim still holds."""
    since = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=CRASH_SECONDS)
    runs = await crashed(client, since, flows=teams)
    held = await in_thread(lambda: ledger.heard_of([str(run.id) for run in runs], 0)) if runs else set()
    started: list[Note] = []
    for run in (run for run in runs if str(run.id) not in held):
        with by_itself(started, run.name):
            started += await _start_one_again(client, ledger, registry, run)
    return started


async def _start_one_again(
    client: PrefectClient, ledger: Operator, registry: dict[str, AssetSpec], run: FlowRun
) -> list[Note]:
    name = await _name(client, run)
    spec = registry.get(name)
    if run.deployment_id is None or (spec and (spec.inputs or spec.unreadable)):
        return []
    if spec is not None and await in_thread(partial(_came_to_an_end, ledger, str(run.id))):
        return []
    before = _times_repaired(run)
    what = f"crashed {before + 1} times: given up"
    if before + 1 < MAX_FAILURES:
        await client.create_flow_run_from_deployment(
            run.deployment_id,
            parameters=_parameters(run, spec),
            idempotency_key=repair_key(run),
            tags=[f"{TAG}{before + 1}"],
        )
        what = "crashed: started again"
    return [Note(name, _partition(run), what)]


def _partition(run: FlowRun) -> str:
    return str(run.parameters.get("partition") or "")


def _times_repaired(run: FlowRun) -> int:
    """How often a run was started again, as the tag that we gave it says; no other tag counts."""
    told = (re.fullmatch(rf"{TAG}([0-9]{{1,3}})", tag) for tag in run.tags)
    return max((int(match[1]) for match in told if match), default=0)


def _came_to_an_end(ledger: Operator, flow_run_id: str) -> bool:
    """Whether a run's attempt was settled by the run itself: it died after its last word."""
    return any(attempt.outcome != "failed" for attempt in ledger.attempts(flow_run_id=flow_run_id))


def _parameters(run: FlowRun, spec: AssetSpec | None) -> dict[str, object]:
    """Those of the dead run; a daily one that found its day by the time it was due gets that day by name."""
    parameters = dict(run.parameters)
    due = run.expected_start_time
    if spec and spec.schedule and isinstance(spec.partitions, Daily) and not parameters.get("partition") and due:
        parameters["partition"] = last_complete_day(spec.schedule, due)
    return parameters


async def _read(client: PrefectClient, flow_run_id: str) -> FlowRun | None:
    try:
        return await client.read_flow_run(flow_run_id)  # type: ignore[arg-type]
    except (ObjectNotFound, ValueError):
        return None


async def _name(client: PrefectClient, run: FlowRun) -> str:
    """The full name of a run's deployment, ``flow/deployment``."""
    if run.deployment_id is None:
        return run.name
    try:
        deployment = await client.read_deployment(run.deployment_id)
        flow = await client.read_flow(run.flow_id)
    except ObjectNotFound:
        return run.name
    return f"{flow.name}/{deployment.name}"
