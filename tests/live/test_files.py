import pytest
import yaml

from lockgate.embedded.server import IN_BATCHES, SHARED_STATE
from lockgate.orchestration.generate import generate_files
from lockgate.settings import all_teams
from tests.stack import REPOSITORY, Stack, engine_answers


def test_the_stacks_files_fit_together(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Compose reads the platform's file and each team's as one."""
    if not engine_answers():
        pytest.skip(
            "no Docker engine with Compose and buildx answers: the stack, its drills and its demo are not tried"
        )
    services = Stack(tmp_path_factory.mktemp("secrets") / "new", 1, 2).call("config", "--services").stdout.split()
    assert {f"team-{team}" for team in all_teams(REPOSITORY)} < set(services)


def test_the_stacks_servers_are_set_as_the_embedded_one() -> None:
    """What keeps state between two requests, and how events are read."""
    compose = yaml.safe_load((REPOSITORY / "docker" / "compose.yaml").read_text())
    wanted = {**SHARED_STATE, **IN_BATCHES}
    assert wanted.items() <= compose["x-server"]["environment"].items()


@pytest.mark.slow
def test_each_teams_part_of_the_stack_is_what_its_code_says() -> None:
    """Writing them anew changes nothing."""
    teams = all_teams(REPOSITORY)
    assert generate_files(REPOSITORY, teams) == dict.fromkeys(teams, "unchanged")
