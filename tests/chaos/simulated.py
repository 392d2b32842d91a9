"""A model of everything around the ledger: Prefect, workers, events. Ledger, gate and runs are the real ones.

Runs advance a step at a time, in any order, and can die between two steps. Events lie in a bag from which they are
delivered in any order, more than once, or never. Whatever a run observes that must never be raises ``Broken``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from obstore.store import MemoryStore

import lockgate.orchestration.asset_run as asset_run
from lockgate.core.asset import Asset, Input
from lockgate.core.check import CheckResult
from lockgate.core.errors import LedgerError
from lockgate.core.gate import AlreadyRejected, Blocked, Slice, Unchanged, Waiting
from lockgate.core.partitions import Daily
from lockgate.core.sweep import Start, missing_runs
from lockgate.core.team import Team
from lockgate.orchestration.asset_run import AssetRun
from lockgate.store.objects import ValueStore
from tests.ledger.world import World

DAYS = ("2013-01-01", "2013-01-02")
EACH_DAY = Daily("2013-01-01")


class Broken(AssertionError):
    """Something happened that lockgate promises never happens."""


class StillQueued(Exception):
    """A run would wait for its turn; it asks again at its next step."""


@dataclass
class Run:
    """A process that runs an asset.

    Attributes:
        where: The asset and partition.
        run: The real run.
        steps: What it still has to do.
    """

    where: Slice
    run: AssetRun
    steps: Iterator[None]


@dataclass
class Simulation:
    """Three teams on one ledger.

    Attributes:
        world: The ledger, and a superuser's view of it.
        bad: The slices whose functions make bad values now.
        rejected: The slices whose last judgement was a rejection, as observed from outside.
        events: What was announced and not delivered yet: which asset to start, on which partition.
        runs: The runs under way.
        dead: Runs whose process died.
        rolled_back: Per slice that was ever rolled back, the newest attempt at that moment.
    """

    world: World
    bad: set[Slice] = field(default_factory=set)
    rejected: set[Slice] = field(default_factory=set)
    events: list[Slice] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    dead: list[Run] = field(default_factory=list)
    rolled_back: dict[Slice, int] = field(default_factory=dict)
    started: int = 0

    def __post_init__(self) -> None:
        self.store = ValueStore(MemoryStore(), "memory")
        self.assets = {asset.key: asset for team in declare(self.bad) for asset in team.assets.values()}
        self.world.deploy(*(asset.spec("c1") for asset in self.assets.values()))

    # -- starting and advancing runs

    def start(self, where: Slice) -> Run:
        """Whatever starts a run: an event, a schedule, the sweep, a hand."""
        self.started += 1
        asset = self.assets[where[0]]
        run = AssetRun(
            asset=asset,
            spec=self.world.specs[asset.key],
            partition=where[1],
            force=False,
            flow_run_id=f"run {self.started}",
            ledger=self.world.of(asset.key),
            store=self.store,
        )
        one = Run(where, run, self._steps(run, where))
        self.runs.append(one)
        return one

    def advance(self, one: Run) -> None:
        """Let a run do its next step."""
        if next(one.steps, self) is self:
            self.runs.remove(one)

    def finish(self) -> None:
        """Let every run that lives come to its end."""
        while self.runs:
            self.advance(self.runs[0])

    def kill(self, one: Run) -> None:
        """End a run's process; it settles nothing."""
        self.runs.remove(one)
        self.dead.append(one)

    def bury(self) -> None:
        """So much time passes that the leases of the dead run out."""
        for one in self.dead:
            self.expire(one)
        self.dead.clear()

    def expire(self, one: Run) -> None:
        """A run's lease runs out, whether it lives or not."""
        if one.run.begun:
            self.world.expire(one.run.begun)

    def _steps(self, run: AssetRun, where: Slice) -> Iterator[None]:
        """The steps of the asset flow, in its order, with a place to die between any two."""
        yield
        while True:
            try:
                passed = run.gate()
                break
            except StillQueued:
                yield
        if isinstance(passed, Unchanged):
            yield
            if self._ends_well(run.confirm):
                self._announce(where)
            return
        if isinstance(passed, Blocked | Waiting | AlreadyRejected) or passed.outcome != "begun":
            return
        self._must_be_open(where)
        for step in (lambda: run.accept(run.compute()), run.encode, run.stage, *self._checks(run)):
            yield
            if not self._ends_well(step, run):
                return
        yield
        self._ends_well(run.reject if run.rejected else lambda: self._publish(run, where), run)
        if run.rejected and self._outcome(run) == "rejected":
            self.rejected.add(where)

    def _checks(self, run: AssetRun) -> list[Callable[[], Any]]:
        return [lambda check=check: run.record(run.judge(check)) for check in run.asset.checks]  # type: ignore[misc]

    def _publish(self, run: AssetRun, where: Slice) -> None:
        published = run.publish()
        if published.outcome == "published":
            self.rejected.discard(where)
            if not run.output.value["good"]:
                raise Broken(f"a bad value of {where} was published")
            if run.attempt.attempt <= self.rolled_back.get(where, 0):
                raise Broken(f"what began before the rollback of {where} undid it")
            self._announce(where)

    def _ends_well(self, step: Callable[[], Any], run: AssetRun | None = None) -> bool:
        """Do a step as the flow does: what the ledger refuses settles the attempt as failed."""
        try:
            step()
        except LedgerError as error:
            if run:
                run.fail(str(error))
            return False
        return True

    def _outcome(self, run: AssetRun) -> Any:
        return self.world.ask("select outcome from attempts where id = %s", run.attempt.attempt)

    def _must_be_open(self, where: Slice) -> None:
        """The validation invariant, told without the gate's code: nothing above stands rejected."""
        for above in self._above(where):
            if above in self.rejected:
                raise Broken(f"{where} began although {above} stands rejected")

    def _above(self, where: Slice) -> Iterator[Slice]:
        key, partition = where
        for given in self.assets[key].inputs:
            if given.on_rejected == "last_good":
                continue
            for day in DAYS if partition == "" else (partition,):
                if self.world.ask("select true from heads where asset = %s and partition = %s", given.key, day):
                    yield given.key, day
                    yield from self._above((given.key, day))

    # -- events, sweep, people

    def _announce(self, where: Slice) -> None:
        for asset in self.assets.values():
            if where[0] in {given.key for given in asset.inputs}:
                self.events.append((asset.key, where[1] if asset.partitions == EACH_DAY else ""))

    def missing(self) -> list[Start]:
        """What the sweep finds."""
        platform = self.world.ledger("platform")
        return list(missing_runs(platform.snapshot_all(), platform.progress()))

    def sweep(self) -> None:
        """One round of the sweep."""
        for start in self.missing():
            self.start((start.key, start.partition))

    def roll_back(self, where: Slice) -> None:
        """The owner makes the version before the current one current again, or confirms the only one."""
        number = self.world.ask("select number from heads where asset = %s and partition = %s", *where)
        if number is not None:
            self.world.of(where[0]).rollback(*where, to_number=max(1, number - 1), why="simulated")
            self.rejected.discard(where)
            self.rolled_back[where] = self.world.ask("select max(id) from attempts")
            self._announce(where)


