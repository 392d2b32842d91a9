"""Ending a daemon process with everything it started, and nothing else."""

import os
import signal
import time
from contextlib import suppress

import psutil

from lockgate.core.errors import PlatformError
from lockgate.embedded.process import ProcessRecord, find, is_older, mark_of, runs


def members(record: ProcessRecord, mark: str) -> list[psutil.Process]:
    """The process of a record and all that it started, whether or not it still lives itself.

    Descendants, members of its session, and processes that carry its mark: the last finds those who
    made a session of their own and whose parent was killed.

    Args:
        record: As `spawn` returned it.
        mark: The mark it was started with.

    Returns:
        Living processes, the leader first if it lives; never the calling process.
    """
    leader = find(record)
    found = _with_children(leader) if leader else []
    # A pid is not given out again while a session bears it: if it is someone else's now, so is the session.
    session = record.pid if leader or not psutil.pid_exists(record.pid) else None
    for process in psutil.process_iter():
        if process.pid == os.getpid() or process in found:
            continue
        if _is_member(process, session, record, mark):
            found.append(process)
    return [process for process in found if process.pid != os.getpid()]


def _with_children(leader: psutil.Process) -> list[psutil.Process]:
    try:
        return [leader, *leader.children(recursive=True)]
    except psutil.NoSuchProcess:
        return [leader]


def marked(prefix: str) -> list[psutil.Process]:
    """All processes whose mark begins so, other than the calling one.

    Args:
        prefix: As "/project/.lockgate:", for all that was started in one home.

    Returns:
        Living processes that we may look at.
    """
    return [
        process
        for process in psutil.process_iter()
        if process.pid != os.getpid() and mark_of(process).startswith(prefix)
    ]


def _is_member(process: psutil.Process, session: int | None, record: ProcessRecord, mark: str) -> bool:
    try:
        if is_older(process, record) or process.status() == psutil.STATUS_ZOMBIE:
            return False
        if session is not None and os.getsid(process.pid) == session:
            return True
        return mark_of(process) == mark
    except (psutil.Error, OSError):
        return False


def end(record: ProcessRecord, mark: str, timeout: float = 10.0, first: int = signal.SIGTERM) -> None:
    """End a process and all that it started: ask, wait, then kill what is left.

    Args:
        record: As `spawn` returned it. Nothing happens if it and its descendants have ended.
        mark: The mark it was started with.
        timeout: Seconds given to end in order after being asked.
        first: The signal that asks; PostgreSQL closes its sessions on SIGINT.

    Raises:
        PlatformError: If something of it cannot be ended, as a process of another user.
    """
    leader = find(record)
    known = members(record, mark)
    if leader:
        _send(leader, first)
        _wait_for_end([leader], timeout)
    # The leader has ended its own children in its own way by now: the rest did not listen or was orphaned.
    rest = {process for process in [*known, *members(record, mark)] if runs(process)}
    end_all(list(rest), min(timeout, 3.0) if leader else timeout)
    left = members(record, mark)
    if left:
        raise PlatformError(
            f"The process {record.name} ({left[0].pid}) does not end.",
            cure=f"See {record.log}.",
        )


def end_all(processes: list[psutil.Process], timeout: float) -> None:
    """Ask processes to end, wait, and kill those that did not.

    Args:
        processes: As `members` or `marked` found them.
        timeout: Seconds given to end in order.
    """
    for process in processes:
        _send(process, signal.SIGTERM)
    for process in _wait_for_end(processes, timeout):
        _send(process, signal.SIGKILL)
    _wait_for_end(processes, 5.0)


def _send(process: psutil.Process, number: int) -> None:
    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        process.send_signal(number)


def _wait_for_end(processes: list[psutil.Process], timeout: float) -> list[psutil.Process]:
    deadline = time.monotonic() + timeout
    while left := [process for process in processes if runs(process)]:
        if time.monotonic() > deadline:
            return left
        time.sleep(0.02)
    return []
