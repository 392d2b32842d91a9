"""The demonstration, run for real: it ends well, and leaves nothing behind, even when it is interrupted."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from demo.plan import Plan

ROOT = Path(__file__).parents[2]
SEED = 7
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where the demonstration puts everything; short, since sockets lie in it."""
    with tempfile.TemporaryDirectory(prefix="story-") as path:
        yield Path(path)


def begin(folder: Path) -> "subprocess.Popen[str]":
    """Start the demonstration as a terminal would: in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "demo", "--seed", str(SEED)],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(folder), "COLUMNS": "80"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def left_over(folder: Path) -> list[str]:
    """Files of the demonstration, and processes whose environment names its folder."""
    processes = [process for process in psutil.process_iter() if str(folder) in _environment(process)]
    return [*(str(path) for path in folder.iterdir()), *map(str, processes)]


def _environment(process: psutil.Process) -> str:
    try:
        return str(process.environ())
    except psutil.Error:
        return ""


def test_the_story_is_told_to_its_end_and_leaves_nothing(folder: Path) -> None:
    plan = Plan.of(SEED)
    demo = begin(folder)
    out, _ = demo.communicate()

    assert demo.returncode == 0, out
    told = " ".join(out.split())
    for line in (
        f"Seed {SEED}:",
        "Prefect's UI: http://127.0.0.1:",
        "Three days flow through four teams",
        f"weather/observations [{plan.bad_day}]: rejected",
        f"delays/delay_by_weather [{plan.bad_day}]: blocked - weather/observations [{plan.bad_day}] stands rejected",
        f"flights/flights [{plan.down_day}]: failed",
        f"Meanwhile, {plan.new_day} arrives",
        "forecast/delay_model was made from all four days.",
        "Every claim held",
    ):
        assert line in told
    assert all(len(line) <= 80 for line in out.splitlines() if not line.startswith(("weather/", "flights/", "delays/")))
    assert left_over(folder) == []


def test_interrupted_while_the_platform_starts_it_stops_all_and_says_so(folder: Path) -> None:
    demo = begin(folder)
    assert demo.stdout
    next(line for line in demo.stdout if "✓ postgres" in line)
    os.killpg(demo.pid, signal.SIGINT)
    out, _ = demo.communicate()

    assert demo.returncode == 130
    assert "Traceback" not in out
    assert out.splitlines()[-1] == "demo: Interrupted; all that was started is stopped."
    assert left_over(folder) == []
