"""What lockgate adds to a run: an asset's run against a bare Prefect flow with the same body, and its own part alone.

    python -m benchmarks.overhead [--json] [--quick]

One team on a warm worker; each asset returns a frame of ten rows and has a contract and one check. Runs are started
one at a time, the asset and the bare flow in turn.

run        from the state Running to the end, as Prefect has it
own part   gate, stage, ledger and publish of the same asset without Prefect, the function and the checks left out:
           what lockgate itself does, on the platform's database and store
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from benchmarks.chain import bare_flow, run, seconds
from benchmarks.common import Bench, Series, arguments, report, running_platform, say
from lockgate.ledger import Ledger
from lockgate.loading import load_team, spec_of
from lockgate.orchestration.asset_run import AssetRun
from lockgate.settings import ledger_url
from lockgate.store import open_store

CODE = """
import pandas as pd
import pandera.pandas as pa
from lockgate import Team

team = Team("bench")


def body():
    return pd.DataFrame({"n": range(10)})


class Numbers(pa.DataFrameModel):
    n: int = pa.Field(ge=0)


@team.asset(contract=Numbers)
def frame():
    return body()


@team.check(frame)
def ten_rows(value):
    return len(value) == 10
"""
BARE = """
import pandas as pd
from prefect import flow


@flow(name="bare")
async def bare():
    pd.DataFrame({"n": range(10)})
"""


class Clock:
    """Milliseconds per step."""

    def __init__(self) -> None:
        self.took: dict[str, float] = {}

    def time(self, step: str, work: Callable[[], object]) -> None:
        """Run a step."""
        begun = time.perf_counter()
        work()
        self.took[step] = (time.perf_counter() - begun) * 1000


@contextmanager
def in_folder(folder: Path) -> Iterator[None]:
    """Work where a run of the team works."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def own_part(bench: Bench) -> dict[str, float]:
    """One run of the asset step by step, as ``asset_flow`` does it, without Prefect."""
    folder = bench.root / "teams" / "bench"
    asset = load_team(folder).assets["frame"]
    clock = Clock()
    opened: list[Ledger] = []
    clock.time("connect", lambda: opened.append(Ledger(ledger_url("bench", bench.root))))
    with opened[0] as ledger:
        attempt = AssetRun(
            asset=asset,
            spec=spec_of(asset, folder),
            partition="",
            force=False,
            flow_run_id=str(uuid4()),
            ledger=ledger,
            store=open_store(bench.store_url()),
        )
        clock.time("gate", attempt.gate)
        attempt.accept(attempt.compute())
        clock.time("encode", attempt.encode)
        clock.time("stage", attempt.stage)
        attempt.record(attempt.judge_contract())
        attempt.record(attempt.judge(asset.checks[0]))
        clock.time("publish", attempt.publish)
    return clock.took


def main() -> None:
    """Measure."""
    asked = arguments(__doc__)
    rounds = 2 if asked.quick else 20
    with running_platform({"bench": CODE}) as bench, bare_flow(bench, BARE) as bare:
        runs: dict[str, list[float]] = {"bench/frame": [], bare: []}
        for number in range(rounds + 1):
            for deployment, took in runs.items():
                took.append(seconds(run(bench, deployment, {})) * 1000)
            say(f"round {number}: " + ", ".join(f"{name} {took[-1]:.0f} ms" for name, took in runs.items()))
        with in_folder(bench.root / "teams" / "bench"):
            steps = [own_part(bench) for _ in range(rounds + 1)][1:]
    series = [
        Series("run of an asset", "ms", runs["bench/frame"][1:]),
        Series("run of a bare flow", "ms", runs[bare][1:]),
        Series("own part", "ms", [sum(took.values()) for took in steps]),
        *(Series(f"  {step}", "ms", [took[step] for took in steps]) for step in steps[0]),
    ]
    report("overhead", series, {"asset / bare flow": series[0].median / series[1].median}, as_json=asked.json)


if __name__ == "__main__":
    main()
