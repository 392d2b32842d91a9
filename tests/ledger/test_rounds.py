"""Two rounds of the sweep never work at once, and one whose process is gone holds up nobody."""

import subprocess
import sys

import psycopg
import pytest

from lockgate.ledger.rounds import only_round
from tests.ledger.world import World
from tests.running import until

HOLD = """
import sys, time
from lockgate.ledger.rounds import only_round
with only_round(sys.argv[1], 300) as free:
    print(free, flush=True)
    time.sleep(600)
"""


def is_free(world: World) -> bool:
    with only_round(world.url("platform"), 300) as free:
        return free


def test_one_at_a_time_and_the_next_when_it_ends(world: World) -> None:
    with only_round(world.url("platform"), 300) as first:
        assert first
        assert not is_free(world)
        assert not is_free(world)
    assert is_free(world)


def test_one_that_raises_leaves_it_free(world: World) -> None:
    with pytest.raises(ZeroDivisionError), only_round(world.url("platform"), 300):
        raise ZeroDivisionError
    assert is_free(world)


def test_a_killed_process_leaves_it_free_at_once(world: World) -> None:
    command = [sys.executable, "-c", HOLD, world.url("platform")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "True\n"
        assert not is_free(world)
        holder.kill()
        until(lambda: is_free(world), "the lock is free")


def test_a_process_that_stands_still_loses_it_in_time(world: World) -> None:
    with only_round(world.url("platform"), 1) as first:
        assert first
        until(lambda: is_free(world), "the lock is free")


def test_a_database_that_ends_the_connection_does_not_break_the_round(world: World) -> None:
    with only_round(world.url("platform"), 300):
        world.superuser.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'lockgate round'"
        )
        until(lambda: is_free(world), "the lock is free")


def test_no_team_can_keep_the_sweep_from_its_rounds(world: World) -> None:
    for statement in ("select lockgate.only_round()", "begin; lock table lockgate.rounds in access share mode nowait"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            world.raw("weather").execute(statement)
        world.raw("weather").rollback()
    assert is_free(world)
