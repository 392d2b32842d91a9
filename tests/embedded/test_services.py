"""All services start together, are left alone while they run, and end together, whoever started them."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import psutil
import psycopg
import pytest

from lockgate.core.errors import PlatformError
from lockgate.embedded.broker import Broker
from lockgate.embedded.databases import ROLE
from lockgate.embedded.home import Home
from lockgate.embedded.postgres import Postgres
from lockgate.embedded.process import MARK, alive
from lockgate.embedded.server import is_ready, server_environment
from lockgate.embedded.services import External, Services, purge_services, start_services, stop_services
from lockgate.embedded.supervisor import Supervisor

_SLEEP = [sys.executable, "-S", "-c", "import time; time.sleep(600)"]


def _bearing_the_mark(home: Home) -> list[psutil.Process]:
    def bears(process: psutil.Process) -> bool:
        try:
            return process.environ().get(MARK, "").startswith(f"{home.path}:")
        except psutil.Error:
            return False

    return [process for process in psutil.process_iter() if bears(process)]


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, Services]]:
    """All parts embedded. The starter is a process that has ended since, as `lockgate up` has."""
    home = Home(tmp_path_factory.mktemp("project") / ".lockgate")
    code = (
        "import sys; from pathlib import Path; from lockgate.embedded.home import Home\n"
        "from lockgate.embedded.services import start_services\n"
        "start_services(Home(Path(sys.argv[1])), progress=lambda name, seconds: print(name))"
    )
    up = subprocess.run([sys.executable, "-c", code, str(home.path)], capture_output=True, text=True, check=True)
    assert set(up.stdout.split()) == {"postgres", "broker", "server"}
    yield home, start_services(home)
    purge_services(home)


def test_the_server_is_ready(started: tuple[Home, Services]) -> None:
    _, services = started
    assert is_ready(services.api_url)
    with urllib.request.urlopen(services.api_url.removesuffix("/api")) as page:
        assert page.status == 200


def test_every_process_listens_on_loopback_only(started: tuple[Home, Services]) -> None:
    home, _ = started
    for record in Supervisor(home).records().values():
        listening = [at for at in psutil.Process(record.pid).net_connections("inet") if at.status == "LISTEN"]
        assert {at.laddr.ip for at in listening} == {"127.0.0.1"}


def test_the_server_keeps_its_state_in_postgresql_and_the_broker(started: tuple[Home, Services]) -> None:
    home, services = started
    with psycopg.connect(services.database_url) as connection:
        sessions = connection.execute(
            "select count(*) from pg_stat_activity where datname = 'prefect' and usename = %s", [ROLE]
        ).fetchone()
    assert sessions
    assert sessions[0] > 0
    assert not list(home.path.rglob("*.db"))


def test_the_server_understands_each_setting_it_is_given(started: tuple[Home, Services]) -> None:
    """A name that Prefect does not know is ignored without a word, so ask it what it understood."""
    home, _ = started
    environment = server_environment(
        home, database_url="postgresql://me:pw@127.0.0.1/prefect", broker_url="redis://broker", port=4242
    )
    code = """
import json
from prefect.settings import get_current_settings
from prefect_redis.client import RedisMessagingSettings
from prefect_redis.cleanup_queue import RedisWorkerCleanupQueueSettings
from prefect_redis.messaging import RedisMessagingPublisherSettings
s = get_current_settings()
print(json.dumps([
    s.api.url, str(s.home), s.server.api.host, s.server.api.port, s.server.ephemeral.enabled,
    s.server.database.connection_url.get_secret_value(), s.server.analytics_enabled,
    s.server.events.messaging_broker, s.server.events.messaging_cache, s.server.events.causal_ordering,
    s.server.concurrency.lease_storage, s.server.worker_channel.cleanup_queue_storage, s.server.docket.url,
    s.server.ui.show_promotional_content, RedisMessagingSettings().url, RedisWorkerCleanupQueueSettings().url,
    RedisMessagingPublisherSettings().batch_size,
]))
"""
    answer = subprocess.run(
        [sys.executable, "-P", "-c", code], env=environment, cwd=home.prefect, capture_output=True, check=True
    )
    assert json.loads(answer.stdout) == [
        *("http://127.0.0.1:4242/api", str(home.prefect), "127.0.0.1", 4242, False),
        *("postgresql+asyncpg://me:pw@127.0.0.1/prefect", False),
        *("prefect_redis.messaging", "prefect_redis.messaging", "prefect_redis.ordering"),
        *("prefect_redis.lease_storage", "prefect_redis.cleanup_queue", "redis://broker"),
        *(False, "redis://broker", "redis://broker", 1),
    ]


def test_starting_again_leaves_what_runs_alone(started: tuple[Home, Services]) -> None:
    home, services = started
    before = Supervisor(home).records()

    assert start_services(home) == services
    assert Supervisor(home).records() == before


def test_a_dead_part_is_started_again_and_the_others_are_left_alone(started: tuple[Home, Services]) -> None:
    home, services = started
    before = Supervisor(home).records()
    broker = psutil.Process(before["broker"].pid)
    broker.kill()
    psutil.wait_procs([broker], timeout=60)

    assert start_services(home) == services

    after = Supervisor(home).records()
    assert {name for name in after if after[name] != before[name]} == {"broker"}


def test_an_event_starts_a_deployment_at_once(started: tuple[Home, Services]) -> None:
    """The way every dependent starts; with the broker's own defaults it would take up to ten seconds."""
    _, services = started
    resource = "asset://weather/observations"
    with httpx.Client(base_url=services.api_url, timeout=60) as api:
        flow = api.post("/flows/", json={"name": "delays"}).json()["id"]
        deployment = api.post("/deployments/", json={"name": "daily", "flow_id": flow}).json()["id"]
        trigger = {"type": "event", "posture": "Reactive", "threshold": 1, "expect": ["published"]}
        action = {"type": "run-deployment", "source": "selected", "deployment_id": deployment}
        automation = {
            "name": "observations to delays",
            "trigger": {**trigger, "match": {"prefect.resource.id": resource}},
            "actions": [action],
        }
        api.post("/automations/", json=automation).raise_for_status()

        def runs() -> list[object]:
            return list(api.post("/flow_runs/filter", json={"deployments": {"id": {"any_": [deployment]}}}).json())

        event = {"id": str(uuid4()), "event": "published", "resource": {"prefect.resource.id": resource}}
        api.post("/events", json=[{**event, "occurred": datetime.now(UTC).isoformat()}]).raise_for_status()

        deadline = time.monotonic() + 60
        while not runs():
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_external_services_are_used_instead_of_embedded_ones(
    started: tuple[Home, Services], home: Home, postgres: Postgres
) -> None:
    _, elsewhere = started

    services = start_services(home, External(database_url=postgres.url(), api_url=elsewhere.api_url))

    assert services.database_url == postgres.url()
    assert services.environment["PREFECT_API_URL"] == elsewhere.api_url
    assert Supervisor(home).records() == {}


