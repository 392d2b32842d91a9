"""What operators do and what the platform does by itself: repair, announcements, rollback, waivers, retention."""

from datetime import UTC, datetime, timedelta

import psutil
import pytest
from prefect.states import Crashed
from psycopg.types.json import Jsonb

from lockgate.core.errors import UsageError
from lockgate.platform.doctor import prefect_side, services
from lockgate.platform.watch import Watch
from tests.fundamentals.test_failure_modes import kill
from tests.fundamentals.test_sweep import events_lost, sweep, swept
from tests.running import Live, kill_with_children, until


def die_computing(live: Live, name: str, day: str) -> str:
    """Kill alpha's worker with all its processes while an asset computes; returns the flow run's id."""
    live.steer(name, day, hold=True)
    dead = live.start(f"alpha/{name}", day)
    live.is_computing(name, day)
    kill_with_children(live.process("worker/alpha"))
    live.let_go(name, day)
    return dead


@pytest.mark.slow
def test_a_run_that_died_with_its_worker_is_settled_and_started_again(live: Live, day: str) -> None:
    """Its attempt is settled as failed, its claim and its slots are free, and a source runs again by itself."""
    # given a run under way whose worker and process die at once, as in a power cut
    dead = die_computing(live, "solo", day)

    # when its lease has run out and the sweep comes by
    assert live.client.read_flow_run(dead).state.is_running()  # type: ignore[arg-type, union-attr]
    live.age("alpha/solo", minutes=2)
    sweep(live)

    # then it is over everywhere, and a new run of it waits for a worker
    assert live.ended(dead).state.is_crashed()
    assert [attempt.outcome for attempt in live.attempts("alpha/solo", day)] == ["failed"]
    live.up_again()
    (again,) = (run for run in live.runs_of("alpha/solo", day) if "lockgate:repair-1" in run.tags)
    assert live.ended(str(again.id)).outcome == "published"


def test_a_source_that_crashed_after_its_last_word_is_not_run_again(live: Live, day: str) -> None:
    """What it published is there; only the report of its end is missing."""
    published = live.run("alpha/solo", day)
    live.client.set_flow_run_state(published.flow_run.id, Crashed(), force=True)
    sweep(live)
    assert len(live.runs_of("alpha/solo", day)) == 1
    assert live.version("alpha/solo", day) == 1


def test_a_run_whose_tags_look_like_ours_ends_no_round_and_is_started_again(live: Live, day: str) -> None:
    """Tags are a team's own words, whoever set them; a round goes on, and doctor has nothing to tell."""
    deployment = live.client.read_deployment_by_name("alpha/solo")
    live.steer("solo", day, die=True)
    tags = ["repair-orders", "repair-9", "lockgate:repair-orders", "lockgate:repair-" + "9" * 5000]
    dead = live.client.create_flow_run_from_deployment(deployment.id, parameters={"partition": day}, tags=tags)
    assert live.ended(str(dead.id)).state.is_crashed()
    live.steer("solo", day)
    live.age("alpha/solo", minutes=2)
    sweep(live)
    (again,) = (run for run in live.runs_of("alpha/solo", day) if "lockgate:repair-1" in run.tags)
    assert live.ended(str(again.id)).outcome == "published"
    assert not any("broke" in found.message for found in prefect_side.sweep(live.root))


def test_what_a_round_breaks_on_is_told_by_doctor_and_ends_no_round(live: Live, day: str) -> None:
    """A registered spec that nobody can read: the sweep goes on, for all others too."""
    with live.ledger() as ledger:
        readable = ledger.registry()["alpha/brief"].to_json()
    live._as_owner("update lockgate.assets set spec = spec - 'description' where key = 'alpha/brief'")
    try:
        with events_lost(live):
            live.run("alpha/pulse", day)
            sweep(live)
        assert swept(live, "beta/echo", day) == ["published"]
        told = next(iter(prefect_side.sweep(live.root)))
        assert (told.status, told.message[:49]) == ("warn", "its last round broke on 1 things: alpha/brief: co")
        (told,) = services.ledger(live.root)
        assert (told.status, told.cure) == ("warn", "lockgate deploy alpha")
        for command in (["status"], ["why", "beta/echo", "-p", day], ["show", "alpha/solo"], ["plan", "beta"]):
            assert live.command(*command).code == 0, command
        said = live.command("run", "alpha/brief", "-p", day)
        assert (said.code != 0, "Traceback" in said.err) == (True, False)
        assert "cannot read" in said.err
    finally:
        live._as_owner("update lockgate.assets set spec = %s where key = 'alpha/brief'", Jsonb(readable))


