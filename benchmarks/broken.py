"""The hand-off between two teams, alone and beside three teams that are broken.

One cannot be parsed, one needs a package that does not exist, one never ends to import; ``lockgate up`` is trying to
deploy them all the while.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.common import Bench, Series, arguments, report, running_platform, say
from benchmarks.handoff import DEPENDENT, SOURCE, hand_off

HAND_OFFS, QUICK_HAND_OFFS = 20, 2

BROKEN = {
    "hanging": {"assets.py": "import time\n\ntime.sleep(3600)\n"},
    "misspelt": {"assets.py": "def (\n"},
    "unbuildable": {
        "assets.py": 'from lockgate import Team\n\nteam = Team("unbuildable")\n',
        "pyproject.toml": '[project]\nname = "unbuildable"\nversion = "0"\ndependencies = ["no-such-package-at-all"]\n',
    },
}


@contextmanager
def broken_teams(bench: Bench) -> Iterator[None]:
    """For the block, `lockgate up` is held up by the broken teams."""
    for team, files in BROKEN.items():
        folder = bench.root / "teams" / team
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text)
    command = [str(Path(sys.executable).with_name("lockgate")), "up", "--detach"]
    with subprocess.Popen(command, cwd=bench.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as up:
        yield
        held_up = up.poll() is None
        said, _ = up.communicate()
    if not held_up or not all(team in said for team in BROKEN):
        raise RuntimeError(f"the broken teams held nothing up:\n{said}")


def measure(bench: Bench, number: int) -> list[float]:
    """So many hand-offs, in seconds; one before them does not count."""
    hand_off(bench, with_hops=False)
    say(f"{number} hand-offs")
    return [hand_off(bench, with_hops=False).total for _ in range(number)]


def main() -> None:
    """Measure and print."""
    chosen = arguments(__doc__)
    number = QUICK_HAND_OFFS if chosen.quick else HAND_OFFS
    with running_platform({"source": SOURCE, "dependent": DEPENDENT}) as bench:
        alone = Series("hand-off, sound teams alone", "s", measure(bench, number))
        with broken_teams(bench):
            beside = Series("hand-off, beside three broken teams", "s", measure(bench, number))
    report("Broken neighbours", [alone, beside], {"beside / alone": beside.median / alone.median}, as_json=chosen.json)


if __name__ == "__main__":
    main()
