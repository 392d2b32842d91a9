"""Where the platform's parts are: from the environment, else from what `lockgate up` left in the project's home.

LOCKGATE_LEDGER_URL   this process's login to the ledger (set for workers)
LOCKGATE_STORE_URL    where values lie: file:///..., s3://..., memory://; empty where a process may touch none
PREFECT_API_URL       Prefect's API
LOCKGATE_API_URL      says that it is meant, where the project's own server runs at another address
LOCKGATE_HOME         moves .lockgate/ out of the project
LOCKGATE_DEPLOYMENT   name of the deployment that a run is of (set by the warm worker)
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from lockgate.core.errors import UsageError
from lockgate.embedded.addresses import HTTP, POSTGRES, address_in, describe
from lockgate.embedded.home import PURGE, DamagedFile, Home
from lockgate.embedded.supervisor import Supervisor

PLATFORM = "platform"
TEAMS = "teams"
ENDPOINTS = "endpoints"
DEPLOYMENT = "LOCKGATE_DEPLOYMENT"
_CURE = "Start the platform: lockgate up"


class NotInAProject(UsageError):
    """Where we are belongs to no project."""


def project_root(start: Path | None = None) -> Path:
    """The project's folder: the nearest one at or above ``start`` that has ``teams/`` and ``prefect.yaml``.

    Args:
        start: Where to begin; the working directory if None.

    Raises:
        UsageError: If there is none.
    """
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / TEAMS).is_dir() and (folder / "prefect.yaml").is_file():
            return folder
    raise NotInAProject(f"{start} is in no lockgate project.", cure="Go to a folder that has teams/ and prefect.yaml.")


def team_folder(root: Path, team: str) -> Path:
    """A team's folder."""
    return root / TEAMS / team


def all_teams(root: Path) -> list[str]:
    """Names of the project's teams: the folders in ``teams/`` that have an ``assets.py``, sorted."""
    return sorted(folder.name for folder in (root / TEAMS).iterdir() if (folder / "assets.py").is_file())


def home_of(root: Path) -> Home:
    """The project's home."""
    return Home.of(root, os.environ)


def ledger_url(login: str, root: Path | None = None) -> str:
    """The ledger, logged in as a team or as the platform.

    Args:
        login: A team's name, or ``platform`` (reads everything, writes nothing).
        root: The project; found from the working directory if None.

    Raises:
        UsageError: If neither the environment nor the home says where the ledger is, or the address is none.
    """
    if url := address_in(os.environ, "LOCKGATE_LEDGER_URL", POSTGRES):
        return url
    home = home_of(root or project_root())
    address = _endpoint(home, "ledger")
    role = "lockgate_platform" if login == PLATFORM else f"lockgate_team_{login}"
    return f"postgresql://{role}:{home.secret(f'ledger/{login}')}@{address}"


def run_ledger_url() -> str:
    """The ledger for a run, whose working directory is its team's folder."""
    return ledger_url(Path.cwd().name)


def reader_ledger_url() -> str:
    """The ledger for reading: as the team in whose folder we are, else as the platform."""
    if os.environ.get("LOCKGATE_LEDGER_URL"):
        return ledger_url(PLATFORM)
    root = project_root()
    inside = Path.cwd().resolve().relative_to(root).parts
    return ledger_url(inside[1] if len(inside) > 1 and inside[0] == TEAMS else PLATFORM, root)


def has_store() -> bool:
    """Whether this process may touch values: not so where LOCKGATE_STORE_URL is there and empty."""
    return os.environ.get("LOCKGATE_STORE_URL") != ""


def store_url(root: Path | None = None) -> str:
    """Where values lie.

    Raises:
        UsageError: If neither the environment nor the home says so.
    """
    if url := os.environ.get("LOCKGATE_STORE_URL"):
        return url
    return _endpoint(home_of(root or project_root()), "store")


def api_url(root: Path | None = None) -> str:
    """Prefect's API.

    Raises:
        UsageError: If neither the environment nor the home says so, the address is none, or it is not that of the
            project's own server, which runs.
    """
    if url := address_in(os.environ, "PREFECT_API_URL", HTTP):
        with suppress(NotInAProject):
            refuse_stranger(home_of(root or project_root()), url)
        return url
    return _endpoint(home_of(root or project_root()), "api")


def refuse_stranger(home: Home, url: str) -> None:
    """Refuse the address of a Prefect server that a shell kept from elsewhere, while the project's own server runs.

    Args:
        home: The project's.
        url: From ``PREFECT_API_URL``; ``LOCKGATE_API_URL`` of the same value says that it is meant.

    Raises:
        UsageError: If it is another server's.
    """
    server = Supervisor(home).running("server")
    own = str(server.facts["url"]) if server else url
    if _address(url) not in (_address(own), _address(os.environ.get("LOCKGATE_API_URL", ""))):
        raise UsageError(
            f"PREFECT_API_URL is {describe(url)}, but this project's own server runs at {describe(own)}.",
            cure="Unset it; if it is meant, set LOCKGATE_API_URL to it too.",
        )


def _address(url: str) -> str:
    return url.rstrip("/").replace("//localhost", "//127.0.0.1")


def _endpoint(home: Home, name: str) -> str:
    endpoints: Any = home.state().get(ENDPOINTS, {})
    if not isinstance(endpoints, dict):
        raise DamagedFile(f"The file {home.path / 'state.json'} is damaged: its {ENDPOINTS} are none.", cure=PURGE)
    if name not in endpoints:
        raise UsageError(f"The platform of {home.path.parent} is not running.", cure=_CURE)
    return str(endpoints[name])
