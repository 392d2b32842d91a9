"""Checks: named tests on a staged value, and the verdicts they return."""

import inspect
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from lockgate.core.redact import redact

Severity: TypeAlias = Literal["error", "warn"]
CONTRACT = "contract"
MAX_MESSAGE = 300


@dataclass(frozen=True)
class CheckResult:
    """What a check function may return instead of a plain bool.

    Attributes:
        passed: Whether the value is as it should be.
        failed: Number of rows (or items) that are not, where that makes sense.
        seen: Number of rows looked at.
        message: One sentence for people; it is stored, so it should hold no data values.
        example: One offending value; stored redacted, letters as ``x`` and digits as ``9``.
    """

    passed: bool
    failed: int | None = None
    seen: int | None = None
    message: str = ""
    example: Any = None


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
            and ``partition``; returns a bool or a CheckResult. Raising counts as failing.
    """

    name: str
    severity: Severity
    fn: Callable[..., "bool | CheckResult"]

    @property
    def parameters(self) -> tuple[str, ...]:
        """What the function asks for by name, besides the value."""
        return tuple(inspect.signature(self.fn).parameters)[1:]

    def run(self, value: Any, known: Mapping[str, Any]) -> Verdict:
        """Run the check on a value it may keep and mutate.

        Args:
            value: A private copy of the staged value.
            known: The asset's inputs by parameter name, and ``partition``.
        """
        try:
            result = self.fn(value, **{name: known[name] for name in self.parameters})
        except Exception as error:  # noqa: BLE001 - a check that raises has failed, whatever it raised
            return Verdict(self.name, self.severity, passed=False, message=where_raised(error, self.fn))
        if isinstance(result, CheckResult):
            return self._verdict(result)
        return Verdict(self.name, self.severity, passed=bool(result))

    def _verdict(self, result: CheckResult) -> Verdict:
        return Verdict(
            name=self.name,
            severity=self.severity,
            passed=bool(result.passed),
            rows_failed=None if result.failed is None else int(result.failed),
            rows_seen=None if result.seen is None else int(result.seen),
            message=str(result.message)[:MAX_MESSAGE],
            example="" if result.example is None else redact(result.example),
        )


def where_raised(error: BaseException, fn: Callable[..., Any]) -> str:
    """The kind of an exception and the last line of ``fn``'s own file behind it, without its message: that may be data.

    Args:
        error: What was raised.
        fn: The function that was called.
    """
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename == fn.__code__.co_filename]
    place = f" at {Path(own[-1].filename).name}:{own[-1].lineno}" if own else ""
    return f"raised {type(error).__name__}{place}"
