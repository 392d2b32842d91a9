from collections.abc import Iterator

import pytest

from tests.running import Live, running_platform


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """One real platform for the whole test run."""
    with running_platform(tmp_path_factory.mktemp("platform")) as live:
        yield live


@pytest.fixture
def day(live: Live) -> str:
    """A day that no other test uses."""
    return live.new_day()
