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
    deadline = time.monotonic() + HOLD_SECONDS
    while wanted.get("hold") and not (folder / f"{name} go").exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{name} was never let go")
        time.sleep(0.02)
    return wanted.get("values", [1.0, 2.0])
