"""Loading several teams beside each other, so that one that hangs or must be built first holds back no other."""

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from lockgate.core.errors import LockgateError
from lockgate.environments import Announce, silent
from lockgate.orchestration.validate import TeamPlan, load_plan

AT_ONCE = 2
# A team that takes longer is building its environment, which is mostly waiting, or hangs: the next one may begin.
PATIENCE_SECONDS = 15.0


def start_loading(
    root: Path, teams: Iterable[str], announce: Announce = silent
) -> dict[str, Future[TeamPlan | LockgateError]]:
    """Begin to load teams, two at a time; a third begins when one is done or has taken 15 s.

    Args:
        root: The project.
        teams: Names of the teams.
        announce: Told the name of each team whose environment must be built first.

    Returns:
        Per team its plan to come, or the error for which it cannot be loaded.
    """
    places = threading.Semaphore(AT_ONCE)

    def load(team: str) -> TeamPlan | LockgateError:
        with _one_of(places):
            try:
                return load_plan(root, team, announce)
            except LockgateError as error:
                return error

    names = list(dict.fromkeys(teams))
    pool = ThreadPoolExecutor(max_workers=max(len(names), 1))
    loads = {team: pool.submit(load, team) for team in names}
    pool.shutdown(wait=False)
    return loads


def load_plans(root: Path, teams: Iterable[str], announce: Announce = silent) -> dict[str, TeamPlan | LockgateError]:
    """Load teams and wait for all; see ``start_loading``."""
    return {team: load.result() for team, load in start_loading(root, teams, announce).items()}


@contextmanager
def _one_of(places: threading.Semaphore) -> Iterator[None]:
    """Hold a place, for as long as patience lasts."""
    places.acquire()
    once = threading.Lock()

    def leave() -> None:
        if once.acquire(blocking=False):
            places.release()

    timer = threading.Timer(PATIENCE_SECONDS, leave)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        leave()
