"""The source systems in a process of their own, and the teams' assets in processes of theirs."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest

from lockgate.environments import ensure_environment

ROOT = Path(__file__).parents[2]
START_SECONDS = 120.0

Ran: TypeAlias = dict[str, dict[str, Any]]
Materialize: TypeAlias = Callable[..., Ran]


@dataclass
class Source:
    """A running source system."""

    client: httpx.Client

    def put(self, feed: str, date: str, fault: str) -> None:
        """Switch a fault on."""
        self.client.post("/faults", json={"feed": feed, "date": date, "fault": fault}).raise_for_status()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    """The source systems, started as the demonstration starts them, on a free port."""
    port_file = tmp_path_factory.mktemp("source") / "port"
    command = [sys.executable, "-m", "demo.source", "--port", "0", "--port-file", str(port_file)]
    started = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        while not port_file.exists():
            assert process.poll() is None, "the source systems ended before they served"
            assert time.monotonic() - started < START_SECONDS, "the source systems did not announce their port"
            time.sleep(0.01)
        with httpx.Client(base_url=f"http://127.0.0.1:{int(port_file.read_text())}", timeout=30) as client:
            yield Source(client)
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture
def source(running: Source) -> Source:
    """The running source systems, all sound."""
    running.client.delete("/faults").raise_for_status()
    return running


@pytest.fixture
def materialize(source: Source, tmp_path: Path) -> Materialize:
    """Runs one asset of a team for some partitions, in a process of that team; values stay in one folder per test."""

    def run(key: str, *partitions: str) -> Ran:
        team, _, asset = key.partition("/")
        folder = ROOT / "teams" / team
        done = subprocess.run(
            [ensure_environment(folder), str(Path(__file__).with_name("materialize.py")), str(tmp_path), asset],
            input="\n".join(partitions or [""]),
            cwd=folder,
            env={**os.environ, "SOURCE_URL": str(source.client.base_url)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found: Ran = json.loads(done.stdout)
        return found

    return run