def declare(bad: set[Slice]) -> list[Team]:
    """Three teams; a function makes a bad value of the slices in ``bad``, and refuses to be given one."""
    weather, flights, delays = Team("weather"), Team("flights"), Team("delays")

    def value(key: str, partition: str, *read: dict[str, Any]) -> dict[str, Any]:
        if not all(one["good"] for one in read):
            raise Broken(f"{key} [{partition}] was given a bad value")
        return {"good": (key, partition) not in bad}

    @weather.asset(partitions=EACH_DAY, shared_with=["*"])
    def a(partition: str) -> dict[str, Any]:
        return value("weather/a", partition)

    @weather.asset(partitions=EACH_DAY, shared_with=["*"])
    def b(partition: str) -> dict[str, Any]:
        return value("weather/b", partition)

    @flights.asset(partitions=EACH_DAY, inputs={"a": "weather/a"}, shared_with=["*"])
    def c(a: Any, partition: str) -> dict[str, Any]:
        return value("flights/c", partition, a)

    @flights.asset(partitions=EACH_DAY, inputs={"a": Input("weather/a", on_rejected="last_good")})
    def lenient(a: Any, partition: str) -> dict[str, Any]:
        return value("flights/lenient", partition, a)

    @delays.asset(partitions=EACH_DAY, inputs={"b": "weather/b", "c": "flights/c"})
    def d(b: Any, c: Any, partition: str) -> dict[str, Any]:
        return value("delays/d", partition, b, c)

    @delays.asset(inputs={"days": "delays/d"})
    def e(days: dict[str, Any]) -> dict[str, Any]:
        return value("delays/e", "", *days.values())

    teams = [weather, flights, delays]
    for team in teams:
        for asset in team.assets.values():
            _check(team, asset)
    return teams


def _check(team: Team, asset: Asset) -> None:
    @team.check(asset)
    def is_good(value: Any) -> CheckResult:
        return CheckResult(passed=value["good"])


def never_wait(seconds: float) -> None:
    """In place of ``time.sleep`` at the gate: nobody waits in a simulation."""
    raise StillQueued(seconds)


SLEEP = (asset_run.time, "sleep", never_wait)
