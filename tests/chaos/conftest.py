from collections.abc import Iterator

import pytest

from tests.ledger.conftest import server
from tests.ledger.world import World
from tests.postgres import Server

__all__ = ["server"]


@pytest.fixture
def world(server: Server) -> Iterator[World]:
    """An empty ledger of its own."""
    with server.ledger() as database, World(server, database) as world:
        yield world
