"""Runs as processes of their own, on a real ledger and a real store, which tests kill by signal 9.

A run is what a worker would start, without Prefect around it: the same steps in the same order, its lease renewed from
a thread, an event once it has published. Events are files, so that a test can drop, delay and repeat them.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable, Collection, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import psutil

from lockgate.core.asset import Asset
from lockgate.core.errors import LedgerError, LockgateError
from lockgate.core.gate import AlreadyRejected, Blocked, Slice, Unchanged, Waiting
from lockgate.core.sweep import Start, missing_runs
from lockgate.ledger import Ledger
from lockgate.orchestration.asset_run import AssetRun
from lockgate.orchestration.lease import kept
from lockgate.store import open_store
from tests.chaos.invariants import broken
from tests.chaos.killing import Points
from tests.chaos.simulated import DAYS, EACH_DAY, declare
from tests.ledger.world import World
from tests.running import until

FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload([__name__])
PATIENCE_SECONDS = 60
SOURCES = [(key, day) for key in ("weather/a", "weather/b") for day in DAYS]


@dataclass(frozen=True)
class Folder:
    """What the processes of one test share on disk."""

    path: Path

    def __post_init__(self) -> None:
        for name in ("bad", "events", "points"):
            (self.path / name).mkdir(parents=True, exist_ok=True)

    def __contains__(self, where: object) -> bool:
        """Whether the slice's function makes a bad value now."""
        return (self.path / "bad" / quote(str(where), safe="")).exists()

    def turn(self, where: Slice, *, bad: bool) -> None:
        """From now on, the slice's function makes bad values, or good ones."""
        file = self.path / "bad" / quote(str(where), safe="")
        file.touch() if bad else file.unlink(missing_ok=True)

    def announce(self, where: Slice, number: int) -> None:
        """Tell of a published version."""
        (self.path / "events" / quote(f"{where[0]}|{where[1]}|{number}", safe="")).touch()

    def events(self) -> list[Slice]:
        """The slices that were told of since this was last asked."""
        found = []
        for file in sorted((self.path / "events").iterdir()):
            key, partition, _ = unquote(file.name).split("|")
            found.append((key, partition))
            file.unlink()
        return found

    def points(self, run: str) -> Path:
        """Where a run notes the points it passed."""
        return self.path / "points" / run


@dataclass(frozen=True)
class Order:
    """What one process is to do."""

    run: str
    where: Slice
    ledger_url: str
    store_url: str
    folder: Path
    fatal: int | str | None
    by: signal.Signals


def work(order: Order) -> None:
    """The process: one run from its gate to its end."""
    folder = Folder(order.folder)
    Points(folder.points(order.run), order.fatal, order.by).install()
    assets = {asset.key: asset for team in declare(folder) for asset in team.assets.values()}
    asset = assets[order.where[0]]
    with closing(Ledger(order.ledger_url)) as ledger:
        run = AssetRun(
            asset=asset,
            spec=asset.spec("c1"),
            partition=order.where[1],
            force=False,
            flow_run_id=order.run,
            ledger=ledger,
            store=open_store(order.store_url),
        )
        try:
            _settle(run, folder)
        except LedgerError:
            return  # refused: as the flow would, it ends without a trace in the head


def _settle(run: AssetRun, folder: Folder) -> None:
    """The order of ``AssetSteps``."""
    passed = run.gate()
    if isinstance(passed, Unchanged):
        return _announce(run, folder, run.confirm)
    if isinstance(passed, Blocked | Waiting | AlreadyRejected) or passed.outcome == "duplicate":
        return None
    with kept(run.ledger, run.attempt.attempt, run.attempt.token):
        try:
            run.accept(run.compute())
            run.encode()
            run.stage()
            for check in run.asset.checks:
                run.record(run.judge(check))
            if run.rejected:
                run.reject()
            else:
                _announce(run, folder, run.publish)
        except LockgateError as error:
            run.fail(str(error))
    return None


def _announce(run: AssetRun, folder: Folder, commit: Callable[[], Any]) -> None:
    published = commit()
    if published.outcome != "superseded":
        folder.announce((run.spec.key, run.partition), published.number)
        run.announced(published)


def _partitions(asset: Asset) -> Sequence[str]:
    return DAYS if asset.partitions == EACH_DAY else ("",)


