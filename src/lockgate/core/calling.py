"""Calling a team's function: whatever it is and whatever it does, it comes to a value or to one exception."""

import asyncio
import contextvars
import functools
import inspect
import os
import threading
import traceback
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FunctionType
from typing import Any

from lockgate.core.clean import one_line
from lockgate.core.errors import DefinitionError

MAX_NAME = 80
_forks = threading.local()


class Ended(Exception):
    """Stands for an exit, an interrupt or a cancellation that a team's function raised; the run goes on."""


class Forked(Exception):
    """A function made a copy of the run's process."""


def call(fn: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Call a function, and await what it returns if that is a coroutine, in an event loop of its own.

    A copy of this process that the function forked ends here: it must not go on as the run.

    Raises:
        Ended: If it raised an exit, an interrupt or a cancellation.
        Exception: Whatever else it raised.
    """
    process = os.getpid()
    try:
        result = fn(*arguments, **named)
        return _awaited(result) if inspect.iscoroutine(result) else result
    except Exception:
        raise
    except BaseException as error:  # noqa: BLE001 - a team's exit is not the run's
        raise Ended(f"raised {kind(error)}").with_traceback(error.__traceback__) from None
    finally:
        if os.getpid() != process:
            os._exit(1)


def call_unforked(fn: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """As ``call``, for a function that may not copy the process it judges in.

    Raises:
        Forked: If it did.
    """
    before = _count_forks()
    result = call(fn, *arguments, **named)
    if _count_forks() != before:
        raise Forked
    return result


def _awaited(coroutine: Coroutine[Any, Any, Any]) -> Any:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    context = contextvars.copy_context()
    with ThreadPoolExecutor(1) as other:
        return other.submit(context.run, asyncio.run, coroutine).result()


def _count_forks() -> int:
    return getattr(_forks, "number", 0)


def _note_fork() -> None:
    _forks.number = _count_forks() + 1


os.register_at_fork(after_in_parent=_note_fork)


# -- what a function is ---------------------------------------------------------------------------------------


def definition(fn: Callable[..., Any]) -> FunctionType | None:
    """The ``def`` or ``lambda`` behind a callable: a partial, a decorated or cached function, a method, an object.

    None if there is none, as behind a function written in C.
    """
    inner: Any = fn
    while True:
        inner = inspect.unwrap(inner)
        if isinstance(inner, functools.partial):
            inner = inner.func
        elif inspect.ismethod(inner):
            inner = inner.__func__
        elif isinstance(inner, FunctionType):
            return inner
        elif isinstance(method := inspect.getattr_static(type(inner), "__call__", None), FunctionType):
            inner = method
        else:
            return None


def check_callable(fn: Callable[..., Any]) -> None:
    """Refuse what cannot be called for a value.

    Raises:
        DefinitionError: If it is a class, a generator function, or nothing that can be called.
    """
    written = definition(fn)
    if inspect.isclass(fn) or not callable(fn):
        what = "is a class" if inspect.isclass(fn) else f"is no function but a {kind(fn)}"
        raise DefinitionError(f"{name_of(fn) or 'this'} {what}.", cure="Decorate a function: def, return.")
    if inspect.isgeneratorfunction(written) or inspect.isasyncgenfunction(written):
        raise DefinitionError("the function is a generator: it yields.", cure="Return the value; collect it in a list.")
    try:
        inspect.signature(fn)
    except ValueError:
        raise DefinitionError("the function does not tell its parameters.", cure="Wrap it in a def.") from None


def name_of(fn: Callable[..., Any]) -> str:
    """The name of a callable, of a partial that of its function; empty if it has none."""
    while isinstance(fn, functools.partial):
        fn = fn.func
    name = getattr(fn, "__name__", "")
    return name if isinstance(name, str) else ""


def file_of(fn: Callable[..., Any]) -> Path:
    """The file a callable is written in, ``?`` if nothing tells."""
    written = definition(fn)
    return Path((written and inspect.getsourcefile(written)) or "?")


def asks_for(fn: Callable[..., Any]) -> tuple[str, ...]:
    """The names of the parameters that are not yet bound, in order."""
    bound = fn.keywords if isinstance(fn, functools.partial) else {}
    open_kinds = (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.KEYWORD_ONLY,
    )
    parameters = inspect.signature(fn).parameters.items()
    return tuple(name for name, each in parameters if each.kind in open_kinds and name not in bound)


# -- what it came to ------------------------------------------------------------------------------------------


def kind(value: object) -> str:
    """The name of a value's type."""
    return one_line(type(value).__name__, MAX_NAME)


def where_raised(error: BaseException, fn: Callable[..., Any]) -> str:
    """The kind of an exception and the last line of ``fn``'s own file behind it, without its message: that may be data.

    Args:
        error: What was raised.
        fn: The function that was called.
    """
    what = str(error) if isinstance(error, Ended) else f"raised {kind(error)}"
    written = definition(fn)
    lines = [
        number
        for frame, number in traceback.walk_tb(error.__traceback__)
        if written and frame.f_code.co_filename == written.__code__.co_filename
    ]
    return f"{what} at {file_of(fn).name}:{lines[-1]}" if lines else what
