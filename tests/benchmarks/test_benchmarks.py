"""Every benchmark is one command that runs from a clean checkout and prints what machines can read.

Those that start stock workers and platforms of many sizes take ten minutes together: they run with ``BENCHMARKS=all``,
as `make bench` has it. All are type-checked with the rest.
"""

import json
import os
import subprocess
import sys

import pytest

from tests.running import REPOSITORY, clean_environment

COMMANDS = {
    "hops": ["benchmarks.handoff", "--hops"],
    "chain": ["benchmarks.chain"],
    "validation": ["benchmarks.validation"],
    "memory": ["benchmarks.memory"],
    "ledger": ["benchmarks.ledger"],
    "sweep": ["benchmarks.sweep"],
}
if os.environ.get("BENCHMARKS") == "all":
    names = ("handoff", "throughput", "idle", "scale", "broken", "overhead")
    COMMANDS |= {name: [f"benchmarks.{name}"] for name in names}
FIGURES = {"name", "unit", "samples", "median", "p95", "min", "max"}


def run(name: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", *COMMANDS[name], "--quick", "--json"]
    return subprocess.run(command, cwd=REPOSITORY, env=clean_environment(), capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_benchmark_measures_something(name: str) -> None:
    done = run(name)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["series"]
    assert all(set(series) == FIGURES and series["samples"] > 0 for series in document["series"])
