"""The worker type ``warm-process``: each run a process of its own, forked from one that is never harmed by it."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from unittest.mock import AsyncMock

import psutil
import pytest

import lockgate.worker.warm as warm_module
from lockgate.worker import WarmProcessWorker, client
from lockgate.worker.servers import ForkServers, socket_path
from tests.running import command_of, until
from tests.worker.conftest import Pool


def test_a_run_is_a_fresh_process_with_its_own_group_folder_and_environment(warm: Pool) -> None:
    first, second = warm.start("return"), warm.start("return")
    notes = [warm.notes(run) for run in (first, second)]
    assert {warm.ended(run).state_name for run in (first, second)} == {"Completed"}
    for pid, parent, group, folder, setting in notes:
        assert int(parent) == warm.fork_server().pid
        assert group == pid
        assert Path(folder) == warm.folder
        assert setting == "set-in-the-pool"
    assert notes[0][0] != notes[1][0]


def test_what_a_run_prints_is_streamed_through_the_worker_and_logged_in_prefect(warm: Pool) -> None:
    run = warm.start("streams")
    warm.ended(run)
    until(lambda: "to standard error" in warm.log, "the streams arrive")

    def logged() -> bool:
        logs = warm.live._post("/logs/filter", {"logs": {"flow_run_id": {"any_": [run]}}})
        return any("probed" in line["message"] for line in logs)

    until(logged, "Prefect has the log")


def test_a_run_may_start_every_pool_of_threads_that_the_fork_server_may_not(warm: Pool) -> None:
    run = warm.start("libraries")
    assert warm.ended(run).state_name == "Completed"
    assert "start cold" not in warm.log


def test_a_fork_server_that_dies_is_replaced_and_no_run_is_lost(warm: Pool) -> None:
    """Killed while one run is under way: that run ends well, and so does the next."""
    held = warm.start("hold")
    warm.notes(held)
    before = warm.fork_server()
    before.kill()
    after_run = warm.start("return")
    assert warm.ended(after_run).state_name == "Completed"
    warm.let_go(held)
    assert warm.ended(held).state_name == "Completed"
    until(lambda: warm.fork_server().pid != before.pid, "another fork server")


def test_changed_code_is_noticed_and_runs_under_way_are_untouched(warm: Pool) -> None:
    held = warm.start("hold")
    pid = int(warm.notes(held)[0])
    before = warm.fork_server()
    (warm.folder / "helper.py").write_text("changed = True\n")
    run = warm.start("return")
    assert int(warm.notes(run)[1]) != before.pid
    os.kill(pid, 0)
    warm.let_go(held)
    assert {warm.ended(held).state_name, warm.ended(run).state_name} == {"Completed"}
    until(lambda: not before.is_running(), "the old fork server ends with its last run")


WORKER_THAT_IS_KILLED = """
import asyncio, os, signal
from pathlib import Path
from lockgate.worker.servers import ForkServers, socket_path
folder = Path.cwd()
asyncio.run(ForkServers(warn=print).ensure(folder))
assert socket_path(folder).exists()
print(socket_path(folder).parent, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_worker_that_is_killed_leaves_no_fork_server_and_no_folder(tmp_path: Path) -> None:
    folder = tmp_path / "harbour"
    folder.mkdir()
    (folder / "assets.py").write_text("from lockgate import Team\n\nteam = Team('harbour')\n")
    command = [sys.executable, "-c", WORKER_THAT_IS_KILLED]
    killed = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    place = Path(killed.stdout.strip())
    assert (killed.returncode, place.name[:9]) == (-signal.SIGKILL, "lockgate-")
    until(lambda: not place.exists(), "the fork server ends, and its folder is gone")


async def test_an_answer_that_is_older_than_the_start_of_its_run_does_no_harm(unattended: Pool) -> None:
    """Polls and events cross: the same run is told twice, the second time when it is under way already."""
    pool = unattended
    async with WarmProcessWorker(work_pool_name=pool.name, limit=2) as worker:
        await worker.sync_with_backend()
        worker._helpers[0].cancel()  # what fetches when an event tells it to: here the test decides what is fetched
        run = pool.start("hold")
        ask = worker.client.get_scheduled_flow_runs_for_work_pool
        answers = [await ask(pool.name), await ask(pool.name)]
        worker.client.get_scheduled_flow_runs_for_work_pool = AsyncMock(side_effect=answers)  # type: ignore[method-assign]
        assert [str(started.id) for started in await worker.get_and_submit_flow_runs()] == [run]
        await asyncio.to_thread(pool.notes, run)
        assert await worker.get_and_submit_flow_runs() == []
        pool.let_go(run)
        assert (await asyncio.to_thread(pool.ended, run)).state_name == "Completed"


def test_a_run_killed_from_outside_is_crashed_and_the_next_one_runs(warm: Pool) -> None:
    held = warm.start("hold")
    server = warm.fork_server()
    os.kill(int(warm.notes(held)[0]), signal.SIGKILL)
    assert warm.ended(held).state_name == "Crashed"
    run = warm.start("return")
    assert warm.ended(run).state_name == "Completed"
    assert warm.fork_server().pid == server.pid


def test_a_run_whose_client_is_killed_does_not_go_on_unseen(warm: Pool) -> None:
    """The client stands for the run: with it the worker would lose sight of the process."""
    held = warm.start("hold")
    pid = int(warm.notes(held)[0])
    stand_ins = [child for child in warm.worker.children() if client.__file__ in command_of(child)]
    # That of a run before may still be on its way out.
    max(stand_ins, key=lambda child: child.create_time()).kill()
    assert warm.ended(held).state_name == "Crashed"
    until(lambda: not Path(f"/proc/{pid}").exists(), "its process is gone")


async def test_runs_that_wait_for_a_place_start_when_one_is_free(unattended: Pool) -> None:
    """Nobody polls here: the first run is started by its event, the others by the end of the one before."""
    pool = unattended
    async with WarmProcessWorker(work_pool_name=pool.name, limit=1) as worker:
        await worker.sync_with_backend()
        runs = [await asyncio.to_thread(pool.start, "return") for _ in range(3)]
        ended = [await asyncio.to_thread(pool.ended, run) for run in runs]
    assert {run.state_name for run in ended} == {"Completed"}


async def test_a_subscription_that_went_deaf_is_replaced(unattended: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    """It looks open and nothing comes: the poll that finds the run notices, and the next run needs no poll."""
    pool = unattended
    monkeypatch.setattr(warm_module, "OVERDUE_SECONDS", 0)
    async with WarmProcessWorker(work_pool_name=pool.name, limit=2) as worker:
        await worker.sync_with_backend()
        worker._listener.cancel()
        worker._listener = deaf = asyncio.create_task(asyncio.sleep(3600))
        unheard = await asyncio.to_thread(pool.start, "return")
        assert [str(run.id) for run in await worker.get_and_submit_flow_runs()] == [unheard]
        assert worker._listener is not deaf
        await asyncio.to_thread(pool.ended, unheard)
        heard = await asyncio.to_thread(pool.start, "return")
        assert (await asyncio.to_thread(pool.ended, heard)).state_name == "Completed"


def test_a_cancelled_run_ends_as_cancelled(warm: Pool) -> None:
    run = warm.start("hold")
    pid = int(warm.notes(run)[0])
    warm.cancel(run)
    assert warm.ended(run).state_name == "Cancelled"
    until(lambda: not Path(f"/proc/{pid}").exists(), "its process is gone")


@pytest.mark.parametrize("how", ["leave", "leave and raise", "leave and hold"])
def test_what_a_run_left_running_ends_with_it(warm: Pool, how: str) -> None:
    run = warm.start(how)
    warm.notes(run)
    note = Path(f"{warm.live.client.read_flow_run(run).parameters['notes']}.child")  # type: ignore[arg-type]
    child = int(until(lambda: note.exists() and note.read_text(), "it has a child"))
    if how == "leave and hold":
        warm.cancel(run)
    assert warm.ended(run).state_name in ("Completed", "Failed", "Cancelled")
    until(lambda: not psutil.pid_exists(child), "the child is gone")


SOUND = "from lockgate import Team\n\nteam = Team('harbour')\n"


async def _warned(folder: Path, code: str) -> list[str]:
    """Why the runs of a team with this code start cold, if they do."""
    folder = folder / "harbour"
    folder.mkdir()
    (folder / "assets.py").write_text(code)
    warnings: list[str] = []
    servers = ForkServers(warn=warnings.append)
    try:
        await servers.ensure(folder)
        assert bool(warnings) != socket_path(folder).exists()
    finally:
        servers.close()
    return warnings


async def test_code_that_starts_a_thread_when_imported_runs_cold_and_the_worker_says_why(tmp_path: Path) -> None:
    """A thread would not survive the fork: better slow than stuck."""
    busy = "import threading, time\nthreading.Thread(target=time.sleep, args=(3600,), daemon=True).start()\n"
    (warning,) = await _warned(tmp_path, busy + SOUND)
    assert warning.startswith(f"Runs in {tmp_path / 'harbour'} start cold: ")
    assert "starts a thread when imported" in warning


@pytest.mark.parametrize(
    "code",
    [
        "print('hello')\n",
        "print('cold: not at all', flush=True)\n",
        "print('x' * 1_000_000, end='', flush=True)\n",
        "import os\nos.write(1, b'\\xff\\xfe')\n",
        "import subprocess, sys\nsubprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(30)'])\n",
    ],
    ids=["a line", "an answer of its own", "more than a pipe holds", "no text", "a child that stays"],
)
async def test_what_code_prints_when_it_is_imported_does_not_make_its_runs_cold(tmp_path: Path, code: str) -> None:
    assert await _warned(tmp_path, code + SOUND) == []
