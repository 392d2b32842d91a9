"""How much memory checking takes: a frame of 214 MB with one check, and the same with twelve.

    python -m benchmarks.memory [--json] [--quick]

Each round does both in a process of its own and takes the most memory that it held, less what it held with the frame
before it began. Checks run one after the other, each on a copy of its own, so twelve should take what one takes.
"""

import resource
import subprocess
import sys

import numpy as np
import pandas as pd

from benchmarks.common import Series, arguments, report, say
from lockgate import Team
from lockgate.testing import check_value

ROWS, COLUMNS = 2_675_000, 10
MEGABYTE = 1e6


def held(checks: int, rows: int) -> float:
    """Bytes that checking a frame took at most, on top of the frame."""
    team = Team("bench")

    @team.asset()
    def frame() -> pd.DataFrame:
        return pd.DataFrame(np.random.default_rng(0).random((rows, COLUMNS)), columns=list("abcdefghij"))

    for number in range(checks):
        team.check(frame, name=f"check_{number}")(lambda value: bool((value["a"] < 1).all()))
    check_value(frame, frame.fn().head(10))  # what is imported and compiled at the first use
    value = frame.fn()
    before = _most()
    check_value(frame, value)
    return _most() - before


def _most() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0


def main() -> None:
    """Measure."""
    asked = arguments(__doc__)
    rows, rounds = (100_000, 1) if asked.quick else (ROWS, 3)
    took: dict[str, list[float]] = {"1 check": [], "12 checks": []}
    for number in range(rounds):
        for name, values in took.items():
            script = f"from benchmarks.memory import held; print(held({name.split()[0]}, {rows}))"
            done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
            values.append(float(done.stdout) / MEGABYTE)
        say(f"round {number + 1}: " + ", ".join(f"{name} {values[-1]:.0f} MB" for name, values in took.items()))
    frame = rows * COLUMNS * 8 / MEGABYTE
    series = [Series(name, "MB", values) for name, values in took.items()]
    ratios = {f"{each.name} / the frame": each.median / frame for each in series}
    report(f"memory, a frame of {frame:.0f} MB", series, ratios, as_json=asked.json)


if __name__ == "__main__":
    main()
