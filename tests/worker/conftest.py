"""Two workers on the real server: Prefect's stock process worker and ours, with the same flows."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import FlowRun
from prefect.workers.process import ProcessWorker

from lockgate.embedded.environment import minimal_environment
from lockgate.embedded.server import client_environment
from lockgate.embedded.supervisor import Supervisor
from lockgate.worker import WarmProcessWorker
from tests.running import Live, command_of, until

WORKERS = {"process": ProcessWorker, "warm-process": WarmProcessWorker}


@dataclass
class Pool:
    """A work pool with one worker, whose runs start in a folder with the probe flows."""

    live: Live
    label: str
    folder: Path

    @property
    def name(self) -> str:
        return f"probe-{self.label}"

    @property
    def log(self) -> str:
        """What the worker and, streamed through it, its runs have written."""
        return Supervisor(self.live.home).log(f"worker/{self.name}").read_text()

    @property
    def worker(self) -> psutil.Process:
        record = Supervisor(self.live.home).running(f"worker/{self.name}")
        assert record
        return psutil.Process(record.pid)

    def fork_server(self) -> psutil.Process:
        """The worker's fork server, once it is there."""

        def found() -> psutil.Process | None:
            children = self.worker.children()
            return next((child for child in children if "lockgate.worker.fork_server" in command_of(child)), None)

        return until(found, "a fork server")

    def start(self, behaviour: str, flow: str = "probe") -> str:
        deployment = self.live.client.read_deployment_by_name(f"{flow.replace('_', '-')}/{self.label}")
        notes = self.live.root / "notes" / f"{self.label} {behaviour} {self.live.new_day()}"
        parameters = {"behaviour": behaviour, "notes": str(notes)}
        return str(self.live.client.create_flow_run_from_deployment(deployment.id, parameters=parameters).id)

    def notes(self, run_id: str) -> list[str]:
        """What the run noted about itself, once it has: pid, parent, group, folder, setting."""
        run = self.live.client.read_flow_run(run_id)  # type: ignore[arg-type]
        file = Path(run.parameters["notes"])
        until(lambda: file.exists() and file.read_text(), "the run has begun")
        return file.read_text().split()

    def let_go(self, run_id: str) -> None:
        run = self.live.client.read_flow_run(run_id)  # type: ignore[arg-type]
        Path(f"{run.parameters['notes']}.go").touch()

    def ended(self, run_id: str) -> FlowRun:
        return self.live.ended(run_id).flow_run

    def cancel(self, run_id: str) -> None:
        state: dict[str, Any] = {"state": {"type": "CANCELLING", "name": "Cancelling"}, "force": False}
        self.live._post(f"/flow_runs/{run_id}/set_state", state)


def _make_pool(live: Live, kind: str, label: str) -> Pool:
    folder = live.root / "probes" / label
    folder.mkdir(parents=True)
    (live.root / "notes").mkdir(exist_ok=True)
    shutil.copy(Path(__file__).with_name("probe.py"), folder)
    pool = Pool(live, label, folder)
    template = WORKERS[kind].get_default_base_job_template()
    template["variables"]["properties"]["working_dir"]["default"] = str(folder)
    template["variables"]["properties"]["env"]["default"] = {"PROBE_SETTING": "set-in-the-pool"}
    live.client.create_work_pool(WorkPoolCreate(name=pool.name, type=kind, base_job_template=template))
    for flow in ("probe", "slow_probe"):
        flow_id = live.client.create_flow_from_name(flow.replace("_", "-"))
        live.client.create_deployment(
            flow_id=flow_id,
            name=label,
            entrypoint=f"probe.py:{flow}",
            work_pool_name=pool.name,
            pull_steps=[{"prefect.deployments.steps.set_working_directory": {"directory": "."}}],
        )
    return pool


@contextmanager
def _worked(pool: Pool) -> Iterator[Pool]:
    """The pool with a worker, for the time of the block."""
    live = pool.live
    environment = {**minimal_environment(), **client_environment(live.home, live.api_url)}
    if pool.label == "process":
        environment["PREFECT_WORKER_QUERY_SECONDS"] = "1"
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", pool.name]
    Supervisor(live.home).start(f"worker/{pool.name}", command, environment=environment, folder=pool.folder)
    yield pool
    Supervisor(live.home).stop(f"worker/{pool.name}")


@pytest.fixture(scope="session")
def stock(live: Live) -> Iterator[Pool]:
    with _worked(_make_pool(live, "process", "process")) as pool:
        yield pool


@pytest.fixture(scope="session")
def warm(live: Live) -> Iterator[Pool]:
    with _worked(_make_pool(live, "warm-process", "warm-process")) as pool:
        yield pool


@pytest.fixture(scope="session")
def _unattended(live: Live) -> Pool:
    return _make_pool(live, "warm-process", "unattended")


@pytest.fixture
def unattended(_unattended: Pool, monkeypatch: pytest.MonkeyPatch) -> Pool:
    """A pool that no process works for: the test itself is its worker, and works in its folder."""
    monkeypatch.chdir(_unattended.folder)
    return _unattended
