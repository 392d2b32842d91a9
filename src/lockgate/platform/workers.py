"""One worker per team: Prefect's own process worker, with that team's login and nobody else's."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from lockgate.embedded.environment import minimal_environment
from lockgate.embedded.home import Home
from lockgate.embedded.process import ProcessRecord
from lockgate.embedded.supervisor import Supervisor
from lockgate.environments import team_python
from lockgate.settings import PLATFORM, ledger_url, team_folder

LIMIT = 4
# Prefect's server answers 500 while its database restarts. A worker that gave up then would leave runs Pending whose
# end it could not report; so it asks again, for about a minute.
_PATIENT = {"PREFECT_CLIENT_RETRY_EXTRA_CODES": "500"}


def start_worker(
    home: Home, root: Path, name: str, prefect: Mapping[str, str], endpoints: Mapping[str, str]
) -> ProcessRecord:
    """Start a team's worker, or the platform's, unless it runs.

    Args:
        home: Where its state lies.
        root: The project.
        name: The team, or ``platform``.
        prefect: What a process needs to reach Prefect's API.
        endpoints: The store's URL among them.
    """
    folder = root if name == PLATFORM else team_folder(root, name)
    python = sys.executable if name == PLATFORM else team_python(folder)
    # Prefect keeps a folder of a fixed name in it, which is only for the user who came first.
    temporary = home.path / "tmp" / name
    temporary.mkdir(mode=0o700, parents=True, exist_ok=True)
    environment = {
        **minimal_environment(),
        "TMPDIR": str(temporary),
        # A closed pool's command says python, which is the team's.
        "PATH": os.pathsep.join([str(Path(python).parent), os.environ.get("PATH", os.defpath)]),
        **prefect,
        **_PATIENT,
        **own_settings(name),
        "LOCKGATE_LEDGER_URL": ledger_url(name, root),
        "LOCKGATE_STORE_URL": endpoints["store"],
    }
    command = [python, "-m", "prefect", "worker", "start", "--pool", name, "--name", name]
    return Supervisor(home).start(
        f"worker/{name}",
        [*command, "--limit", str(LIMIT)],
        environment=environment,
        folder=folder,
    )


def own_settings(team: str) -> dict[str, str]:
    """A team's own settings: ``WEATHER__SOURCE_URL`` in our environment is ``SOURCE_URL`` in weather's worker alone."""
    prefix = f"{team.upper()}__"
    return {name.removeprefix(prefix): value for name, value in os.environ.items() if name.startswith(prefix)}
