"""From the commit of one team's publish to the first line of the next team's code.

The dependent's runs are started by Prefect's automation in all cases; what differs is its team's worker: lockgate's
``warm-process`` against Prefect's stock process worker, with its defaults and with its fastest poll. Each is measured
on an idle platform and with twenty other runs under way. ``--hops`` shows where the time of the warm worker's goes.
``--stack`` measures the production stack of ``docker/``: workers in containers, and a team whose runs are containers.
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import date, timedelta
from itertools import count, pairwise
from typing import NamedTuple

from benchmarks.common import Bench, Series, parser, report, running_platform, say, until
from benchmarks.hops import HOPS, timeline
from benchmarks.stack import running_stack
from benchmarks.workers import STOCK, STOCK_FASTEST, WARM, Kind, replaced
from lockgate.orchestration.pool_template import DOCKER

HAND_OFFS, QUICK_HAND_OFFS = 20, 2
IN_FLIGHT, QUICK_IN_FLIGHT = 20, 4

SOURCE = '''
"""Publishes a small frame."""

import pandas as pd
import pandera.pandas as pa

from lockgate import Daily, Team

team = Team("source")


class Small(pa.DataFrameModel):
    """Ten numbers."""

    number: int = pa.Field(ge=0)


@team.asset(contract=Small, partitions=Daily("2020-01-01"), shared_with=["dependent"])
def numbers(partition):
    """Read by dependent/first_line."""
    return pd.DataFrame({"number": range(10)})
'''

DEPENDENT = '''
"""Notes when its first line ran, and when its process began."""

import os
import time
from pathlib import Path

from lockgate import Daily, Output, Team

team = Team("dependent")


@team.asset(inputs={"numbers": "source/numbers"}, partitions=Daily("2020-01-01"))
def first_line(numbers, partition):
    """Started by the event of source/numbers."""
    began = time.time()
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return Output(len(numbers), metadata={"began": began, "forked": time.time() - age})
'''

FOR_CONTAINED = '''

@team.asset(contract=Small, partitions=Daily("2020-01-01"), shared_with=["contained"])
def others(partition):
    """Read by contained/first_line."""
    return pd.DataFrame({"number": range(10)})
'''

CONTAINED = DEPENDENT.replace("dependent", "contained").replace("source/numbers", "source/others")

BUSY = '''
"""Runs that are under way until they are let go."""

import time
from pathlib import Path

from lockgate import Daily, Team

team = Team("busy")


@team.asset(partitions=Daily("2020-01-01"))
def hold(partition):
    """Waits."""
    Path(f"{partition} began").touch()
    while not Path("go").exists():
        time.sleep(0.2)
    return partition
'''

_days = ((date(2020, 1, 1) + timedelta(days=number)).isoformat() for number in count())


class HandOff(NamedTuple):
    """Seconds of one hand-off.

    Attributes:
        total: From the publish's commit to the dependent's first line.
        start: From its run's creation to its first line.
        hops: Seconds after the commit, by hop; empty unless asked for.
    """

    total: float
    start: float
    hops: dict[str, float]


def hand_off(
    bench: Bench, with_hops: bool = False, upstream: str = "source/numbers", dependent: str = "dependent/first_line"
) -> HandOff:
    """Run the source on a new day and wait until the dependent has run on it."""
    day = next(_days)
    source_run = bench.start(upstream, day)
    with bench.ledger() as ledger:
        made = until(lambda: ledger.version(dependent, day), f"{dependent} [{day}] is published")
        source = ledger.version(upstream, day)
        (attempt,) = ledger.attempts(key=dependent, partition=day)
    if source is None:
        raise RuntimeError(f"{upstream} [{day}] is not published")
    began = float(made.metadata["began"])
    created = bench.client.read_flow_run(attempt.flow_run_id).created  # type: ignore[arg-type]
    for run in (source_run, attempt.flow_run_id):
        bench.ended(run)
    hops = timeline(bench, upstream, dependent, day) if with_hops else {}
    return HandOff(began - source.published_at.timestamp(), began - created.timestamp(), hops)  # type: ignore[union-attr]


def measure(bench: Bench, kind: Kind, number: int, with_hops: bool) -> list[HandOff]:
    """Hand-offs one after the other; the first does not count.

    A run begins just after a poll, so the next publish falls early into the pause: polling looks better than it is.
    """
    with nullcontext() if kind is WARM else replaced(bench, "dependent", kind):
        done = [hand_off(bench, with_hops) for _ in range(number + 1)]
    return done[1:]


@contextmanager
def in_flight(bench: Bench, number: int) -> Iterator[None]:
    """For the block, so many other runs are under way."""
    folder = bench.root / "teams" / "busy"
    with replaced(bench, "busy", WARM, limit=number):
        runs = [bench.start("busy/hold", next(_days)) for _ in range(number)]
        until(lambda: len(list(folder.glob("* began"))) == number, f"{number} runs are under way")
        try:
            yield
        finally:
            (folder / "go").touch()
            for run in runs:
                bench.ended(run)


def main() -> None:
    """Measure and print."""
    options = parser(__doc__)
    options.add_argument("--hops", action="store_true", help="only the warm worker, idle: where the time goes")
    options.add_argument("--stack", action="store_true", help="only the production stack, in containers, idle")
    chosen = options.parse_args()
    number = QUICK_HAND_OFFS if chosen.quick else HAND_OFFS
    if chosen.stack:
        measure_stack(number, as_json=chosen.json)
        return
    with running_platform({"source": SOURCE, "dependent": DEPENDENT, "busy": BUSY}) as bench:
        if chosen.hops:
            done = measure(bench, WARM, number, with_hops=True)
            report("Hops", hop_series(done), {}, as_json=chosen.json)
            return
        compare(bench, chosen, number)


def measure_stack(number: int, *, as_json: bool) -> None:
    """Hand-offs to a warm worker in a container, and to a team whose runs are containers; the first do not count."""
    teams = {"source": SOURCE + FOR_CONTAINED, "dependent": DEPENDENT, "contained": CONTAINED}
    pools = {"source": WARM.pool, "dependent": WARM.pool, "contained": DOCKER}
    series = []
    with running_stack(teams, pools) as bench:
        for upstream, dependent in (("numbers", "dependent"), ("others", "contained")):
            say(f"{pools[dependent]} pool: {number} hand-offs")
            pair = f"source/{upstream}", f"{dependent}/first_line"
            done = [hand_off(bench, False, *pair) for _ in range(number + 1)][1:]
            series.append(Series(f"hand-off, {pools[dependent]} pool", "s", [one.total for one in done]))
            series.append(Series(f"start, {pools[dependent]} pool", "s", [one.start for one in done]))
    report("Hand-off between teams on the production stack", series, {}, as_json=as_json)


def hop_series(done: list[HandOff]) -> list[Series]:
    """Per hop the seconds since the one before, and from the publish to the first line."""
    steps = [
        Series(f"{before} -> {after}", "s", [one.hops[after] - one.hops[before] for one in done])
        for before, after in pairwise(HOPS)
    ]
    return [*steps, Series("published -> first line", "s", [one.total for one in done])]


def compare(bench: Bench, chosen: argparse.Namespace, number: int) -> None:
    """All kinds of worker, idle and under load."""
    load = QUICK_IN_FLIGHT if chosen.quick else IN_FLIGHT
    results: dict[tuple[str, str], list[HandOff]] = {}
    for label, condition in (("idle", nullcontext()), (f"{load} in flight", in_flight(bench, load))):
        with condition:
            for kind in (WARM, STOCK_FASTEST, STOCK):
                say(f"{kind.name}, {label}: {number} hand-offs")
                results[kind.name, label] = measure(bench, kind, number, with_hops=False)
    series, ratios = [], {}
    for (name, label), done in results.items():
        series.append(Series(f"hand-off, {name}, {label}", "s", [one.total for one in done]))
        series.append(Series(f"start, {name}, {label}", "s", [one.start for one in done]))
    medians = {each.name: each.median for each in series}
    for kind in (STOCK, STOCK_FASTEST):
        for label in {label for _, label in results}:
            ratio = medians[f"hand-off, {kind.name}, {label}"] / medians[f"hand-off, {WARM.name}, {label}"]
            ratios[f"{kind.name} / warm worker, {label}"] = ratio
    report("Hand-off between teams", series, ratios, as_json=chosen.json)


if __name__ == "__main__":
    main()
