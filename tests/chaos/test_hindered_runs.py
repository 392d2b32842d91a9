"""Runs that are not killed but hindered: put to sleep, locked out, out of space, on a clock that steps back."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from lockgate.core.gate import Slice
from lockgate.store.encoding import encode
from tests.chaos.invariants import ALL_GOOD, AT_REST
from tests.chaos.processes import SOURCES, Folder, Runs
from tests.chaos.simulated import DAYS
from tests.ledger import mutants
from tests.ledger.world import World
from tests.running import until

pytestmark = pytest.mark.slow

SOURCE, DEPENDENT, ELSEWHERE = ("weather/a", DAYS[0]), ("flights/c", DAYS[0]), ("weather/b", DAYS[1])
MINUTE, HOUR = 60, 3600
OTHERS = " and datname = current_database() and pid <> pg_backend_pid()"


def at_rest_and_good(runs: Runs) -> None:
    runs.settle()
    runs.holds(AT_REST, ALL_GOOD)


# -- a process sleeps through the end of its lease ---------------------------------------------------------


def oversleeps(runs: Runs) -> None:
    """It falls asleep before it publishes; meanwhile another run takes its claim over and publishes the same work."""
    runs.do(SOURCE)
    sleeper = runs.asleep(DEPENDENT, "before publish")
    runs.repair(but=())
    runs.do(DEPENDENT)
    runs.wake(sleeper)
    runs.end(sleeper)


def sleeps_through_a_rollback(runs: Runs) -> None:
    """It falls asleep before it publishes; meanwhile its owner rolls back."""
    sleeper = runs.asleep(SOURCE, "before publish")
    number = runs.number(SOURCE)
    runs.world.of("weather/a").rollback(*SOURCE, to_number=number, why="stop")
    runs.wake(sleeper)
    runs.end(sleeper)


@pytest.mark.parametrize("happens", [oversleeps, sleeps_through_a_rollback])
def test_a_run_that_sleeps_too_long_publishes_nothing(runs: Runs, happens: Callable[[Runs], None]) -> None:
    happens(runs)
    runs.holds()
    at_rest_and_good(runs)


def test_without_its_guards_a_run_that_oversleeps_is_found_out(runs: Runs) -> None:
    """A test of the test."""
    for guard in ("open", "lease", "publish_order"):
        mutants.remove(runs.world.superuser, guard)
    oversleeps(runs)
    with pytest.raises(AssertionError, match="the same work published twice"):
        runs.holds()


def test_without_the_fencing_token_a_rollback_that_is_undone_is_found_out(runs: Runs) -> None:
    """A test of the test."""
    mutants.remove(runs.world.superuser, "stale_head")
    sleeps_through_a_rollback(runs)
    with pytest.raises(AssertionError, match="a rollback undone"):
        runs.holds()


# -- somebody else holds the ledger's rows -----------------------------------------------------------------


@pytest.mark.parametrize("statement", ["begin", "publish"])
def test_a_run_is_killed_while_somebody_else_holds_its_rows(runs: Runs, statement: str) -> None:
    """Its statement is done once the rows are free, and there is nobody left to hear of it. Nobody else waits."""
    runs.do(SOURCE)
    before = runs.number(DEPENDENT)
    name = runs.asleep(DEPENDENT, f"before {statement}")
    with psycopg.connect(runs.world.server.database(runs.world.database)) as other:
        other.execute("select from lockgate.heads where asset = %s and partition = %s for update", DEPENDENT)
        runs.wake(name)
        until(lambda: _locked_out(runs.world), f"{statement} waits for the rows")
        runs.do(ELSEWHERE)
        runs.kill(name)
    until(lambda: not _working(runs.world), f"{statement} is done")
    assert runs.number(DEPENDENT) - before == (statement == "publish")
    runs.holds()
    at_rest_and_good(runs)
    assert runs.number(DEPENDENT) - before == 1


def _locked_out(world: World) -> bool:
    return bool(world.ask("select count(*) from pg_stat_activity where wait_event_type = 'Lock'" + OTHERS))


def _working(world: World) -> bool:
    return bool(world.ask("select count(*) from pg_stat_activity where state = 'active'" + OTHERS))


# -- the disk is full --------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "lockgate-tests", str(disk)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("nobody may mount a small disk here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_disk_that_is_full_costs_an_attempt_and_nothing_else(world: World, tmp_path: Path, small_disk: Path) -> None:
    """The run fails and says why; the value before stays current and whole; with space again, all is made good."""
    runs = Runs(world, Folder(tmp_path), small_disk / "store")
    runs.all_once()
    number, files = runs.number(SOURCE), _files(small_disk)
    _fill(small_disk / "filler")

    runs.do(SOURCE)

    assert runs.number(SOURCE) == number
    assert "No space left" in world.ask("select reason ->> 'why' from attempts where outcome = 'failed'")
    assert _files(small_disk) == files
    runs.holds()
    (small_disk / "filler").unlink()
    runs.do(SOURCE)
    at_rest_and_good(runs)
    assert runs.number(SOURCE) == number + 1


def _files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file() and path.name != "filler"}


def _fill(file: Path) -> None:
    with file.open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(1024))
        except OSError:
            return


# -- a stored value is damaged -----------------------------------------------------------------------------


DAMAGES: dict[str, Callable[[Path], object]] = {
    "truncated": lambda file: os.truncate(file, file.stat().st_size // 2),
    "swapped": lambda file: file.write_bytes(encode({"good": False})[1]),
    "removed": lambda file: file.unlink(),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_value_fails_those_who_read_it_until_it_is_made_again(runs: Runs, damage: str) -> None:
    """Nobody is given it, and what was made from the value before stays."""
    runs.do(SOURCE)
    number = runs.number(DEPENDENT)
    query = "select location from versions join heads on current = versions.id where heads.asset = %s"
    DAMAGES[damage](runs.store / runs.world.ask(f"{query} and heads.partition = %s", *SOURCE))

    runs.do(DEPENDENT)

    assert runs.number(DEPENDENT) == number
    why = runs.world.ask("select reason ->> 'why' from attempts where asset = %s order by id desc", DEPENDENT[0])
    assert why.endswith("Run the asset again."), why
    runs.holds()
    runs.do(SOURCE)
    at_rest_and_good(runs)
    assert runs.number(DEPENDENT) == number + 1


# -- the database's clock steps back -----------------------------------------------------------------------


def step_back(world: World, seconds: int) -> None:
    """Let all that the ledger noted lie so much later than it does, as if its clock had stepped back."""
    times = {
        "attempts": ("began_at", "settled_at"),
        "versions": ("staged_at", "published_at"),
        "claims": ("expires",),
    }
    for table, columns in times.items():
        changes = ", ".join(f"{column} = {column} + make_interval(secs => {seconds})" for column in columns)
        world.superuser.execute(f"update {table} set {changes}")


def test_a_clock_that_steps_back_disturbs_no_run_and_no_order(runs: Runs) -> None:
    """What is newer is told by numbers: a version with an earlier time takes the place of one with a later."""
    sleeper = runs.asleep(SOURCE, "before publish")
    step_back(runs.world, HOUR)
    runs.wake(sleeper)
    runs.end(sleeper)
    runs.do(ELSEWHERE)
    at_rest_and_good(runs)
    times = runs.world.superuser.execute(
        "select published_at from versions where asset = %s and partition = %s order by number", SOURCE
    ).fetchall()
    assert times[-1] < times[-2]


def test_a_clock_that_steps_back_delays_the_repair_of_a_dead_run_by_as_much_and_no_more(runs: Runs) -> None:
    """Its lease seems to last for so much longer; then all goes on."""
    runs.do(SOURCE)
    runs.do(DEPENDENT, fatal="before publish")
    step_back(runs.world, 10 * MINUTE)
    assert runs.world.operator.expired(0) == []
    assert DEPENDENT not in _missing(runs)
    step_back(runs.world, -11 * MINUTE)
    assert [silent.asset for silent in runs.world.operator.expired(0)] == [DEPENDENT[0]]
    at_rest_and_good(runs)


def _missing(runs: Runs) -> list[Slice]:
    return [(start.key, start.partition) for start in runs.missing()]


# -- events come twice, late, and in another order ---------------------------------------------------------


def test_events_that_come_twice_late_and_in_any_order_publish_nothing_twice(runs: Runs) -> None:
    """Each starts a run; the gate and the claims decide what becomes of it."""
    runs.folder.events()
    for where in SOURCES:
        runs.do(where)
    early = runs.folder.events()
    for where in SOURCES:
        runs.do(where)
    told = [where for event in [*runs.folder.events(), *early, *early] for where in runs.dependents(event)]
    for where in [*told, *told[::-1]]:
        runs.start(where)
        if len(runs.living) == 6:
            runs.end(next(iter(runs.living)))
    runs.finish()
    runs.holds(AT_REST)
    at_rest_and_good(runs)
