"""What is wrong with a value by its contract: in words without data, and which rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from lockgate.core.check import CONTRACT, MAX_MESSAGE, Verdict
from lockgate.core.clean import one_line
from lockgate.core.redact import redact

Marks: TypeAlias = npt.NDArray[np.bool_]
MAX_REASONS = 3
MAX_LABEL = 40


@dataclass(frozen=True, eq=False)
class Failure:
    """One reason why a value is not what its contract says.

    Attributes:
        reason: Where and which rule, never the data.
        rows: Which rows of the frame are at fault; None if that is not a matter of rows.
        example: One offending cell, redacted, or "".
    """

    reason: str
    rows: Marks | None = None
    example: str = ""


def label(name: object) -> str:
    """The name of a column or index level, as a message can hold it."""
    try:
        return one_line(str(name), MAX_LABEL)
    except Exception:  # noqa: BLE001 - an object that cannot be shown may be a label
        return "?"


def example(name: object, cell: Any) -> str:
    """One cell, redacted, after its column's name; "" for a cell that cannot be shown."""
    try:
        return one_line(f"{label(name)}={redact(cell)}", MAX_MESSAGE)
    except Exception:  # noqa: BLE001 - a cell may be an object whose text raises
        return ""


def rejected(failures: Sequence[Failure], rows: int | None) -> Verdict:
    """The verdict on a value with failures.

    Args:
        failures: At least one.
        rows: Number of rows of the frame, None if it is no frame.
    """
    shown = "; ".join(failure.reason for failure in failures[:MAX_REASONS])
    if len(failures) > MAX_REASONS:
        shown += f"; and {len(failures) - MAX_REASONS} more"
    marked = [failure.rows for failure in failures if failure.rows is not None]
    return Verdict(
        CONTRACT,
        "error",
        passed=False,
        rows_failed=int(np.logical_or.reduce(marked).sum()) if marked else None,
        rows_seen=rows,
        message=one_line(shown, MAX_MESSAGE),
        example=next((failure.example for failure in failures if failure.example), ""),
    )
