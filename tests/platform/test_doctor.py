"""The doctor: all well on a platform that is well, and whatever is broken is named with its cure."""

import os
import signal
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pytest

from lockgate.core.errors import UsageError
from lockgate.platform.doctor import Finding, examine
from lockgate.platform.doctor.checks import CHECKS
from lockgate.platform.doctor.finding import Check, Look, ok
from tests.fundamentals.teams import deploy, write_team
from tests.running import BROKEN, Live, make_project, until
from tests.s3 import bucket

ONE_ASSET = """
    @team.asset()
    def alone():
        return 1
"""


def looks(live: Live, name: str) -> dict[str, Finding]:
    """What one check finds."""
    (check,) = (check for check in CHECKS if check.name == name)
    return {found.part: found for found in examine(live.root, [Check(name, check.look, seconds=check.seconds)])}


def ill(found: dict[str, Finding]) -> set[str]:
    return {part for part, finding in found.items() if finding.status != "ok"}


# -- running checks


def answering(part: str) -> Look:
    return lambda _: [ok(part, "well.")]


def test_a_check_that_hangs_or_breaks_does_not_keep_the_others(tmp_path: Path) -> None:
    """Each runs by itself and has its time; what needs an ill part is not looked at."""
    ended = threading.Event()

    def hanging(_: Path) -> Iterator[Finding]:
        ended.wait()
        yield ok("hanging", "late.")

    def refusing(_: Path) -> Iterator[Finding]:
        raise UsageError("It is not there.", cure="Put it there.")

    def broken(_: Path) -> Iterator[Finding]:
        raise ZeroDivisionError("division by zero")

    checks = [
        Check("hanging", hanging, seconds=0.2),
        Check("after", answering("after"), needs=("hanging",)),
        Check("refusing", refusing),
        Check("broken", broken),
        Check("well", answering("well"), needs=("fine",)),
        Check("fine", answering("fine")),
    ]
    found = examine(tmp_path, checks)
    ended.set()

    assert [(each.part, each.status, each.message) for each in found] == [
        ("hanging", "fail", "gave no answer within 0.2 s."),
        ("after", "warn", "not looked at, for want of hanging."),
        ("refusing", "fail", "It is not there."),
        ("broken", "fail", "could not be looked at: ZeroDivisionError: division by zero."),
        ("well", "ok", "well."),
        ("fine", "ok", "well."),
    ]
    assert [each.cure for each in found][2] == "Put it there."


def test_where_nothing_runs_it_still_says_what_is_there_and_how_to_start(tmp_path: Path) -> None:
    """Python, packages and the teams' code need no platform; the rest is cured by one command."""
    make_project(tmp_path)
    found = {each.part: each for each in examine(tmp_path, CHECKS)}
    assert {found[part].status for part in ("python", "packages", "disk")} == {"ok"}
    for part in ("database", "broker", "server", "store"):
        assert (found[part].status, found[part].cure.rpartition(": ")[2]) == ("fail", "lockgate up")
    assert "lockgate generate alpha" in found["code alpha"].cure
    assert found["pools"].message == "not looked at, for want of server."


