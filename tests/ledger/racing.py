"""Several processes that do something to one ledger at the same moment."""

import multiprocessing
import traceback
from collections.abc import Callable
from typing import Any

from lockgate.ledger import Ledger

_processes = multiprocessing.get_context("fork")
TIMEOUT = 60


def race(url: str, count: int, act: Callable[[Ledger, int], Any]) -> list[Any]:
    """Let processes with a connection of their own start ``act`` together; what each returned, or raised."""
    barrier = _processes.Barrier(count)
    answers: Any = _processes.Queue()

    def run(number: int) -> None:
        try:
            with Ledger(url) as ledger:
                barrier.wait(TIMEOUT)
                answers.put((number, act(ledger, number)))
        except Exception as error:  # noqa: BLE001 - the parent looks at it
            answers.put((number, f"{type(error).__name__}: {error}\n{traceback.format_exc()}"))

    racers = [_processes.Process(target=run, args=(number,)) for number in range(count)]
    for racer in racers:
        racer.start()
    found = dict(answers.get(timeout=TIMEOUT) for _ in racers)
    for racer in racers:
        racer.join(TIMEOUT)
    return [found[number] for number in range(count)]
