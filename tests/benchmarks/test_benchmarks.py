"""Every benchmark is one command that runs from a clean checkout and prints what machines can read."""

import json
import subprocess
import sys

import pytest

from tests.running import REPOSITORY, clean_environment

COMMANDS = {
    "handoff": ["benchmarks.handoff"],
    "hops": ["benchmarks.handoff", "--hops"],
    "throughput": ["benchmarks.throughput"],
    "idle": ["benchmarks.idle"],
    "scale": ["benchmarks.scale"],
    "broken": ["benchmarks.broken"],
}
FIGURES = {"name", "unit", "samples", "median", "p95", "min", "max"}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_benchmark_measures_something(name: str) -> None:
    command = [sys.executable, "-m", *COMMANDS[name], "--quick", "--json"]
    done = subprocess.run(command, cwd=REPOSITORY, env=clean_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["series"]
    assert all(set(series) == FIGURES and series["samples"] > 0 for series in document["series"])
