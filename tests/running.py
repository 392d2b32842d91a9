"""A real platform for tests: database, broker, Prefect server, workers, and three small teams that tests steer."""

import asyncio
import itertools
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil
import psycopg
import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun, State
from prefect.client.schemas.sorting import FlowRunSort
from prefect.settings import PREFECT_API_URL, temporary_settings

from lockgate.core.errors import LockgateError
from lockgate.embedded.postgres import Postgres
from lockgate.embedded.services import purge_services
from lockgate.embedded.supervisor import Supervisor
from lockgate.ledger import Attempt, Ledger
from lockgate.ledger.admin import database_url
from lockgate.ledger.roles import DATABASE, team_role
from lockgate.ledger.roles import PLATFORM as PLATFORM_ROLE
from lockgate.orchestration.generate import generate_files
from lockgate.platform.up import up
from lockgate.platform.watch import Watch
from lockgate.reading import load
from lockgate.settings import ENDPOINTS, PLATFORM, home_of

REPOSITORY = Path(__file__).parents[1]
PROJECT = Path(__file__).parent / "fundamentals" / "project"
# Its code cannot be imported, until a test mends it.
BROKEN = "delta"
DEADLINE = 300.0
MATERIALIZED = "prefect.asset.materialization.succeeded"

T = TypeVar("T")


def until(found: Callable[[], T | None], what: str, seconds: float = DEADLINE) -> T:
    """What ``found`` returns as soon as that is true."""
    deadline = time.monotonic() + seconds
    while not (result := found()):
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.1)
    return result


