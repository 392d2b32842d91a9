"""Compiled files are linked from a neighbour environment where they are right, and from nowhere else."""

import base64
import errno
import hashlib
import os
import py_compile
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from lockgate import bytecode
from lockgate.bytecode import compile_bytecode, link_bytecode

SITE = Path("lib", f"python{sys.version_info.major}.{sys.version_info.minor}", "site-packages")
SOURCES = {"one.py": "VALUE = 1\n", "two.py": "VALUE = 2\n", "part/__init__.py": "VALUE = 3\n"}
TIME = 1_700_000_000


def environment(folder: Path, *, compiled: bool = False, version: str = "1.0", **changed: str) -> Path:
    """The ``site-packages`` of an environment with one small distribution, as uv leaves it."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    packages = folder / SITE
    rows = []
    for name, text in {**SOURCES, **{f"{module}.py": text for module, text in changed.items()}}.items():
        source = packages / name
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_text(text)
        os.utime(source, (TIME, TIME))
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        rows.append(f"{name},sha256={digest},{len(text)}\n")
        if compiled:
            py_compile.compile(str(source), doraise=True)
    (packages / f"small-{version}.dist-info").mkdir()
    (packages / f"small-{version}.dist-info" / "RECORD").write_text("".join(rows))
    return packages


def is_linked(ours: Path, theirs: Path, name: str) -> bool:
    compiled = Path(cache_from_source(str(ours / name)))
    return compiled.exists() and compiled.samefile(cache_from_source(str(theirs / name)))


def value(packages: Path, module: str) -> str:
    """What Python makes of a module, its compiled form included."""
    code = f"import sys; sys.path.insert(0, {str(packages)!r}); import {module}; print({module}.VALUE)"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_what_a_neighbour_has_compiled_is_linked_and_python_takes_it(tmp_path: Path) -> None:
    theirs = environment(tmp_path / "theirs", compiled=True)
    ours = environment(tmp_path / "ours")
    assert link_bytecode(ours, theirs) == 3
    assert all(is_linked(ours, theirs, name) for name in SOURCES)
    assert value(ours, "two") == "2"
    assert is_linked(ours, theirs, "two.py")  # Python has not replaced it


def test_another_content_of_the_same_size_and_time_is_not_taken(tmp_path: Path) -> None:
    """Two releases may have files of one size, and wheels often have one time for all of their files."""
    theirs = environment(tmp_path / "theirs", compiled=True)
    ours = environment(tmp_path / "ours", version="1.1", one="VALUE = 7\n")
    assert link_bytecode(ours, theirs) == 2
    assert value(ours, "one") == "7"


@pytest.mark.parametrize("edited", ["ours", "theirs"])
def test_a_source_that_was_edited_by_hand_is_not_taken(tmp_path: Path, edited: str) -> None:
    """Its record still says what the wheel had."""
    theirs = environment(tmp_path / "theirs", compiled=True)
    ours = environment(tmp_path / "ours")
    (tmp_path / edited / SITE / "one.py").write_text("VALUE = 8\n")
    assert link_bytecode(ours, theirs) == 2
    assert value(ours, "one") == ("8" if edited == "ours" else "1")


def test_a_source_edited_after_it_was_linked_runs_as_edited(tmp_path: Path) -> None:
    theirs = environment(tmp_path / "theirs", compiled=True)
    ours = environment(tmp_path / "ours")
    link_bytecode(ours, theirs)
    (ours / "one.py").write_text("VALUE = 9\n")
    assert (value(ours, "one"), value(theirs, "one")) == ("9", "1")


@pytest.mark.parametrize("damage", [b"", b"\0" * 16, b"other magic, other stamp"])
def test_a_compiled_file_that_python_would_not_take_is_not_linked(tmp_path: Path, damage: bytes) -> None:
    """Half-written, or made by another Python."""
    theirs = environment(tmp_path / "theirs", compiled=True)
    Path(cache_from_source(str(theirs / "one.py"))).write_bytes(damage)
    assert link_bytecode(environment(tmp_path / "ours"), theirs) == 2


def test_what_no_neighbour_has_is_compiled_and_what_cannot_be_is_left(tmp_path: Path) -> None:
    theirs = environment(tmp_path / "theirs", compiled=True)
    ours = environment(tmp_path / "ours", own="VALUE = 4\n", broken="print 'for another Python'\n")
    nobody, other_python = tmp_path / "nobody", tmp_path / "theirs" / "lib"
    compile_bytecode(tmp_path / "ours" / "bin" / "python", [nobody, other_python, tmp_path / "theirs"])
    assert is_linked(ours, theirs, "two.py")
    assert Path(cache_from_source(str(ours / "own.py"))).is_file()
    assert not Path(cache_from_source(str(ours / "broken.py"))).exists()


def test_where_linking_is_not_possible_it_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another disk, or a file system without links."""

    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(bytecode.os, "link", refuse)
    theirs = environment(tmp_path / "theirs", compiled=True)
    ours = environment(tmp_path / "ours")
    assert link_bytecode(ours, theirs) == 3
    assert not is_linked(ours, theirs, "one.py")
    assert value(ours, "one") == "1"


def test_two_builds_at_once_do_not_meet(tmp_path: Path) -> None:
    theirs = environment(tmp_path / "theirs", compiled=True)
    ours = environment(tmp_path / "ours")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: link_bytecode(ours, theirs), range(32)))
    assert all(is_linked(ours, theirs, name) for name in SOURCES)
    assert [path.name for path in ours.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")] == [
        "RECORD"
    ]
