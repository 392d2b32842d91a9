"""What a rule's answer is worth: a plain yes or no, for the whole or for each row; anything else is a no."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lockgate.core.calling import kind
from lockgate.core.contract.failure import Marks


@dataclass(frozen=True, eq=False)
class Worth:
    """What an answer comes to.

    Attributes:
        passed: Whether it is a yes throughout.
        rows: Which of the rows asked about got no yes; None for an answer to the whole.
        fault: Why it counts for nothing, after the rule's name; "" if it counts.
    """

    passed: bool
    rows: Marks | None = None
    fault: str = ""


def worth(answer: Any, labels: pd.Index, frame: pd.DataFrame | None = None, *, spares_missing: bool = False) -> Worth:
    """Weigh an answer about the rows of these labels.

    Args:
        answer: What the rule returned.
        labels: The index of what it was asked about.
        frame: The frame it was asked about, None if it was one column. Only for a frame may the answer be a frame.
        spares_missing: Whether missing cells, and rows of nothing else, need no answer.
    """
    if isinstance(answer, bool | np.bool_):
        return Worth(bool(answer))
    if isinstance(answer, pd.DataFrame) and frame is not None:
        return _of_cells(answer, labels, frame, spares_missing)
    if not isinstance(answer, pd.Series):
        return Worth(False, fault=f"answered with a {kind(answer)}")
    return _of_rows(answer, labels, frame if spares_missing else None)


def worth_of_groups(answer: Any, groups: Mapping[Any, int]) -> Worth:
    """Weigh an answer about groups: one for all, or one for each group or for each row.

    Args:
        answer: What the rule returned.
        groups: The groups it was asked about, with the number of rows of each.
    """
    if not isinstance(answer, pd.Series):
        return worth(answer, pd.Index([]))
    if len(answer) not in (len(groups), sum(groups.values())):
        return Worth(False, fault=f"answered for {len(answer)} of {len(groups)} groups")
    judged = _of_rows(answer, answer.index)
    return Worth(judged.passed, fault=judged.fault)


def _of_cells(answer: pd.DataFrame, labels: pd.Index, frame: pd.DataFrame, spares_missing: bool) -> Worth:
    if not answer.columns.equals(frame.columns):
        return Worth(False, fault="answered for other columns")
    rows, fault = np.zeros(len(labels), dtype=bool), ""
    for position in range(len(answer.columns)):
        spared = frame.iloc[:, [position]] if spares_missing else None
        judged = _of_rows(answer.iloc[:, position], labels, spared)
        if judged.rows is None:
            return judged
        rows |= judged.rows
        fault = fault or judged.fault
    return Worth(not rows.any(), rows, fault)


def _of_rows(answer: "pd.Series[Any]", labels: pd.Index, spared: pd.DataFrame | None = None) -> Worth:
    """Row by row; rows of ``spared`` that hold nothing need no answer."""
    if len(answer) != len(labels):
        return Worth(False, fault=f"answered for {len(answer)} of {len(labels)} rows")
    aligned = _aligned(answer, labels)
    if aligned is None:
        return Worth(False, fault="answered for other rows")
    missing = aligned.isna().to_numpy(dtype=bool)
    yes = _yes(aligned, missing)
    if yes is None:
        return Worth(False, fault=f"answered with {aligned.dtype} in place of bool")
    rows: Marks = ~yes
    if spared is not None and rows.any():
        rows &= ~spared.isna().all(axis=1).to_numpy(dtype=bool)
    unanswered = int((missing & rows).sum())
    return Worth(not rows.any(), rows, f"gave no answer for {unanswered} rows" if unanswered else "")


def _aligned(answer: "pd.Series[Any]", labels: pd.Index) -> "pd.Series[Any] | None":
    """An answer in the order of the rows: by its labels, or by position if it has none of its own."""
    if answer.index.equals(labels):
        return answer
    if answer.index.is_unique and labels.is_unique and not len(labels.difference(answer.index)):
        return answer.reindex(labels)
    return answer if answer.index.equals(pd.RangeIndex(len(labels))) else None


def _yes(answer: "pd.Series[Any]", missing: Marks) -> Marks | None:
    """Where an answer is yes; None if it answers with anything but bools."""
    if not len(answer):
        return np.zeros(0, dtype=bool)
    if isinstance(answer.dtype, np.dtype | pd.BooleanDtype | pd.ArrowDtype) and pd.api.types.is_bool_dtype(answer):
        return answer.to_numpy(dtype=bool, na_value=False)
    cells = answer.to_numpy(dtype=object)
    if not all(isinstance(cell, bool | np.bool_) for cell in cells[~missing]):
        return None
    return np.array([cell is not pd.NA and bool(cell) for cell in cells], dtype=bool) & ~missing
