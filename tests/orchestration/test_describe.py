"""A team's code is loaded in a process of its own, which may compute and wait for so long and no longer."""

import time
from pathlib import Path

import psutil
import pytest

from lockgate import describe
from lockgate.core.errors import DefinitionError
from lockgate.describe import describe_team
from tests.running import until

SOUND = "from lockgate import Team\n\nteam = Team('sound')\n"


def team(folder: Path, code: str) -> Path:
    (folder / "sound").mkdir()
    (folder / "sound" / "assets.py").write_text(code)
    return folder / "sound"


def test_an_import_that_computes_too_long_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own processor time counts, so that a busy machine stops nobody."""
    monkeypatch.setattr(describe, "COMPUTING_SECONDS", 0.5)
    with pytest.raises(DefinitionError, match=r"still importing after \d+ s of computing. Move the work out"):
        describe_team(team(tmp_path, "while True:\n    pass\n"))


def test_an_import_that_waits_too_long_is_stopped_with_what_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(describe, "WAITING_SECONDS", 5.0)
    code = (
        "import subprocess, sys\nfrom pathlib import Path\n"
        "child = subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(600)'])\n"
        "Path('child').write_text(str(child.pid))\nchild.wait()\n"
    )
    folder = team(tmp_path, code)
    with pytest.raises(DefinitionError, match=r"still importing after 5 s, of which it computed 0 s: it waits"):
        describe_team(folder)
    until(lambda: not _lives(int((folder / "child").read_text())), "its child has ended")


def _lives(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_what_a_team_prints_when_it_is_imported_is_no_answer(tmp_path: Path) -> None:
    """However much it is: a pipe that is full would hold it up for ever."""
    assert describe_team(team(tmp_path, f"print('x' * 1_000_000)\n{SOUND}"))["team"] == "sound"


@pytest.mark.parametrize(
    "code",
    [
        "print('loading', end='')\n",
        "import sys\nprint('lockgate-answer:{}')\nsys.stdout.close()\n",
        "import os\nos.write(1, b'\\xff\\xfe ready')\n",
        "import atexit\natexit.register(print, 'good bye')\n",
        "import subprocess, sys\nsubprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(30)'])\n",
    ],
    ids=["half a line", "an answer of its own", "no text", "at its end", "what goes on for half a minute"],
)
def test_nothing_that_an_import_does_to_its_output_spoils_the_answer(tmp_path: Path, code: str) -> None:
    began = time.monotonic()
    assert describe_team(team(tmp_path, code + SOUND))["team"] == "sound"
    assert time.monotonic() - began < 25
