"""All services of one home together: PostgreSQL, broker, Prefect server, or what stands in for them."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from lockgate.core.errors import PlatformError
from lockgate.embedded.addresses import HTTP, POSTGRES, REDIS, address_in
from lockgate.embedded.broker import Broker, check_external_broker
from lockgate.embedded.databases import ensure_prefect_database
from lockgate.embedded.home import DamagedFile, Home
from lockgate.embedded.ports import parse_port
from lockgate.embedded.postgres import Postgres
from lockgate.embedded.server import Server, answers, client_environment
from lockgate.embedded.supervisor import Supervisor

# In the order in which they are ended: each before what it leans on.
_SERVICES = ("server", "broker", "postgres")

T = TypeVar("T")
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class External:
    """Services that run elsewhere, to be used in place of embedded ones.

    Args:
        database_url: ``postgresql://`` address with a role that may create roles and databases.
        broker_url: ``redis://`` address of a Redis or Valkey server.
        api_url: Address of a Prefect server's API; then no server and no broker is started.
        port: Where the embedded Prefect server must listen; None for any free port.
    """

    database_url: str | None = field(default=None, repr=False)
    broker_url: str | None = field(default=None, repr=False)
    api_url: str | None = None
    port: int | None = None

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "External":
        """Read the settings.

        Args:
            environment: Where to look for ``LOCKGATE_DATABASE_URL``, ``LOCKGATE_BROKER_URL``,
                ``PREFECT_API_URL`` and ``LOCKGATE_PORT``; empty counts as not set.

        Returns:
            The settings.

        Raises:
            UsageError: If the port is no port number, or an address none of its kind.
        """
        port = environment.get("LOCKGATE_PORT")
        return cls(
            database_url=address_in(environment, "LOCKGATE_DATABASE_URL", POSTGRES),
            broker_url=address_in(environment, "LOCKGATE_BROKER_URL", REDIS),
            api_url=(address_in(environment, "PREFECT_API_URL", HTTP) or "").rstrip("/") or None,
            port=parse_port(port) if port else None,
        )


@dataclass(frozen=True)
class Services:
    """The services that run now.

    Args:
        database_url: ``postgresql://`` address for the one who sets up databases; secret.
        broker_url: ``redis://`` address of the broker, None with an external Prefect server; secret.
        api_url: Address of the Prefect server's API.
        environment: What a process needs to use that Prefect server, without secrets.
    """

    database_url: str = field(repr=False)
    broker_url: str | None = field(repr=False)
    api_url: str
    environment: Mapping[str, str]


def start_services(
    home: Home, external: External | None = None, progress: Progress = lambda name, seconds: None
) -> Services:
    """Start what does not run yet, and wait until all of it is ready.

    A part that runs is left alone, one that died is started again on its data; a Prefect server whose
    settings have changed is started anew. If one part cannot start, the others keep running: mend the
    cause and call again, or call `stop_services`.

    Args:
        home: The home; created if it is not there.
        external: Services that run elsewhere; None for none.
        progress: Told the name of each part and the seconds it took, when it is ready.

    Returns:
        Where the services are.

    Raises:
        PlatformError: If a part cannot be started or reached, or another command is at it.
    """
    external = external or External()
    with home.sole_starter():
        with ThreadPoolExecutor() as pool:
            database = pool.submit(_timed, "postgres", progress, lambda: _database(home, external))
            broker = pool.submit(_timed, "broker", progress, lambda: _broker(home, external))
            database_url, broker_url = database.result(), broker.result()
        api_url = _timed("server", progress, lambda: _server(home, external, database_url, broker_url))
    return Services(database_url, broker_url, api_url, client_environment(home, api_url))


def stop_services(home: Home, progress: Progress = lambda name, seconds: None) -> None:
    """End all processes that were started in a home, in order, and nothing else.

    Works from any process, also when the starter was killed. Workers and the like first, since they lean
    on the services; then the Prefect server, the broker, and PostgreSQL.

    Args:
        home: The home; nothing happens if it is not there.
        progress: Told the name of each process and the seconds it took, when it has ended.

    Raises:
        PlatformError: If one cannot be ended, or another command is starting or stopping.
    """
    if not home.path.exists():
        return
    with home.sole_starter():
        supervisor = Supervisor(home)
        known = supervisor.records()
        others = [name for name in known if name not in _SERVICES]
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda name: _timed(name, progress, lambda: supervisor.stop(name)), others))
        for name in (name for name in _SERVICES if name in known):
            _timed(name, progress, partial(_stop_service, home, name))
        # What a starter was killed before noting.
        Broker(home).end()
        Postgres(home).stop()
        supervisor.end_unrecorded()


def purge_services(home: Home) -> None:
    """End all processes of a home and delete it, with all databases in it.

    Works on damaged files too: then the processes are found by their environment and their working directory.

    Args:
        home: The home; nothing happens if it is not there.

    Raises:
        PlatformError: If a process cannot be ended, or another command is starting or stopping.
    """
    if not home.path.exists():
        return
    with home.sole_starter():
        try:
            stop_services(home)
        except DamagedFile:
            Supervisor(home).end_unrecorded()
            home.forget()
            Broker(home).end()
        Postgres(home).purge()
        home.remove()


def _database(home: Home, external: External) -> str:
    if external.database_url:
        return external.database_url
    postgres = Postgres(home)
    postgres.start()
    return postgres.url()


def _broker(home: Home, external: External) -> str | None:
    if external.api_url:
        return None
    if external.broker_url:
        check_external_broker(external.broker_url)
        return external.broker_url
    broker = Broker(home)
    broker.start()
    return broker.url()


def _server(home: Home, external: External, database_url: str, broker_url: str | None) -> str:
    if external.api_url or not broker_url:
        api_url = external.api_url or ""
        if not answers(api_url):
            raise PlatformError(
                f"The Prefect server at {api_url} (PREFECT_API_URL) does not answer.",
                cure="Start it, or unset PREFECT_API_URL to have an embedded one.",
            )
        return api_url
    prefect_url = ensure_prefect_database(database_url, home.secret("prefect"))
    record = Server(home).start(database_url=prefect_url, broker_url=broker_url, port=external.port)
    return str(record.facts["url"])


def _stop_service(home: Home, name: str) -> bool:
    return Postgres(home).stop() if name == "postgres" else Supervisor(home).stop(name)


def _timed(name: str, progress: Progress, action: Callable[[], T]) -> T:
    begin = time.monotonic()
    result = action()
    progress(name, time.monotonic() - begin)
    return result
