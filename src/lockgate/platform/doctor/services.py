"""Database, ledger, broker and Prefect server: there, of one release, set up as they must be, and of one time."""

import email.utils
import os
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import psycopg

from lockgate.embedded.addresses import describe
from lockgate.embedded.broker import Broker, check_external_broker
from lockgate.embedded.services import External
from lockgate.embedded.supervisor import Supervisor
from lockgate.ledger import Ledger
from lockgate.ledger.migrate import newest
from lockgate.platform.doctor.finding import START, Finding, fail, ok, warn
from lockgate.settings import PLATFORM, api_url, home_of, ledger_url

UP = f"Start it: {START}"
SECONDS = 10.0
SKEW_SECONDS = 5.0
LOOPBACK = ("127.0.0.1", "localhost", "::1")
BATCH_SIZE = "PREFECT_REDIS_MESSAGING_PUBLISHER_BATCH_SIZE"


def database(root: Path) -> Iterator[Finding]:
    """Whether the database server takes connections."""
    url = ledger_url(PLATFORM, root)
    try:
        with psycopg.connect(url, connect_timeout=int(SECONDS)) as connection:
            found = connection.info.server_version
    except psycopg.OperationalError:
        yield fail("database", f"{describe(url)} cannot be reached.", UP)
        return
    yield ok("database", f"PostgreSQL {found // 10000}.{found % 10000} at {describe(url)}.")


def ledger(root: Path) -> Iterator[Finding]:
    """Whether the ledger can be read and is of this release."""
    with Ledger(ledger_url(PLATFORM, root)) as found:
        revision, assets = found.revision(), found.registry()
    unreadable = [spec for spec in assets.values() if spec.unreadable]
    if revision != newest():
        yield fail("ledger", f"it is of revision {revision}, this release needs {newest()}.", "Run: lockgate up")
    elif unreadable:
        more = f" And {len(unreadable) - 1} more." if len(unreadable) > 1 else ""
        yield warn("ledger", unreadable[0].unreadable + more, f"lockgate deploy {unreadable[0].team}")
    else:
        yield ok("ledger", f"revision {revision}, {len(assets)} assets registered.")


def broker(root: Path) -> Iterator[Finding]:
    """Whether the broker that events travel through answers."""
    external = External.of(os.environ)
    if external.api_url:
        yield ok("broker", "the Prefect server of PREFECT_API_URL has its own.")
    elif external.broker_url:
        check_external_broker(external.broker_url)
        yield ok("broker", f"{describe(external.broker_url)} answers.")
    elif Broker(home_of(root)).answers():
        yield ok("broker", f"{describe(Broker(home_of(root)).url())} answers.")
    else:
        yield fail("broker", "it does not answer, so no event starts anything.", UP)


def server(root: Path) -> Iterator[Finding]:
    """Whether Prefect's server is ready: it answers and reaches its database."""
    url = api_url(root)
    try:
        answer = ask(root, "/ready")
    except httpx.HTTPError as error:
        yield fail("server", f"{url} does not answer: {type(error).__name__}.", UP)
        return
    if answer.status_code == 200:
        yield ok("server", f"{url} is ready.")
    else:
        yield fail("server", f"{url} is not ready: it answers {answer.status_code}.", "See the server's log.")


def auth(root: Path) -> Iterator[Finding]:
    """Whether the server lets us in, and strangers only where nobody but this machine reaches it."""
    url = api_url(root)
    if ask(root, "/admin/version").status_code == httpx.codes.UNAUTHORIZED:
        cure = "Set PREFECT_API_AUTH_STRING to the server's PREFECT_SERVER_API_AUTH_STRING."
        yield fail("auth", f"{url} does not accept our credentials.", cure)
    elif ask(root, "/admin/version", stranger=True).status_code == httpx.codes.UNAUTHORIZED:
        yield ok("auth", f"{url} lets us in, and no stranger.")
    elif urlsplit(url).hostname in LOOPBACK:
        yield ok("auth", f"{url} asks for no credentials; only this machine reaches it.")
    else:
        cure = "Set PREFECT_SERVER_API_AUTH_STRING there and PREFECT_API_AUTH_STRING here and for workers."
        yield fail("auth", f"{url} lets everybody in.", cure)


