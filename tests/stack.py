"""The production stack of ``docker/`` for tests: real containers, under a name and on ports of its own."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import httpx

from lockgate.embedded.ports import choose_port
from lockgate.ledger import Attempt, LedgerUnavailable, Operator

REPOSITORY = Path(__file__).parents[1]
NAME = "lockgate-test"
SECONDS = 400.0

T = TypeVar("T")


def engine_answers() -> bool:
    """Whether this machine has a Docker engine that we may use, with Compose and buildx."""
    try:
        asked = [["docker", "version"], ["docker", "compose", "version"], ["docker", "buildx", "version"]]
        return all(subprocess.run(one, capture_output=True, timeout=20, check=False).returncode == 0 for one in asked)
    except (OSError, subprocess.TimeoutExpired):
        return False


def until(found: Callable[[], T | None], what: str, seconds: float = SECONDS) -> T:
    """What ``found`` returns as soon as that is true; a part that is away for a moment has not answered yet."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if result := found():
                return result
        except (httpx.HTTPError, LedgerUnavailable):
            pass
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.5)


@dataclass(frozen=True)
class Stack:
    """A running stack, as its operators see it.

    Attributes:
        secrets: Folder of its passwords.
        port: Of Prefect's API and UI, on loopback.
        ledger_port: Of the ledger, on loopback.
        settings: What else its operators set.
    """

    secrets: Path
    port: int
    ledger_port: int
    settings: Mapping[str, str] = field(default_factory=dict)

    def call(self, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """``docker/stack ARGUMENTS``."""
        environment = {
            **os.environ,
            "COMPOSE_PROJECT_NAME": NAME,
            "LOCKGATE_COMPOSE_FILE": "docker/demo.yaml",
            "LOCKGATE_PORT": str(self.port),
            "LOCKGATE_LEDGER_PORT": str(self.ledger_port),
            "LOCKGATE_SECRETS": str(self.secrets),
            **self.settings,
        }
        command = [str(REPOSITORY / "docker" / "stack"), *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0 or not check, done.stderr[-2000:]
        return done

    # -- containers ---------------------------------------------------------------------------------------

    def kill(self, container: str) -> None:
        """Kill every process of a container at once, as a crash would; Docker starts it again."""
        docker("exec", f"{NAME}-{container}", "bash", "-c", "kill -9 -1", check=False)

    @contextmanager
    def held(self, container: str) -> Iterator[None]:
        """Stop every process of a container where it is for the block; its clients wait.

        Not by ``docker pause``: a health check that begins at that moment is frozen halfway, and Docker waits for it
        for ever when it is to go on.
        """
        docker("exec", f"{NAME}-{container}", "bash", "-c", "kill -STOP -1")
        try:
            yield
        finally:
            docker("exec", f"{NAME}-{container}", "bash", "-c", "kill -CONT -1")

    def restart(self, container: str) -> None:
        """Stop a container and start it again."""
        docker("restart", f"{NAME}-{container}")

    def killed_for_good(self, container: str) -> None:
        """Kill a container; Docker does not start it again."""
        docker("kill", f"{NAME}-{container}")

    def started(self, container: str) -> None:
        """Start a stopped container, and wait until it is healthy."""
        docker("start", f"{NAME}-{container}")
        until(lambda: self.health(container) == "healthy", f"{container} is healthy")

    def health(self, container: str) -> str:
        """``healthy``, ``unhealthy`` or ``starting``."""
        return docker("inspect", f"{NAME}-{container}", "--format", "{{.State.Health.Status}}").stdout.strip()

    # -- runs ---------------------------------------------------------------------------------------------

    def client(self) -> httpx.Client:
        """A client of Prefect's API."""
        password = (self.secrets / "api").read_text().strip()
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port}/api", auth=("lockgate", password), timeout=30)

    def start(self, key: str, partition: str = "") -> str:
        """Start a run of an asset; returns the flow run's id."""

        def created() -> str | None:
            with self.client() as client:
                deployment = client.get(f"/deployments/name/{key}").raise_for_status().json()["id"]
                path = f"/deployments/{deployment}/create_flow_run"
                answer = client.post(path, json={"parameters": {"partition": partition}}).raise_for_status()
                return str(answer.json()["id"])

        return until(created, f"a run of {key} is created")

    def state(self, flow_run: str) -> str:
        """The type of a flow run's state."""
        with self.client() as client:
            return str(client.get(f"/flow_runs/{flow_run}").raise_for_status().json()["state_type"])

    def ledger(self) -> Operator:
        """The ledger, as the platform."""
        password = (self.secrets / "ledger-platform").read_text().strip()
        return Operator(f"postgresql://lockgate_platform:{password}@127.0.0.1:{self.ledger_port}/lockgate")

    def attempts(self, key: str, partition: str = "") -> list[Attempt]:
        """The attempts of an asset's partition, newest first."""
        with self.ledger() as ledger:
            return ledger.attempts(key=key, partition=partition)

    def outcomes(self, key: str, partition: str = "") -> list[str | None]:
        """What these came to."""
        return [attempt.outcome for attempt in self.attempts(key, partition)]

    def published(self, key: str, partition: str = "", *, seconds: float = SECONDS) -> None:
        """Wait until an asset's partition is published, then see that this happened once."""
        until(lambda: "published" in self.outcomes(key, partition), f"{key} [{partition}] is published", seconds)
        assert self.outcomes(key, partition).count("published") == 1

    # -- the source systems -------------------------------------------------------------------------------

    def break_source(self, feed: str, day: str, fault: str) -> None:
        """Let the source systems send a feed's day with a fault; see ``demo/source``."""
        body = {"feed": feed, "date": day, "fault": fault}
        self._ask_source(f"post('http://127.0.0.1:8099/faults', json={body})")

    def mend_sources(self) -> None:
        """Let the source systems send all data as it is."""
        self._ask_source("delete('http://127.0.0.1:8099/faults')")

    def _ask_source(self, call: str) -> None:
        docker("exec", f"{NAME}-source-1", "python", "-c", f"import httpx; httpx.{call}.raise_for_status()")


def docker(*arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
    """Run ``docker``."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0 or not check, done.stderr[-2000:]
    return done


def build_image(dockerfile: str, image: str) -> None:
    """Build an image from the text of a Dockerfile, without a context."""
    subprocess.run(["docker", "build", "--quiet", "--tag", image, "-"], input=dockerfile, text=True, check=True)


@contextmanager
def running_stack(secrets: Path) -> Iterator[Stack]:
    """Build the images and bring a stack up; all of it but the images is gone afterwards.

    What tests that were killed have left of theirs goes first: its passwords are lost.
    """
    stack = Stack(secrets, choose_port(), choose_port())
    stack.call("purge")
    try:
        stack.call("build")
        stack.call("up")
        yield stack
    finally:
        stack.call("purge", check=False)
