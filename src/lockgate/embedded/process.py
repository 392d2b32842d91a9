"""Daemon processes: start one and recognise it later.

A process is known by its pid *and* its birth, so a pid that the system has given to somebody else is never taken for
ours, let alone ended. On Linux that is the boot and the ticks since then, which no step of the clock changes.
"""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from lockgate.core.errors import PlatformError

# In the environment of all that is started, so that what a killed process leaves behind is found again.
MARK = "LOCKGATE_STARTED_BY"

# Seconds. Two readings of one creation time differ by rounding; no pid comes round again this fast.
SAME_BIRTH = 0.05

_FROM_A_TERMINAL = (signal.SIGINT, signal.SIGQUIT)
_own_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class ProcessRecord:
    """What is remembered of a started process.

    Args:
        name: Its name in this project, as "postgres" or "worker/weather".
        pid: Process id; it leads its own session.
        created: Time of creation as psutil reports it, seconds since the epoch; a step of the clock moves it.
        log: File that holds its standard output and error.
        facts: What its starter wants to find again: port, digest of the configuration.
        log_start: Length of the log, in bytes, when it was started: what is before is not its own.
        birth: The boot and the ticks from it to the start; "" where the system does not tell, and in the records of
            earlier releases.
    """

    name: str
    pid: int
    created: float
    log: str
    facts: Mapping[str, str | int]
    log_start: int = 0
    birth: str = ""


def spawn(
    name: str,
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    log: Path,
    mark: str,
    folder: Path,
    facts: Mapping[str, str | int],
    account: tuple[int, int] | None = None,
) -> ProcessRecord:
    """Start a daemon: a session of its own, no standard input, output appended to a log.

    Args:
        name: Its name in this project.
        command: Program and arguments; visible to all users of the machine, so no secrets.
        environment: All it gets, save the mark; nothing is inherited.
        log: File to append to, created readable by its owner only.
        mark: Value of `MARK` in its environment, by which `members` finds its descendants.
        folder: Working directory.
        facts: Kept in the record.
        account: Numeric user and group to run under, when the caller is root; None: the caller's.

    Returns:
        The record by which to find it again.

    Raises:
        PlatformError: If the program cannot be executed.
    """
    user, group = account or (None, None)
    log_start = log.stat().st_size if log.exists() else 0
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        child = subprocess.Popen(
            list(command),
            env={**environment, MARK: mark},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            start_new_session=True,
            umask=0o077,
            user=user,
            group=group,
            extra_groups=None if account is None else [],
            # Only then, since a function of ours after the fork is a risk in a process with threads.
            preexec_fn=_hear if _is_deaf() else None,
        )
    except OSError as error:
        raise PlatformError(f"The process {name} cannot be started: {command[0]}: {error.strerror}.") from error
    finally:
        os.close(descriptor)
    _own_children[child.pid] = child
    created = psutil.Process(child.pid).create_time()
    return ProcessRecord(name, child.pid, created, str(log), dict(facts), log_start, birth_of(child.pid))


def birth_of(pid: int) -> str:
    """The boot and the ticks from it to the start of a process.

    Args:
        pid: Of a process.

    Returns:
        Two words; "" if there is no such process, or the system (not Linux) does not tell.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        # The name in brackets may itself hold blanks and brackets.
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return f"{boot} {fields[19]}"


def is_older(process: psutil.Process, record: ProcessRecord) -> bool:
    """Whether a process was there before the one of a record, which then did not start it.

    Args:
        process: As psutil found it.
        record: As `spawn` returned it.

    Raises:
        psutil.Error: If the process has ended.
    """
    boot, _, ticks = record.birth.partition(" ")
    own_boot, _, own_ticks = birth_of(process.pid).partition(" ")
    if ticks and own_ticks:
        return own_boot == boot and int(own_ticks) < int(ticks)
    return process.create_time() < record.created - SAME_BIRTH


def _is_deaf() -> bool:
    """Whether we ignore what a shell lets all that it runs in the background ignore.

    It is inherited through every start of a program: a daemon would never hear an interrupt.
    """
    return any(signal.getsignal(each) is signal.SIG_IGN for each in _FROM_A_TERMINAL)


def _hear() -> None:
    for each in _FROM_A_TERMINAL:
        signal.signal(each, signal.SIG_DFL)


def find(record: ProcessRecord) -> psutil.Process | None:
    """The process of a record.

    Args:
        record: As `spawn` returned it, perhaps in another process long ago.

    Returns:
        None if it has ended or its pid now belongs to another process.
    """
    if record.pid in _own_children and _own_children[record.pid].poll() is not None:
        del _own_children[record.pid]
    try:
        process = psutil.Process(record.pid)
        if not _is_of(process, record):
            return None
        return None if process.status() == psutil.STATUS_ZOMBIE else process
    except psutil.NoSuchProcess:
        return None


def _is_of(process: psutil.Process, record: ProcessRecord) -> bool:
    if record.birth:
        return birth_of(process.pid) == record.birth
    if abs(process.create_time() - record.created) <= SAME_BIRTH:
        return True
    # A record of an earlier release, and the clock may have been set since.
    return mark_of(process) == f"{Path(record.log).parent.parent}:{record.name}"


def mark_of(process: psutil.Process) -> str:
    """The mark in a process's environment.

    Args:
        process: As psutil found it.

    Returns:
        "" if it has none, or we may not look.
    """
    try:
        return process.environ().get(MARK, "")
    except (psutil.Error, OSError):
        return ""


def processes_in(folder: Path) -> list[psutil.Process]:
    """The processes that work in a folder of a service: all of PostgreSQL's and the broker's do, and no others.

    Args:
        folder: The folder.

    Returns:
        Those we may look at.
    """

    def works_there(process: psutil.Process) -> bool:
        try:
            return process.cwd() == str(folder)
        except (psutil.Error, OSError):
            return False

    return [process for process in psutil.process_iter() if works_there(process)]


def runs(process: psutil.Process) -> bool:
    """Whether a process runs still; reaps it if it is our child and has ended.

    Args:
        process: As psutil found it; safe against reuse of its pid.

    Returns:
        False also for a process that has ended but was not reaped by its parent.
    """
    child = _own_children.get(process.pid)
    if child is not None and child.poll() is not None:
        return False
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def alive(record: ProcessRecord) -> bool:
    """Whether the process of a record still runs; safe against reuse of its pid.

    Args:
        record: As `spawn` returned it.

    Returns:
        False for an ended process, reaped or not.
    """
    return find(record) is not None
