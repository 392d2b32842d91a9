"""What a job of many small assets costs: the hand-off inside one run, and materialisations per minute.

    python -m benchmarks.chain [--json] [--quick]

One team of 100 assets, each an int that a check looks at: 20 lines of five, each reading the one before. The job of
them all runs in one flow run on a warm worker, forced, so that every asset is gated, computed, staged, checked and
published every time. Functions and checks write down when they begin.

job        assets per minute, from the state Running to the end of the flow run
baseline   the same body in 100 bare Prefect tasks of one flow on the same worker
hand-off   from the end of an asset's check to the first line of its dependent, in a job of one line alone
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prefect.client.schemas.objects import FlowRun

from benchmarks.common import Bench, Series, arguments, report, running_platform, say
from benchmarks.workers import beside

LINES, LENGTH = 20, 5
CODE = """
import time
from pathlib import Path
from lockgate import Team

team = Team("bench")


def note(what):
    file = Path("{folder}") / what
    with file.open("a") as times:
        times.write(f"{{time.time()}}\\n")


def declare(line, place):
    name = f"asset_{{line}}_{{place}}"

    def source():
        note(f"{{name}} first")
        return 1

    def dependent(before):
        note(f"{{name}} first")
        return before + 1

    fn = dependent if place else source
    fn.__name__ = name
    before = f"bench/asset_{{line}}_{{place - 1}}"
    made = team.asset(inputs={{"before": before}} if place else {{}})(fn)

    @team.check(made)
    def positive(value):
        note(f"{{name}} checked")
        return value > 0


for line in range({lines}):
    for place in range({length}):
        declare(line, place)
"""
BARE_CODE = """
import asyncio
from prefect import flow, task
from prefect.cache_policies import NO_CACHE


@task(cache_policy=NO_CACHE, persist_result=False)
async def body(before):
    return before + 1


@flow(name="bare")
async def bare():
    async def line():
        value = 0
        for _ in range({length}):
            value = await body(value)
    await asyncio.gather(*(line() for _ in range({lines})))
"""


def run(bench: Bench, deployment: str, parameters: dict[str, object]) -> FlowRun:
    """Run a deployment to its end."""
    found = bench.client.read_deployment_by_name(deployment)
    started = str(bench.client.create_flow_run_from_deployment(found.id, parameters=parameters).id)
    if bench.ended(started) != "Completed":
        raise RuntimeError(f"{deployment} did not complete: see flow run {started}")
    return bench.client.read_flow_run(started)  # type: ignore[arg-type]


def seconds(run: FlowRun) -> float:
    """From the state Running to the end."""
    if run.start_time is None or run.end_time is None:
        raise RuntimeError(f"flow run {run.id} has no times")
    return (run.end_time - run.start_time).total_seconds()


def hand_offs(folder: Path, length: int, rounds: int) -> list[float]:
    """Milliseconds between checked and first line, of every hand-off in the first line of the last rounds."""

    def times(what: str) -> list[float]:
        return [float(line) for line in (folder / what).read_text().splitlines()[-rounds:]]

    return [
        (first - checked) * 1000
        for place in range(1, length)
        for checked, first in zip(times(f"asset_0_{place - 1} checked"), times(f"asset_0_{place} first"), strict=True)
    ]


@contextmanager
def bare_flow(bench: Bench, code: str) -> Iterator[str]:
    """For the block, a flow ``bare`` on a warm worker of its own; yields the deployment's full name."""
    folder = bench.root / "bare"
    folder.mkdir()
    (folder / "bare.py").write_text(code)
    with beside(bench, folder) as pool:
        bench.client.create_deployment(
            flow_id=bench.client.create_flow_from_name("bare"),
            name="bare",
            entrypoint="bare.py:bare",
            work_pool_name=pool,
            pull_steps=[],
            path=".",
        )
        yield "bare/bare"


def main() -> None:
    """Measure."""
    asked = arguments(__doc__)
    lines, length, rounds = (2, 3, 1) if asked.quick else (LINES, LENGTH, 5)
    with tempfile.TemporaryDirectory(prefix="lockgate-bench-times-") as name:
        folder = Path(name)
        code = CODE.format(folder=folder, lines=lines, length=length)
        bare_code = BARE_CODE.format(lines=lines, length=length)
        with running_platform({"bench": code}) as bench, bare_flow(bench, bare_code) as bare:
            job, tasks = [], []
            for number in range(rounds + 1):
                tasks.append(seconds(run(bench, bare, {})))
                job.append(seconds(run(bench, "bench/@all", {"force": True})))
                say(f"round {number}: tasks {tasks[-1]:.1f} s, job {job[-1]:.1f} s")
            line = [f"asset_0_{place}" for place in range(length)]
            for _ in range(rounds + 1):
                run(bench, "bench/@all", {"force": True, "assets": line})
        found = hand_offs(folder, length, rounds)
    assets = lines * length
    series = [
        Series(f"job of {assets} assets", "assets/min", [assets * 60 / took for took in job[1:]]),
        Series(f"flow of {assets} bare tasks", "tasks/min", [assets * 60 / took for took in tasks[1:]]),
        Series("hand-off inside a job", "ms", found),
    ]
    report("chain", series, {"asset / bare task": series[1].median / series[0].median}, as_json=asked.json)


if __name__ == "__main__":
    main()
