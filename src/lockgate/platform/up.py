"""`lockgate up`: every part in order, each only if it is not there yet."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lockgate.core.errors import LockgateError
from lockgate.core.keys import is_name
from lockgate.embedded.home import Home
from lockgate.embedded.services import External, Services, start_services
from lockgate.environments import Announce, silent
from lockgate.ledger.admin import bootstrap
from lockgate.ledger.roles import DATABASE
from lockgate.platform.workers import start_worker
from lockgate.settings import ENDPOINTS, PLATFORM, all_teams, home_of, refuse_stranger

if TYPE_CHECKING:
    from lockgate.orchestration.deploy import Result

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Platform:
    """A running platform.

    Attributes:
        home: Where its state lies.
        api_url: Prefect's API.
        broken: Teams that could not be deployed, with the reason.
    """

    home: Home
    api_url: str
    broken: dict[str, LockgateError]

    @property
    def ui_url(self) -> str:
        """Prefect's UI."""
        return self.api_url.removesuffix("/api")


async def up(root: Path, progress: Progress, announce: Announce = silent) -> Platform:
    """Start what does not run yet: services, ledger, pools, environments, deployments, workers.

    A team that cannot be deployed is reported in the result and stops no other; each worker starts as soon as its
    team is deployed.

    Args:
        root: The project.
        progress: Told the name of each part and the seconds it took.
        announce: Told the name of each team whose environment must be built first.

    Raises:
        PlatformError: If a service cannot be started.
        LedgerError: If the ledger cannot be set up.
    """
    home = home_of(root)
    teams = all_teams(root)
    with home.sole_starter():
        external = External.of(os.environ)
        if external.api_url:
            refuse_stranger(home, external.api_url)
        services = start_services(home, external, progress)
        began = time.monotonic()
        address = _prepare_ledger(home, services, teams)
        store = os.environ.get("LOCKGATE_STORE_URL") or (home.path / "store").as_uri()
        endpoints = {"api": services.api_url, "ledger": address, "store": store}
        home.update(lambda state: state.update({ENDPOINTS: endpoints}))
        progress("ledger", time.monotonic() - began)
        start = partial(start_worker, home, root, prefect=services.environment, endpoints=endpoints)
        broken = await _deploy_all(root, services.api_url, teams, start, progress, announce)
    return Platform(home, services.api_url, broken)


def _prepare_ledger(home: Home, services: Services, teams: list[str]) -> str:
    """Create or migrate the ledger and its logins; returns ``host:port/database``."""
    # A folder whose name can be no team's is told of when it is loaded, and holds up nobody.
    named = [team for team in teams if is_name(team, "team")]
    logins = {login: home.secret(f"ledger/{login}") for login in (PLATFORM, *named)}
    bootstrap(services.database_url, logins)
    return f"{urlsplit(services.database_url).netloc.rpartition('@')[2]}/{DATABASE}"


async def _deploy_all(
    root: Path,
    api_url: str,
    teams: list[str],
    start: Callable[[str], object],
    progress: Progress,
    announce: Announce,
) -> dict[str, LockgateError]:
    """Deploy the platform and the teams, and start the worker of each; returns the teams that are not deployed."""
    # Only now, so that a mistake in the settings of the services is told before a second has passed.
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_API_URL, temporary_settings

    from lockgate.orchestration.deploy import deploy_platform, deploy_teams

    broken: dict[str, LockgateError] = {}
    began = time.monotonic()

    def report(team: str, result: "Result") -> None:
        nonlocal began
        if isinstance(result, LockgateError):
            broken[team] = result
            return
        start(team)
        progress(f"team {team}", time.monotonic() - began)
        began = time.monotonic()

    with temporary_settings({PREFECT_API_URL: api_url}):
        async with get_client() as client:
            await deploy_platform(root, client)
            start(PLATFORM)
            progress("platform", time.monotonic() - began)
            began = time.monotonic()
            await deploy_teams(root, teams, client, report, announce)
    return broken
