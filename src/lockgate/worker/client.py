"""The command of a run: hand environment, folder and standard streams to the fork server, and stand in for its child.

Started as ``python -S -E client.py SOCKET``. It imports the C modules below ``socket`` and ``signal`` and no json:
those would take longer than all that it does. Signals go on to the child; the child's exit status, or the signal
that ended it, becomes our own. Where no fork server answers, the run starts cold.
"""

import _signal  # type: ignore[import-not-found]
import _socket
import io
import os
import sys

FORWARDED = (_signal.SIGTERM, _signal.SIGINT, _signal.SIGHUP, _signal.SIGUSR1, _signal.SIGUSR2)


def main() -> None:
    """Run one flow run through the fork server at the socket named on the command line."""
    _signal.pthread_sigmask(_signal.SIG_BLOCK, FORWARDED)
    try:
        answers = _hand_over(sys.argv[1])
        pid = _pid(answers.readline())
    except (OSError, ValueError):  # nobody there, or gone before it forked: nothing has begun
        _signal.pthread_sigmask(_signal.SIG_UNBLOCK, FORWARDED)
        os.execv(sys.executable, [sys.executable, "-m", "prefect.engine"])  # noqa: S606
    for number in FORWARDED:
        _signal.signal(number, lambda received, _: _pass_on(pid, received))
    _signal.pthread_sigmask(_signal.SIG_UNBLOCK, FORWARDED)
    _end_like(_status(answers))


def _hand_over(path: str) -> io.TextIOWrapper:
    """Send our standard streams and, with its length before it, folder and variables, NUL between them."""
    server = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    server.connect(path)
    variables = [name + b"=" + value for name, value in os.environb.items()]
    body = b"\0".join([os.getcwdb(), *variables])  # noqa: PTH109
    streams = b"".join(stream.to_bytes(4, sys.byteorder) for stream in (0, 1, 2))
    rights = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)]
    server.sendmsg([len(body).to_bytes(4, "big")], rights)
    server.sendall(body)
    return os.fdopen(server.detach())


def _pid(answer: str) -> int:
    """The child's process id, which it tells before anything else."""
    what, number = answer.split()
    if what != "forked":
        raise ValueError(answer)
    return int(number)


def _pass_on(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _status(answers: io.TextIOWrapper) -> int:
    """How the child ended: as the server says, else as the child itself did; else nobody knows any more."""
    status = 1
    for answer in answers:
        what, number = answer.split()
        status = int(number)
        if what == "ended":
            break
    return status


def _end_like(status: int) -> None:
    if status < 0:
        if -status in FORWARDED:
            _signal.signal(-status, _signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    sys.exit(status)


if __name__ == "__main__":
    main()
