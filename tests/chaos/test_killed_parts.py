"""Parts of a running platform are killed by signal 9 in the middle of the work; its watch and its sweep do the rest.

After each: every dependent stands on the current versions of its inputs, nothing was published twice, nothing is stuck
and no slot is held. ``CHAOS=long`` makes the bursts of a hundred events.
"""

import asyncio
import os
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psutil
import psycopg
import pytest

from lockgate.core.errors import PlatformError
from tests.chaos.parts import Parts, looked_after
from tests.running import DEADLINE, clean_environment, kill_with_children, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

LONG = os.environ.get("CHAOS") == "long"
BURST = 100 if LONG else 25
# What is promised of a machine that does nothing else, as the long mode has it: a lease of 30 s and the next round of
# the sweep. Beside other tests, on slow cores, it takes longer; a lease or a round that stands still takes more yet.
DETECTED_SECONDS = 90.0 if LONG else 270.0
# What hits one team costs no hand-off of another more than this, on top of the slowest before.
OTHERS_SECONDS = 10.0 if LONG else 60.0


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory, fired: Counter[str]) -> Iterator[Parts]:
    with looked_after(tmp_path_factory.mktemp("chaos"), fired) as parts:
        yield parts


def days(parts: Parts, count: int) -> list[str]:
    return [parts.live.new_day() for _ in range(count)]


@pytest.mark.parametrize("empty_broker", [False, True], ids=["", "and the broker is emptied"])
def test_the_server_is_killed_in_the_middle_of_a_burst(
    parts: Parts, tell: Callable[[str], None], empty_broker: bool
) -> None:
    """Every dependent is made, and none twice; with its broker emptied, whatever was under way in it is forgotten."""
    burst = days(parts, BURST)
    versions = parts.publish(burst)
    with parts.own_pace():
        asyncio.run(parts.announce(versions))
        until(lambda: parts.published("beta/echo", burst), "the first dependent is made")

        parts.kill(*(["server", "broker"] if empty_broker else ["server"]), empty_broker=empty_broker)
        before = parts.published("beta/echo", burst)
        parts.await_server()
        returned = time.monotonic()

        assert before < BURST
        until(lambda: parts.published("beta/echo", burst) == BURST, "all dependents are made", 600)
    took = time.monotonic() - returned
    lost = ", broker emptied" if empty_broker else ""
    tell(f"server killed in a burst of {BURST}, {before} done{lost}: all made {took:.0f} s after its return")
    parts.comes_to_rest()


def test_a_worker_is_killed_with_its_runs(parts: Parts, tell: Callable[[str], None]) -> None:
    """Its run is settled and done again in time; the hand-offs of the other teams take no notice."""
    live, (day,) = parts.live, days(parts, 1)
    calm, storm = days(parts, 3), days(parts, 5)
    with parts.own_pace():
        live.run_all(*(("beta/trunk", one) for one in calm))
        until(lambda: parts.published("gamma/nest", calm) == len(calm), "the other teams work")
        live.steer("solo", day, hold=True)
        live.start("alpha/solo", day)
        live.is_computing("solo", day)

        parts.kill_worker_and_runs("alpha")
        began = time.monotonic()
        live.let_go("solo", day)
        for one in storm:
            live.start("beta/trunk", one)
        until(lambda: parts.published("gamma/nest", storm) == len(storm), "the other teams work on")
        until(lambda: parts.published("alpha/solo", [day]), "the run is done again", DETECTED_SECONDS)
    tell(f"worker killed in a run: its asset published {time.monotonic() - began:.0f} s later")

    before, meanwhile = parts.hand_offs("gamma/nest", calm), parts.hand_offs("gamma/nest", storm)
    tell(f"hand-offs of the other teams, at most: {before[-1]:.1f} s before, {meanwhile[-1]:.1f} s meanwhile")
    assert meanwhile[-1] < before[-1] + OTHERS_SECONDS
    parts.comes_to_rest()


def test_a_worker_is_killed_and_its_run_lives_on(parts: Parts) -> None:
    """Whether the orphan publishes or another run does: it is one of them, also of a source."""
    live, (day,) = parts.live, days(parts, 1)
    live.steer("pulse", day, hold=True)
    live.start("alpha/pulse", day)
    live.is_computing("pulse", day)
    parts.kill("worker/alpha")
    live.let_go("pulse", day)
    parts.makes("alpha/pulse", [day])
    parts.makes("beta/echo", [day])
    parts.comes_to_rest()


