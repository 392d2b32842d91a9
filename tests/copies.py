"""Copies of this repository, for tests that change a project as its users would."""

import subprocess
from pathlib import Path

from tests.running import REPOSITORY


def copy_repository(root: Path) -> None:
    """What git knows of this repository, changed or not, as a new user would have it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        if (REPOSITORY / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes((REPOSITORY / name).read_bytes())
