"""Running a team's blocking function beside the event loop."""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_thread(fn: Callable[[], T]) -> T:
    """Await ``fn()`` on a thread of its own, with this task's context (logger, pins).

    The thread is a daemon: a computation that timed out cannot keep the run's process from ending,
    which threads of asyncio's own pool would.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()
    context = contextvars.copy_context()

    def settle(result: T | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(result)  # type: ignore[arg-type]
        else:
            future.set_exception(error)

    def work() -> None:
        result, failure = None, None
        try:
            result = context.run(fn)
        except BaseException as error:  # noqa: BLE001 - whatever it raised is raised where it is awaited
            failure = error
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=work, name="lockgate-work", daemon=True).start()
    return await future
