from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.running import Live, running_platform
from tests.side_by_side import ByPlace, shares, turn

if TYPE_CHECKING:
    from xdist.remote import Producer


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """One real platform for all tests of this process."""
    with running_platform(tmp_path_factory.mktemp("platform")) as live:
        yield live


@pytest.fixture
def day(live: Live) -> str:
    """A day that no other test uses."""
    return live.new_day()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if {"live", "stack"} & set(getattr(item, "fixturenames", ())) and not shares(item.nodeid):
            raise pytest.UsageError(f"{item.nodeid} needs a platform: name its folder in tests/side_by_side.py")
    items.sort(key=lambda item: turn(item.nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: "Producer") -> ByPlace:
    return ByPlace(config, log)
