"""The code version of an asset changes with everything of the team's that makes its value, and with nothing else."""

import subprocess
import sys
from pathlib import Path

BASE = """
import pandas as pd
import pandera.pandas as pa
from lockgate import Team

FACTOR = 2
ALLOWED = {"a", "b", "c"}
team = Team("weather")

def helper(x):
    return x * FACTOR

class Days(pa.DataFrameModel):
    day: str = pa.Field(isin=ALLOWED)

@team.asset(contract=Days)
def days() -> pd.DataFrame:
    return pd.DataFrame({"day": ["a"] * helper(1)})

@team.check(days)
def some(value) -> bool:
    return len(value) > 0

@team.asset()
def other() -> int:
    return 1
"""

CHANGES = {
    "the function": ('["a"] * helper(1)', '["b"] * helper(1)'),
    "a helper it calls": ("x * FACTOR", "x + FACTOR"),
    "a constant it uses": ("FACTOR = 2", "FACTOR = 3"),
    "the contract": ("day: str", "day: object"),
    "a constant of the contract": ('"a", "b", "c"', '"a", "b"'),
    "a check": ("len(value) > 0", "len(value) > 1"),
    "a check's severity": ("@team.check(days)", '@team.check(days, severity="warn")'),
}

PRINT = "import sys; from pathlib import Path; from lockgate.loading import load_team, spec_of; " \
    "f = Path(sys.argv[1]); print([spec_of(a, f).code_version for a in load_team(f).assets.values()])"  # fmt: skip


def versions(folder: Path, code: str, lock: str = "") -> tuple[str, str]:
    team = folder / "weather"
    team.mkdir(exist_ok=True)
    (team / "assets.py").write_text(code)
    (team / "uv.lock").write_text(lock)
    # Without bytecode: Python takes a file changed twice within a second, to the same size, for unchanged.
    command = [sys.executable, "-B", "-c", PRINT, str(team)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    days, other = eval(done.stdout)
    return days, other


def test_the_code_version_is_the_same_in_every_process(tmp_path: Path) -> None:
    assert versions(tmp_path, BASE) == versions(tmp_path, BASE)


def test_the_code_version_changes_with_what_makes_the_value_and_with_nothing_else(tmp_path: Path) -> None:
    days, other = versions(tmp_path, BASE)
    for what, (before, after) in CHANGES.items():
        assert before in BASE, what
        changed_days, changed_other = versions(tmp_path, BASE.replace(before, after))
        assert changed_days != days, what
        assert changed_other == other, what


def test_the_code_version_changes_with_the_teams_lock(tmp_path: Path) -> None:
    days, other = versions(tmp_path, BASE)
    locked_days, locked_other = versions(tmp_path, BASE, lock="pandas==3")
    assert (locked_days != days, locked_other != other) == (True, True)
