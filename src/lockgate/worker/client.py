"""The command of a run: hand environment, folder and standard streams to the fork server, and stand in for its child.

Started as ``python -S -E client.py SOCKET``, it imports as little as can be. Signals go on to the child; the child's
exit status, or the signal that ended it, becomes our own. Where no fork server answers, the run starts cold.
"""

import json
import os
import signal
import socket
import struct
import sys
import time

FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)


def main() -> None:
    """Run one flow run through the fork server at the socket named on the command line."""
    signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED)
    try:
        answers = _hand_over(sys.argv[1])
        pid = int(answers.readline())
    except (OSError, ValueError):  # nobody there, or gone before it forked: nothing has begun
        signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
        os.execv(sys.executable, [sys.executable, "-m", "prefect.engine"])  # noqa: S606
    for number in FORWARDED:
        signal.signal(number, lambda received, _: _pass_on(pid, received))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
    _end_like(int(answers.readline() or _outlive(pid)))


def _hand_over(path: str):  # type: ignore[no-untyped-def]  # typing costs 10 ms here
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.connect(path)
    body = json.dumps({"env": dict(os.environ), "cwd": os.getcwd()}).encode()  # noqa: PTH109
    socket.send_fds(server, [struct.pack("!I", len(body))], [0, 1, 2])
    server.sendall(body)
    return server.makefile("r")


def _pass_on(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _outlive(pid: int) -> int:
    """The fork server died under a running child: wait for the child; how it ended nobody can tell any more."""
    while True:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return 1
        time.sleep(0.1)


def _end_like(status: int) -> None:
    if status < 0:
        signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    sys.exit(status)


if __name__ == "__main__":
    main()
