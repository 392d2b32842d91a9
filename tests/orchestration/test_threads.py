"""Blocking work beside the loop: every exception has an end, and a process ends without what it leaves running."""

import asyncio
import subprocess
import sys
from typing import Any

import psutil
import pytest

from lockgate.orchestration.threads import in_thread
from tests.running import until


@pytest.mark.parametrize(
    ("raised", "seen"),
    [
        (ValueError, ValueError),
        (StopIteration, RuntimeError),
        (StopAsyncIteration, StopAsyncIteration),
        (SystemExit, SystemExit),
        (asyncio.CancelledError, asyncio.CancelledError),
        (GeneratorExit, GeneratorExit),
    ],
)
async def test_whatever_is_raised_is_raised_where_it_is_awaited(
    raised: type[BaseException], seen: type[BaseException]
) -> None:
    """A future takes no StopIteration: the run would wait for ever."""

    def work() -> Any:
        raise raised

    with pytest.raises(seen):
        await in_thread(work)


@pytest.mark.parametrize(
    "left",
    [
        "threading.Thread(target=time.sleep, args=(100_000,)).start()",
        "left = multiprocessing.get_context('fork').Process(target=time.sleep, args=(100_000,))\nleft.start()",
        "left = subprocess.Popen(['sleep', '100000'])\natexit.register(left.wait)",
        "atexit.register(time.sleep, 100_000)",
    ],
    ids=["thread", "fork", "process", "exit handler"],
)
def test_a_process_ends_without_what_it_leaves_running(left: str) -> None:
    script = f"""
import atexit, multiprocessing, subprocess, threading, time
from lockgate.orchestration import threads
threads.END_SECONDS = 0.1
threads.end_without_its_threads()
left = None
{left}
print(left.pid if left else "")
"""
    done = subprocess.run([sys.executable, "-c", script], check=True, timeout=120, capture_output=True, text=True)
    if pid := done.stdout.strip():
        until(lambda: not psutil.pid_exists(int(pid)), "it is gone")
