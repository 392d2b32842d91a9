"""Drills: a part of the running production stack is killed, restarted or broken in the middle of the work.

In each, the pipelines of the teams that are not hit finish on time, and nothing is published twice.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.stack import NAME, Stack, build_image, docker, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
# What an event starts takes seconds. What was lost the sweep starts again: a minute later if the ledger knows of the
# run, else three minutes later.
ON_TIME = 150.0
REPAIRED = 600.0
OVER = ("COMPLETED", "FAILED", "CANCELLED", "CRASHED")


@contextmanager
def under_way(stack: Stack, day: str) -> Iterator[str]:
    """For the block, a run of weather/observations is in the middle of its work, for the source does not answer it."""
    with stack.held("source-1"):
        run = stack.start("weather/observations", day)
        until(lambda: stack.outcomes("weather/observations", day) == [None], "the run is under way")
        yield run


def flows_on(stack: Stack, day: str, seconds: float = REPAIRED) -> None:
    """The day's weather arrives, its flights are fetched, dependents follow by themselves, each published once."""
    stack.start("flights/flights", day)
    for key in ("weather/observations", "flights/flights", "delays/delay_by_plane", "delays/delay_by_weather"):
        stack.published(key, day, seconds=seconds)


def others_are_on_time(stack: Stack, day: str) -> None:
    """What has nothing to do with team weather: flights, and what team delays makes of them and the planes."""
    stack.start("flights/flights", day)
    stack.published("flights/flights", day, seconds=ON_TIME)
    stack.published("delays/delay_by_plane", day, seconds=ON_TIME)


def test_every_service_is_healthy_and_listens_on_loopback_alone(stack: Stack) -> None:
    listed = stack.call("ps", "--format", "{{.Name}} {{.Health}} {{.Ports}}").stdout.splitlines()
    assert len(listed) >= 13
    for line in listed:
        _, health, *ports = line.split()
        assert health == "healthy", line
        assert not [port for port in ports if "->" in port and not port.startswith("127.0.0.1:")], line


def test_no_process_runs_as_root(stack: Stack) -> None:
    for container in stack.call("ps", "--quiet").stdout.split():
        processes = docker("top", container, "-eo", "pid,uid,args").stdout.splitlines()[1:]
        assert processes
        assert not [line for line in processes if line.split()[1] == "0"]
    # Of this one come the containers of a docker pool's runs.
    assert (
        docker("image", "inspect", "lockgate-team-forecast:dev", "--format", "{{.Config.User}}").stdout == "lockgate\n"
    )


def test_a_team_has_its_own_code_password_and_store_alone(stack: Stack) -> None:
    def inside(command: str) -> str:
        return docker("exec", f"{NAME}-team-weather-1", "bash", "-c", command).stdout

    assert inside("ls /app/teams").split() == ["weather"]
    assert sorted(inside("ls /run/secrets").split()) == ["api", "env", "ledger"]
    assert inside("ls /store").split() == ["weather"]
    refused = docker("exec", f"{NAME}-team-delays-1", "touch", "/store/weather/ours", check=False)
    assert "Read-only file system" in refused.stderr
    # Neither the broker nor another team's worker can be reached from its network.
    for host in ("redis", "postgres", "team-flights"):
        assert docker("exec", f"{NAME}-team-weather-1", "getent", "hosts", host, check=False).returncode != 0


def test_a_day_flows_through_the_containers_of_three_teams_by_events(stack: Stack, day: str) -> None:
    stack.start("weather/observations", day)
    flows_on(stack, day, ON_TIME)


def test_runs_of_a_docker_pool_are_containers_that_go_when_they_end(stack: Stack) -> None:
    run = stack.start("forecast/delay_model")
    until(lambda: stack.state(run) in OVER, "the run is over")
    assert stack.attempts("forecast/delay_model")
    until(
        lambda: not docker("ps", "--all", "--quiet", "--filter", f"label=lockgate.stack={NAME}").stdout,
        "the containers are gone",
    )


def test_an_api_server_is_killed(stack: Stack, day: str) -> None:
    """No run is lost: the other server serves, and what one had begun to answer is asked again."""
    with under_way(stack, day) as run:
        stack.kill("server-1")
    flows_on(stack, day, ON_TIME)
    until(lambda: stack.state(run) == "COMPLETED", "the run completes")


def test_a_services_process_is_killed_and_the_other_takes_over(stack: Stack, day: str) -> None:
    with under_way(stack, day):
        stack.killed_for_good("services-1")
    flows_on(stack, day)
    stack.started("services-1")


@pytest.mark.parametrize("part", ["redis-1", "postgres-1"])
def test_what_keeps_the_state_is_restarted(stack: Stack, day: str, part: str) -> None:
    with under_way(stack, day):
        stack.restart(part)
    flows_on(stack, day)


def test_a_teams_container_is_killed(stack: Stack, day: str) -> None:
    """Its worker comes back, and the sweep starts again what died with it."""
    with under_way(stack, day):
        stack.kill("team-weather-1")
    others_are_on_time(stack, day)
    stack.published("weather/observations", day, seconds=REPAIRED)
    stack.published("delays/delay_by_weather", day, seconds=REPAIRED)
    assert stack.health("team-weather-1") == "healthy"


ASSETS = "/app/teams/weather/assets.py"


@pytest.mark.parametrize(
    "breakage",
    [f"echo 'import nothing_of_that_name' >> {ASSETS}", f"echo 'hog = b\"x\" * (8 << 30)' >> {ASSETS}"],
    ids=["import error", "out of memory"],
)
def test_a_teams_code_does_not_load_in_its_image(stack: Stack, day: str, breakage: str) -> None:
    """Its runs crash at once, and nothing begins; with the whole image it works again."""
    with broken_image(stack, breakage):
        run = stack.start("weather/observations", day)
        others_are_on_time(stack, day)
        until(lambda: stack.state(run) in ("FAILED", "CRASHED"), "the run is over")
        assert not stack.outcomes("weather/observations", day)
    stack.start("weather/observations", day)
    stack.published("weather/observations", day)
    stack.published("delays/delay_by_weather", day)


def test_a_teams_image_does_not_start(stack: Stack, day: str) -> None:
    """Its runs wait; the worker of the whole image takes them."""
    with broken_image(stack, "printf '\\177ELF' > /usr/local/bin/entrypoint"):
        run = stack.start("weather/observations", day)
        others_are_on_time(stack, day)
        assert stack.state(run) == "SCHEDULED"
    stack.published("weather/observations", day)
    stack.published("delays/delay_by_weather", day)


@contextmanager
def broken_image(stack: Stack, breakage: str) -> Iterator[None]:
    """Team weather runs on a broken image, and on the whole one again afterwards."""
    image, whole = "lockgate-team-weather:dev", "lockgate-team-weather:whole"
    docker("tag", image, whole)
    try:
        build_image(f"FROM {whole}\nUSER root\nRUN {breakage}\nUSER lockgate\n", image)
        stack.call("up", "--no-build", "--no-deps", "--detach", "team-weather", check=False)
        yield
    finally:
        docker("tag", whole, image)
        docker("rmi", whole)
        stack.call("up", "--no-build", "--no-deps", "--detach", "--wait", "team-weather")
