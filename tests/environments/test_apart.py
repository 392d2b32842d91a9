"""Teams with dependencies that exclude each other run side by side, and a team that is broken holds back no other."""

import asyncio
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uv

from lockgate import describe
from lockgate.core.errors import LockgateError
from lockgate.embedded.services import purge_services
from lockgate.environments import ensure_environment
from lockgate.orchestration.generate import generate_files
from lockgate.platform.up import Platform, up
from lockgate.settings import home_of
from tests.running import REPOSITORY, clean_environment, until

pytestmark = pytest.mark.slow

PROJECT = """\
[project]
name = "team-{name}"
version = "0"
requires-python = ">=3.11,<3.14"
dependencies = ["lockgate", "pandas=={pandas}"]

[tool.uv]
package = false

[tool.uv.sources]
lockgate = {{ path = "{lockgate}", editable = true }}
"""
NEWER = """
import pandas as pd
import pandera.pandas as pa

from lockgate import Team

team = Team("newer")


class Readings(pa.DataFrameModel):
    place: str
    at: pd.DatetimeTZDtype = pa.Field(dtype_kwargs={"unit": "us", "tz": "UTC"})
    value: float = pa.Field(ge=0, nullable=True)


@team.asset(contract=Readings, shared_with=["older"])
def readings():
    at = pd.to_datetime(["2026-01-01T00:00Z", "2026-01-01T01:00Z"], utc=True).as_unit("us")
    return pd.DataFrame({"place": ["north", "south"], "at": at, "value": [1.5, None]}).assign(by=pd.__version__)
"""
OLDER = """
import pandas as pd

from lockgate import Team

team = Team("older")


@team.asset(inputs={"readings": "newer/readings"})
def answer(readings):
    assert str(readings["at"].dtype) == "datetime64[us, UTC]"
    return {"read_by": pd.__version__, "written_by": readings["by"].iloc[0], "sum": float(readings["value"].sum())}
"""
PANDAS = {"older": "2.3.*", "newer": "3.*"}
CODE = {"older": OLDER, "newer": NEWER}
BROKEN = {
    "hanging": "import time\n\ntime.sleep(3600)\n",
    "misspelt": "def (\n",
    "unbuildable": 'from lockgate import Team\n\nteam = Team("unbuildable")\n',
}
GONE = """
[[package]]
name = "gone"
version = "1.0"
source = { registry = "https://pypi.org/simple" }
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project of two teams whose locks exclude each other, and three that cannot work."""
    root = tmp_path_factory.mktemp("apart")
    shutil.copy(REPOSITORY / "prefect.yaml", root)
    for part in ("flows", "work_pools"):
        shutil.copytree(REPOSITORY / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
    for name, code in {**CODE, **BROKEN}.items():
        (root / "teams" / name).mkdir(parents=True)
        (root / "teams" / name / "assets.py").write_text(code)
    for name, pandas in PANDAS.items():
        folder = root / "teams" / name
        (folder / "pyproject.toml").write_text(PROJECT.format(name=name, pandas=pandas, lockgate=REPOSITORY))
        subprocess.run([uv.find_uv_bin(), "lock", "--quiet"], cwd=folder, check=True)
        ensure_environment(folder)
    unbuildable = root / "teams" / "unbuildable"
    (unbuildable / "pyproject.toml").write_text(
        '[project]\nname = "x"\nversion = "0"\nrequires-python = ">=3.11"\ndependencies = ["gone"]\n'
        "[tool.uv]\npackage = false\n"
    )
    (unbuildable / "uv.lock").write_text(
        f'version = 1\nrequires-python = ">=3.11"\n{GONE}\n[[package]]\nname = "x"\nversion = "0"\n'
        'source = { virtual = "." }\ndependencies = [{ name = "gone" }]\n'
        '[package.metadata]\nrequires-dist = [{ name = "gone" }]\n'
    )
    assert generate_files(root, list(CODE)) == dict.fromkeys(CODE, "written")
    try:
        yield root
    finally:
        until(lambda: not any(isinstance(thread, Starting) for thread in threading.enumerate()), "up is over")
        purge_services(home_of(root))


class Starting(threading.Thread):
    """`lockgate up` in a thread: what it has said so far, and what came of it."""

    def __init__(self, root: Path) -> None:
        super().__init__(daemon=True)
        self._root = root
        self.said: list[str] = []
        self.platform: Platform | None = None

    def run(self) -> None:
        self.platform = asyncio.run(up(self._root, lambda name, _: self.said.append(name)))


@pytest.mark.timeout(1500)
def test_broken_teams_are_reported_and_the_others_run_side_by_side(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # given a team that cannot be parsed, one that cannot be built, and one that never ends to import
    monkeypatch.setattr(describe, "WAITING_SECONDS", 60.0)
    starting = Starting(root)
    starting.start()

    # when the platform starts, then the sound teams are deployed while the one still hangs
    deployed = {"team older", "team newer"}
    until(lambda: deployed <= set(starting.said) or not starting.is_alive(), "the sound teams are deployed", 500)
    assert starting.is_alive()

    # and each runs on its own pandas, one reading what the other wrote
    lockgate(root, "run", "newer/readings", "--wait")
    lockgate(root, "run", "older/answer", "--wait")
    answer = load(root, "older/answer")
    assert "'read_by': '2.3." in answer
    assert "'written_by': '3." in answer
    assert "'sum': 1.5" in answer

    # and in the end each broken team is named with its reason
    starting.join()
    assert starting.platform
    broken = starting.platform.broken
    assert set(broken) == set(BROKEN)
    assert all(isinstance(error, LockgateError) for error in broken.values())
    assert "it waits for something. Move what it waits for" in str(broken["hanging"])
    assert "assets.py:1" in str(broken["misspelt"])
    assert "The environment of team unbuildable cannot be built" in str(broken["unbuildable"])


def lockgate(root: Path, *arguments: str) -> str:
    """What the real command prints, which has to succeed."""
    command = [Path(uv.find_uv_bin()).with_name("lockgate"), *arguments]
    done = subprocess.run(
        command, cwd=root, env=clean_environment(), capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def load(root: Path, key: str) -> str:
    """A published value, read as the platform reads."""
    code = f"import lockgate; print(lockgate.load({key!r}))"
    python = Path(uv.find_uv_bin()).with_name("python")
    done = subprocess.run(
        [python, "-c", code], cwd=root, env=clean_environment(), capture_output=True, text=True, check=True
    )
    return done.stdout
