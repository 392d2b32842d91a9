"""Flows that behave in every way a run can, for both kinds of worker."""

import os
import signal
import sys
import time
from pathlib import Path

from prefect import flow


@flow(log_prints=True)
def probe(behaviour: str = "return", notes: str = "") -> None:
    with Path(notes).open("w") as file:
        file.write(f"{os.getpid()} {os.getppid()} {os.getpgrp()} {Path.cwd()} {os.environ.get('PROBE_SETTING')}")
    print("probed")
    if behaviour == "raise":
        raise ValueError("as asked")
    if behaviour == "exit":
        os._exit(7)
    if behaviour == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if behaviour == "hold":
        while not Path(f"{notes}.go").exists():
            time.sleep(0.05)
    if behaviour == "streams":
        sys.stdout.write("to standard output\n")
        sys.stderr.write("to standard error\n")


@flow(timeout_seconds=1)
def slow_probe(behaviour: str = "", notes: str = "") -> None:
    while True:
        time.sleep(0.05)
