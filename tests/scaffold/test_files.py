"""What `lockgate new` and `lockgate init` write, and what they refuse; nothing is locked or built here."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lockgate.core.errors import InvalidName, UsageError
from lockgate.environments import UnusableEnvironment
from lockgate.scaffold.asset import add_asset
from lockgate.scaffold.imports import with_import
from lockgate.scaffold.project import PLATFORM_FILES, new_project
from lockgate.scaffold.team import new_team

BARE = '"""Team bare."""\n\nfrom lockgate import Team\n\nteam = Team("bare")\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with one team, whose files hold next to nothing."""
    (tmp_path / "teams" / "bare").mkdir(parents=True)
    (tmp_path / "teams" / "bare" / "assets.py").write_text(BARE)
    (tmp_path / "teams" / "bare" / "contracts.py").write_text('"""Nothing yet."""\n')
    return tmp_path


def test_an_asset_comes_with_contract_check_and_a_test_that_passes(root: Path) -> None:
    add_asset(root, "bare", "arrivals")
    changed = add_asset(root, "bare", "port_calls")

    folder = root / "teams" / "bare"
    assert {str(file.relative_to(folder)) for file in changed} == {
        "assets.py",
        "contracts.py",
        "tests/test_port_calls.py",
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "6 passed" in done.stdout, done.stdout + done.stderr


def test_what_was_in_a_teams_files_stays(root: Path) -> None:
    add_asset(root, "bare", "arrivals")
    text = (root / "teams" / "bare" / "assets.py").read_text()
    assert text.startswith('"""Team bare."""\n\nfrom lockgate import CheckResult, Team\n')
    assert 'team = Team("bare")\n\n\n@team.asset(contract=Arrivals' in text


@pytest.mark.parametrize(
    ("team", "name", "said"),
    [
        ("bare", "Arrivals", "asset name 'Arrivals' is not allowed"),
        ("bare", "two words", "is not allowed"),
        ("../bare", "arrivals", "team name '../bare' is not allowed"),
        ("nobody", "arrivals", "cannot be read: No such file"),
        ("bare", "team", "has the name team already"),
        ("bare", "class", "class is a word of Python's own"),
    ],
)
def test_an_asset_that_cannot_be_added_changes_nothing(root: Path, team: str, name: str, said: str) -> None:
    before = {file: file.read_bytes() for file in root.rglob("*") if file.is_file()}
    with pytest.raises((UsageError, InvalidName)) as caught:
        add_asset(root, team, name)
    assert said in str(caught.value)
    assert {file: file.read_bytes() for file in root.rglob("*") if file.is_file()} == before


def test_an_asset_is_added_once(root: Path) -> None:
    add_asset(root, "bare", "arrivals")
    with pytest.raises(UsageError, match="has the name arrivals already"):
        add_asset(root, "bare", "arrivals")


@pytest.mark.parametrize("name", ["bare", "Bare", "two words", "../up", "", "x" * 41])
def test_a_team_that_is_there_or_has_no_name_is_refused(root: Path, name: str) -> None:
    before = sorted(root.rglob("*"))
    with pytest.raises((UsageError, InvalidName)):
        new_team(root, name)
    assert sorted(root.rglob("*")) == before


def test_a_team_that_cannot_be_locked_leaves_nothing_behind(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(root / "empty"))
    with pytest.raises(UnusableEnvironment, match="cannot be locked"):
        new_team(root, "harbour")
    assert not (root / "teams" / "harbour").exists()


def test_a_project_is_made_in_an_empty_folder_alone(root: Path) -> None:
    with pytest.raises(UsageError, match="is not empty: it holds teams"):
        new_project(root)


def test_a_project_has_the_platforms_own_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The very files of this repository; the first team is made, but here not locked."""
    monkeypatch.setattr("lockgate.scaffold.team.lock", lambda folder: None)
    (tmp_path / ".git").mkdir()

    new_project(tmp_path)

    repository = Path(__file__).parents[2]
    for name in PLATFORM_FILES:
        for file in [repository / name] if name.endswith(".yaml") else (repository / name).glob("*.*"):
            assert (tmp_path / file.relative_to(repository)).read_bytes() == file.read_bytes()
    assert {entry.name for entry in tmp_path.iterdir()} == {
        *PLATFORM_FILES, "teams", "tests", "docker", "README.md", ".gitignore", ".git",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("source", "statement", "result"),
    [
        ("", "import a", "import a\n"),
        ('"""Doc."""\nx = 1\n', "import a", '"""Doc."""\nimport a\nx = 1\n'),
        ("import a\nx = 1\n", "import a", "import a\nx = 1\n"),
        ("import b\n\nx = 1\n", "import a as c", "import b\nimport a as c\n\nx = 1\n"),
        ("from a import Y\nx = 1\n", "from a import Z", "from a import Y, Z\nx = 1\n"),
        ("from a import Y, Z\n", "from a import Z", "from a import Y, Z\n"),
        ("from a import (\n    Y,\n    w,\n)\nx = 1\n", "from a import N0, V", "from a import N0, V, Y, w\nx = 1\n"),
        ("from .a import Y\n", "from a import Z", "from .a import Y\nfrom a import Z\n"),
    ],
)
def test_an_import_is_added_where_imports_are(source: str, statement: str, result: str) -> None:
    assert with_import(source, statement) == result


def test_a_long_import_is_broken_into_lines() -> None:
    long = [f"Name{number:02}" for number in range(20)]
    joined = with_import(f"from a import {', '.join(long[:-1])}\n", f"from a import {long[-1]}")
    assert joined == "from a import (\n" + "".join(f"    {name},\n" for name in long) + ")\n"
