"""The Prefect server of one home, as a process: never its SQLite, never its in-memory broker."""

import hashlib
import json
import sys
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, build_opener, urlopen

from lockgate.embedded.addresses import asyncpg_url
from lockgate.embedded.environment import minimal_environment
from lockgate.embedded.home import Home
from lockgate.embedded.listening import start_listening
from lockgate.embedded.ports import LOOPBACK, require_free
from lockgate.embedded.process import ProcessRecord
from lockgate.embedded.supervisor import Supervisor

_NAME = "server"

# First start: the import of Prefect (4 s), its migrations (3 s) and block types (1 s) on a slow machine.
_SECONDS = 300.0

_PREFECT = (sys.executable, "-P", "-m", "lockgate.launch")

# All parts of the server that keep something between two requests. Leave one in memory, and it is lost or
# duplicated when the server is killed.
SHARED_STATE = {
    "PREFECT_SERVER_EVENTS_MESSAGING_BROKER": "prefect_redis.messaging",
    "PREFECT_SERVER_EVENTS_MESSAGING_CACHE": "prefect_redis.messaging",
    "PREFECT_SERVER_EVENTS_CAUSAL_ORDERING": "prefect_redis.ordering",
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect_redis.lease_storage",
    "PREFECT_SERVER_WORKER_CHANNEL_CLEANUP_QUEUE_STORAGE": "prefect_redis.cleanup_queue",
}

_BEHAVIOUR = {
    "PREFECT_SERVER_API_HOST": LOOPBACK,
    # The default holds an event back until five are there or ten seconds have passed.
    "PREFECT_REDIS_MESSAGING_PUBLISHER_BATCH_SIZE": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
}

# One event per read and per statement is Prefect's default, and a quarter of the server's time. A server that is killed
# loses at most the last second of what its pages show of task runs and events; nothing that lockgate decides by.
IN_BATCHES = {
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_TRIGGERS_READ_BATCH_SIZE": "100",
    # The default of 5 opens and closes a connection for nearly every request of a busy server.
    "PREFECT_SERVER_DATABASE_SQLALCHEMY_POOL_SIZE": "20",
}

_NEVER_EPHEMERAL = {"PREFECT_SERVER_EPHEMERAL_ENABLED": "false", "DO_NOT_TRACK": "1"}

# A run opens half a dozen clients, and each would ask the server for its version and for a CSRF token, which it has
# not, and read all the world's certificate authorities (16 ms), though nothing is encrypted on loopback. The one
# authority in the file signed itself and nothing else: its key was thrown away.
_SHORT_PATH = {
    "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
    "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "false",
    "PREFECT_API_SSL_CERT_FILE": str(Path(__file__).with_name("no_authority.pem")),
}


def server_environment(home: Home, *, database_url: str, broker_url: str, port: int) -> dict[str, str]:
    """The whole environment of the server's process.

    Args:
        home: The home; Prefect's own folder is in it.
        database_url: ``postgresql://`` address of the server's database.
        broker_url: ``redis://`` address of the broker.
        port: Where it is to listen.

    Returns:
        Settings, secrets among them; for the process only.
    """
    return {
        **minimal_environment(),
        **SHARED_STATE,
        **_BEHAVIOUR,
        **IN_BATCHES,
        **client_environment(home, f"http://{LOOPBACK}:{port}/api"),
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": asyncpg_url(database_url),
        "PREFECT_REDIS_MESSAGING_URL": broker_url,
        "PREFECT_REDIS_WORKER_CLEANUP_QUEUE_URL": broker_url,
        "PREFECT_SERVER_DOCKET_URL": broker_url,
    }


def client_environment(home: Home, api_url: str) -> dict[str, str]:
    """What a process needs to use this server, or one that runs elsewhere, and no other one by accident.

    Args:
        home: The home; Prefect's own folder is in it, so that the user's profiles count for nothing.
        api_url: Address of the server's API.

    Returns:
        Settings without secrets.
    """
    ours = api_url.startswith(f"http://{LOOPBACK}:")
    return {
        "PREFECT_API_URL": api_url,
        "PREFECT_HOME": str(home.prefect),
        **_NEVER_EPHEMERAL,
        **(_SHORT_PATH if ours else {}),
    }


class Server:
    """The Prefect server of one home.

    Args:
        home: The home.
    """

    def __init__(self, home: Home) -> None:
        self.home = home
        self._supervisor = Supervisor(home)

    def start(self, *, database_url: str, broker_url: str, port: int | None = None) -> ProcessRecord:
        """Start it, unless it runs with just these settings, and wait until ``/api/ready`` says so.

        Args:
            database_url: ``postgresql://`` address of its database; must exist.
            broker_url: ``redis://`` address of the broker.
            port: Where it must listen; None: where it did before, or any free port.

        Returns:
            Its record; the fact "url" is the API's address.

        Raises:
            PlatformError: If the port is taken, or it ends at its start or is not ready within five minutes;
                with the end of its log.
        """

        def settings(port: int) -> dict[str, str]:
            return server_environment(self.home, database_url=database_url, broker_url=broker_url, port=port)

        def start(free: int) -> ProcessRecord:
            return self._start_process(port or free, settings(port or free))

        running = self._supervisor.running(_NAME)
        if running:
            known_port = int(running.facts["port"])
            if port in (None, known_port) and running.facts["settings"] == _digest(settings(known_port)):
                self._wait_until_ready(running)
                return running
            self.stop()
        if port:
            require_free(port)
        self.home.create()
        passing = () if port else ("already in use",)
        return start_listening(self._supervisor, _NAME, start, self._wait_until_ready, passing)

    def stop(self) -> bool:
        """End it in order.

        Returns:
            Whether it was running.

        Raises:
            PlatformError: If it cannot be ended.
        """
        return self._supervisor.stop(_NAME)

    def _start_process(self, port: int, environment: dict[str, str]) -> ProcessRecord:
        return self._supervisor.start(
            _NAME,
            # -P: the working directory is no place to import from. It is Prefect's folder because Prefect
            # reads settings from a prefect.toml or .env in it.
            [
                sys.executable,
                "-P",
                "-m",
                "lockgate.launch",
                "server",
                "start",
                "--host",
                LOOPBACK,
                "--port",
                str(port),
            ],
            environment=environment,
            folder=self.home.prefect,
            facts={"port": port, "url": environment["PREFECT_API_URL"], "settings": _digest(environment)},
        )

    def _wait_until_ready(self, record: ProcessRecord) -> None:
        url = str(record.facts["url"])
        self._supervisor.wait_until(lambda: is_ready(url), _SECONDS, f"Prefect's server at {url}", record)


def is_ready(api_url: str) -> bool:
    """Whether a Prefect server answers and reaches its database.

    Args:
        api_url: Address of its API.

    Returns:
        What ``/ready`` says; False if nobody answers.
    """
    try:
        # Without the machine's proxy: it would not find our loopback.
        with build_opener(ProxyHandler({})).open(f"{api_url}/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def answers(api_url: str) -> bool:
    """Whether anybody answers at the address of a server that lockgate did not start.

    Args:
        api_url: Address of its API.

    Returns:
        True also for a refusal: whether our credentials serve is for those who use them to say.
    """
    try:
        with urlopen(f"{api_url}/health", timeout=10):  # noqa: S310
            return True
    except HTTPError:
        return True
    except (URLError, OSError, ValueError):
        return False


def _digest(environment: dict[str, str]) -> str:
    settings = {name: value for name, value in environment.items() if name.startswith("PREFECT_")}
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
