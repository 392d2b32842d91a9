"""The connection: it works in any process, and notices when the server has closed it."""

import os
import resource
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from lockgate.ledger import Ledger
from tests.ledger.world import World

MANY = 1_100


@pytest.fixture
def many_files() -> Iterator[None]:
    """More open files than ``select`` can tell apart."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 2 * MANY)), hard))
    with ExitStack() as opened:
        for _ in range(MANY):
            opened.callback(os.close, os.open(os.devnull, os.O_RDONLY))
        yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_it_works_with_more_than_a_thousand_files_open(world: World, many_files: None) -> None:
    with Ledger(world.url("weather")) as ledger:
        assert ledger._connection._open.fileno() > MANY
        for _ in range(2):
            assert ledger.registry() == {}


def test_one_that_the_server_closed_is_opened_again(world: World, many_files: None) -> None:
    with Ledger(world.url("weather")) as ledger:
        (row,) = ledger._rows("select pg_backend_pid() as pid")
        world.ask("select pg_terminate_backend(%s, 10000)", row["pid"])
        assert ledger._connection.rows("select 1 as one", [], repeatable=False) == [{"one": 1}]