def prefect_version(root: Path) -> Iterator[Finding]:
    """Whether server and clients are of one Prefect version: others fail in ways that are hard to see."""
    here, there = version("prefect"), ask(root, "/admin/version").json()
    if here == there:
        yield ok("prefect version", f"{here} here and at the server.")
    else:
        yield fail("prefect version", f"the server has {there}, this environment {here}.", "Install one version.")


def settings(root: Path) -> Iterator[Finding]:
    """Whether the server shares its state through one broker, holds no event back, and sends nothing home."""
    found: dict[str, Any] = ask(root, "/admin/settings").json()["server"]
    shared = {
        "PREFECT_SERVER_EVENTS_MESSAGING_BROKER": "redis" in found["events"]["messaging_broker"],
        "PREFECT_SERVER_EVENTS_MESSAGING_CACHE": "redis" in found["events"]["messaging_cache"],
        "PREFECT_SERVER_EVENTS_CAUSAL_ORDERING": "redis" in found["events"]["causal_ordering"],
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "redis" in found["concurrency"]["lease_storage"],
        "PREFECT_SERVER_WORKER_CHANNEL_CLEANUP_QUEUE_STORAGE": "redis"
        in found["worker_channel"]["cleanup_queue_storage"],
        "PREFECT_SERVER_DOCKET_URL": not str(found["docket"]["url"]).startswith("memory"),
    }
    if missing := [name for name, is_shared in shared.items() if not is_shared]:
        yield fail(
            "settings", f"the server keeps in memory what {', '.join(missing)} is for.", "Set all or lose events."
        )
    batch = _server_environment(root).get(BATCH_SIZE, "1")
    if batch != "1":
        yield warn("settings", f"the server holds events back until there are {batch}.", f"Set {BATCH_SIZE}=1.")
    if found["analytics_enabled"]:
        yield warn("settings", "the server sends telemetry.", "Set PREFECT_SERVER_ANALYTICS_ENABLED=false.")
    if not missing:
        yield ok("settings", "the server keeps all shared state in the broker.")


def database_clock(root: Path) -> Iterator[Finding]:
    """Whether the database, whose clock decides about leases, and this machine have one time."""
    with Ledger(ledger_url(PLATFORM, root)) as found:
        asked = time.time()
        yield _clock("database clock", found.now().timestamp(), asked, time.time())


def server_clock(root: Path) -> Iterator[Finding]:
    """Whether Prefect's server, whose clock decides about schedules, and this machine have one time."""
    asked = time.time()
    told = email.utils.parsedate_to_datetime(ask(root, "/ready").headers["date"]).timestamp()
    # It is told in whole seconds.
    yield _clock("server clock", told, asked - 1, time.time())


def ask(root: Path, path: str, *, stranger: bool = False) -> httpx.Response:
    """Prefect's answer to a GET, with the credentials that its own client would use, or with none."""
    from prefect.settings import get_current_settings

    secret = get_current_settings().api.auth_string
    auth = tuple(secret.get_secret_value().split(":", 1)) if secret and not stranger else None
    url = api_url(root)
    # The machine's proxy would not find our loopback.
    with httpx.Client(timeout=SECONDS, auth=auth, trust_env="127.0.0.1" not in url) as client:  # type: ignore[arg-type]
        return client.get(f"{url}{path}")


def _clock(part: str, told: float, asked: float, answered: float) -> Finding:
    """Compare a clock with ours, which stood between ``asked`` and ``answered`` meanwhile."""
    skew = max(asked - told, told - answered, 0.0)
    if skew > SKEW_SECONDS:
        return fail(part, f"it is {skew:.0f} s away from this machine's.", "Let both follow NTP.")
    return ok(part, f"it is less than {max(skew, 1.0):.0f} s away from this machine's.")


def _server_environment(root: Path) -> dict[str, str]:
    """What the embedded server was started with; nothing of one that runs elsewhere."""
    record = Supervisor(home_of(root)).running("server")
    try:
        return psutil.Process(record.pid).environ() if record else {}
    except psutil.Error:
        return {}
