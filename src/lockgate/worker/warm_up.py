"""What a fork server does before its first fork: import all that a run needs, and see that forking is safe then.

Only the forking thread lives on in a child. Any other thread's locks and queues would stay as they were for ever:
so none may be alive at a fork. What runs import, complete or compile at their first use is done here once.
"""

import gc
import importlib
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ExtensionFileLoader, ModuleSpec, SourceFileLoader
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from lockgate.core.errors import LockgateError
from lockgate.loading import load_team

# What a run imports, directly or when it first needs it.
WARM_MODULES = (
    "anyio._backends._asyncio", "encodings.idna", "lockgate.flows", "lockgate.jobs",
    "prefect.engine", "prefect.events", "prefect.flow_engine", "prefect.task_engine", "prefect.utilities.visualization",
    "pyarrow.dataset", "pyarrow.pandas_compat", "pydantic.v1", "stringprep",
)  # fmt: skip


def warm_up(folder: Path) -> str | None:
    """Import all that the runs of a folder need.

    Args:
        folder: The team's folder; code of another kind is imported by its runs.

    Returns:
        Why forking is not safe, if it is not.
    """
    for name in WARM_MODULES:
        importlib.import_module(name)
    _finish_lazy_parts()
    try:
        with _blaming_threads() as culprits:
            if (folder / "assets.py").is_file():
                load_team(folder)
    except LockgateError as error:
        return str(error)
    if _threads_at_a_fork() > 1:
        return f"{', '.join(culprits) or 'Prefect'} starts a thread when imported, which no fork survives"
    gc.collect()
    gc.freeze()  # a collection in a child would write to, and so copy, every page
    return None


def _finish_lazy_parts() -> None:
    """Build what pydantic, pandera and rich put off until it is used."""
    import pandas
    import pandera.pandas
    from prefect.logging import get_logger
    from pydantic import BaseModel

    for model in list(_subclasses(BaseModel)):
        if not model.__pydantic_complete__:
            model.model_rebuild(raise_errors=False)
    pandera.pandas.DataFrameSchema().validate(pandas.DataFrame())
    get_logger("lockgate.worker").info("Fork server %d for %s", os.getpid(), Path.cwd())


def _subclasses(parent: type[Any]) -> Iterator[type[Any]]:
    for child in parent.__subclasses__():
        yield child
        yield from _subclasses(child)


def _threads() -> int:
    """Threads of this process as the system counts them: libraries start some of which Python knows nothing."""
    tasks = Path("/proc/self/task")
    return len(list(tasks.iterdir())) if tasks.is_dir() else threading.active_count()


def _threads_at_a_fork() -> int:
    """Threads that are alive when we fork. Some pools, as that of OpenBLAS, end theirs just before, and start anew."""
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return _threads()


@contextmanager
def _blaming_threads() -> Iterator[list[str]]:
    """Note the modules whose import leaves more threads behind than there were, innermost first."""
    culprits: list[str] = []
    finder = _Watcher(culprits)
    sys.meta_path.insert(0, finder)
    try:
        yield culprits
    finally:
        sys.meta_path.remove(finder)


class _Watcher(MetaPathFinder):
    """Counts threads around the execution of every module."""

    def __init__(self, culprits: list[str]) -> None:
        self._culprits = culprits
        self._searching = False

    def find_spec(self, name: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        """Find the module as ever, but watch it being executed."""
        if self._searching:
            return None
        self._searching = True
        try:
            spec = find_spec(name)
        finally:
            self._searching = False
        if spec is not None and isinstance(spec.loader, SourceFileLoader | ExtensionFileLoader):
            self._watch(spec.loader, name)
        return spec

    def _watch(self, loader: SourceFileLoader | ExtensionFileLoader, name: str) -> None:
        execute = loader.exec_module

        def counted(module: ModuleType) -> None:
            before, known = _threads(), len(self._culprits)
            execute(module)
            if _threads() > before and len(self._culprits) == known:
                self._culprits.append(name)

        loader.exec_module = counted  # type: ignore[method-assign]
