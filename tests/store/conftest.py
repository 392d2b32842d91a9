import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext

import pytest

from lockgate.store import Store, open_store
from tests.s3 import bucket

STORES: dict[str, Callable[[pytest.TempPathFactory], AbstractContextManager[str]]] = {
    "file": lambda paths: nullcontext(paths.mktemp("store").as_uri()),
    "memory": lambda _: nullcontext("memory://"),
    "s3": lambda _: bucket(),
}
_numbers = itertools.count(1)


@pytest.fixture(scope="module", params=STORES)
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Each kind of store that must behave the same."""
    with STORES[request.param](tmp_path_factory) as url:
        yield open_store(url)


def new_folder() -> str:
    """The folder of an attempt that nobody has written to."""
    return f"weather/observations/2013-01-05/{next(_numbers)}"
