import itertools
from collections.abc import Callable

import pytest

from lockgate.store import Store, open_store

STORES: dict[str, Callable[[pytest.TempPathFactory], str]] = {
    "file": lambda paths: paths.mktemp("store").as_uri(),
    "memory": lambda _: "memory://",
}
_numbers = itertools.count(1)


@pytest.fixture(scope="session", params=STORES)
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Each kind of store that must behave the same."""
    return open_store(STORES[request.param](tmp_path_factory))


def new_folder() -> str:
    """The folder of an attempt that nobody has written to."""
    return f"weather/observations/2013-01-05/{next(_numbers)}"
