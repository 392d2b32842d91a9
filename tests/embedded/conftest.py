from collections.abc import Iterator
from pathlib import Path

import pytest

from lockgate.embedded.home import Home
from lockgate.embedded.postgres import Postgres
from lockgate.embedded.supervisor import Supervisor


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A new home; whatever a test leaves running in it is ended."""
    home = Home(tmp_path / ".lockgate")
    home.create()
    yield home
    supervisor = Supervisor(home)
    for name in supervisor.records():
        supervisor.stop(name, timeout=5)
    Postgres(home).purge()


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A running PostgreSQL, shared by the tests of one file that do not harm it."""
    postgres = Postgres(Home(tmp_path_factory.mktemp("project") / ".lockgate"), durable=False)
    postgres.start()
    yield postgres
    postgres.purge()
