"""The production stack of ``docker/`` for a benchmark: its workers and runs are containers."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

from benchmarks.common import REPOSITORY, Bench, forget_other_platforms, make_project, say
from lockgate.embedded.ports import choose_port
from lockgate.ledger import Ledger
from lockgate.orchestration.generate import generate_files
from lockgate.settings import PLATFORM, home_of

NAME = "lockgate-bench"
CONTEXT = ("docker", "src")
FILES = ("pyproject.toml", "uv.lock", "README.md", "LICENSE", ".dockerignore")
# Any team whose environment has pandas, pandera and lockgate, and nothing that takes long to build.
LIKE = "weather"


@dataclass(frozen=True)
class StackBench(Bench):
    """A running stack with teams made for a benchmark.

    Attributes:
        ledger_port: Of the ledger, on loopback.
    """

    ledger_port: int

    def ledger(self, login: str = PLATFORM) -> Ledger:
        """The ledger, as the platform or as a team."""
        password = (secrets_of(self.root) / f"ledger-{login}").read_text().strip()
        role = "lockgate_platform" if login == PLATFORM else f"lockgate_team_{login}"
        return Ledger(f"postgresql://{role}:{password}@127.0.0.1:{self.ledger_port}/lockgate")


def secrets_of(root: Path) -> Path:
    """The folder of a stack's passwords."""
    return root / "docker" / "secrets"


@contextmanager
def running_stack(teams: Mapping[str, str], pools: Mapping[str, str]) -> Iterator[StackBench]:
    """A stack of a temporary project, built and started as its operators do; all but its images is gone afterwards.

    The sweep is paused, so that nothing runs but what the benchmark starts.

    Args:
        teams: Per team the text of its ``assets.py``.
        pools: Per team the kind of its work pool.
    """
    forget_other_platforms()
    root = Path(tempfile.mkdtemp(prefix="lockgate-bench-"))
    port, ledger_port = choose_port(), choose_port()
    os.environ.update(
        COMPOSE_PROJECT_NAME=NAME, LOCKGATE_TAG="bench", LOCKGATE_PORT=str(port), LOCKGATE_LEDGER_PORT=str(ledger_port)
    )
    try:
        _make_context(root, teams, pools)
        for step in ("build", "up"):
            say(f"docker/stack {step}")
            _stack(root, step)
        password = (secrets_of(root) / "api").read_text().strip()
        url = f"http://127.0.0.1:{port}/api"
        settings = {PREFECT_API_URL: url, PREFECT_API_AUTH_STRING: f"lockgate:{password}"}
        with temporary_settings(settings), get_client(sync_client=True) as client:
            client.pause_deployment(client.read_deployment_by_name("platform/sweep").id)
            yield StackBench(root, home_of(root), url, client, ledger_port)
    finally:
        _stack(root, "purge", check=False)
        shutil.rmtree(root, ignore_errors=True)


def _make_context(root: Path, teams: Mapping[str, str], pools: Mapping[str, str]) -> None:
    """What the images are built from: this repository with other teams, in the environment of one that it has."""
    make_project(root, teams)
    for name in CONTEXT:
        ignored = shutil.ignore_patterns("__pycache__", "secrets")
        shutil.copytree(REPOSITORY / name, root / name, ignore=ignored)
    for name in FILES:
        shutil.copy(REPOSITORY / name, root)
    like = REPOSITORY / "teams" / LIKE
    for team in teams:
        for name in ("pyproject.toml", "uv.lock"):
            text = (like / name).read_text().replace(f"lockgate-team-{LIKE}", f"lockgate-team-{team}")
            (root / "teams" / team / name).write_text(text)
        with (root / "teams" / team / "pyproject.toml").open("a") as file:
            file.write(f'\n[tool.lockgate]\npool = "{pools[team]}"\n')
    os.environ["LOCKGATE_ENVIRONMENT_INSTALLED"] = "1"
    for team, error in generate_files(root, list(teams)).items():
        if isinstance(error, Exception):
            raise RuntimeError(f"team {team}: {error}")


def _stack(root: Path, *arguments: str, check: bool = True) -> None:
    subprocess.run([root / "docker" / "stack", *arguments], stdout=subprocess.DEVNULL, check=check)
