"""Bytecode is compiled once, not once per environment.

Environments of one project hold the same releases of the same packages, and uv links their files from one cache. Where
a neighbour has compiled a file that is the same, the compiled form is linked too; what is left is compiled. Python
itself compares a compiled file with the time and size of its source, so what went stale since is never run.

All environments of a project belong to one user of the machine: who can change one of them can change every other.
"""

import csv
import importlib.util
import os
import shutil
import struct
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

# Header of a compiled file: magic number, flags (0: judged by time and size), time and size of its source.
_HEADER = struct.Struct("<4sIII")


def compile_bytecode(python: Path, neighbours: Iterable[Path]) -> None:
    """Give an environment its bytecode: linked from neighbours where it can be, else compiled.

    What cannot be compiled (templates, code for other Pythons) is left to whoever imports it.

    Args:
        python: The environment's interpreter.
        neighbours: Folders of other environments, the likeliest first; those of another Python do no harm.
    """
    environment = python.parent.parent
    for packages in sorted(environment.glob("lib/python*/site-packages")):
        left = _not_compiled(packages.rglob("*.py"))
        for neighbour in neighbours:
            if not left:
                break
            link_bytecode(packages, neighbour / packages.relative_to(environment))
            left = _not_compiled(left)
        if left:
            command = [str(python), "-m", "compileall", "-q", "-j", "0", "-i", "-"]
            subprocess.run(command, input="\n".join(map(str, left)), text=True, capture_output=True, check=False)


def link_bytecode(packages: Path, theirs: Path) -> int:
    """Link what a neighbour has compiled of the files that are the same here and there.

    The same is what both installed from one release, by the digest in their records, and nobody touched since, by size
    and time.

    Args:
        packages: The ``site-packages`` to fill.
        theirs: The neighbour's, of the same version of Python.

    Returns:
        How many compiled files were linked.
    """
    recorded = _recorded(theirs)
    return sum(
        _link(packages / name, theirs / name)
        for name, digest in _recorded(packages).items()
        if name.endswith(".py") and recorded.get(name) == digest
    )


def _recorded(packages: Path) -> dict[str, str]:
    """What was installed, by path: the digest of each file as its wheel had it."""
    return dict(row for file in packages.glob("*.dist-info/RECORD") for row in _rows(file))


def _rows(file: Path) -> Iterator[tuple[str, str]]:
    with suppress(OSError, UnicodeDecodeError, csv.Error), file.open(encoding="utf-8", newline="") as lines:
        yield from ((row[0], row[1]) for row in csv.reader(lines) if len(row) == 3 and row[1])


def _link(source: Path, twin: Path) -> bool:
    """Link the compiled form of a source's twin, if it is what Python would make of the source."""
    theirs, ours = _compiled(twin), _compiled(source)
    try:
        if _touched(source) != _touched(twin) or ours.exists() or not _is_compiled(source, theirs):
            return False
        ours.parent.mkdir(exist_ok=True)
        _place(theirs, ours)
    except OSError:
        return False
    return True


def _not_compiled(sources: Iterable[Path]) -> list[Path]:
    return [source for source in sources if not _is_compiled(source, _compiled(source))]


def _compiled(source: Path) -> Path:
    """Where Python keeps the compiled form of a source."""
    return Path(importlib.util.cache_from_source(str(source)))


def _touched(source: Path) -> tuple[int, int]:
    status = source.stat()
    return status.st_size, status.st_mtime_ns


def _is_compiled(source: Path, compiled: Path) -> bool:
    """Whether Python would take this compiled file for the source; it compares magic number, time and size."""
    try:
        status = source.stat()
        stamp, size = int(status.st_mtime) & 0xFFFFFFFF, status.st_size & 0xFFFFFFFF
        with compiled.open("rb") as file:
            return file.read(_HEADER.size) == _HEADER.pack(importlib.util.MAGIC_NUMBER, 0, stamp, size)
    except OSError:
        return False


def _place(compiled: Path, target: Path) -> None:
    """A link, or a copy where the two lie on different disks; whole or not there, also beside a second builder."""
    try:
        os.link(compiled, target)
    except FileExistsError:
        return
    except OSError:
        draft = target.with_name(f"{target.name}.{uuid4().hex}")
        shutil.copyfile(compiled, draft)
        draft.replace(target)
