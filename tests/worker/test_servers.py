"""What a change is to a worker: the files of a team and installed packages; not caches or hidden folders."""

import os
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

from lockgate.worker.servers import fingerprint


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "harbour"
    (folder / "helpers").mkdir(parents=True)
    for name in ("assets.py", "helpers/tides.py", "uv.lock"):
        (folder / name).write_text("")
    return folder


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the environment's packages lie."""
    packages = tmp_path / "site-packages"
    packages.mkdir()
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(packages))
    return packages


@pytest.mark.parametrize(
    "change",
    [
        lambda folder, _: (folder / "assets.py").write_text("team = None\n"),
        lambda folder, _: (folder / "helpers" / "tides.py").write_text("high = 1\n"),
        lambda folder, _: (folder / "helpers" / "tides.py").unlink(),
        lambda folder, _: (folder / "moon.py").write_text(""),
        lambda folder, _: (folder / "uv.lock").write_text("version = 1\n"),
        lambda folder, _: _keep_size_and_date(folder / "helpers" / "tides.py"),
        lambda folder, _: (folder / "limits.csv").write_text("1\n"),
        lambda _, packages: (packages / "tides-2.0.dist-info").mkdir(),
    ],
    ids=[
        "code",
        "a module",
        "a module gone",
        "a new module",
        "the lock",
        "an edit of the same size and date",
        "a table",
        "an installed package",
    ],
)
def test_what_makes_a_new_fork_server(folder: Path, packages: Path, change: Callable[[Path, Path], object]) -> None:
    before = fingerprint(folder)
    change(folder, packages)
    assert fingerprint(folder) != before


def _keep_size_and_date(file: Path) -> None:
    before = file.stat()
    file.write_text("")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_what_makes_none(folder: Path, packages: Path) -> None:
    before = fingerprint(folder)
    for name in ("__pycache__", ".venv"):
        (folder / name).mkdir()
        (folder / name / "some.py").write_text("")
    (folder / "README.md").write_text("# Harbour\n")
    assert fingerprint(folder) == before
