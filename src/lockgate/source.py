"""A team's folder as source: which files count as its code, and importing exactly these."""

import hashlib
import os
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from importlib.machinery import EXTENSION_SUFFIXES, SOURCE_SUFFIXES, ExtensionFileLoader, FileFinder, SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any

from pathspec import GitIgnoreSpec

from lockgate.core.digest import OUTSIDE
from lockgate.core.errors import DefinitionError

# Written by `lockgate generate` from the code, or read by nobody who makes a value.
_NOT_CODE = {"prefect.yaml", "compose.yaml", "README.md", "tests"}


def code_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """The files of a team's folder that count as its code, by their path below it, in one order.

    All but hidden ones, bytecode, the team's tests and README, what `lockgate generate` writes, and what git ignores:
    rules and queries are kept in files of any kind.
    """
    ignored = _ignored_by_git(folder)
    for parent, folders, files in os.walk(folder):
        top = Path(parent) == folder
        folders[:] = sorted(name for name in folders if _counts(name, top=top) and not ignored(Path(parent, name), "/"))
        for name in sorted(files):
            file = Path(parent, name)
            if _counts(name, top=top) and not ignored(file, ""):
                yield file.relative_to(folder).as_posix(), file


def _counts(name: str, *, top: bool) -> bool:
    return not name.startswith((".", "__pycache__")) and not (top and name in _NOT_CODE)


def _ignored_by_git(folder: Path) -> Callable[[Path, str], bool]:
    """Whether the ``.gitignore`` of a team, of ``teams`` or of the project names a file, or a folder (``/``)."""
    specs = []
    for base in (folder, *folder.parents[:2]):
        if (base / ".gitignore").is_file():
            lines = (base / ".gitignore").read_text(encoding="utf-8", errors="replace").splitlines()
            specs.append((base, GitIgnoreSpec.from_lines(lines)))
    return lambda path, end: any(spec.match_file(f"{path.relative_to(base).as_posix()}{end}") for base, spec in specs)


def read_code(folder: Path) -> dict[str, str]:
    """Digests of the files that count as a team's code, by path.

    Raises:
        DefinitionError: If one cannot be read.
    """
    found = {}
    for path, file in code_files(folder):
        try:
            found[path] = hashlib.sha256(file.read_bytes()).hexdigest()
        except OSError as error:
            raise DefinitionError(
                f"{file} cannot be read: {error.strerror}.", cure="Mend its rights, or remove it.", team=folder.name
            ) from None
    return found


def stamps(folder: Path) -> dict[str, tuple[int, ...]]:
    """What changes of a file whenever it is written or replaced, whatever its size and its date of change say."""
    found: dict[str, tuple[int, ...]] = {}
    for path, file in code_files(folder):
        try:
            status = file.stat()
        except OSError:
            continue
        found[path] = (status.st_ino, status.st_ctime_ns, status.st_mtime_ns, status.st_size)
    return found


def outside_modules(before: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """Digests of the modules imported since that lie neither in the folder nor in an installed package.

    Args:
        before: ``sys.modules`` as they were.
        folder: The team's folder.
    """
    settled = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    known = tuple(map(str, [*settled, Path(__file__).parent, folder]))
    found = {}
    for name in sorted(sys.modules.keys() - before.keys()):
        file = getattr(sys.modules[name], "__file__", None)
        if isinstance(file, str) and not file.startswith(known) and Path(file).is_file():
            found[f"{OUTSIDE}{name}"] = hashlib.sha256(Path(file).read_bytes()).hexdigest()
    return found


class _AsWritten(SourceFileLoader):
    """Compiles a module's source as it is. Bytecode of an edit that kept size and date would be taken for it."""

    def get_code(self, fullname: str) -> CodeType:
        """The module's code."""
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


def import_as_written(folder: Path) -> None:
    """From now on, modules of a folder are imported from their source and never from bytecode."""
    loaders: list[Any] = [(ExtensionFileLoader, EXTENSION_SUFFIXES), (_AsWritten, SOURCE_SUFFIXES)]

    def hook(entry: str) -> FileFinder:
        below = Path(entry).resolve()
        if not below.is_relative_to(folder) or any(part.startswith(".") for part in below.relative_to(folder).parts):
            raise ImportError(entry)
        return FileFinder(entry, *loaders)

    sys.path_hooks.insert(0, hook)
    for entry in list(sys.path_importer_cache):
        if Path(entry).resolve().is_relative_to(folder):
            del sys.path_importer_cache[entry]