def test_no_secret_is_on_a_command_line_or_in_a_log(started: tuple[Home, Services]) -> None:
    home, _ = started
    secrets = json.loads((home.path / "secrets.json").read_text()).values()
    shown = [" ".join(process.cmdline()) for process in _bearing_the_mark(home)]
    shown += [log.read_text() for log in home.logs.iterdir()]
    assert not [secret for secret in secrets for text in shown if secret in text]


def test_stopping_ends_all_that_was_started_and_only_that(started: tuple[Home, Services]) -> None:
    home, services = started
    supervisor = Supervisor(home)
    worker = supervisor.start("worker/weather", _SLEEP, environment={"PATH": os.environ["PATH"]})
    stranger = subprocess.Popen(_SLEEP)
    ended: list[str] = []

    stop_services(home, progress=lambda name, seconds: ended.append(name))

    assert ended == ["worker/weather", "server", "broker", "postgres"]
    assert not alive(worker)
    assert _bearing_the_mark(home) == []
    assert supervisor.records() == {}
    assert not is_ready(services.api_url)
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_stopping_finds_what_a_killed_starter_had_not_noted(home: Home) -> None:
    supervisor = Supervisor(home)
    worker = supervisor.start("worker/weather", _SLEEP, environment={"PATH": os.environ["PATH"]})
    Postgres(home, durable=False).start()
    home.forget()

    stop_services(home)

    assert not alive(worker)
    assert _bearing_the_mark(home) == []


def test_purging_works_on_damaged_files_and_leaves_nothing(home: Home) -> None:
    postgres = Postgres(home, durable=False)
    postgres.start()
    data = postgres.data
    broker = psutil.Process(Broker(home).start().pid)
    (home.path / "state.json").write_text("{")
    (home.path / "secrets.json").write_text("{")

    purge_services(home)

    assert not home.path.exists()
    assert not data.exists()
    assert _bearing_the_mark(home) == []
    assert not broker.is_running() or broker.status() == "zombie"


def test_a_broker_that_is_not_recorded_is_taken_up_not_started_twice(home: Home) -> None:
    first = Broker(home).start()
    home.forget()

    second = Broker(home).start()

    assert (second.pid, second.facts) == (first.pid, first.facts)


def test_a_broker_that_is_not_recorded_is_stopped(home: Home) -> None:
    broker = psutil.Process(Broker(home).start().pid)
    home.forget()

    stop_services(home)

    assert not broker.is_running() or broker.status() == "zombie"


def test_an_external_server_that_does_not_answer_is_one_clear_sentence(home: Home, postgres: Postgres) -> None:
    external = External(database_url=postgres.url(), api_url="http://127.0.0.1:1/api")

    with pytest.raises(PlatformError, match=r"127\.0\.0\.1:1/api \(PREFECT_API_URL\) does not answer"):
        start_services(home, external)


def test_an_external_broker_that_cannot_be_reached_is_one_clear_sentence(home: Home, postgres: Postgres) -> None:
    external = External(database_url=postgres.url(), broker_url="redis://:hidden@127.0.0.1:1/0")

    with pytest.raises(PlatformError, match=r"broker at 127\.0\.0\.1:1/0 .* does not answer") as error:
        start_services(home, external)

    assert "hidden" not in str(error.value)


def test_settings_name_what_is_external() -> None:
    assert External.of({"LOCKGATE_PORT": "4200", "PREFECT_API_URL": "http://prefect/api/"}) == External(
        api_url="http://prefect/api", port=4200
    )
    assert External.of({"LOCKGATE_DATABASE_URL": "", "PREFECT_API_URL": ""}) == External()
    assert "pw" not in repr(External.of({"LOCKGATE_DATABASE_URL": "postgresql://me:pw@db/x"}))


def test_stopping_where_nothing_ever_started_is_no_error(tmp_path: Path) -> None:
    stop_services(Home(tmp_path / ".lockgate"))
    purge_services(Home(tmp_path / ".lockgate"))
    assert not (tmp_path / ".lockgate").exists()
