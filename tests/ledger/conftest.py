from collections.abc import Generator, Iterator

import pytest

from tests.ledger import mutants
from tests.ledger.world import World, asset
from tests.postgres import Server, running_server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("ledger")) as server:
        yield server


@pytest.fixture(scope="module")
def without(request: pytest.FixtureRequest) -> str | None:
    """The guard, constraint or policy that the ledger lacks; None if it is whole."""
    return getattr(request, "param", None)


@pytest.fixture(scope="module")
def shared_world(server: Server, without: str | None) -> Iterator[World]:
    with server.ledger() as database, World(server, database) as world:
        if without:
            mutants.remove(world.superuser, without)
        yield world


@pytest.fixture
def world(shared_world: World) -> World:
    """An empty ledger; its database and connections serve all tests of a file in turn."""
    shared_world.clear()
    return shared_world


@pytest.fixture
def pair(world: World) -> World:
    """``weather/source``, and ``flights/use`` of another team that reads it."""
    world.deploy(asset("weather/source"), asset("flights/use", "weather/source"))
    return world


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that proves something also on a ledger without it."""
    if names := mutants.proved_by(metafunc.function):
        lacking = [pytest.param(name, id=f"without {name}", marks=pytest.mark.slow) for name in names]
        whole = pytest.param(None, id=pytest.HIDDEN_PARAM)
        metafunc.parametrize("without", [whole, *lacking], indirect=True, scope="module")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out a ledger without what only other parameters of the test prove."""
    items[:] = [item for item in items if not (name := _lacking(item)) or name in _proved(item)]


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """On a ledger that lacks what a test proves, the test must miss it: by its own expectation, not by an accident."""
    name = _lacking(pyfuncitem)
    try:
        answer = yield
    except (AssertionError, pytest.fail.Exception):
        if name:
            return True
        raise
    if name:
        pytest.fail(f"The test passes without {name}.")
    return answer


def _lacking(item: pytest.Item) -> str | None:
    callspec = getattr(item, "callspec", None)
    return callspec.params.get("without") if callspec else None


def _proved(item: pytest.Item) -> set[str]:
    return {name for mark in item.iter_markers("proves") for name in mark.args}
