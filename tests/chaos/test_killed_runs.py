"""A run is killed by signal 9 in each of its steps: before and after every ledger statement and every store write.

Whatever the moment: the head is as it was or wholly new, nothing is published twice, and what is missing is made.
"""

from collections import Counter
from collections.abc import Callable

import pytest

from tests.chaos.invariants import ALL_GOOD, AT_REST
from tests.chaos.processes import Runs
from tests.chaos.simulated import DAYS

pytestmark = pytest.mark.slow

SOURCE, DEPENDENT = ("weather/a", DAYS[0]), ("flights/c", DAYS[0])


def publishes(runs: Runs) -> None:
    """There is a new version to work on."""
    runs.do(SOURCE)


def is_unchanged(runs: Runs) -> None:
    """There is nothing new."""


def rejects(runs: Runs) -> None:
    """It makes a bad value of a new version."""
    runs.do(SOURCE)
    runs.folder.turn(DEPENDENT, bad=True)


def is_blocked(runs: Runs) -> None:
    """Its input was rejected."""
    runs.folder.turn(SOURCE, bad=True)
    runs.do(SOURCE)


def cannot_write(runs: Runs) -> None:
    """It has no place to put its value."""
    runs.do(SOURCE)
    folder = runs.store / "flights"
    folder.rename(runs.store / "away")
    folder.touch()


POINTS = {
    publishes: ["snapshot", "begin", "versions", "write to the store", "stage", "verdict", "publish", "announced"],
    is_unchanged: ["snapshot", "confirm", "announced"],
    rejects: ["snapshot", "begin", "versions", "write to the store", "stage", "verdict", "waivers", "reject"],
    is_blocked: ["snapshot", "record"],
    cannot_write: ["snapshot", "begin", "versions", "fail"],
}


def mended(runs: Runs) -> None:
    """The cause of it is gone."""
    for where in (SOURCE, DEPENDENT):
        runs.folder.turn(where, bad=False)
    if (runs.store / "away").exists():
        (runs.store / "flights").unlink()
        (runs.store / "away").rename(runs.store / "flights")


@pytest.mark.parametrize("kind", POINTS, ids=lambda kind: kind.__name__)
def test_a_run_is_killed_in_each_of_its_steps(runs: Runs, fired: Counter[str], kind: Callable[[Runs], None]) -> None:
    """First it goes through untouched, which says what there is to kill; then it is killed at one point after another.

    A point where no process died fails the test.
    """
    kind(runs)
    points = runs.passed(runs.do(DEPENDENT))
    missed = {f"{when} {what}" for what in POINTS[kind] for when in ("before", "after")} - set(points)
    assert not missed
    for number, point in enumerate(points):
        mended(runs)
        runs.settle()
        kind(runs)
        before = runs.number(DEPENDENT)

        killed = runs.do(DEPENDENT, fatal=number)

        assert runs.passed(killed) == points[: number + 1]
        runs.holds()
        assert runs.number(DEPENDENT) - before == ("after publish" in points[: number + 1])
        if kind is publishes:
            runs.settle()
            assert runs.number(DEPENDENT) - before == 1
        fired[point] += 1

    mended(runs)
    runs.do(SOURCE)
    runs.settle()
    runs.holds(AT_REST, ALL_GOOD)
