"""The embedded broker asks for its password, is heard on loopback only, and keeps what it was told."""

from collections.abc import Iterator

import psutil
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from lockgate.core.errors import PlatformError
from lockgate.embedded.broker import Broker
from lockgate.embedded.home import Home


@pytest.fixture
def broker(home: Home) -> Iterator[Broker]:
    broker = Broker(home)
    broker.start()
    yield broker
    broker.stop()


def test_it_answers_to_its_password(broker: Broker) -> None:
    assert redis.Redis.from_url(broker.url()).ping()


def test_it_refuses_a_wrong_password_and_none(broker: Broker) -> None:
    port = int(broker.start().facts["port"])
    for password in ("guess", None):
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=port, password=password, retry=Retry(NoBackoff(), 0)).ping()


def test_it_listens_on_loopback_only(broker: Broker) -> None:
    server = psutil.Process(broker.start().pid)
    assert {at.laddr.ip for at in server.net_connections("inet")} == {"127.0.0.1"}
    assert not [at for at in server.net_connections("unix") if at.laddr]


def test_its_password_is_not_in_the_list_of_processes(broker: Broker) -> None:
    command = " ".join(psutil.Process(broker.start().pid).cmdline())
    assert broker.home.secret("broker") not in command
    assert (broker.home.path / "broker" / "valkey.conf").stat().st_mode & 0o777 == 0o600


def test_it_never_throws_events_away_to_make_room(broker: Broker) -> None:
    settings = redis.Redis.from_url(broker.url()).config_get("maxmemory-policy")
    assert settings == {"maxmemory-policy": "noeviction"}


def test_killed_it_starts_again_with_its_contents_and_its_port(broker: Broker) -> None:
    first = broker.start()
    client = redis.Redis.from_url(broker.url())
    client.xadd("events", {"asset": "weather/observations"})
    client.waitaof(1, 0, 5000)
    server = psutil.Process(first.pid)
    server.kill()
    psutil.wait_procs([server], timeout=60)

    second = broker.start()

    assert second.pid != first.pid
    assert second.facts["port"] == first.facts["port"]
    assert redis.Redis.from_url(broker.url()).xlen("events") == 1


def test_without_a_running_broker_there_is_no_url(home: Home) -> None:
    with pytest.raises(PlatformError, match="The broker is not running"):
        Broker(home).url()
