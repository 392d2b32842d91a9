"""The demonstration, run for real: it ends as the README shows, and leaves nothing, even when interrupted."""

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.docs.pages import Command

ROOT = Path(__file__).parents[2]
SEED = 46
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


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


def shown_in_readme() -> Command:
    """What the README's first block shows: the command, and its output with that of the commands in it."""
    block = re.search(r"^```console\n\$ (.*?)\n(.*?)^```$", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    assert block
    assert block[1] == f"make demo SEED={SEED}"
    return Command(block[1], 0, block[2])


def left_over(folder: Path) -> list[str]:
    """The home of the demonstration, and processes whose environment names its folder."""
    processes = [process for process in psutil.process_iter() if str(folder) in _environment(process)]
    return [*map(str, folder.glob("lockgate-demo-*")), *map(str, processes)]


def _environment(process: psutil.Process) -> str:
    try:
        return str(process.environ())
    except psutil.Error:
        return ""


def test_the_story_is_told_to_its_end_and_leaves_nothing(folder: Path) -> None:
    demo = begin(folder)
    out, _ = demo.communicate()

    assert demo.returncode == 0, out
    assert shown_in_readme().fits(out), out
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
