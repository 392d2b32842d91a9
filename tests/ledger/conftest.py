from collections.abc import Iterator

import pytest

from tests.ledger.world import World
from tests.postgres import Server, running_server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("ledger")) as server:
        yield server


@pytest.fixture(scope="module")
def shared_world(server: Server) -> Iterator[World]:
    with server.ledger() as database, World(server, database) as world:
        yield world


@pytest.fixture
def world(shared_world: World) -> World:
    """An empty ledger; its database and connections serve all tests of a file in turn."""
    shared_world.clear()
    return shared_world
