"""What a test wants of an asset: a file in STEER_DIR, read anew at every run. Copied into each team's folder."""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

HOLD_SECONDS = 120


def steer(asset: str, partition: str = "") -> list[Any]:
    """The values an asset shall have; first it raises, waits or dies if the test says so."""
    folder = Path(os.environ["STEER_DIR"])
    name = f"{asset} [{partition}]"
    wanted = json.loads((folder / name).read_text()) if (folder / name).is_file() else {}
    with (folder / f"{name} calls").open("a") as calls:
        calls.write(".")
    if (folder / f"{name} calls").stat().st_size <= wanted.get("raise_first", 0):
        raise RuntimeError("a secret: 4711")
    if wanted.get("die"):
        os.kill(os.getpid(), signal.SIGKILL)
    if wanted.get("hold"):
        await_sign(asset, partition, "go")
    return wanted.get("values", [1.0, 2.0])


def first_call(asset: str, partition: str) -> bool:
    """Whether an asset's partition is computed for the first time."""
    steer(asset, partition)
    return (Path(os.environ["STEER_DIR"]) / f"{asset} [{partition}] calls").stat().st_size == 1


def give_sign(asset: str, partition: str, sign: str) -> None:
    """Let whoever waits for a sign go on."""
    (Path(os.environ["STEER_DIR"]) / f"{asset} [{partition}] {sign}").touch()


def await_sign(asset: str, partition: str, sign: str) -> None:
    """Wait until a sign is given."""
    deadline = time.monotonic() + HOLD_SECONDS
    while not (Path(os.environ["STEER_DIR"]) / f"{asset} [{partition}] {sign}").exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{asset} [{partition}] never got the sign to go on: {sign}")
        time.sleep(0.02)
