"""What the story needs to run: the source systems, and a platform of its own that is gone afterwards."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from demo import show
from lockgate.core.errors import PlatformError
from lockgate.embedded.environment import minimal_environment
from lockgate.embedded.home import Home
from lockgate.embedded.services import purge_services
from lockgate.embedded.supervisor import Supervisor

ROOT = Path(__file__).parents[1]
# Nothing of a platform or a Prefect that its user has elsewhere may reach this one.
FOREIGN = ("LOCKGATE_", "PREFECT_", "PYTHONDONTWRITEBYTECODE")
SOURCE_SECONDS = 30


@dataclass(frozen=True)
class Running:
    """The source systems and the platform.

    Attributes:
        source: A client of the source systems.
    """

    source: httpx.Client

    def break_source(self, feed: str, day: str, fault: str) -> None:
        """Let the source systems send a feed's day with a fault; see ``demo/source``."""
        body = {"feed": feed, "date": day, "fault": fault}
        self.source.post("/faults", json=body).raise_for_status()

    def mend_sources(self) -> None:
        """Let the source systems send all data as it is."""
        self.source.delete("/faults").raise_for_status()

    def lockgate(self, *arguments: str) -> int:
        """Run a ``lockgate`` command as its user would, its output to the terminal; returns its exit code."""
        show.command(" ".join(("lockgate", *arguments)))
        program = Path(sys.executable).with_name("lockgate")
        process = subprocess.Popen([program, *arguments], cwd=ROOT)
        try:
            return process.wait()
        finally:
            # Interrupted, it must be gone, its locks with it, before what it started is ended.
            process.kill()
            process.wait()


@contextmanager
def running() -> Iterator[Running]:
    """Start the source systems and the platform; end both, whatever happens, and delete all their data.

    This process's environment points to that platform from then on.

    Raises:
        PlatformError: If one does not start.
    """
    for name in [name for name in os.environ if name.startswith(FOREIGN)]:
        del os.environ[name]
    home = Home(Path(tempfile.mkdtemp(prefix="lockgate-demo-")).resolve())
    try:
        os.environ["LOCKGATE_HOME"] = str(home.path)
        with show.waiting("starting the source systems"):
            url = _start_source(home)
        os.environ.update({"WEATHER__SOURCE_URL": url, "FLIGHTS__SOURCE_URL": url})
        with httpx.Client(base_url=url, timeout=30) as source:
            started = Running(source)
            if started.lockgate("up", "--detach") != 0:
                raise PlatformError("The platform did not start.")
            yield started
    finally:
        _end(home)


@contextmanager
def connected(source_url: str) -> Iterator[Running]:
    """A platform and source systems that run already, and that this process's environment points to.

    Args:
        source_url: Base URL of the source systems.
    """
    with httpx.Client(base_url=source_url, timeout=30) as source:
        yield Running(source)


def _start_source(home: Home) -> str:
    port_file = home.path / "source.port"
    supervisor = Supervisor(home)
    record = supervisor.start(
        "source",
        [sys.executable, "-m", "demo.source", "--port-file", str(port_file)],
        environment=minimal_environment(),
        folder=ROOT,
    )
    supervisor.wait_until(port_file.exists, SOURCE_SECONDS, "the source systems to serve", record)
    return f"http://127.0.0.1:{int(port_file.read_text())}"


def _end(home: Home) -> None:
    # From here on a second Ctrl-C would only leave processes behind.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with show.waiting("stopping all that was started, and deleting its data"):
        purge_services(home)
