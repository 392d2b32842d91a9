"""Prefect's stock process worker as the baseline: the same platform, deployments and code, only the worker differs."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from prefect.client.schemas.actions import WorkPoolCreate

from benchmarks.common import Bench, until
from lockgate.embedded.environment import minimal_environment
from lockgate.embedded.server import client_environment
from lockgate.embedded.supervisor import Supervisor
from lockgate.orchestration.pool_template import read_pool
from lockgate.settings import ledger_url, team_folder


@dataclass(frozen=True)
class Kind:
    """A kind of worker with its settings.

    Attributes:
        name: As it stands in the tables.
        pool: The work pool's type; a file of ``work_pools/``.
        poll_seconds: How often it asks for runs; None for Prefect's default of 10 s.
    """

    name: str
    pool: str
    poll_seconds: float | None = None


WARM = Kind("warm worker", "warm-process")
STOCK = Kind("stock worker, defaults", "process")
# At half a second, a poll takes longer than the pause until the next.
STOCK_FASTEST = Kind("stock worker, 1 s poll", "process", 1)


@contextmanager
def replaced(bench: Bench, team: str, kind: Kind, *, limit: int = 4, api_url: str | None = None) -> Iterator[int]:
    """For the block, a team's deployments belong to another work pool with a worker of its own.

    Args:
        bench: The platform.
        team: Whose deployments.
        kind: The worker.
        limit: Runs at a time.
        api_url: Where the worker reaches Prefect's API; None for the platform's own address.

    Yields:
        The worker's process id.
    """
    pool = f"{team}-{kind.pool}-{kind.poll_seconds or 'default'}"
    job = read_pool(bench.root, pool, team_folder(bench.root, team), kind=kind.pool).base_job_template
    job["job_configuration"].pop("command", None)  # each worker's own way to start a run is what is measured
    bench.client.create_work_pool(
        WorkPoolCreate(name=pool, type=kind.pool, base_job_template=job, concurrency_limit=limit)
    )
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", pool, "--name", pool]
    environment = {
        **minimal_environment(),
        **client_environment(bench.home, api_url or bench.api_url),
        "LOCKGATE_LEDGER_URL": ledger_url(team, bench.root),
        "LOCKGATE_STORE_URL": bench.store_url(),
        **({"PREFECT_WORKER_QUERY_SECONDS": str(kind.poll_seconds)} if kind.poll_seconds else {}),
    }
    supervisor = Supervisor(bench.home)
    record = supervisor.start(
        f"worker/{pool}",
        [*command, "--limit", str(limit)],
        environment=environment,
        folder=team_folder(bench.root, team),
    )
    until(lambda: _is_online(bench, pool), f"the worker of {pool} is online")
    _move(bench, team, pool)
    try:
        yield record.pid
    finally:
        _move(bench, team, team)
        supervisor.stop(f"worker/{pool}")
        bench.client.delete_work_pool(pool)


@contextmanager
def beside(bench: Bench, folder: Path) -> Iterator[str]:
    """For the block, a warm worker of a folder that is no team's; yields the name of its pool.

    A team's worker runs the team's own flows and no others.
    """
    pool = folder.name
    job = read_pool(bench.root, pool, folder, kind=WARM.pool).base_job_template
    bench.client.create_work_pool(WorkPoolCreate(name=pool, type=WARM.pool, base_job_template=job))
    supervisor = Supervisor(bench.home)
    supervisor.start(
        f"worker/{pool}",
        [sys.executable, "-m", "prefect", "worker", "start", "--pool", pool, "--name", pool],
        environment={**minimal_environment(), **client_environment(bench.home, bench.api_url)},
        folder=folder,
    )
    until(lambda: _is_online(bench, pool), f"the worker of {pool} is online")
    try:
        yield pool
    finally:
        supervisor.stop(f"worker/{pool}")


def _is_online(bench: Bench, pool: str) -> bool:
    answer = httpx.post(f"{bench.api_url}/work_pools/{pool}/workers/filter", json={}, timeout=30)
    return any(worker["status"] == "ONLINE" for worker in answer.raise_for_status().json())


def _move(bench: Bench, team: str, pool: str) -> None:
    wanted = {"flows": {"name": {"any_": [team]}}}
    found = httpx.post(f"{bench.api_url}/deployments/filter", json=wanted, timeout=30).raise_for_status().json()
    for deployment in found:
        path = f"{bench.api_url}/deployments/{deployment['id']}"
        httpx.patch(path, json={"work_pool_name": pool}, timeout=30).raise_for_status()
