"""Checks: named tests on a staged value, and the verdicts they return."""

import numbers
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from lockgate.core.calling import Forked, asks_for, call_unforked, kind, where_raised
from lockgate.core.clean import MAX_COUNT, one_line
from lockgate.core.errors import UncopyableValue
from lockgate.core.isolate import isolated
from lockgate.core.redact import redact

Severity: TypeAlias = Literal["error", "warn"]
CONTRACT = "contract"
MAX_MESSAGE = 300


@dataclass(frozen=True)
class CheckResult:
    """What a check function may return instead of a plain bool.

    Attributes:
        passed: Whether the value is as it should be: ``True`` or ``False``, nothing that merely counts as such.
        failed: Number of rows (or items) that are not, where that makes sense; at most ``seen``.
        seen: Number of rows looked at.
        message: One sentence for people; it is stored, so it should hold no data values.
        example: One offending value; stored redacted, letters as ``x`` and digits as ``9``.
        tolerated: How many rows may fail in a value that passed; none if left out.
    """

    passed: bool
    failed: int | None = None
    seen: int | None = None
    message: str = ""
    example: Any = None
    tolerated: int = 0


@dataclass(frozen=True)
class Verdict:
    """The recorded result of one check in one attempt.

    Attributes:
        name: The check's name; the contract's is ``contract``.
        severity: ``error`` blocks the publish, ``warn`` is only recorded.
        passed: Whether it passed.
        rows_failed: Rows that failed, None where not counted.
        rows_seen: Rows looked at, None where not counted.
        message: One sentence, at most 300 characters.
        example: One redacted example, or "".
        waived: Whether its owner let this failure pass for this partition, for a bounded time.
    """

    name: str
    severity: Severity
    passed: bool
    rows_failed: int | None = None
    rows_seen: int | None = None
    message: str = ""
    example: str = ""
    waived: bool = False

    @property
    def blocks(self) -> bool:
        """Whether this verdict alone keeps the value from being published."""
        return not self.passed and self.severity == "error" and not self.waived

    @property
    def summary(self) -> str:
        """In a few words: the check, how many rows failed it, and its message."""
        rows = f" ({self.rows_failed} of {self.rows_seen} rows)" if self.rows_failed is not None else ""
        return f"{self.name}{rows}" + (f": {self.message}" if self.message else "")


@dataclass(frozen=True)
class Check:
    """A named test on an asset's value.

    Attributes:
        name: Unique within the asset.
        severity: ``error`` or ``warn``.
        fn: Called with the value first, then by name with what it asks for among the asset's inputs
            and ``partition``; returns a bool or a CheckResult, or a coroutine that does. Raising counts as failing.
        timeout: Seconds it may take; None for the asset's own limit.
    """

    name: str
    severity: Severity
    fn: Callable[..., Any]
    timeout: float | None = None

    @property
    def parameters(self) -> tuple[str, ...]:
        """What the function asks for by name, besides the value."""
        return asks_for(self.fn)[1:]

    def judge(self, value: Any, known: Mapping[str, Any]) -> Verdict:
        """Run the check on private copies of the staged value and of what it asks for."""
        try:
            private, asked = isolated(value), {name: isolated(known[name]) for name in self.parameters}
        except UncopyableValue:
            return self.failed("the value cannot be copied for it")
        return self.run(private, asked)

    def run(self, value: Any, known: Mapping[str, Any]) -> Verdict:
        """Run the check on a value it may keep and mutate. Whatever it does, it comes to a verdict.

        Args:
            value: A private copy of the staged value.
            known: The asset's inputs by parameter name, and ``partition``.
        """
        try:
            result = call_unforked(self.fn, value, **{name: known[name] for name in self.parameters})
        except Forked:
            return self.failed("forked the run's process; use subprocess, or multiprocessing's spawn")
        except Exception as error:  # noqa: BLE001 - a check that raises has failed, whatever it raised
            return self.failed(where_raised(error, self.fn))
        try:
            return self._verdict(result)
        except Exception as error:  # noqa: BLE001 - a result that cannot be read is none
            return self.failed(f"returned a {kind(result)} that cannot be read: {kind(error)}")

    def failed(self, message: str) -> Verdict:
        """The verdict of a check that did not judge."""
        return Verdict(self.name, self.severity, passed=False, message=one_line(message, MAX_MESSAGE))

    def _verdict(self, result: Any) -> Verdict:
        given = result if isinstance(result, CheckResult) else CheckResult(result)
        if wrong := _wrong(given, bare=given is not result):
            return self.failed(f"returned {wrong}; return True, False or a CheckResult")
        return Verdict(
            name=self.name,
            severity=self.severity,
            passed=bool(given.passed),
            rows_failed=_whole(given.failed),
            rows_seen=_whole(given.seen),
            message=one_line(given.message, MAX_MESSAGE),
            example="" if given.example is None else redact(given.example),
        )


def _wrong(result: CheckResult, *, bare: bool) -> str:
    """Why a result counts for nothing, after "returned"; empty if it counts."""
    if not _is_bool(result.passed):
        return f"a {kind(result.passed)}" if bare else f"a CheckResult whose passed is a {kind(result.passed)}"
    if not isinstance(result.message, str):
        return f"a CheckResult whose message is a {kind(result.message)}"
    for name in ("failed", "seen", "tolerated"):
        if not _is_count(getattr(result, name)):
            return f"a CheckResult whose {name} is no count"
    if None not in (result.failed, result.seen) and result.failed > result.seen:  # type: ignore[operator]
        return "a CheckResult with more failed than seen"
    if result.passed and (result.failed or 0) > (result.tolerated or 0):
        return "a CheckResult that passed with rows failed, more than it says are tolerated"
    return ""


def _is_bool(value: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return isinstance(value, bool) or (numpy is not None and isinstance(value, numpy.bool_))


def _is_count(value: Any) -> bool:
    """Whether a value is left out, or a whole number that the ledger can hold."""
    if value is None:
        return True
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    return whole and 0 <= int(value) <= MAX_COUNT


def _whole(count: int | None) -> int | None:
    return None if count is None else int(count)
