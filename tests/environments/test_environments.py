"""A team's environment is what its lock says, or one sentence says why it is not; no index is needed here."""

import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from lockgate.environments import UnusableEnvironment, ensure_environment, team_python

PROJECT = """\
[project]
name = "team-lone"
version = "0"
requires-python = ">=3.11"
dependencies = [{asked}]

[tool.uv]
package = false
"""
LOCK = """\
version = 1
revision = 3
requires-python = ">=3.11"

[[package]]
name = "team-lone"
version = "0"
source = {{ virtual = "." }}
dependencies = [{locked}]

[package.metadata]
requires-dist = [{locked}]
"""
GONE = """
[[package]]
name = "gone"
version = "1.0"
source = { registry = "https://pypi.org/simple" }
"""


def make_team(folder: Path, *, asked: str = "", locked: str = "", more: str = "") -> Path:
    """A team whose project asks for a package, and whose lock has it, has another, or has none."""
    team = folder / "lone"
    team.mkdir()
    (team / "pyproject.toml").write_text(PROJECT.format(asked=f'"{asked}"' if asked else ""))
    (team / "uv.lock").write_text(LOCK.format(locked=f'{{ name = "{locked}" }}' if locked else "") + more)
    return team


def install(team: Path, name: str, number: str) -> None:
    """What an installed package leaves for others to see."""
    (site,) = (team / ".venv" / "lib").glob("python*/site-packages")
    (site / f"{name}-{number}.dist-info").mkdir()
    (site / f"{name}-{number}.dist-info" / "METADATA").write_text(f"Name: {name}\nVersion: {number}\n")


def refused(team: Path) -> str:
    with pytest.raises(UnusableEnvironment) as caught:
        ensure_environment(team)
    assert caught.value.team == "lone"
    assert caught.value.cure
    assert "\n" not in str(caught.value)
    return caught.value.message


def test_a_team_without_a_project_file_runs_in_lockgates_own_environment(tmp_path: Path) -> None:
    assert ensure_environment(tmp_path) == team_python(tmp_path) == sys.executable


def test_an_environment_without_lockgate_is_refused(tmp_path: Path) -> None:
    team = make_team(tmp_path)
    assert refused(team).endswith("pyproject.toml does not ask for lockgate.")
    assert Path(team_python(team)).is_file()


def test_another_prefect_than_the_platforms_is_refused(tmp_path: Path) -> None:
    """One Prefect for the server and every team; both are named."""
    team = make_team(tmp_path)
    refused(team)
    install(team, "lockgate", "0.1.0")
    install(team, "prefect", "3.4.0")
    assert refused(team) == f"Team lone has Prefect 3.4.0, the platform {version('prefect')}."


def test_a_built_environment_is_built_again_only_when_its_files_change(tmp_path: Path) -> None:
    """A fresh one costs next to nothing; any change of project file or lock makes it stale."""
    team = make_team(tmp_path)
    refused(team)
    install(team, "lockgate", "0.1.0")
    install(team, "prefect", version("prefect"))
    told: list[str] = []

    def ensure() -> None:
        assert ensure_environment(team, told.append) == str(team / ".venv" / "bin" / "python")

    for _ in range(3):
        ensure()
    assert told == ["lone"]
    for file in ("pyproject.toml", "uv.lock"):
        (team / file).write_text((team / file).read_text() + "\n# changed\n")
        ensure()
    assert told == ["lone"] * 3


def test_an_environment_that_cannot_be_built_says_what_uv_says(tmp_path: Path) -> None:
    team = make_team(tmp_path, asked="gone", locked="gone", more=GONE)
    message = refused(team)
    assert message.startswith("The environment of team lone cannot be built: Distribution `gone==1.0")
    assert "doesn't have a source distribution or wheel" in message


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("uv.lock", None, "has no uv.lock"),
        ("pyproject.toml", "[project", "is not TOML"),
        ("pyproject.toml", PROJECT.format(asked='"gone"'), "is older than pyproject.toml: gone changed"),
        ("pyproject.toml", PROJECT.format(asked='"no/requirement"'), "no/requirement"),
        ("uv.lock", "not a lock", "is not TOML"),
    ],
)
def test_files_that_are_missing_damaged_or_do_not_fit_are_named(
    tmp_path: Path, file: str, text: str | None, said: str
) -> None:
    team = make_team(tmp_path)
    if text is None:
        (team / file).unlink()
    else:
        (team / file).write_text(text)
    assert said in refused(team)