def test_a_run_is_killed_alone_and_a_source_is_run_again(parts: Parts) -> None:
    """Its worker sees it die and says so; as nothing above a source can be missing, repair starts it again."""
    live, (day,) = parts.live, days(parts, 1)
    live.steer("pulse", day, die=True)
    assert live.run("alpha/pulse", day).state.is_crashed()
    parts.fired["run, by itself"] += 1
    live.steer("pulse", day)
    parts.makes("beta/echo", [day])
    assert [run.tags for run in live.runs_of("alpha/pulse", day)] == [[], ["lockgate:repair-1"]]
    parts.comes_to_rest()


def test_a_fork_server_is_killed(parts: Parts) -> None:
    """Its worker starts another; the run under way is done by itself or again."""
    live, (day, later) = parts.live, days(parts, 2)
    live.run("alpha/solo", later)
    live.steer("pulse", day, hold=True)
    live.start("alpha/pulse", day)
    live.is_computing("pulse", day)
    parts.kill_fork_server("alpha")
    live.let_go("pulse", day)
    assert live.run("alpha/solo", later).outcome == "published"
    parts.makes("alpha/pulse", [day])
    parts.makes("beta/echo", [day])
    parts.comes_to_rest()


def test_the_database_is_killed_under_load(parts: Parts) -> None:
    """Ledger and Prefect's own database go away together, and come back."""
    load = days(parts, 8)
    for day in load:
        parts.live.start("alpha/pulse", day)
    until(lambda: parts.published("beta/echo", load), "the first dependent is made")
    parts.kill("postgres")
    until(lambda: _back(parts), "the database answers")
    parts.await_server()
    parts.comes_to_rest()
    # A source whose run failed for want of the database runs again when its schedule or somebody says so.
    failed = [(key, day) for key, day in (("alpha/pulse", day) for day in load) if not parts.published(key, [day])]
    assert all(run.outcome == "published" for run in parts.live.run_all(*failed))
    parts.makes("beta/echo", load)
    parts.comes_to_rest()


def _back(parts: Parts) -> bool:
    with suppress(psycopg.OperationalError, PlatformError):
        return bool(parts.ask("select true"))
    return False


def test_the_broker_is_killed_and_emptied_under_load(parts: Parts) -> None:
    """Nothing that was under way in it is missed in the end."""
    load = days(parts, 8)
    asyncio.run(parts.announce(parts.publish(load)))
    parts.kill("broker", empty_broker=True)
    parts.await_broker()
    parts.makes("beta/echo", load)
    parts.comes_to_rest()


def test_events_come_twice_and_late_and_in_another_order(parts: Parts) -> None:
    """Prefect tells repeated events apart for five minutes only: these are new ones that say the same."""
    load = days(parts, 3)
    early, late = parts.publish(load), parts.publish(load)
    asyncio.run(parts.announce([*late, *early, *late[::-1]]))
    parts.makes("beta/echo", load)
    parts.comes_to_rest()


def test_a_team_is_deployed_between_two_inputs_of_a_fan_in(parts: Parts) -> None:
    """A deployment makes the team's automations anew; whatever comes in between is not missed."""
    live, (day,) = parts.live, days(parts, 1)
    assert live.run("alpha/left", day).outcome == "published"
    with _deploying(parts, "gamma"):
        assert live.run("alpha/right", day).outcome == "published"
    parts.makes("gamma/joined", [day])
    parts.comes_to_rest()


@contextmanager
def _deploying(parts: Parts, team: str) -> Iterator[None]:
    process = parts.live.begin("deploy", team)
    yield
    out, err = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0, out + err


def test_two_workers_serve_one_pool_and_one_is_killed(parts: Parts) -> None:
    """Both take runs, nothing is done twice, and what the dead one held is done again."""
    first = psutil.Process(parts.live.process("worker/beta"))
    command = [*first.cmdline()]
    command[command.index("--name") + 1] = "beta-second"
    second = subprocess.Popen(command, env={**clean_environment(), **first.environ()}, cwd=first.cwd())
    try:
        load = days(parts, 8)
        asyncio.run(parts.announce(parts.publish(load)))
        until(lambda: parts.published("beta/echo", load), "the first dependent is made")
        parts.kill("worker/beta")
        parts.makes("beta/echo", load)
        parts.comes_to_rest()
    finally:
        kill_with_children(second.pid)
        second.wait()
