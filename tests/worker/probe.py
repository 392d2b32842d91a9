"""Flows that behave in every way a run can, for both kinds of worker."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from prefect import flow


def noting(name: str):
    """A hook that notes its name, and in which process it ran, beside the run's notes."""

    def hook(flow, flow_run, state):
        with Path(f"{flow_run.parameters['notes']}.hooks").open("a") as file:
            file.write(f"{name}\n")

    hook.__name__ = name
    return hook


@flow(
    log_prints=True,
    on_completion=[noting("completion")],
    on_failure=[noting("failure")],
    on_crashed=[noting("crashed")],
    on_cancellation=[noting("cancellation")],
)
def probe(behaviour: str = "return", notes: str = "") -> None:
    with Path(notes).open("w") as file:
        file.write(f"{os.getpid()} {os.getppid()} {os.getpgrp()} {Path.cwd()} {os.environ.get('PROBE_SETTING')}")
    print("probed")
    if behaviour == "raise":
        raise ValueError("as asked")
    if behaviour == "exit":
        os._exit(7)
    if behaviour == "sys.exit":
        sys.exit(3)
    if behaviour == "terminate":
        os.kill(os.getpid(), signal.SIGTERM)
    if behaviour == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if behaviour.startswith("leave"):
        command = ["sh", "-c", "trap '' TERM INT HUP; sleep 600 & wait"]
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        Path(f"{notes}.child").write_text(str(child.pid))
    if behaviour == "leave and raise":
        raise ValueError("as asked")
    if behaviour in ("hold", "leave and hold"):
        while not Path(f"{notes}.go").exists():
            time.sleep(0.05)
    if behaviour == "libraries":
        use_libraries()
    if behaviour == "streams":
        sys.stdout.write("to standard output\n")
        sys.stderr.write("to standard error\n")
        sys.stdout.write(f"{notes} last words without an end of line")


def use_libraries() -> None:
    """Start every pool of threads there is."""
    import io

    import numpy
    import obstore
    import polars
    import pyarrow
    import pyarrow.parquet
    from obstore.store import MemoryStore

    assert (numpy.ones((600, 600)) @ numpy.ones((600, 600)))[0, 0] == 600
    assert polars.DataFrame({"a": range(9999)}).group_by("a").len().height == 9999
    file = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({"a": range(9999), "b": range(9999)}), file)
    store = MemoryStore()
    obstore.put(store, "frame", file.getvalue())
    content = obstore.get(store, "frame").bytes().to_bytes()
    assert pyarrow.parquet.read_table(pyarrow.BufferReader(content)).num_rows == 9999


@flow(timeout_seconds=1, on_failure=[noting("failure")])
def slow_probe(behaviour: str = "", notes: str = "") -> None:
    while True:
        time.sleep(0.05)
