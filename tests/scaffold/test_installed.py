"""An installed lockgate makes a project in an empty folder, and its README's two commands work there."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest
import uv

from tests.running import REPOSITORY, clean_environment

pytestmark = pytest.mark.slow

Shell: TypeAlias = Callable[[str], str]


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """Commands in an empty folder, with a lockgate installed from its wheel; nothing of this repository is in reach."""
    platform = tmp_path / "platform"
    platform.mkdir()
    clean = {name: value for name, value in clean_environment().items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    path = os.pathsep.join([str(tmp_path / "venv" / "bin"), str(Path(uv.find_uv_bin()).parent), clean["PATH"]])
    environment = {**clean, "PATH": path, "COLUMNS": "200"}

    def run(line: str) -> str:
        done = subprocess.run(
            ["bash", "-c", line], cwd=platform, env=environment, timeout=900, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert done.returncode == 0, f"$ {line}\n{done.stdout}"
        return done.stdout

    run(f"uv build --quiet --wheel --out-dir {tmp_path} {REPOSITORY}")
    run(f"uv venv --quiet --python {sys.executable} {tmp_path}/venv")
    # The library names its dependencies by range; some newest releases are not what this repository is tested with.
    run(f"uv export --quiet --frozen --no-emit-project --no-hashes --project {REPOSITORY} > {tmp_path}/tested.txt")
    run(f"VIRTUAL_ENV={tmp_path}/venv uv pip install --quiet -c {tmp_path}/tested.txt {tmp_path}/*.whl pytest")
    try:
        yield run
    finally:
        run("test ! -e prefect.yaml || lockgate down --purge")


@pytest.mark.timeout(1500)
def test_an_installed_lockgate_makes_a_project_that_works(shell: Shell, tmp_path: Path) -> None:
    root = tmp_path / "platform"
    assert "Next:" in shell("lockgate init")

    readme = (root / "README.md").read_text()
    first, second = re.findall(r"^\$ (.*)$", readme, re.MULTILINE)
    assert "Prefect's UI: http" in shell(first)
    assert "example/numbers: published" in shell(second)

    assert "3 passed" in shell("lockgate test")
    assert "1 passed" in shell("python -m pytest -q tests")
    assert "is not empty" in shell("lockgate init 2>&1 && exit 1 || true")
