"""Running the rules of a contract: each on the frame as it will be staged, whatever another rule did."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.backends.pandas.checks import PandasCheckBackend
from pandera.backends.pandas.hypotheses import PandasHypothesisBackend

from lockgate.core.calling import Forked, call_unforked, where_raised
from lockgate.core.contract.answers import Worth, worth, worth_of_groups
from lockgate.core.contract.definition import AT_LEAST_ONE, is_panderas, says
from lockgate.core.contract.failure import Failure, example, label
from lockgate.core.contract.structure import level_name
from lockgate.core.contract.views import columns, has_value, level, levels, private
from lockgate.core.contract.written import written
from lockgate.core.isolate import isolated


class Vacuous(str):
    """A rule that had nothing to judge, in words."""


@dataclass(frozen=True, eq=False)
class Rule:
    """One rule, and what it is about.

    Attributes:
        check: pandera's.
        where: What it is about, for messages.
        needs_rows: Whether it has failed if it had nothing to judge.
        values: The column or index level it is about, beside the frame's index; None if it is about the frame.
        position: Of the column in the frame; None for an index level or the frame.
    """

    check: pa.Check
    where: str
    needs_rows: bool
    values: "pd.Series[Any] | None" = None
    position: int | None = None

    def __str__(self) -> str:
        return f"{self.where}: {label(self.check.error or self.check.name)}"


def rules(schema: pa.DataFrameSchema, frame: pd.DataFrame) -> Iterator[Rule]:
    """Every rule of a schema that speaks of a part of this frame."""

    def of(part: Any, where: str, *about: Any) -> Iterator[Rule]:
        for check in part.checks:
            needs_rows = not is_panderas(check) and len(frame) > 0 and says(part, AT_LEAST_ONE, default=True)
            yield Rule(check, where, needs_rows, *about)

    for part, position in columns(schema, frame):
        values = frame.iloc[:, position]
        yield from of(part, f"column {label(values.name)}", values, position)
    for part, position in levels(schema, frame):
        yield from of(part, level_name(schema, frame, position), level(frame, position))
    yield from of(schema, "frame")


def run(rule: Rule, frame: pd.DataFrame) -> Failure | Vacuous | None:
    """What a rule says of a frame; None if all is well."""
    question = _Question(rule, frame)
    try:
        call_unforked(question.ask)
        if not question.seen and rule.needs_rows:
            return Failure(f"{rule} saw no row")
        answer = question.weigh(call_unforked(question.backend.apply, question.about))
    except Forked:
        return Failure(f"{rule} forked the run's process")
    except Exception as error:  # noqa: BLE001 - a rule that raises has said no, whatever it raised
        if isinstance(error, KeyError) and question.about is None and question.declared:
            return Failure(f"{rule}: a group it names is missing")
        return Failure(f"{rule} {where_raised(error, written(rule.check._check_fn))}")
    if answer.passed and not answer.fault:
        return None if question.seen else Vacuous(f"{rule} saw no row")
    return question.failure(answer)


class _Question:
    """What one rule is asked about: a column, the frame, or groups of either; a copy if the rule is a team's own."""

    def __init__(self, rule: Rule, frame: pd.DataFrame) -> None:
        check = rule.check
        self.rule, self.frame, self.seen = rule, frame, 0
        self.about: Any = None
        self.backend: Any = PandasCheckBackend(check)
        self.declared: list[Any] = check.groups or []
        if isinstance(check, pa.Hypothesis):
            self.backend = PandasHypothesisBackend(check)
            self.declared = check.samples if check.groupby else []
        self.own = not is_panderas(rule.check)
        self.labels = frame.index
        self.rows: Any = slice(None)
        self.groups: Mapping[Any, int] | None = None

    def ask(self) -> None:
        """Prepare what the rule sees, and count its rows."""
        check, values = self.rule.check, self.rule.values
        if values is not None and check.groupby is None and not isinstance(check, pa.Hypothesis):
            self._ask_column(values)
            return
        shown = isolated(self.frame) if self.own else self.frame
        if self.rule.position is not None:
            self.about = self.backend.preprocess(shown, self.frame.columns[self.rule.position])
        else:
            self.about = self.backend.preprocess(shown if values is None else private(values), None)
        if isinstance(self.about, dict):
            self.groups = {name: len(group) for name, group in self.about.items()}
            self.seen = sum(self.groups.values())
        else:
            looked_at = self.frame if values is None else values.to_frame()
            self.seen = len(looked_at) if not check.ignore_na or has_value(looked_at) else 0

    def _ask_column(self, values: "pd.Series[Any]") -> None:
        missing = values.isna().to_numpy(dtype=bool) if self.rule.check.ignore_na else np.zeros(len(values), dtype=bool)
        if missing.any():
            self.rows = np.flatnonzero(~missing)
            values = values.iloc[self.rows]
            self.labels = values.index
        self.about = private(values) if self.own else values
        self.seen = len(values)

    def weigh(self, answer: Any) -> Worth:
        """What the rule's answer comes to, and whether it was about all it had to be."""
        if self.groups is not None:
            if empty := [name for name in self.declared if not self.groups.get(name)]:
                return Worth(False, fault=f"saw no row of {len(empty)} of its groups")
            if self.rule.check.groupby is not None and not self.declared and self.seen < len(self.frame):
                return Worth(False, fault=f"saw no group of {len(self.frame) - self.seen} rows")
            return worth_of_groups(answer, self.groups)
        if self.rule.values is not None:
            return worth(answer, self.labels)
        return worth(answer, self.labels, self.frame, spares_missing=self.rule.check.ignore_na)

    def failure(self, answer: Worth) -> Failure:
        """A no, in words and rows of the frame."""
        reason = f"{self.rule} {answer.fault}".strip()
        if answer.rows is None:
            return Failure(reason)
        rows = np.zeros(len(self.frame), dtype=bool)
        rows[self.rows] = answer.rows
        values = self.rule.values
        shown = "" if values is None or not rows.any() else example(values.name, values.iloc[int(rows.argmax())])
        return Failure(reason, rows, shown)
