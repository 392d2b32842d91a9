"""What Prefect knows: pools with their limits, workers that are alive and of one version, a sweep that runs."""

import datetime
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import ArtifactCollectionFilter, ArtifactCollectionFilterKey
from prefect.client.schemas.objects import Worker
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL, temporary_settings

from lockgate.embedded.process import alive
from lockgate.embedded.supervisor import Supervisor
from lockgate.orchestration.closed import openings
from lockgate.orchestration.notes import BROKE
from lockgate.orchestration.pool_template import STACK
from lockgate.orchestration.sweep import ARTIFACT
from lockgate.platform.doctor.finding import START, Finding, fail, ok, warn
from lockgate.platform.doctor.teams import registered
from lockgate.settings import PLATFORM, all_teams, api_url, home_of

SWEEP = f"{PLATFORM}/sweep"
# Prefect's own measure: a worker that missed three heartbeats of 30 s is offline.
SILENT_SECONDS = 90.0


@contextmanager
def client_of(root: Path) -> Iterator[SyncPrefectClient]:
    """A client of the platform's API."""
    with temporary_settings({PREFECT_API_URL: api_url(root)}), get_client(sync_client=True) as client:
        yield client


def pool_names(root: Path) -> list[str]:
    """The pools that must be there: the platform's, and one per team.

    The teams are those whose folders are here; where none is, as in the platform's image, those of the ledger.
    """
    return [PLATFORM, *(all_teams(root) or sorted({spec.team for spec in registered(root).values()}))]


def pools(root: Path) -> Iterator[Finding]:
    """Whether each team and the platform has a pool that is limited, closed to whoever starts a run, and not paused."""
    with client_of(root) as client:
        for name in pool_names(root):
            part = f"pool {name}"
            try:
                pool = client.read_work_pool(name)
            except ObjectNotFound:
                yield fail(part, "there is none, so nothing of it runs.", _deploy(name))
                continue
            if pool.is_paused:
                yield fail(part, "it is paused, so nothing of it starts.", f"prefect work-pool resume {name}")
            elif pool.concurrency_limit is None:
                yield warn(part, "it has no limit: a backlog would start all at once.", _deploy(name))
            elif open_ := openings(pool.base_job_template):
                told = f"whoever reaches Prefect's API could choose what runs in it: {', '.join(open_[:3])}."
                yield fail(part, told, _deploy(name))
            else:
                yield ok(part, f"{pool.type}, at most {pool.concurrency_limit} runs at a time.")


def workers(root: Path) -> Iterator[Finding]:
    """Whether each pool has a worker that is alive."""
    supervisor = Supervisor(home_of(root))
    records = supervisor.records()
    with client_of(root) as client:
        for name in pool_names(root):
            record = records.get(f"worker/{name}")
            if record and not alive(record):
                yield fail(f"worker {name}", f"its process has ended; its log: {record.log}.", START)
            else:
                yield _heard(name, _workers_of(client, name))


def _workers_of(client: SyncPrefectClient, pool: str) -> list[Worker]:
    """What Prefect knows of a pool's workers; none of a pool that does not exist."""
    try:
        return client.read_workers_for_work_pool(pool)
    except PrefectHTTPStatusError as error:
        if error.response.status_code != httpx.codes.NOT_FOUND:
            raise
        return []


def _heard(name: str, workers: list[Worker]) -> Finding:
    """The freshest heartbeat of a pool's workers."""
    part = f"worker {name}"
    now = datetime.datetime.now(datetime.UTC)
    ages = [(now - worker.last_heartbeat_time).total_seconds() for worker in workers if worker.last_heartbeat_time]
    if not ages:
        return fail(part, "none has ever been there, so nothing of it runs.", START)
    if min(ages) > SILENT_SECONDS:
        return fail(part, f"the last heartbeat is {min(ages):.0f} s old.", START)
    return ok(part, f"alive, its last heartbeat is {max(min(ages), 0):.0f} s old.")


def worker_versions(root: Path) -> Iterator[Finding]:
    """Whether all workers are of the server's Prefect version, as they said when they began or ran something."""
    here = version("prefect")
    others: list[str] = []
    with client_of(root) as client:
        for pool in pool_names(root):
            told = {worker.name: _told_version(client, worker.name) for worker in _workers_of(client, pool)}
            others += [f"worker {name} has {other}" for name, other in told.items() if other not in (here, None)]
    if others:
        cure = "Build its image anew, start it: docker/stack up" if STACK in os.environ else f"Start it anew: {START}"
        yield fail("worker versions", f"{'; '.join(others)}, not {here}.", cure)
    else:
        yield ok("worker versions", f"all have Prefect {here}.")


def _told_version(client: SyncPrefectClient, worker: str) -> str | None:
    """What the newest event of a worker says; none is left of one that was silent for a week."""
    resource = {"id_prefix": ["prefect.worker."], "labels": {"prefect.resource.name": [worker]}}
    wanted = {"filter": {"resource": resource, "order": "DESC"}, "limit": 1}
    found: list[dict[str, Any]] = client.request("POST", "/events/filter", json=wanted).json()["events"]
    return found[0]["resource"].get("prefect.version") if found else None


def sweep(root: Path) -> Iterator[Finding]:
    """Whether the sweep runs, which starts what an event failed to, and whether its last round broke on anything."""
    with client_of(root) as client:
        try:
            deployment = client.read_deployment_by_name(SWEEP)
        except ObjectNotFound:
            yield fail("sweep", "it is not deployed, so a lost event stays lost.", START)
            return
        broke = _broke(client)
    if broke:
        told = "; ".join(f"{note['asset'] or 'the round'}: {note['what']}" for note in broke[:3])
        yield warn("sweep", f"its last round broke on {len(broke)} things: {told}.", "See its log; mend what it names.")
    if deployment.paused or not any(schedule.active for schedule in deployment.schedules):
        yield warn(
            "sweep", "it is paused, so a lost event stays lost.", f"prefect deployment schedule resume {SWEEP} --all"
        )
    elif not broke:
        yield ok("sweep", "it is deployed and scheduled.")


def _broke(client: SyncPrefectClient) -> list[dict[str, str]]:
    """The notes of the sweep's last round on what it could not look at."""
    wanted = ArtifactCollectionFilter(key=ArtifactCollectionFilterKey(any_=[ARTIFACT]))
    latest = client.read_latest_artifacts(artifact_filter=wanted, limit=1)
    notes: list[dict[str, str]] = json.loads(str(latest[0].data)) if latest else []
    return [note for note in notes if BROKE in note["what"]]


def _deploy(name: str) -> str:
    return START if name == PLATFORM else f"lockgate deploy {name}"
