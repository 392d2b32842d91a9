"""The code version of an asset changes with every file that may have made its value, in whatever way it does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

FILES = {
    "assets.py": """
import functools
import rules
from columns import Days
from lockgate import Team

ALLOWED = {"a", "b", "c"}
PAIR = (1, frozenset(ALLOWED))
team = Team("weather")

@team.asset(description=Days.day)
def days(limit=rules.LIMIT):
    return rules.make(PAIR)

team.check(days, name="some")(functools.partial(rules.above, limit=3))

@team.asset(code=["queries/*.sql"])
def other() -> int:
    return 1
""",
    "rules/__init__.py": "from rules.limits import LIMIT\n\ndef make(pair):\n    return pair\n\n"
    "def above(value, limit):\n    return value > limit\n",
    "rules/limits.py": "LIMIT = {'temp': [1, 2]}\n",
    "columns.py": "class Base:\n    day = 'text'\n\nclass Days(Base):\n    temp = 0\n",
    "queries/days.sql": "select 1",
    "table.csv": "a,1\n",
    "rules/least.rules": "0.78\n",
    "uv.lock": "version = 1\n",
}

CHANGES = {
    "a function": ("assets.py", "return rules.make(PAIR)", "return rules.make(PAIR[0])"),
    "a constant": ("assets.py", '"a", "b", "c"', '"a", "b"'),
    "an argument bound to a check": ("assets.py", "limit=3", "limit=4"),
    "a function of a module": ("rules/__init__.py", "return pair", "return None"),
    "a value in a table of a module's module": ("rules/limits.py", "[1, 2]", "[1, 3]"),
    "a base class": ("columns.py", "'text'", "'object'"),
    "a field": ("columns.py", "temp = 0", "temp = 1"),
    "a table beside the code": ("table.csv", "a,1", "a,2"),
    "rules in a file of any kind": ("rules/least.rules", "0.78", "0.99"),
    "the lock": ("uv.lock", "version = 1", "version = 2"),
}

PRINT = "import sys; from pathlib import Path; from lockgate.loading import load_team, spec_of; " \
    "f = Path(sys.argv[1]); print([spec_of(a, f).code_version for a in load_team(f).assets.values()])"  # fmt: skip


@pytest.fixture
def team(tmp_path: Path) -> Path:
    """A team's folder."""
    folder = tmp_path / "weather"
    for path, text in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def versions(folder: Path) -> tuple[str, str]:
    done = subprocess.run([sys.executable, "-c", PRINT, str(folder)], capture_output=True, text=True, check=True)
    days, other = eval(done.stdout.splitlines()[-1])
    return days, other


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, new))


def test_the_code_version_is_the_same_in_every_process(team: Path) -> None:
    """Though a set has another order in each."""
    assert versions(team) == versions(team)


@pytest.mark.parametrize("what", CHANGES)
def test_the_code_version_changes_with_whatever_may_make_the_value(team: Path, what: str) -> None:
    file, old, new = CHANGES[what]
    before, _ = versions(team)
    edit(team / file, old, new)
    assert versions(team)[0] != before


def test_an_asset_that_names_its_files_changes_with_these_its_own_and_the_lock_alone(team: Path) -> None:
    changed = {}
    for what, (file, old, new) in {**CHANGES, "a query": ("queries/days.sql", "1", "2")}.items():
        before = versions(team)[1]
        edit(team / file, old, new)
        changed[what] = versions(team)[1] != before
        edit(team / file, new, old)
    assert {what for what, differs in changed.items() if differs} == {
        "a function", "a constant", "an argument bound to a check", "the lock", "a query",
    }  # fmt: skip


@pytest.mark.parametrize("file", ["tests/test_days.py", "README.md", "prefect.yaml", ".venv/lib/x.py", "out/notes.log"])
def test_what_makes_no_value_does_not_count(team: Path, file: str) -> None:
    (team.parent / ".gitignore").write_text("out/\n")
    before = versions(team)
    (team / file).parent.mkdir(parents=True, exist_ok=True)
    (team / file).write_text("x = 1\n")
    assert versions(team) == before


def test_a_module_from_elsewhere_that_no_lock_holds_still_counts(team: Path, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "ours.py").write_text("FACTOR = 2\n")
    more = f"import sys\nsys.path.append({str(tmp_path / 'shared')!r})\nimport ours\n"
    edit(team / "assets.py", "import rules\n", f"import rules\n{more}")
    before = versions(team)
    (tmp_path / "shared" / "ours.py").write_text("FACTOR = 3\n")
    days, other = versions(team)
    assert (days != before[0], other != before[1]) == (True, True)


def test_files_that_are_not_there_are_named(team: Path) -> None:
    edit(team / "assets.py", "queries/*.sql", "querys/*.sql")
    done = subprocess.run([sys.executable, "-c", PRINT, str(team)], capture_output=True, text=True, check=False)
    assert "code='querys/*.sql' of weather/other names no file that counts as code." in done.stderr


def test_an_edit_that_keeps_size_and_date_is_imported_and_counted(team: Path) -> None:
    """Python would take the bytecode of what was there before for it."""
    script = "import sys; from pathlib import Path; from lockgate.loading import load_team; " \
        "load_team(Path(sys.argv[1])); import rules.limits; print(rules.limits.LIMIT)"  # fmt: skip
    file = team / "rules" / "limits.py"
    before, then = versions(team), file.stat()
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(team)], check=True)

    edit(file, "[1, 2]", "[1, 7]")
    os.utime(file, ns=(then.st_atime_ns, then.st_mtime_ns))

    assert file.stat().st_size == then.st_size
    assert versions(team)[0] != before[0]
    done = subprocess.run([sys.executable, "-c", script, str(team)], capture_output=True, text=True, check=True)
    assert done.stdout == "{'temp': [1, 7]}\n"


def test_code_that_changes_while_it_is_imported_is_refused(team: Path) -> None:
    """What was imported is not what would be counted."""
    edit(team / "assets.py", "import rules\n", "import rules\nopen('state.json', 'a').write('1')\n")
    command = [sys.executable, "-c", PRINT, str(team)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=team)
    assert f"{team / 'state.json'} changed while the team was imported." in done.stderr
