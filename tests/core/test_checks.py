"""What a check may be, and that whatever it returns or does comes to a verdict: anything but a plain yes has failed."""

import asyncio
import functools
import math
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from lockgate import CheckResult, Team
from lockgate.core.check import MAX_MESSAGE, Verdict
from lockgate.core.errors import DefinitionError
from lockgate.testing import check_value, materialize
from tests.core.examples import ANYTHING, EXAMPLES


def judged(check: Callable[..., Any], value: Any = 1.0) -> Verdict:
    """The verdict of a check of severity error, and that it alone decides."""
    team = Team("alpha")

    @team.asset()
    def number() -> float:
        return 1.0

    team.check(number, name="tested")(check)
    came = check_value(number, value)
    verdict = came.verdicts["tested"]
    assert came.outcome == ("published" if verdict.passed else "rejected")
    return verdict


def returning(result: Any) -> Callable[[Any], Any]:
    return lambda _: result


class Unreadable:
    """Raises whatever one does with it."""

    def __str__(self) -> str:
        raise RuntimeError("no")

    __repr__ = __bool__ = __int__ = __eq__ = __len__ = __index__ = __str__  # type: ignore[assignment]


class Bytes(bytes):
    pass


# -- what counts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("result", [True, np.bool_(True), CheckResult(True), CheckResult(np.bool_(True))])  # type: ignore[arg-type]
def test_a_plain_yes_passes(result: Any) -> None:
    assert judged(returning(result)).passed


@pytest.mark.parametrize("result", [False, np.bool_(False), CheckResult(False, 1, 2), CheckResult(np.False_)])  # type: ignore[arg-type]
def test_a_plain_no_fails(result: Any) -> None:
    assert not judged(returning(result)).passed


def _generator() -> Iterator[bool]:
    yield True