def test_a_connection_that_does_not_answer_is_named_with_its_team(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tried as the team's own worker would: with its environment and its settings."""
    make_project(tmp_path)
    for team in (tmp_path / "teams").iterdir():
        text = "from lockgate import Team\nfrom lockgate.connections import http\n\n"
        declared = "" if team.name != "alpha" else 'source = http("source")\n'
        (team / "assets.py").write_text(f'{text}team = Team("{team.name}")\n{declared}')
    with socket.socket() as held:  # bound but not listening: nobody answers there
        held.bind(("127.0.0.1", 0))
        monkeypatch.setenv("ALPHA__SOURCE_URL", f"http://127.0.0.1:{held.getsockname()[1]}")
        (check,) = (check for check in CHECKS if check.name == "connections")
        (found,) = examine(tmp_path, [check])
    assert (found.part, found.status) == ("connection alpha/source", "fail")


# -- on the real platform


@pytest.fixture
def sound(live: Live) -> None:
    """Team delta has code and is deployed, as the others are; only a worker it never had."""
    write_team(live, ONE_ASSET)
    assert deploy(live, BROKEN) == {BROKEN: ""}


def test_on_a_platform_that_is_well_every_part_is_ok(live: Live, sound: None) -> None:
    """All but what the tests themselves keep still: the sweep, and delta's worker."""
    found = {each.part: each for each in examine(live.root, CHECKS)}
    unwell = {part: found[part] for part in ill(found)}
    assert found["sweep"].status == "warn"
    assert unwell.keys() <= {"sweep", f"worker {BROKEN}"}, unwell
    assert {"ledger", "settings", "database clock", "server clock", "deployed gamma", "worker gamma"} < found.keys()
    assert {"auth", "worker versions"} < found.keys()


def test_a_broker_that_does_not_answer_is_named(live: Live) -> None:
    """A process that is there but stands still is no broker."""
    pid = live.process("broker")
    os.kill(pid, signal.SIGSTOP)
    try:
        found = looks(live, "broker")
    finally:
        os.kill(pid, signal.SIGCONT)
    assert found["broker"].status == "fail"
    assert "lockgate up" in found["broker"].cure
    assert ill(looks(live, "broker")) == set()


@contextmanager
def paused(live: Live, pool: str) -> Iterator[None]:
    path = f"/work_pools/{pool}"
    live.client.request("PATCH", path, json={"is_paused": True})
    try:
        yield
    finally:
        live.client.request("PATCH", path, json={"is_paused": False})


def test_a_paused_pool_is_named_with_the_command_that_resumes_it(live: Live) -> None:
    """Nothing of a paused pool starts, and nothing else says so."""
    with paused(live, "gamma"):
        found = looks(live, "pools")
    assert ill(found) == {"pool gamma"}
    assert found["pool gamma"].cure == "prefect work-pool resume gamma"


@contextmanager
def said_version(live: Live, worker: str, spoken: str) -> Iterator[None]:
    """For the block, a worker's newest event says that it has another Prefect."""

    def say(spoken: str) -> None:
        resource = {
            "prefect.resource.id": f"prefect.worker.warm-process.{worker}",
            "prefect.resource.name": worker,
            "prefect.version": spoken,
        }
        event = {"event": "prefect.worker.started", "id": str(uuid.uuid4()), "resource": resource}
        live.client.request("POST", "/events", json=[{**event, "occurred": datetime.now(UTC).isoformat()}])

    say(spoken)
    try:
        yield
    finally:
        say(version("prefect"))


def test_a_worker_of_another_prefect_version_is_named(live: Live) -> None:
    """As it said when it began; others fail in ways that are hard to see."""

    def messages() -> list[str]:
        return [found.message for found in looks(live, "worker versions").values() if found.status == "fail"]

    with said_version(live, "gamma", "3.0.0"):
        (message,) = until(messages, "the event is known")
        assert "worker gamma has 3.0.0" in message
    until(lambda: not messages(), "what it said last is known")


@contextmanager
def text_added(file: Path, text: str) -> Iterator[None]:
    before = file.read_text()
    try:
        file.write_text(before + text)
        yield
    finally:
        file.write_text(before)


def test_a_drifted_file_and_code_that_is_not_deployed_are_named(live: Live, sound: None) -> None:
    """Code against file, and file against what Prefect and ledger hold."""
    write_team(live, ONE_ASSET + "\n    @team.asset()\n    def another():\n        return 2\n")
    with text_added(live.root / "teams" / "gamma" / "prefect.yaml", "# mine\n"):
        found = looks(live, "teams")
    assert ill(found) == {"code gamma", f"deployed {BROKEN}"}
    assert found["code gamma"].cure == "Run: lockgate generate gamma"
    assert "asset delta/another" in found[f"deployed {BROKEN}"].message


def test_a_store_that_cannot_be_written_is_named(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found before a run finds it."""
    monkeypatch.setenv("LOCKGATE_STORE_URL", "file:///proc/nothing")
    found = looks(live, "store")
    assert found["store"].status == "fail"
    assert "file:///proc/nothing" in found["store"].message


def test_a_store_in_a_bucket_is_tried_as_any_other(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """That nothing can be written over there rests on the bucket's conditional writes."""
    with bucket() as url:
        monkeypatch.setenv("LOCKGATE_STORE_URL", url)
        found = looks(live, "store")
    assert found["store"].message == f"{url} writes, reads, deletes, and lets nothing be written over."


@pytest.mark.slow
def test_a_dead_worker_is_named_with_its_log(live: Live) -> None:
    """At once, without waiting for its heartbeat to grow old."""
    os.kill(live.process("worker/gamma"), signal.SIGKILL)
    try:
        until(lambda: "worker gamma" in ill(looks(live, "workers")), "the dead worker is found")
        assert "worker-gamma.log" in looks(live, "workers")["worker gamma"].message
    finally:
        live.up_again()
    until(lambda: "worker gamma" not in ill(looks(live, "workers")), "its successor is heard")


def test_the_command_prints_every_finding_and_its_exit_code_tells_of_failures(live: Live) -> None:
    """1 if something fails; what is only worth a look does not count."""
    with paused(live, "gamma"):
        done = live.command("doctor")
    assert done.code == 1
    assert "✗ pool gamma" in done.out
    assert "✓ database" in done.out
