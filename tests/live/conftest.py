import itertools
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from tests.stack import Stack, engine_answers, running_stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One stack for all drills."""
    if not engine_answers():
        pytest.skip("no Docker engine with Compose and buildx answers on this machine")
    with running_stack(tmp_path_factory.mktemp("stack") / "secrets") as stack:
        stack.start("flights/planes")
        stack.published("flights/planes")
        yield stack


_days = (date(2013, 3, 1) + timedelta(days=number) for number in itertools.count())


@pytest.fixture
def day(stack: Stack) -> str:
    """A day that no other drill uses."""
    return next(_days).isoformat()
