from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.chaos.processes import Folder, Runs
from tests.ledger.conftest import server
from tests.ledger.world import World
from tests.postgres import Server

__all__ = ["server"]

_FIRED: Counter[str] = Counter()
_TOLD: list[str] = []


@pytest.fixture
def world(server: Server) -> Iterator[World]:
    """An empty ledger of its own."""
    with server.ledger() as database, World(server, database) as world:
        yield world


@pytest.fixture
def runs(world: World, tmp_path: Path) -> Iterator[Runs]:
    """Three teams whose assets are all published once, so that there is something to lose."""
    runs = Runs(world, Folder(tmp_path), tmp_path / "store")
    runs.all_once()
    yield runs
    runs.kill_all()


@pytest.fixture(scope="session")
def fired() -> Counter[str]:
    """How many real processes were killed at each point; the test run ends with it."""
    return _FIRED


@pytest.fixture(scope="session")
def tell() -> Callable[[str], None]:
    """Something else the test run shall end with: a seed, a figure."""
    return _TOLD.append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    lines = [*_TOLD, *(f"killed {point}: {count} times" for point, count in _FIRED.items())]
    if lines:
        terminalreporter.section("chaos")
        for line in lines:
            terminalreporter.write_line(line)
