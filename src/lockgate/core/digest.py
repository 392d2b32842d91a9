"""The code version of an asset: a digest of everything of the team's that makes its value."""

import hashlib
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from lockgate.core.asset import Asset


def code_version(asset: Asset, lock: bytes) -> str:
    """Digest of an asset's function, contract, checks and the team's locked dependencies.

    The functions of the team's own folder that they call count too, and so do the plain constants they use.

    Args:
        asset: The asset.
        lock: Content of the team's lock file, empty if it has none.

    Returns:
        64 hexadecimal digits.
    """
    digest = hashlib.sha256(lock)
    folder = asset.file.parent
    seen: set[int] = set()
    for part in _parts(asset, folder, seen):
        digest.update(part.encode())
        digest.update(b"\0")
    return digest.hexdigest()


def _parts(asset: Asset, folder: Path, seen: set[int]) -> Iterator[str]:
    yield from _function(asset.fn, folder, seen)
    if asset.contract:
        from lockgate.core.contract_text import contract_source

        yield contract_source(asset.contract)
    for check in asset.checks:
        yield f"{check.name} {check.severity}"
        yield from _function(check.fn, folder, seen)


def _function(fn: Callable[..., Any], folder: Path, seen: set[int]) -> Iterator[str]:
    """Source of a function and of what it uses from its own folder, each once."""
    if id(fn) in seen:
        return
    seen.add(id(fn))
    try:
        yield inspect.getsource(fn)
    except (OSError, TypeError):
        yield repr(getattr(fn, "__qualname__", fn))
    if not isinstance(fn, FunctionType):
        return
    for name in sorted(_names(fn.__code__)):
        used = fn.__globals__.get(name)
        if isinstance(used, FunctionType | type) and _is_within(used, folder):
            yield from _function(used, folder, seen)
        elif isinstance(used, str | int | float | bool | tuple):
            yield f"{name}={used!r}"


def _names(code: CodeType) -> set[str]:
    nested = (const for const in code.co_consts if isinstance(const, CodeType))
    return set(code.co_names).union(*(_names(inner) for inner in nested))


def _is_within(used: Any, folder: Path) -> bool:
    try:
        file = inspect.getsourcefile(used)
    except TypeError:
        return False
    return file is not None and Path(file).resolve().is_relative_to(folder.resolve())
