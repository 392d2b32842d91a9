"""The demonstration's story, told across the containers of the stack, as `docker/stack demo` tells it."""

import pytest

from tests.stack import Stack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
TELL = ["run", "--rm", "-T", "story", "python", "-m", "demo", "--source", "http://source:8099", "--seed", "46"]


def test_the_story_is_told_across_containers(stack: Stack) -> None:
    """Every claim of it holds; before any drill, since it tells of a stack on which nothing else has happened."""
    done = stack.call("--profile", "story", *TELL, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Every claim held." in done.stdout
    with stack.client() as client:
        assert not client.get("/deployments/name/platform/sweep").raise_for_status().json()["paused"]
