"""A running platform that looks after itself, as after `lockgate up`, and whose parts tests kill."""

import os
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import httpx
import psutil
import psycopg

from lockgate.core.check import Verdict
from lockgate.core.errors import PlatformError
from lockgate.embedded.broker import Broker
from lockgate.embedded.databases import DATABASE as PREFECT_DATABASE
from lockgate.embedded.postgres import Postgres
from lockgate.embedded.process import alive
from lockgate.embedded.server import answers
from lockgate.embedded.supervisor import Supervisor
from lockgate.ledger import Ledger
from lockgate.ledger.admin import database_url
from lockgate.ledger.roles import DATABASE
from lockgate.orchestration.announce import announce
from lockgate.platform.watch import NAME as WATCH
from lockgate.store import open_store
from tests.chaos.invariants import ALL_GOOD, AT_REST, broken
from tests.running import Live, clean_environment, command_of, kill_with_children, running_platform, until

MADE_WITHIN = 400.0
RESTS_WITHIN = 500.0


@dataclass(frozen=True)
class Version:
    """What a test published without Prefect.

    Attributes:
        partition: Of alpha/pulse.
        number: The version's.
        version_id: The ledger's id of it.
    """

    partition: str
    number: int
    version_id: int


@dataclass
class Parts:
    """The platform and what is left of it.

    Args:
        live: The platform.
        fired: How often what was killed.
    """

    live: Live
    fired: Counter[str]

    # -- killing ------------------------------------------------------------------------------------------

    def kill(self, *names: str, empty_broker: bool = False) -> None:
        """End parts as a power cut would; the watch starts them again once all of them are dead."""
        with self._sole_starter():
            for name in names:
                self._kill(name)
            if empty_broker:
                shutil.rmtree(self.live.home.path / "broker" / "appendonlydir")

    @contextmanager
    def _sole_starter(self) -> Iterator[None]:
        """Wait until the watch is done with what it does, and hold it off."""
        with ExitStack() as stack:

            def ours() -> bool:
                with suppress(PlatformError):
                    stack.enter_context(self.live.home.sole_starter())
                    return True
                return False

            until(ours, "the watch is done")
            yield

    def _kill(self, name: str) -> None:
        record = Supervisor(self.live.home).records()[name]
        assert alive(record), f"{name} is dead already"
        os.kill(record.pid, signal.SIGKILL)
        until(lambda: not alive(record), f"{name} is dead")
        self.fired[name] += 1

    def kill_fork_server(self, team: str) -> None:
        """End a worker's fork server alone."""
        (server,) = self._fork_servers(team)
        server.kill()
        until(lambda: not server.is_running() or server.status() == psutil.STATUS_ZOMBIE, "the fork server is dead")
        self.fired["fork server"] += 1

    def kill_worker_and_runs(self, team: str) -> None:
        """End a worker with all its processes, as a power cut would."""
        kill_with_children(self.live.process(f"worker/{team}"))
        self.fired[f"worker/{team} with its runs"] += 1

    def _fork_servers(self, team: str) -> list[psutil.Process]:
        worker = psutil.Process(self.live.process(f"worker/{team}"))
        return [child for child in worker.children() if "lockgate.worker.fork_server" in command_of(child)]

    def await_fork_server(self, team: str) -> None:
        """Wait until a worker has one that listens."""
        until(lambda: self._fork_servers(team), f"{team} has a fork server")

    def await_server(self) -> None:
        """Wait until Prefect's server answers again."""
        until(lambda: _answers(self.live.api_url), "Prefect's server answers")

    def await_broker(self) -> None:
        """Wait until the broker answers again."""
        until(Broker(self.live.home).answers, "the broker answers")

    # -- publishing without Prefect -----------------------------------------------------------------------

    def publish(self, partitions: Sequence[str]) -> list[Version]:
        """Publish alpha/pulse in these partitions; nobody is told."""
        store = open_store(self.live.store_url())
        with Ledger(self.live.ledger_url("alpha")) as ledger:
            code = ledger.registry()["alpha/pulse"].code_version
            return [self._publish(ledger, store, code, partition) for partition in partitions]

    def _publish(self, ledger: Ledger, store: Any, code: str, partition: str) -> Version:
        key = "alpha/pulse"
        begun = ledger.begin(
            key, partition, code_version=code, flow_run_id="a test", pins=(), forced=False, lease_seconds=60
        )
        mine = (begun.attempt, begun.token)
        stored = store.write(f"{key}/{partition}/{begun.attempt}", [1.0, 2.0])
        ledger.stage(*mine, location=stored.location, digest=stored.digest, size=stored.size, rows=None, metadata={})
        ledger.verdict(*mine, Verdict("pulse_is_positive", "error", True, 0, 2, "", ""))
        published = ledger.publish(*mine)
        assert published.number is not None
        assert published.version_id is not None
        return Version(partition, published.number, published.version_id)

    async def announce(self, versions: Sequence[Version]) -> None:
        """Send the events of published versions."""
        with self.live.ledger() as ledger:
            for version in versions:
                await announce(ledger, "alpha/pulse", version.partition, version.number, version.version_id)

    # -- looking ------------------------------------------------------------------------------------------

    def ask(self, query: LiteralString, *arguments: Any) -> list[Any]:
        """Rows, as the ledger's owner sees them."""
        with self._superuser() as connection:
            return connection.execute(query, arguments or None).fetchall()

    def published(self, key: str, partitions: Sequence[str]) -> int:
        """How many of these partitions have a current version."""
        query = "select count(*) from heads where asset = %s and partition = any (%s) and current is not null"
        return int(self.ask(query, key, list(partitions))[0][0])

    def hand_offs(self, key: str, partitions: Sequence[str]) -> list[float]:
        """Seconds from the publication of its input to the gate of the run that published an asset, sorted."""
        query = """
            select extract(epoch from mine.began_at - max(theirs.published_at))::float from heads
            join versions on versions.id = heads.current
            join attempts as mine on mine.id = versions.attempt
            join inputs on inputs.attempt = mine.id
            join versions as theirs on theirs.id = inputs.version
            where heads.asset = %s and heads.partition = any (%s) group by mine.id
        """
        return sorted(seconds for (seconds,) in self.ask(query, key, list(partitions)))

    @contextmanager
    def own_pace(self) -> Iterator[None]:
        """Meanwhile the sweep comes by as it is scheduled to."""
        sweep = self.live.client.read_deployment_by_name("platform/sweep").id
        self.live.client.resume_deployment(sweep)
        try:
            yield
        finally:
            self.live.client.pause_deployment(sweep)

    def makes(self, key: str, partitions: Sequence[str]) -> None:
        """Wait until an asset has all of these partitions; the sweep comes by again and again."""
        deadline = time.monotonic() + MADE_WITHIN
        while (count := self.published(key, partitions)) < len(partitions):
            assert time.monotonic() < deadline, f"{count} of {len(partitions)} of {key}: {self._under_way()}"
            self._sweep()

    def comes_to_rest(self) -> None:
        """What must always hold does; soon nothing runs, waits or holds anything, and all stand on what is current."""
        deadline = time.monotonic() + RESTS_WITHIN
        with self._superuser() as connection:
            assert broken(connection) == {}
            while left := {**broken(connection, AT_REST, ALL_GOOD), **self._under_way()}:
                assert time.monotonic() < deadline, left
                self._time_passes()
                self._sweep()

    def _sweep(self) -> None:
        """One round, if Prefect is already back so far as to make one."""
        with suppress(httpx.HTTPError):
            self.live.sweep()

    def _time_passes(self) -> None:
        """What has stood still for half a minute has done so for five."""
        with psycopg.connect(Postgres(self.live.home).url(PREFECT_DATABASE), autocommit=True) as connection:
            connection.execute(
                "update flow_run_state set timestamp = timestamp - interval '5 minutes' from flow_run"
                " where flow_run_state.id = flow_run.state_id and timestamp < now() - interval '30 seconds'"
                " and flow_run.state_type in ('PENDING', 'RUNNING', 'CANCELLING')"
            )

    def _under_way(self) -> dict[str, list[str]]:
        """Runs of teams that are not over, and concurrency slots that are taken though nothing runs."""
        post = self.live._post
        going = {"state": {"type": {"any_": ["PENDING", "RUNNING", "CANCELLING", "SCHEDULED"]}}}
        teams = {"name": {"any_": ["alpha", "beta", "gamma"]}}
        runs = [run["name"] for run in post("/flow_runs/filter", {"flow_runs": going, "flows": teams})]
        slots = [limit["name"] for limit in post("/v2/concurrency_limits/filter", {}) if limit["active_slots"]]
        found = {"not over": runs, "slots held": slots}
        return {name: left for name, left in found.items() if left}

    @contextmanager
    def _superuser(self) -> Iterator[psycopg.Connection[Any]]:
        url = database_url(Postgres(self.live.home).url(), DATABASE)
        with psycopg.connect(url, autocommit=True, options="-csearch_path=lockgate") as connection:
            yield connection


def _answers(api_url: str) -> bool:
    try:
        return answers(api_url)
    except OSError:
        return False


@contextmanager
def looked_after(root: Path, fired: Counter[str]) -> Iterator[Parts]:
    """A platform whose parts its watch starts again."""
    with running_platform(root) as live:
        environment = {
            **clean_environment(),
            **{f"{team}__STEER_DIR": str(root / "steer") for team in ("ALPHA", "BETA", "GAMMA")},
        }
        command = [sys.executable, "-m", "lockgate.platform.watch"]
        Supervisor(live.home).start(WATCH, command, environment=environment, folder=root)
        yield Parts(live, fired)
