"""How tests share a machine when they run side by side, as `make test` runs them: by file, and by what they share."""

from typing import TYPE_CHECKING

import pytest
from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from xdist.remote import Producer

# Whose tests take turns in one process, as they share what takes long to start: one stack of containers, and one
# platform for the guarantees, another for the parts. The longest begins first.
PLATFORM = "platform"
TOGETHER = {
    "tests/live/": "stack",
    "tests/fundamentals/": f"{PLATFORM} of the guarantees",
    "tests/worker/": f"{PLATFORM} of the parts",
    "tests/platform/": f"{PLATFORM} of the parts",
    "tests/connections/": f"{PLATFORM} of the parts",
}


def place(nodeid: str) -> str:
    """Which tests a test takes turns with: those of its file, or those it shares more with."""
    return shares(nodeid) or nodeid.partition("::")[0]


def shares(nodeid: str) -> str | None:
    """What a test shares with those of other files; None for nothing."""
    return next((shared for folder, shared in TOGETHER.items() if nodeid.startswith(folder)), None)


def turn(nodeid: str) -> int:
    """When a test begins, among those of other places: the short ones of the ledger fill what is left at the end."""
    places: list[str | None] = [*dict.fromkeys(TOGETHER.values()), None]
    return len(places) if nodeid.startswith("tests/ledger/") else places.index(shares(nodeid))


class ByPlace(LoadScopeScheduling):
    """Gives a process all tests of a place at a time, in the order in which they were collected."""

    def __init__(self, config: pytest.Config, log: "Producer") -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)
        self._only_slow = config.option.markexpr == "slow"

    def _split_scope(self, nodeid: str) -> str:
        found = place(nodeid)
        # Ten slow tests need a platform: one serves them all.
        return PLATFORM if self._only_slow and found.startswith(PLATFORM) else found
