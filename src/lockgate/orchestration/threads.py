"""Running a team's blocking function beside the event loop."""

import asyncio
import contextvars
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import psutil

T = TypeVar("T")

# Long enough for Prefect to send its last words to a slow server.
END_SECONDS = 60.0


async def in_thread(fn: Callable[[], T]) -> T:
    """Await ``fn()`` on a thread of its own, with this task's context (logger, pins).

    The thread is a daemon: a computation that timed out cannot keep the run's process from ending,
    which threads of asyncio's own pool would.
    """
    loop = asyncio.get_running_loop()
    # Not as the future's own exception: it takes no StopIteration, and would stay open.
    future: asyncio.Future[tuple[T | None, BaseException | None]] = loop.create_future()
    context = contextvars.copy_context()

    def settle(result: T | None, error: BaseException | None) -> None:
        if not future.done():
            future.set_result((result, error))

    def work() -> None:
        result, failure = None, None
        try:
            result = context.run(fn)
        except BaseException as error:  # noqa: BLE001 - whatever it raised is raised where it is awaited
            failure = error
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=work, name="lockgate-work", daemon=True).start()
    result, failure = await future
    if isinstance(failure, StopIteration):
        raise RuntimeError("raised StopIteration") from failure
    if failure is not None:
        raise failure
    return result  # type: ignore[return-value]


def end_without_its_threads() -> None:
    """End this process a minute after its main thread, with all that a team's code left running in it and below it.

    Python waits for such threads and processes for ever, and the worker would count the run among those under way.
    """

    def watch() -> None:
        threading.main_thread().join()
        time.sleep(END_SECONDS)
        for child in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                child.kill()
        os._exit(0)

    threading.Thread(target=watch, name="lockgate-end", daemon=True).start()
