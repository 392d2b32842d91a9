"""What operators of the production stack do: look at it, let it clean up, back it up and bring it back."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lockgate.core.gate import Head, Slice
from lockgate.settings import all_teams
from tests.stack import NAME, REPOSITORY, Stack, docker, until

TEAMS = all_teams(REPOSITORY)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


def values(stack: Stack, team: str) -> set[str]:
    """The files in a team's store, as its worker sees them."""
    found = docker("exec", f"{NAME}-team-{team}-1", "find", f"/store/{team}", "-type", "f").stdout.split()
    return {file.removeprefix("/store/") for file in found}


def sources(stack: Stack) -> dict[Slice, Head]:
    """What is current of the assets that nothing but a test starts, and how it stands."""
    with stack.ledger() as ledger:
        snapshot = ledger.snapshot_all()
    return {where: head for where, head in snapshot.heads.items() if not snapshot.assets[where[0]].inputs}


def doctor(stack: Stack, *settings: str) -> dict[str, Any]:
    """What the doctor finds from the platform's container, by part."""
    command = ["exec", "-T", "platform", "entrypoint", "env", *settings, "lockgate", "doctor", "--json"]
    return {found["part"]: found for found in json.loads(stack.call(*command, check=False).stdout)}


def test_the_doctor_finds_a_stack_that_is_well(stack: Stack) -> None:
    """From the platform's container and from each team's, whose store only that team can try."""
    done = stack.call("doctor", check=False)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("✓ store") == 1 + len(TEAMS)
    assert "✗" not in done.stdout
    parts = doctor(stack)
    assert {f"pool {team}" for team in TEAMS} < parts.keys()
    assert {"auth", "settings", "worker versions", "database clock", "server clock", "ledger"} < parts.keys()


def test_the_doctor_names_credentials_that_the_server_does_not_accept(stack: Stack) -> None:
    found = doctor(stack, "PREFECT_API_AUTH_STRING=lockgate:wrong")
    assert found["auth"]["status"] == "fail"
    assert "PREFECT_API_AUTH_STRING" in found["auth"]["cure"]


def test_what_the_ledger_gives_up_its_teams_next_run_deletes(stack: Stack, day: str) -> None:
    """The platform gives it up, but only the team's own container may write to its store."""
    stack.break_source("weather", day, "impossible")
    stack.start("weather/observations", day)
    until(lambda: stack.outcomes("weather/observations", day) == ["rejected"], "bad data is rejected")
    (rejected,) = stack.attempts("weather/observations", day)
    location = f"weather/observations/{day}/{rejected.attempt}/data.parquet"
    assert location in values(stack, "weather")
    stack.mend_sources()
    stack.start("weather/observations", day)
    stack.published("weather/observations", day)
    with stack.ledger() as platform:
        assert location in platform.collect(0)
    stack.start("weather/observations", day)
    until(lambda: location not in values(stack, "weather"), "the value is deleted")


def test_passwords_that_are_lost_are_not_made_anew_for_data_that_is_there(stack: Stack, tmp_path: Path) -> None:
    """The database would refuse them, and nothing would say why."""
    secrets = tmp_path / "secrets"
    asked = replace(stack, secrets=secrets).call("up", check=False)
    assert asked.returncode == 1
    assert asked.stderr == (
        f"This stack has data, and {secrets} lacks its passwords. Put them back, or delete it: docker/stack purge\n"
    )
    assert not secrets.exists()


def test_a_backup_is_restored_into_an_empty_stack(stack: Stack, day: str, tmp_path: Path) -> None:
    """Databases, stores and secrets come back as they were; what was published is read, and work goes on."""
    stack.start("weather/observations", day)
    stack.published("weather/observations", day)
    before = sources(stack)
    stores = {team: values(stack, team) for team in ("weather", "flights", "delays")}
    password = (stack.secrets / "api").read_text()

    stack.call("backup", str(tmp_path / "backup"))
    stack.call("purge")
    stack.call("restore", str(tmp_path / "backup"))
    stack.call("up")

    assert (stack.secrets / "api").read_text() == password
    assert sources(stack) == before
    assert {team: values(stack, team) for team in stores} == stores
    read = f"from lockgate import load; assert len(load('weather/observations', '{day}'))"
    docker("exec", "--workdir", "/app/teams/delays", f"{NAME}-team-delays-1", "entrypoint", "python", "-c", read)
    stack.start("flights/flights", day)
    stack.published("delays/delay_by_weather", day)
