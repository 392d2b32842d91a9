"""Every benchmark is one command that runs from a clean checkout and prints what machines can read."""

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.running import REPOSITORY, clean_environment

COMMANDS = {
    "handoff": ["benchmarks.handoff"],
    "hops": ["benchmarks.handoff", "--hops"],
    "throughput": ["benchmarks.throughput"],
    "idle": ["benchmarks.idle"],
    "scale": ["benchmarks.scale"],
    "broken": ["benchmarks.broken"],
    "chain": ["benchmarks.chain"],
    "overhead": ["benchmarks.overhead"],
    "validation": ["benchmarks.validation"],
    "ledger": ["benchmarks.ledger"],
    "sweep": ["benchmarks.sweep"],
}
FIGURES = {"name", "unit", "samples", "median", "p95", "min", "max"}


@pytest.fixture(scope="module")
def started(request: pytest.FixtureRequest) -> Iterator[dict[str, "Future[subprocess.CompletedProcess[str]]"]]:
    """The benchmarks that are asked for, three at a time: they wait most of the time, and nobody reads the figures."""
    wanted = [name for name in COMMANDS if any(item.name.endswith(f"[{name}]") for item in request.session.items)]
    with ThreadPoolExecutor(3) as pool:
        yield {name: pool.submit(run, name) for name in wanted}


def run(name: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", *COMMANDS[name], "--quick", "--json"]
    return subprocess.run(command, cwd=REPOSITORY, env=clean_environment(), capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_benchmark_measures_something(
    name: str, started: dict[str, "Future[subprocess.CompletedProcess[str]]"]
) -> None:
    done = started[name].result()
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["series"]
    assert all(set(series) == FIGURES and series["samples"] > 0 for series in document["series"])