def test_what_dies_is_started_again_and_what_keeps_dying_ever_more_slowly(live: Live) -> None:
    """``lockgate up`` watches its processes; a command that stops the platform has the last word."""
    watch = Watch(live.root, live.home, print)
    assert live.look_after(watch) == []

    kill(live, "worker/gamma")
    assert live.look_after(watch) == ["worker/gamma"]
    assert psutil.pid_exists(live.process("worker/gamma"))

    kill(live, "worker/gamma")
    assert live.look_after(watch) == []
    until(lambda: live.look_after(watch) == ["worker/gamma"], "it is started again after a pause")
    assert not watch.over


def test_a_run_that_is_merely_slow_is_never_touched(live: Live, day: str) -> None:
    """A living process renews its lease, whatever its computation does."""
    live.steer("solo", day, hold=True)
    slow = live.start("alpha/solo", day)
    live.is_computing("solo", day)
    for _ in range(2):
        sweep(live)
    live.let_go("solo", day)
    assert live.ended(slow).outcome == "published"
    assert len(live.runs_of("alpha/solo", day)) == 1


def test_what_was_published_but_never_announced_is_announced_by_the_sweep(live: Live, day: str) -> None:
    """A run that dies between its commit and its event leaves a version that nobody was told of."""
    with events_lost(live):
        live.run("alpha/pulse", day)
        live.forget_announcements("alpha/pulse", day)
        live.announced("alpha/pulse", day, count=1)
        sweep(live)
        live.announced("alpha/pulse", day, count=2)
        sweep(live)
    assert swept(live, "beta/echo", day) == ["published"]
    assert len(live.announced("alpha/pulse", day, count=2)) == 2


def test_a_rollback_makes_the_version_before_current_and_dependents_run_on_it(live: Live, day: str) -> None:
    """One command, one transaction; the reason and who gave it are on record."""
    live.run("alpha/pulse", day)
    live.started_by_event("beta/echo", day)
    live.steer("pulse", day, values=[9])
    live.run("alpha/pulse", day)
    live.started_by_event("beta/echo", day, number=2)

    done = live.command("rollback", "alpha/pulse", "--partition", day, "--why", "nines are wrong")

    assert done.code == 0, done.err
    assert "version 3 is current, with the data of version 1" in done.out
    assert live.started_by_event("beta/echo", day, number=3).outcome == "published"
    assert live.load("beta/echo", day)["pulse"] == [1.0, 2.0]
    with live.ledger() as ledger:
        assert "nines are wrong" in str(ledger.versions("alpha/pulse", day)[0].why)
    nowhere = live.command("rollback", "alpha/pulse", "--partition", live.new_day())
    assert (nowhere.code, "has no version before the current one" in nowhere.err) == (2, True)


def test_a_waived_check_does_not_block_and_is_shown_as_waived(live: Live, day: str) -> None:
    """For one partition and a bounded time; the verdict stays a failure."""
    live.steer("pulse", day, values=[-1])
    assert live.run("alpha/pulse", day).outcome == "rejected"
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    waive = ("waive", "alpha/pulse", "--partition", day, "--check", "pulse_is_positive", "--why", "known")

    assert "must end within 30 days" in live.command(*waive, "--until", "2013-01-05").err
    assert live.command(*waive, "--until", soon).code == 0
    published = live.run("alpha/pulse", day)

    assert published.outcome == "published"
    assert live.tasks(published)["check pulse_is_positive"] == "Waived"
    assert "waived: pulse_is_positive" in live.command("status").out
    other = live.new_day()
    live.steer("pulse", other, values=[-1])
    assert live.run("alpha/pulse", other).outcome == "rejected"


def test_retention_removes_what_an_asset_does_not_keep(live: Live, day: str) -> None:
    """Shown first, done when told to; what is gone says so."""
    for _ in range(2):
        live.run("alpha/brief", day)
    live.age("alpha/brief", minutes=120)

    shown = live.command("retention")
    assert f"alpha/brief [{day}] v1" in shown.out
    assert live.load("alpha/brief", day, version=1) == [1.0, 2.0]
    assert live.command("retention", "--apply").code == 0

    assert live.load("alpha/brief", day) == [1.0, 2.0]
    with pytest.raises(UsageError, match="removed by retention"):
        live.load("alpha/brief", day, version=1)
