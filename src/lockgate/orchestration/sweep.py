"""The sweep: level-triggered repair. What an event failed to start, it starts a minute later.

One round: end what was left open, end what is dead, announce what was forgotten, start what is missing, make up for
missed schedules, delete what will never be published; and one artifact that tells all of it. It never imports a team's
code. One item that breaks a part is told of, and keeps no other item from its turn.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from itertools import islice

from prefect.artifacts import acreate_table_artifact
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.responses import DeploymentResponse

from lockgate.core.sweep import MAX_FAILURES, Start, given_up, in_turn, missing_runs
from lockgate.ledger import Operator
from lockgate.ledger.rounds import only_round
from lockgate.orchestration.announce import announce_forgotten
from lockgate.orchestration.catch_up import catch_up
from lockgate.orchestration.deployed import deployments_of, unfinished
from lockgate.orchestration.discard import discard_all
from lockgate.orchestration.notes import BROKE, Note, by_itself
from lockgate.orchestration.repair import repair
from lockgate.orchestration.threads import in_thread
from lockgate.settings import PLATFORM, ledger_url

MAX_STARTS = 100
BATCH = 100
MAX_BATCHES = 5
MAX_ROWS = 200
COLLECT_GRACE_SECONDS = 24 * 3600
# Every statement of ours is a transaction of its own, and the longest takes seconds.
OVERLONG_SECONDS = 300.0
# A round ends itself before that: its flow has a limit of 240 s.
LONGEST_SECONDS = 300.0
ARTIFACT = "sweep"
STARTED = "started"


async def sweep_once() -> list[Note] | None:
    """Do one round, unless another is under way; its artifact has the first 200 of what is returned.

    A part that fails keeps no other from being done.

    Returns:
        What was found; None if another round is under way.

    Raises:
        ExceptionGroup: If a part failed, once all are done and the artifact tells of it.
    """
    with only_round(ledger_url(PLATFORM), LONGEST_SECONDS) as alone:
        return await _round() if alone else None


async def _round() -> list[Note]:
    notes: list[Note] = []
    failures: list[Exception] = []
    async with get_client() as client:
        with Operator(ledger_url(PLATFORM)) as ledger:
            for part in (_end_overlong, _repair, _announce, _start_missing, _catch_up, _collect):
                try:
                    notes += await part(client, ledger)
                except Exception as error:  # noqa: BLE001 - raised once the other parts are done
                    failures.append(error)
                    notes.append(Note("", "", f"{part.__name__.strip('_')} {BROKE}: {type(error).__name__}"))
    started = sum(note.what == STARTED for note in notes)
    await acreate_table_artifact(
        # What broke first, so that no multitude of the rest hides it.
        table=[asdict(note) for note in sorted(notes, key=lambda note: BROKE not in note.what)[:MAX_ROWS]],
        key=ARTIFACT,
        description=f"{len(notes)} found, {started} started.",
    )
    if failures:
        raise ExceptionGroup("parts of the round failed", failures)
    return notes


async def _end_overlong(_: PrefectClient, ledger: Operator) -> list[Note]:
    roles = await in_thread(lambda: ledger.end_overlong(OVERLONG_SECONDS))
    return [Note("", "", f"{role} had transactions open for minutes: ended") for role in roles]


async def _repair(client: PrefectClient, ledger: Operator) -> list[Note]:
    return await repair(client, ledger)


async def _announce(_: PrefectClient, ledger: Operator) -> list[Note]:
    return await announce_forgotten(ledger)


async def _start_missing(client: PrefectClient, ledger: Operator) -> list[Note]:
    snapshot, progress = await in_thread(lambda: (ledger.snapshot_all(), ledger.progress()))
    notes = await _start_all(client, in_turn(missing_runs(snapshot, progress)))
    notes += [Note(*found, f"failed {MAX_FAILURES} times: given up") for found in given_up(snapshot, progress)]
    return notes + [
        Note(key, "", f"{BROKE}: {spec.unreadable}") for key, spec in snapshot.assets.items() if spec.unreadable
    ]


async def _catch_up(client: PrefectClient, ledger: Operator) -> list[Note]:
    return await catch_up(client, await in_thread(ledger.registry))


async def _collect(_: PrefectClient, ledger: Operator) -> list[Note]:
    ledger_gave_up = partial(ledger.collect, COLLECT_GRACE_SECONDS)
    await in_thread(ledger_gave_up)
    discarded = await in_thread(lambda: discard_all(ledger))
    notes = [Note("", "", f"{discarded.deleted} values collected")] if discarded.deleted else []
    return notes + [Note("", "", f"a value of version {one} {BROKE} in the store") for one in discarded.left]


async def _start_all(client: PrefectClient, found: Sequence[Start]) -> list[Note]:
    """Start what is due in the order given, at most 100; those that cannot be started now take nobody's place."""
    waiting = [start for start in found if start.wait > 0]
    notes = [_note(start, f"failed before: tried again in {start.wait:.0f} s") for start in waiting]
    due = [start for start in found if start.wait <= 0]
    started = 0
    for batch in islice(_batches(due), MAX_BATCHES):
        deployed = await deployments_of(client, {start.key for start in batch})
        ids = [deployment.id for deployment in deployed.values()]
        runs = await unfinished(client, "SCHEDULED", "PENDING", "RUNNING", deployments=ids) if ids else []
        busy = {(run.deployment_id, run.parameters.get("partition", "")) for run in runs}
        for start in batch:
            deployment = deployed.get(start.key)
            if started == MAX_STARTS:
                what = f"one of more than {MAX_STARTS}: next round"
            elif deployment is None:
                what = "not deployed in Prefect"
            elif deployment.paused:
                what = "its deployment is paused"
            elif (deployment.id, start.partition) in busy:
                what = "a run of it is under way"
            else:
                with by_itself(notes, start.key, start.partition):
                    what = await _start(client, deployment, start)
                    started += what == STARTED
                    notes.append(_note(start, what))
                continue
            notes.append(_note(start, what))
        if started == MAX_STARTS:
            break
    return notes


def _batches(starts: Sequence[Start]) -> Iterator[Sequence[Start]]:
    return (starts[first : first + BATCH] for first in range(0, len(starts), BATCH))


def _note(start: Start, what: str) -> Note:
    return Note(start.key, start.partition, what)


async def _start(client: PrefectClient, deployment: DeploymentResponse, start: Start) -> str:
    """Create the run, once per inputs and attempt; claims in the ledger settle what races with an event.

    Prefect keeps keys for ever: one whose run ended without an attempt, because it died or had to wait, is used up.
    """
    for again in range(MAX_FAILURES):
        run = await client.create_flow_run_from_deployment(
            deployment.id,
            parameters={"partition": start.partition},
            idempotency_key=f"{idempotency_key(start)} {again}",
            tags=["sweep"],
        )
        if run.state is None or not run.state.is_final():
            return STARTED
    return f"{MAX_FAILURES} runs of it ended before they began: given up"


def idempotency_key(start: Start) -> str:
    """The key Prefect keeps for ever: the slice, what it would read, and the attempt's ordinal."""
    ids = ",".join(str(pin.version_id) for pin in sorted(start.pins, key=lambda pin: pin.version_id))
    digest = hashlib.sha256(ids.encode()).hexdigest()[:16]
    return f"sweep {start.key} [{start.partition}] {digest} {start.ordinal}"
