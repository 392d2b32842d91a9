"""A process is found again by name, is never mistaken for another, and ends with all that it started."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from lockgate.core.errors import PlatformError
from lockgate.embedded.home import Home
from lockgate.embedded.process import alive
from lockgate.embedded.supervisor import Supervisor

_SLEEP = [sys.executable, "-S", "-c", "import time; time.sleep(600)"]
_PATH = {"PATH": os.environ["PATH"]}

# Starts one child in its own session, and one in a new session that ignores requests to end; then sleeps.
_FAMILY = """
import signal, subprocess, sys, time
sleep = "import time; time.sleep(600)"
deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(600)"
near = subprocess.Popen([sys.executable, "-S", "-c", sleep])
far = subprocess.Popen([sys.executable, "-S", "-c", deaf], start_new_session=True, stdout=subprocess.PIPE)
far.stdout.readline()
print("children", near.pid, far.pid, flush=True)
time.sleep(600)
"""


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _family(supervisor: Supervisor) -> list[psutil.Process]:
    record = supervisor.start("family", [sys.executable, "-S", "-c", _FAMILY], environment=_PATH)
    log = supervisor.log("family")
    _until(lambda: "children" in log.read_text())
    pids = [record.pid, *(int(word) for word in log.read_text().split()[1:])]
    return [psutil.Process(pid) for pid in pids]


def _running(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [process for process in processes if process.is_running() and process.status() != "zombie"]


def test_a_started_process_is_found_from_elsewhere(home: Home) -> None:
    record = Supervisor(home).start("sleeper", _SLEEP, environment=_PATH, facts={"port": 4})

    assert Supervisor(home).running("sleeper") == record
    assert Supervisor(home).records() == {"sleeper": record}
    assert Supervisor(home).last_port("sleeper") == 4


def test_starting_what_runs_returns_it(home: Home) -> None:
    supervisor = Supervisor(home)
    assert supervisor.start("sleeper", _SLEEP, environment=_PATH) == supervisor.start(
        "sleeper", _SLEEP, environment=_PATH
    )


def test_it_leads_a_session_and_gets_no_more_than_it_was_given(home: Home) -> None:
    record = Supervisor(home).start("sleeper", _SLEEP, environment={"ONLY": "this"})

    assert os.getsid(record.pid) == record.pid
    _until(lambda: bool(psutil.Process(record.pid).environ()))
    assert set(psutil.Process(record.pid).environ()) - {"LC_CTYPE"} == {"ONLY", "LOCKGATE_STARTED_BY"}


def test_its_output_is_in_its_log_for_the_owner_only(home: Home) -> None:
    supervisor = Supervisor(home)
    record = supervisor.start("worker/weather", ["/bin/sh", "-c", "echo out; echo err >&2"], environment=_PATH)
    _until(lambda: not alive(record))

    log = home.logs / "worker-weather.log"
    assert log.read_text() == "out\nerr\n"
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_dead_process_is_known_to_be_dead(home: Home) -> None:
    record = Supervisor(home).start("brief", ["/bin/true"], environment=_PATH)
    _until(lambda: not alive(record))

    assert Supervisor(home).running("brief") is None


def test_a_pid_that_belongs_to_another_process_now_is_left_alone(home: Home) -> None:
    supervisor = Supervisor(home)
    stranger = subprocess.Popen(_SLEEP)
    try:
        record = supervisor.start("sleeper", _SLEEP, environment=_PATH)
        supervisor.stop("sleeper")
        supervisor.remember(replace(record, pid=stranger.pid, birth=f"{record.birth}0"))

        assert supervisor.running("sleeper") is None
        assert not supervisor.stop("sleeper")
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_step_of_the_clock_makes_no_process_dead(home: Home) -> None:
    supervisor = Supervisor(home)
    record = replace(supervisor.start("sleeper", _SLEEP, environment=_PATH), created=time.time() + 2)
    supervisor.remember(record)

    assert supervisor.running("sleeper") == record
    assert supervisor.stop("sleeper")


@pytest.mark.parametrize("step", [-7200, -2, 0, 2, 7200])
def test_a_record_of_an_earlier_release_is_understood_after_a_step_too(home: Home, step: int) -> None:
    supervisor = Supervisor(home)
    record = supervisor.start("sleeper", _SLEEP, environment=_PATH)
    _until(lambda: bool(psutil.Process(record.pid).environ()))

    def earlier(state: dict[str, Any]) -> None:
        del state["processes"]["sleeper"]["birth"]
        state["processes"]["sleeper"]["created"] += step

    home.update(earlier)
    running = supervisor.running("sleeper")
    assert running
    assert running.pid == record.pid


def test_of_another_boot_is_no_process_ours(home: Home) -> None:
    supervisor = Supervisor(home)
    record = supervisor.start("sleeper", _SLEEP, environment=_PATH)
    _, _, ticks = record.birth.partition(" ")
    assert not alive(replace(record, birth=f"another {ticks}"))


def test_under_a_clock_that_was_set_all_is_found_and_ended(home: Home, tmp_path: Path) -> None:
    """psutil's time of creation follows btime of /proc/stat: here it jumps by an hour."""
    supervisor = Supervisor(home)
    family = _family(supervisor)
    told = Path("/proc/stat").read_text()
    later = re.sub(r"(?m)^btime (\d+)$", lambda match: f"btime {int(match[1]) - 3600}", told)
    (tmp_path / "stat").write_text(later)
    script = """
import sys, psutil
from pathlib import Path
from lockgate.embedded.home import Home
from lockgate.embedded.supervisor import Supervisor
supervisor = Supervisor(Home(Path(sys.argv[1])))
record = supervisor.records()["family"]
assert abs(psutil.Process(record.pid).create_time() - record.created) > 3000
assert supervisor.running("family") == record
assert supervisor.stop("family", timeout=1)
"""
    inside = 'mount --bind "$1" /proc/stat && exec "$2" -c "$3" "$4"'
    arguments = [str(tmp_path / "stat"), sys.executable, script, str(home.path)]
    if subprocess.run(
        ["unshare", "-m", "/bin/sh", "-c", 'mount --bind "$1" /proc/stat', "sh", arguments[0]]
    ).returncode:
        pytest.skip("no mount namespace of its own is allowed here")
    done = subprocess.run(["unshare", "-m", "/bin/sh", "-c", inside, "sh", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert _running(family) == []


def test_stopping_ends_the_whole_tree_and_nothing_else(home: Home) -> None:
    supervisor = Supervisor(home)
    family = _family(supervisor)
    other = supervisor.start("other", _SLEEP, environment=_PATH)

    assert supervisor.stop("family", timeout=1)

    assert _running(family) == []
    assert alive(other)


def test_what_a_killed_process_left_behind_is_ended_too(home: Home) -> None:
    supervisor = Supervisor(home)
    family = _family(supervisor)
    family[0].kill()
    _until(lambda: _running(family[:1]) == [])
    assert len(_running(family)) == 2

    assert not supervisor.stop("family", timeout=1)

    assert _running(family) == []


def test_what_was_never_noted_is_found_by_its_mark(home: Home) -> None:
    supervisor = Supervisor(home)
    family = _family(supervisor)
    home.forget()

    supervisor.end_unrecorded(timeout=1)

    assert _running(family) == []


def test_waiting_for_a_process_that_ends_quotes_its_log(home: Home) -> None:
    supervisor = Supervisor(home)
    supervisor.log("broken").write_text("of an earlier start\n")
    record = supervisor.start("broken", ["/bin/sh", "-c", "echo no such thing"], environment=_PATH)

    with pytest.raises(PlatformError, match=r"(?s)process broken ended at its start.*no such thing") as error:
        supervisor.wait_until(lambda: False, 10, "it", record)

    assert "of an earlier start" not in str(error.value)


def test_waiting_has_an_end(home: Home) -> None:
    supervisor = Supervisor(home)
    record = supervisor.start("sleeper", _SLEEP, environment=_PATH)

    with pytest.raises(PlatformError, match=r"Waited 0\.1 s in vain for the moon. It wrote nothing"):
        supervisor.wait_until(lambda: False, 0.1, "the moon", record)


def test_a_program_that_is_not_there_is_one_clear_sentence(home: Home) -> None:
    with pytest.raises(PlatformError, match="The process ghost cannot be started"):
        Supervisor(home).start("ghost", ["/no/such/program"], environment={})


def test_records_that_describe_no_process_are_one_clear_sentence(home: Home) -> None:
    home.update(lambda state: state.update(processes={"server": {"pid": 1}}))

    with pytest.raises(PlatformError, match=r"state\.json is damaged"):
        Supervisor(home).records()
    home.forget()


@pytest.mark.parametrize("shielded", [False, True], ids=["", "started in a shell's background"])
def test_the_first_signal_can_be_chosen(home: Home, shielded: bool) -> None:
    """Whatever the starter itself ignores, as all that a shell runs in the background ignores the interrupt."""
    supervisor = Supervisor(home)
    command = ["/bin/sh", "-c", "trap 'echo interrupted; exit' INT; echo ready; while :; do sleep 0.05; done"]
    before = signal.signal(signal.SIGINT, signal.SIG_IGN if shielded else signal.SIG_DFL)
    try:
        supervisor.start("polite", command, environment=_PATH)
    finally:
        signal.signal(signal.SIGINT, before)
    log = supervisor.log("polite")
    _until(lambda: "ready" in log.read_text())

    supervisor.stop("polite", first=signal.SIGINT)

    assert "interrupted" in log.read_text()
