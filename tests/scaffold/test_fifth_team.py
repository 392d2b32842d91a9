"""A fifth team, made and deployed while the platform runs, reads another team's asset after one line of that team."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from demo.source.feeds import Feeds
from demo.source.server import SourceServer
from tests.copies import copy_repository
from tests.running import clean_environment

pytestmark = pytest.mark.slow

DAY = "2013-01-05"
READER = '''

@team.asset(inputs={"delays": "delays/delay_by_weather"}, partitions=Daily("2013-01-01", "2013-12-30"))
def worst_hour(delays: pd.DataFrame) -> float:
    """The longest mean delay of a day, in minutes."""
    return float(delays["mean_delay"].max())
'''

Shell: TypeAlias = Callable[..., str]


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """Commands in a copy of this repository, under git, whose sources of flights and weather serve."""
    root = tmp_path / "lockgate"
    copy_repository(root)
    clean = clean_environment()
    environment = {**clean, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{clean['PATH']}", "COLUMNS": "200"}

    def run(*command: str) -> str:
        done = subprocess.run(
            command, cwd=root, env=environment, capture_output=True, text=True, timeout=900, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    run("git", "init", "--quiet")
    run("git", "add", "--all")
    run("git", "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "--quiet", "-m", "All")
    with SourceServer(0, Feeds.load()) as source:
        environment |= {f"{team}__SOURCE_URL": source.url for team in ("WEATHER", "FLIGHTS")}
        thread = threading.Thread(target=source.serve_forever)
        thread.start()
        try:
            yield run
        finally:
            run("lockgate", "down", "--purge")
            source.shutdown()
            thread.join()


def outcome(shell: Shell, key: str, *partition: str) -> str:
    found: str = json.loads(shell("lockgate", "run", key, *partition, "--wait", "--json"))["outcome"]
    return found


@pytest.mark.timeout(1500)
def test_a_fifth_team_reads_another_teams_asset_after_one_line_of_that_team(shell: Shell, tmp_path: Path) -> None:
    # given the platform with its four teams, and a day of them
    shell("lockgate", "up", "--detach")
    for key in ("weather/observations", "flights/flights", "delays/delay_by_weather"):
        assert outcome(shell, key, "--partition", DAY) in ("published", "unchanged")

    # when a team is made while it runs, it touches only its own folder and runs at once
    shell("lockgate", "new", "team", "harbour")
    assert shell("git", "status", "--short").split() == ["??", "teams/harbour/"]
    assert "3 passed" in shell("lockgate", "test", "harbour")
    shell("lockgate", "up", "--detach")
    assert outcome(shell, "harbour/numbers") == "published"

    # and another team adds it to one list
    teams = tmp_path / "lockgate" / "teams"
    shared = teams / "delays" / "assets.py"
    shared.write_text(shared.read_text().replace('shared_with=["forecast"]', 'shared_with=["forecast", "harbour"]', 1))
    shell("lockgate", "deploy", "delays")
    assert shell("git", "diff", "--shortstat").strip() == "1 file changed, 1 insertion(+), 1 deletion(-)"

    # then it reads that team's asset
    own = teams / "harbour" / "assets.py"
    own.write_text(own.read_text().replace("import CheckResult, Team", "import CheckResult, Daily, Team") + READER)
    shell("lockgate", "generate", "harbour")
    shell("lockgate", "deploy", "harbour")
    assert outcome(shell, "harbour/worst_hour", "--partition", DAY) in ("published", "unchanged")
