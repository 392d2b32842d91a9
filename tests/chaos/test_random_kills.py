"""Runs are killed by signal 9 at random moments, while events are lost and repeated, data turns bad, owners roll back.

Forty kills; three hundred with ``CHAOS=long``. The seed and the count are told at the end of the test run;
``CHAOS_SEED`` takes a seed, though processes on a busy machine never meet the same way twice.
"""

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from lockgate.core.errors import UsageError
from lockgate.core.gate import Slice
from lockgate.ledger import Operator
from lockgate.reading import read
from lockgate.store import open_store
from tests.chaos.invariants import ALL_GOOD, AT_REST
from tests.chaos.processes import SOURCES, Runs

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

KILLS = 300 if os.environ.get("CHAOS") == "long" else 40
AT_ONCE = 4
# In seconds: about as long as a run takes.
LONGEST_LIFE = 0.15
READ_EVERY = 0.01


class Reader(threading.Thread):
    """Somebody who reads everything all the time, and must never see a bad value nor an older one than before."""

    def __init__(self, runs: Runs) -> None:
        super().__init__(daemon=True)
        self._url, self._store = runs.world.url("platform"), runs.store.as_uri()
        self._slices = runs.slices()
        self._over = threading.Event()
        self.reads = 0
        self.wrong: list[str] = []

    def run(self) -> None:
        """Read until told to end."""
        newest: Counter[Slice] = Counter()
        with closing(Operator(self._url)) as ledger:
            while not self._over.is_set():
                for where in self._slices:
                    self._look(ledger, where, newest)
                    self._over.wait(READ_EVERY)

    def _look(self, ledger: Operator, where: Slice, newest: Counter[Slice]) -> None:
        version = ledger.version(*where)
        if version is None:
            return
        try:
            value = read(ledger, open_store(self._store), *where, version.number)
        except UsageError as error:
            self.wrong.append(str(error))
            return
        self.reads += 1
        if not value["good"] or version.number < newest[where]:
            self.wrong.append(f"{where} v{version.number} {value}, after v{newest[where]}")
        newest[where] = version.number

    def end(self) -> None:
        """Stop reading."""
        self._over.set()
        self.join()


@contextmanager
def reading(runs: Runs) -> Iterator[Reader]:
    """Somebody reads meanwhile."""
    reader = Reader(runs)
    reader.start()
    try:
        yield reader
    finally:
        reader.end()


class Mayhem:
    """Does something random again and again.

    Args:
        runs: What it does it to.
        chance: Where its randomness comes from.
    """

    def __init__(self, runs: Runs, chance: random.Random) -> None:
        self._runs = runs
        self._chance = chance
        self._slices = runs.slices()
        self.killed: Counter[str] = Counter()

    def until_killed(self, count: int) -> None:
        """Go on until so many processes were killed."""
        deeds = [
            self._start,
            self._event,
            self._event,
            self._kill,
            self._kill,
            self._turn,
            self._repair,
            self._roll_back,
        ]
        while self.killed.total() < count:
            self._chance.choice(deeds)()
            self._reap()
            self._runs.holds()
        self._runs.finish()

    def _start(self) -> None:
        if len(self._runs.living) < AT_ONCE:
            self._runs.start(self._chance.choice(self._slices))

    def _event(self) -> None:
        """One of the events arrives, perhaps twice; those left are lost."""
        told = self._runs.folder.events()
        for where in self._runs.dependents(self._chance.choice(told)) if told else []:
            for _ in range(self._chance.choice([1, 1, 2])):
                self._runs.start(where)

    def _kill(self) -> None:
        """Wait for a random moment in the life of a run."""
        self._start()
        name = list(self._runs.living)[-1]
        time.sleep(self._chance.uniform(0, LONGEST_LIFE))
        if self._runs.kill(name):
            self.killed[(self._runs.passed(name) or ["before its first step"])[-1]] += 1

    def _turn(self) -> None:
        self._runs.folder.turn(self._chance.choice(self._slices), bad=self._chance.random() < 0.3)

    def _repair(self) -> None:
        """Repair and sweep come by."""
        self._runs.repair()
        if len(self._runs.living) < AT_ONCE:
            self._runs.sweep()

    def _roll_back(self) -> None:
        where = self._chance.choice(SOURCES)
        if (number := self._runs.number(where)) > 1:
            self._runs.world.of(where[0]).rollback(*where, to_number=number - 1, why="chance")

    def _reap(self) -> None:
        for name in [name for name, process in self._runs.living.items() if process.exitcode is not None]:
            self._runs.end(name)
        while len(self._runs.living) > 2 * AT_ONCE:
            self._runs.end(next(iter(self._runs.living)))


def test_whenever_runs_are_killed_nothing_wrong_is_seen_and_all_comes_to_rest(
    runs: Runs, fired: Counter[str], tell: Callable[[str], None]
) -> None:
    seed = int(os.environ.get("CHAOS_SEED") or random.SystemRandom().randrange(10**9))
    mayhem = Mayhem(runs, random.Random(seed))
    with reading(runs) as reader:
        mayhem.until_killed(KILLS)
        tell(f"seed {seed}: {mayhem.killed.total()} of {runs.started} runs killed at random; {reader.reads} reads")
        fired.update(mayhem.killed)
        runs.settle()
        runs.holds(AT_REST)

        for where in runs.slices():
            runs.folder.turn(where, bad=False)
        runs.all_once()

    assert reader.wrong == []
    assert reader.reads > 0
    runs.holds(AT_REST, ALL_GOOD)


def test_without_the_sweep_killed_runs_leave_dependents_behind(runs: Runs) -> None:
    """A test of the test: what a dead run left undone nobody else does."""
    runs.do(SOURCES[0], fatal="after publish")
    runs.repair()
    with pytest.raises(AssertionError, match="made from other versions"):
        runs.holds(AT_REST, ALL_GOOD)
    runs.settle()
    runs.holds(AT_REST, ALL_GOOD)