def kill_with_children(pid: int) -> None:
    """End a process and all below it, as a power cut would; one that ends by itself meanwhile is none to end."""
    process = psutil.Process(pid)
    for each in [process, *process.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            each.kill()


def command_of(process: psutil.Process) -> list[str]:
    """What a process was started with; nothing of one that has ended meanwhile."""
    with suppress(psutil.NoSuchProcess):
        return process.cmdline()
    return []


def clean_environment() -> dict[str, str]:
    """Ours, without what would point a command at another platform."""
    dropped = ("LOCKGATE_", "PREFECT_", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if not name.startswith(dropped)}


def make_project(root: Path) -> None:
    """A lockgate project: the platform's own files from this repository, and the teams of ``fundamentals/project``."""
    shutil.copy(REPOSITORY / "prefect.yaml", root)
    for folder in ("flows", "work_pools"):
        shutil.copytree(REPOSITORY / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(PROJECT / "teams", root / "teams", ignore=shutil.ignore_patterns("__pycache__"))
    for team in (root / "teams").iterdir():
        shutil.copy(PROJECT / "steering.py", team)
    (root / "steer").mkdir()


@dataclass(frozen=True)
class Ended:
    """A run that is over.

    Attributes:
        flow_run: As Prefect knows it.
        attempts: As the ledger does, newest first.
    """

    flow_run: FlowRun
    attempts: Sequence[Attempt]

    @property
    def id(self) -> str:
        return str(self.flow_run.id)

    @property
    def outcome(self) -> str | None:
        return self.attempts[0].outcome if self.attempts else None

    @property
    def state(self) -> State[Any]:
        assert self.flow_run.state
        return self.flow_run.state

    @property
    def message(self) -> str:
        return self.state.message or ""


class Live:
    """The running platform, as its users see it."""

    def __init__(self, root: Path, api_url: str, broken: Mapping[str, LockgateError], client: SyncPrefectClient):
        self.root = root
        self.home = home_of(root)
        self.api_url = api_url
        self.broken = broken
        self.client = client
        self._days = (date(2020, 1, 1) + timedelta(days=number) for number in itertools.count())

    # -- steering -----------------------------------------------------------------------------------------

    def new_day(self) -> str:
        """A partition that no test has used."""
        return next(self._days).isoformat()

    def steer(self, name: str, partition: str = "", **wanted: Any) -> None:
        """From now on, the asset of this name does what is wanted; see ``project/steering.py``."""
        (self.root / "steer" / f"{name} [{partition}]").write_text(json.dumps(wanted))

    def let_go(self, name: str, partition: str = "") -> None:
        """End the waiting of ``steer(hold=True)``."""
        (self.root / "steer" / f"{name} [{partition}] go").touch()

    def calls(self, name: str, partition: str = "") -> int:
        """How often the asset's function was called."""
        file = self.root / "steer" / f"{name} [{partition}] calls"
        return file.stat().st_size if file.exists() else 0

    # -- running ------------------------------------------------------------------------------------------

    def start(self, key: str, partition: str = "", *, force: bool = False) -> str:
        """Start the deployment as anybody could from Prefect's UI; returns the flow run's id."""
        return self._start(key, {"partition": partition, "force": force})

    def _start(self, deployment: str, parameters: dict[str, Any]) -> str:
        found = self.client.read_deployment_by_name(deployment)
        return str(self.client.create_flow_run_from_deployment(found.id, parameters=parameters).id)

    def run(self, key: str, partition: str = "", *, force: bool = False) -> Ended:
        """Start it and wait until it is over."""
        return self.ended(self.start(key, partition, force=force))

    def sweep(self) -> Ended:
        """One round of the sweep, once no other is under way."""
        while (ended := self.ended(self._start("platform/sweep", {}))).state.name == "Skipped":
            time.sleep(0.5)
        return ended

    def run_all(self, *wanted: tuple[str, str]) -> list[Ended]:
        """Start several at once and wait for all."""
        return [self.ended(run) for run in [self.start(*one) for one in wanted]]

    def ended(self, flow_run_id: str) -> Ended:
        """The run, once it is over."""

        def over() -> FlowRun | None:
            run = self.client.read_flow_run(flow_run_id)  # type: ignore[arg-type]
            return run if run.state and run.state.is_final() else None

        run = until(over, f"flow run {flow_run_id} is over")
        with self.ledger() as ledger:
            return Ended(run, ledger.attempts(flow_run_id=flow_run_id))

    def started_by_event(self, key: str, partition: str = "", *, number: int = 1) -> Ended:
        """The ``number``-th run of an asset's partition that an automation started, once it is over."""

        def found() -> FlowRun | None:
            runs = self.runs_of(key, partition, by="AUTOMATION")
            return runs[number - 1] if len(runs) >= number else None

        return self.ended(str(until(found, f"run {number} of {key} [{partition}] by an automation").id))

    def runs_of(self, key: str, partition: str = "", *, by: str | None = None) -> list[FlowRun]:
        """All runs of an asset's partition, oldest first.

        Args:
            key: The asset.
            partition: Its partition.
            by: Only those created by this: ``AUTOMATION``, or None for whoever.
        """
        deployment = self.client.read_deployment_by_name(key)
        wanted = FlowRunFilter.model_validate({"deployment_id": {"any_": [str(deployment.id)]}})
        runs = [
            run
            for run in self.client.read_flow_runs(flow_run_filter=wanted, sort=FlowRunSort.ID_DESC, limit=200)
            if run.parameters.get("partition", "") == partition
            and (by is None or (run.created_by is not None and run.created_by.type == by))
        ]
        return sorted(runs, key=lambda run: run.created)  # type: ignore[arg-type, return-value]

    def is_computing(self, name: str, partition: str = "", *, calls: int = 1) -> None:
        """Wait until the asset's function was called so often."""
        until(lambda: self.calls(name, partition) >= calls, f"{name} [{partition}] computes")

    # -- what Prefect shows -------------------------------------------------------------------------------

    def tasks(self, run: Ended) -> dict[str, str]:
        """The tasks of a run in the order they started: per name, the name of the state it ended in."""

        with self.ledger() as ledger:
            checks = ledger.verdicts(run.attempts[0].attempt) if run.attempts else ()
        expected = {f"check {verdict.name}" for verdict in checks} | {"gate"}

        def all_over() -> list[dict[str, Any]] | None:
            # Prefect's server learns of task runs from events, so a moment after the flow run is over.
            found = self._post("/task_runs/filter", {"flow_runs": {"id": {"any_": [run.id]}}})
            # In a job a task's name begins with its asset: "trunk [2020-01-01]: gate".
            here = {task["name"].rpartition("-")[0].rpartition(": ")[2] for task in found}
            last = "publish" in here or "reject" in here or not checks
            return found if last and expected <= here and all(task["end_time"] for task in found) else None

        tasks = sorted(until(all_over, "all tasks are over"), key=lambda task: task["start_time"])
        return {task["name"].rpartition("-")[0]: task["state_name"] for task in tasks}

    def artifacts(self, run: Ended) -> list[dict[str, Any]]:
        """The artifacts of a run."""
        return self._post("/artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [run.id]}}})

    def announced(self, key: str, partition: str, *, count: int) -> list[dict[str, Any]]:
        """The events that told of an asset's partition, newest first, once there are as many as expected or more."""

        def told() -> list[dict[str, Any]] | None:
            # Prefect's server stores an event a moment after the run that sent it is over.
            wanted = {"event": {"name": [MATERIALIZED]}, "resource": {"id": [f"asset://{key}"]}}
            events = self._post("/events/filter", {"filter": wanted, "limit": 50})["events"]
            found = [event for event in events if event["payload"]["partition"] == partition]
            return found if len(found) >= count else None

        return until(told, f"{count} events about {key} [{partition}]")

    def deployments(self, team: str) -> list[dict[str, Any]]:
        """The deployments of a team."""
        return self._post("/deployments/filter", {"flows": {"name": {"any_": [team]}}})

    def automations(self) -> list[dict[str, Any]]:
        """All automations."""
        return self._post("/automations/filter", {"limit": 200})

    def pause_automation(self, name: str, *, paused: bool = True) -> None:
        """Switch an automation off or on, as its switch in the UI does."""
        (found,) = (automation for automation in self.automations() if automation["name"] == name)
        path = f"{self.api_url}/automations/{found['id']}"
        httpx.patch(path, json={"enabled": not paused}, timeout=30).raise_for_status()

    def _post(self, path: str, content: Any) -> Any:
        answer = httpx.post(f"{self.api_url}{path}", json=content, timeout=30)
        answer.raise_for_status()
        return answer.json()

    # -- ledger and store ---------------------------------------------------------------------------------

    def ledger(self, login: str = PLATFORM) -> Ledger:
        """The ledger, as the platform or as a team."""
        return Ledger(self.ledger_url(login))

    def ledger_url(self, login: str = PLATFORM) -> str:
        """Its address with a login."""
        address = self.home.state()[ENDPOINTS]["ledger"]
        role = PLATFORM_ROLE if login == PLATFORM else team_role(login)
        return f"postgresql://{role}:{self.home.secret(f'ledger/{login}')}@{address}"

    def age(self, key: str, *, minutes: int) -> None:
        """Let all that the ledger knows of an asset have happened so much earlier, the end of its leases too."""
        for table, column in (("attempts", "settled_at"), ("versions", "published_at"), ("claims", "expires")):
            change = f"update {table} set {column} = {column} - make_interval(mins => %s) where asset = %s"
            self._as_owner(change, minutes, key)

    def forget_announcements(self, key: str, partition: str) -> None:
        """As if the run that published had died before its event, a while ago."""
        self.age(key, minutes=1)
        self._as_owner("update versions set announced_at = null where asset = %s and partition = %s", key, partition)

    def _as_owner(self, statement: str, *arguments: Any) -> None:
        url = database_url(Postgres(self.home).url(), DATABASE)
        with psycopg.connect(url, autocommit=True, options="-csearch_path=lockgate") as owner:
            owner.execute(statement, arguments)  # type: ignore[arg-type]

    def store_url(self) -> str:
        """Where values lie."""
        return str(self.home.state()[ENDPOINTS]["store"])

    def attempts(self, key: str, partition: str = "") -> list[Attempt]:
        """The attempts of an asset's partition, oldest first."""
        with self.ledger() as ledger:
            return ledger.attempts(key=key, partition=partition)[::-1]

    def await_attempts(self, key: str, partition: str, count: int) -> None:
        """Wait until an asset's partition has so many attempts, settled or not."""
        until(lambda: len(self.attempts(key, partition)) >= count, f"{count} attempts on {key} [{partition}]")

    def version(self, key: str, partition: str = "") -> int | None:
        """The number of the current version."""
        with self.ledger() as ledger:
            found = ledger.version(key, partition)
        return found.number if found else None

    def load(self, key: str, partition: str = "", *, login: str = PLATFORM, **options: Any) -> Any:
        """A published value, read outside a run with a login."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("LOCKGATE_LEDGER_URL", self.ledger_url(login))
            patch.setenv("LOCKGATE_STORE_URL", self.store_url())
            return load(key, partition, **options)

    # -- commands -----------------------------------------------------------------------------------------

    def command(self, *arguments: str, program: str = "lockgate", folder: Path | None = None) -> "Done":
        """Run a real command in the project."""
        process = self.begin(*arguments, program=program, folder=folder)
        out, err = process.communicate(timeout=DEADLINE)
        return Done(process.returncode, out, err)

    def begin(self, *arguments: str, program: str = "lockgate", folder: Path | None = None) -> "subprocess.Popen[str]":
        """Begin a real command in the project."""
        extra = {"PREFECT_API_URL": self.api_url} if program == "prefect" else {}
        return subprocess.Popen(
            [str(Path(sys.executable).with_name(program)), *arguments],
            cwd=folder or self.root,
            env={**clean_environment(), **extra, "COLUMNS": "200"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def process(self, name: str) -> int:
        """The process id of a part, as ``worker/alpha`` or ``server``."""
        return Supervisor(self.home).records()[name].pid

    def up_again(self) -> None:
        """``lockgate up``, once more."""
        with _environment(self.root):
            asyncio.run(up(self.root, _say))
        self.pause_sweep()

    def look_after(self, watch: Watch) -> list[str]:
        """One look of the watch that ``lockgate up`` keeps; returns what it started again."""
        with _environment(self.root):
            return watch.look()

    def pause_sweep(self) -> None:
        """Tests run the sweep themselves, so that it starts nothing behind their backs."""
        self.client.pause_deployment(self.client.read_deployment_by_name("platform/sweep").id)


@dataclass(frozen=True)
class Done:
    """A command that ended."""

    code: int
    out: str
    err: str


@contextmanager
def running_platform(root: Path) -> Iterator[Live]:
    """A platform in an empty folder; all of it is gone afterwards."""
    make_project(root)
    generate_files(root, ["alpha", "beta", "gamma"])
    (root / "teams" / BROKEN).mkdir()
    (root / "teams" / BROKEN / "assets.py").write_text("import nothing_of_that_name\n")
    try:
        with _environment(root):
            platform = asyncio.run(up(root, _say))
        with (
            temporary_settings({PREFECT_API_URL: platform.api_url}),
            get_client(sync_client=True) as client,
        ):
            live = Live(root, platform.api_url, platform.broken, client)
            live.pause_sweep()
            yield live
    finally:
        purge_services(home_of(root))


@contextmanager
def _environment(root: Path) -> Iterator[None]:
    """What ``up`` reads from the environment: nothing but the workers' settings."""
    with pytest.MonkeyPatch.context() as patch:
        for name in set(os.environ) - set(clean_environment()):
            patch.delenv(name)
        for team in ("ALPHA", "BETA", "GAMMA"):
            patch.setenv(f"{team}__STEER_DIR", str(root / "steer"))
        yield


def _say(name: str, seconds: float) -> None:
    print(f"{name} {seconds:.1f} s")