@dataclass
class Runs:
    """The processes of one test, and what Prefect would do about them.

    Args:
        world: The ledger.
        folder: What the processes share.
        store: Where they put values.
    """

    world: World
    folder: Folder
    store: Path
    living: dict[str, BaseProcess] = field(default_factory=dict)
    started: int = 0

    def __post_init__(self) -> None:
        self.assets = {asset.key: asset for team in declare(self.folder) for asset in team.assets.values()}
        self.world.deploy(*(asset.spec("c1") for asset in self.assets.values()))

    def start(self, where: Slice, *, fatal: int | str | None = None, by: signal.Signals = signal.SIGKILL) -> str:
        """Start the process of a run; returns the run's name.

        Args:
            where: The asset and partition.
            fatal: The point where it gets the signal: its name, or how many come before it.
            by: The signal.
        """
        self.started += 1
        name = f"run {self.started}"
        url = self.world.url(where[0].partition("/")[0])
        order = Order(name, where, url, self.store.as_uri(), self.folder.path, fatal, by)
        process = FORKING.Process(target=work, args=(order,), daemon=True)
        process.start()
        self.living[name] = process
        return name

    def end(self, name: str) -> int | None:
        """Wait until a run's process is gone; returns its exit code, negative for a signal."""
        process = self.living.pop(name)
        process.join(PATIENCE_SECONDS)
        assert process.exitcode is not None, f"{name} never ended; it passed {self.passed(name)[-3:]}"
        assert process.exitcode in (0, -signal.SIGKILL), f"{name} ended with {process.exitcode}"
        return process.exitcode

    def asleep(self, where: Slice, point: str) -> str:
        """Start a run that falls asleep at a point, and wait until it does; returns its name."""
        name = self.start(where, fatal=point, by=signal.SIGSTOP)
        process = psutil.Process(self.living[name].pid)
        until(lambda: process.status() == psutil.STATUS_STOPPED, f"{name} sleeps")
        return name

    def wake(self, name: str) -> None:
        """Wake a run that sleeps."""
        self.send(name, signal.SIGCONT)

    def do(self, where: Slice, *, fatal: int | str | None = None) -> str:
        """Start a run and wait until its process is gone; returns its name."""
        name = self.start(where, fatal=fatal)
        died = self.end(name) == -signal.SIGKILL
        assert died == (fatal is not None), f"{name} was to be killed at {fatal}; it passed {self.passed(name)}"
        return name

    def passed(self, name: str) -> list[str]:
        """The points a run passed, the last one where it was killed."""
        told = self.folder.points(name)
        return told.read_text().splitlines() if told.exists() else []

    def kill(self, name: str) -> bool:
        """End a run's process by signal 9; says whether it still lived."""
        self.send(name, signal.SIGKILL)
        return self.end(name) == -signal.SIGKILL

    def kill_all(self) -> None:
        """End all processes by signal 9."""
        for name in list(self.living):
            self.kill(name)

    def send(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a run's process if it still lives."""
        process = self.living[name]
        if process.exitcode is None and process.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(process.pid, number)

    def slices(self) -> list[Slice]:
        """All assets and partitions."""
        return [(asset.key, day) for asset in self.assets.values() for day in _partitions(asset)]

    def number(self, where: Slice) -> int:
        """The number of the slice's current version; 0 for none."""
        return self.world.ask("select number from heads where asset = %s and partition = %s", *where) or 0

    def dependents(self, where: Slice) -> list[Slice]:
        """What the event of a slice starts."""
        return [
            (asset.key, where[1] if asset.partitions == EACH_DAY else "")
            for asset in self.assets.values()
            if where[0] in {given.key for given in asset.inputs}
        ]

    def repair(self, *, but: Collection[str] | None = None) -> None:
        """So much time passes that leases nobody renews run out; what repair does about that.

        Args:
            but: The runs that renew theirs; None for those that live.
        """
        self.world.superuser.execute(
            "update claims set expires = now() - interval '1 second' from attempts"
            " where attempts.id = claims.attempt and not flow_run_id = any (%s)",
            [list(self.living if but is None else but)],
        )
        for silent in self.world.operator.expired(0):
            self.world.operator.expire(silent.attempt)

    def missing(self) -> list[Start]:
        """What the sweep finds."""
        platform = self.world.operator
        return list(missing_runs(platform.snapshot_all(), platform.progress()))

    def sweep(self) -> list[str]:
        """One round of the sweep; returns what it started."""
        return [self.start((start.key, start.partition)) for start in self.missing()]

    def finish(self) -> None:
        """Let all that is under way end."""
        for name in list(self.living):
            self.end(name)

    def settle(self) -> None:
        """Let all that is under way end, and the sweep make good what it can; every event is lost."""
        for _ in range(12):
            self.finish()
            self.repair()
            if not self.sweep():
                return
        raise AssertionError("the sweep starts something again and again")

    def all_once(self) -> None:
        """Every source runs, and all that depends on it."""
        for name in [self.start(where) for where in SOURCES]:
            self.end(name)
        self.settle()

    def holds(self, *wanted: dict[str, str]) -> None:
        """Whether all is as it must be; see ``invariants``."""
        found = broken(self.world.superuser, *wanted)
        assert found == {}, found