@pytest.mark.parametrize(
    ("result", "what"),
    [
        (None, "a NoneType"),
        (_generator(), "a generator"),
        ((False, "why"), "a tuple"),
        ({"ok": False}, "a dict"),
        ([False], "a list"),
        ("failed", "a str"),
        ("", "a str"),
        (b"ok", "a bytes"),
        (2, "a int"),
        (1, "a int"),
        (1.0, "a float"),
        (math.nan, "a float"),
        (NotImplemented, "a NotImplementedType"),
        (ValueError("no"), "a ValueError"),
        (lambda: False, "a function"),
        (bool, "a type"),
        (CheckResult, "a type"),
        (pd.NA, "a NAType"),
        (pd.NaT, "a NaTType"),
        (pd.Series([True, False]), "a Series"),
        (pd.Series([True]), "a Series"),
        (pd.DataFrame({"ok": [True]}), "a DataFrame"),
        (np.array([True]), "a ndarray"),
        (np.array(True), "a ndarray"),
        (np.int64(1), "a int64"),
        (Unreadable(), "a Unreadable"),
        (asyncio.Future(loop=asyncio.new_event_loop()), "a Future"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_anything_else_is_a_failed_verdict_that_says_what_came(result: Any, what: str) -> None:
    verdict = judged(returning(result))
    assert verdict.message == f"returned {what}; return True, False or a CheckResult"


@pytest.mark.parametrize(
    ("result", "what"),
    [
        (CheckResult("False"), "whose passed is a str"),  # type: ignore[arg-type]
        (CheckResult(math.nan), "whose passed is a float"),  # type: ignore[arg-type]
        (CheckResult(pd.NA), "whose passed is a NAType"),  # type: ignore[arg-type]
        (CheckResult(None), "whose passed is a NoneType"),  # type: ignore[arg-type]
        (CheckResult(1), "whose passed is a int"),
        (CheckResult(CheckResult(True)), "whose passed is a CheckResult"),  # type: ignore[arg-type]
        (CheckResult(True, failed=5, seen=10), "that passed with rows failed"),
        (CheckResult(True, failed=5, seen=10, tolerated=4), "that passed with rows failed"),
        (CheckResult(True, failed=0, seen=-1), "whose seen is no count"),
        (CheckResult(False, failed=-3, seen=10), "whose failed is no count"),
        (CheckResult(False, failed=11, seen=10), "with more failed than seen"),
        (CheckResult(False, failed=math.nan), "whose failed is no count"),  # type: ignore[arg-type]
        (CheckResult(True, failed=0.0), "whose failed is no count"),  # type: ignore[arg-type]
        (CheckResult(False, failed="x"), "whose failed is no count"),  # type: ignore[arg-type]
        (CheckResult(False, failed=2**70, seen=2**70), "whose failed is no count"),
        (CheckResult(True, seen=True), "whose seen is no count"),
        (CheckResult(True, failed=3, tolerated=0.5), "whose tolerated is no count"),  # type: ignore[arg-type]
        (CheckResult(True, message=Unreadable()), "whose message is a Unreadable"),  # type: ignore[arg-type]
        (CheckResult(True, message=None), "whose message is a NoneType"),  # type: ignore[arg-type]
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_a_result_that_contradicts_itself_is_a_failed_verdict(result: CheckResult, what: str) -> None:
    verdict = judged(returning(result))
    assert not verdict.passed
    assert f"a CheckResult {what}" in verdict.message


def test_rows_may_fail_in_a_value_that_passes_where_a_tolerance_says_so() -> None:
    verdict = judged(returning(CheckResult(True, np.int64(5), 10, tolerated=5)))  # type: ignore[arg-type]
    assert (verdict.passed, verdict.rows_failed, verdict.rows_seen) == (True, 5, 10)
    assert type(verdict.rows_failed) is int


@EXAMPLES
@given(result=ANYTHING | st.builds(CheckResult, *[ANYTHING] * 5, tolerated=st.integers() | st.none()))
def test_whatever_is_returned_comes_to_a_verdict_that_can_be_stored(result: Any) -> None:
    verdict = judged(returning(result))
    assert not verdict.passed or result is True or result.passed is True
    assert all(count is None or 0 <= count < 2**63 for count in (verdict.rows_failed, verdict.rows_seen))
    assert len(verdict.message) <= MAX_MESSAGE
    assert all(map(str.isprintable, (verdict.message, verdict.example)))


# -- what it may be -------------------------------------------------------------------------------------------


class Above:
    """A callable object, with a bound method."""

    def __init__(self, limit: float) -> None:
        self.limit = limit

    def __call__(self, value: float) -> bool:
        return value > self.limit

    def judge(self, value: float) -> bool:
        return value > self.limit

    async def judge_later(self, value: float) -> bool:
        await asyncio.sleep(0)
        return value > self.limit


def above(value: float, limit: float) -> bool:
    return value > limit


async def above_later(value: float, limit: float = 0.0) -> bool:
    await asyncio.sleep(0)
    return value > limit


@functools.wraps(above)
def decorated(*args: Any, **kwargs: Any) -> bool:
    return above(*args, **kwargs)


@pytest.mark.parametrize(
    ("passing", "failing"),
    [
        (functools.partial(above, limit=0), functools.partial(above, limit=2)),
        (functools.partial(functools.partial(above_later), limit=0), functools.partial(above_later, limit=2)),
        (Above(0), Above(2)),
        (Above(0).judge, Above(2).judge),
        (Above(0).judge_later, Above(2).judge_later),
        (functools.lru_cache(Above(0).judge), functools.lru_cache(Above(2).judge)),
        (functools.partial(decorated, limit=0), functools.partial(decorated, limit=2)),
        (lambda value: above_later(value), lambda value: above_later(value, 2)),
        (math.isfinite, math.isnan),
    ],
    ids=["partial", "async", "object", "method", "async method", "cached", "decorated", "coroutine", "builtin"],
)
def test_whatever_can_be_called_for_a_value_works(passing: Callable[..., Any], failing: Callable[..., Any]) -> None:
    assert judged(passing).passed
    assert not judged(failing).passed


async def test_an_async_check_works_where_a_loop_runs_already() -> None:
    assert not judged(functools.partial(above_later, limit=2)).passed


def test_an_async_asset_is_awaited() -> None:
    team = Team("alpha")

    @team.asset()
    async def number() -> float:
        await asyncio.sleep(0)
        return 1.0

    assert materialize(number).value == 1.0


def yields(value: float) -> Iterator[bool]:
    yield value > 0


async def yields_later(value: float) -> Any:
    yield value > 0


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (yields, "generator"),
        (yields_later, "generator"),
        (functools.partial(yields), "generator"),
        (Above, "is a class"),
        (True, "is no function"),
        (lambda: True, "takes no value"),
        (lambda *, value: value, "takes no value"),
        (lambda value, other: True, "is no input"),
    ],
)
def test_what_cannot_judge_is_refused_where_it_is_declared(wrong: Any, says: str) -> None:
    with pytest.raises(DefinitionError, match=says):
        judged(wrong)


@pytest.mark.parametrize("wrong", [yields, yields_later, Above, 3, "number"])
def test_what_makes_no_value_is_no_asset(wrong: Any) -> None:
    with pytest.raises(DefinitionError):
        Team("alpha").asset()(wrong)


@pytest.mark.parametrize("seconds", [0, -1, math.nan, math.inf, "3", True])
def test_a_limit_is_a_number_of_seconds(seconds: Any) -> None:
    team = Team("alpha")
    number = team.asset()(lambda_named("number"))
    with pytest.raises(DefinitionError, match="timeout must be"):
        team.check(number, timeout=seconds)(above_later)


def lambda_named(name: str) -> Callable[[], float]:
    def made() -> float:
        return 1.0

    made.__name__ = name
    return made


# -- what it does ---------------------------------------------------------------------------------------------


def _exits(_: Any) -> bool:
    sys.exit(0)


def _interrupts(_: Any) -> bool:
    raise KeyboardInterrupt


def _cancels(_: Any) -> bool:
    raise asyncio.CancelledError


def _stops(_: Any) -> bool:
    return next(iter([]))


def _recurses(value: Any) -> bool:
    return _recurses(value)


async def _cancels_later(_: Any) -> bool:
    raise asyncio.CancelledError


@pytest.mark.parametrize(
    ("check", "raised"),
    [
        (_exits, "SystemExit"),
        (_interrupts, "KeyboardInterrupt"),
        (_cancels, "CancelledError"),
        (_cancels_later, "CancelledError"),
        (_stops, "StopIteration"),
        (_recurses, "RecursionError"),
    ],
)
def test_whatever_it_raises_is_its_failed_verdict(check: Callable[..., Any], raised: str) -> None:
    assert judged(check).message.startswith(f"raised {raised} at test_checks.py:")


def test_an_exception_whose_text_cannot_be_read_is_a_failed_verdict() -> None:
    class Odd(Exception):
        __str__ = Unreadable.__str__

    def check(_: Any) -> bool:
        raise Odd

    assert judged(check).message.startswith("raised Odd at ")


def test_a_check_that_forks_the_run_has_failed_and_its_copy_ends() -> None:
    """Both would go on and record a verdict, over one connection."""

    def check(_: Any) -> bool:
        pids.append(os.fork())
        return True

    pids: list[int] = []
    assert judged(check).message == "forked the run's process; use subprocess, or multiprocessing's spawn"
    assert os.waitstatus_to_exitcode(os.waitpid(pids[0], 0)[1]) == 1


def test_a_process_of_another_program_is_no_fork() -> None:
    assert judged(lambda _: subprocess.run([sys.executable, "-c", ""], check=True).returncode == 0).passed


def test_a_fork_elsewhere_in_the_process_is_not_the_checks() -> None:
    def fork() -> None:
        pid = os.fork()
        if pid == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(pid, 0)

    def check(_: Any) -> bool:
        other = threading.Thread(target=fork)
        other.start()
        other.join()
        return True

    assert judged(check).passed


# -- what it leaves -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "stored"),
    [
        ("a\0b", "a\ufffdb"),
        ("half \ud800 of a pair", "half \ufffd of a pair"),
        ("two\nlines\tand\x1b[31m red", "two lines and\ufffd[31m red"),
        ("x" * 10_000_000, "x" * (MAX_MESSAGE - 3) + "..."),
        ("\N{SNOWMAN} é", "\N{SNOWMAN} é"),
    ],
    ids=["NUL", "surrogate", "control", "long", "plain"],
)
def test_the_text_it_leaves_is_stored_in_one_clean_line(message: str, stored: str) -> None:
    assert judged(returning(CheckResult(False, message=message))).message == stored


@pytest.mark.parametrize("example", ["\0\ud800", "7" * 10_000_000, Unreadable(), 2**70, math.nan, b"\xff"])
def test_whatever_the_example_is_it_is_stored_clean_and_redacted(example: Any) -> None:
    verdict = judged(returning(CheckResult(False, 1, 2, "wrong", example)))
    assert not verdict.passed
    assert len(verdict.example) <= 80
    assert "7" not in verdict.example
    assert verdict.example.isprintable()
