"""A command starts at once: what only some commands or some teams need is imported by those alone."""

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"alembic", "pandas", "pandera", "prefect", "pyarrow", "sqlalchemy"}
TEAM = """
from lockgate import Team

team = Team("lean")


@team.asset(shared_with=["*"])
def numbers():
    return [1, 2]


@team.check(numbers)
def two(value):
    return len(value) == 2
"""


def heavy_after(code: str, *arguments: str) -> set[str]:
    """Which of the heavy packages a new process has imported at the end of some code."""
    listing = f"{code}\nimport sys\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", listing, *arguments], capture_output=True, text=True, check=True)
    return HEAVY & set(done.stderr.split())


@pytest.mark.parametrize(
    ("module", "needed"), [("lockgate.cli.main", set()), ("lockgate.platform.up", {"alembic", "sqlalchemy"})]
)
def test_a_command_imports_what_it_needs(module: str, needed: set[str]) -> None:
    assert heavy_after(f"import {module}") == needed


def test_a_team_without_contracts_loads_without_pandas(tmp_path: Path) -> None:
    """Its manifest, code versions included."""
    folder = tmp_path / "lean"
    folder.mkdir()
    (folder / "assets.py").write_text(TEAM)
    code = "import sys\nfrom lockgate import loading\nassert loading.main() == 0"
    assert heavy_after(code, str(folder), "1") == set()
