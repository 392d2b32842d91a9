"""Kinds of rule, column, gap and index: verdict and counts are those that plain Python comes to.

The oracle knows lists, None for a missing cell, and sets; nothing of pandas and pandera.
"""

import datetime
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import hypothesis.strategies as st
import pandas as pd
import pandera.pandas as pa
from hypothesis import event, given

from tests.core.contract.judging import verdict_of
from tests.core.examples import EXAMPLES

DAYS = [datetime.datetime(2013, 1, day) for day in (1, 2, 3)]
# Kind of column: its cells, the good ones first, and how a missing one is written in it.
COLUMNS: dict[str, tuple[list[Any], Any]] = {
    "int64": ([0, 1, -1], None),
    "Int64": ([0, 1, -1], pd.NA),
    "int8[pyarrow]": ([0, 1, -1], pd.NA),
    "float64": ([0.5, 1.5, -math.inf], math.nan),
    "Float64": ([0.5, 1.5, -1.5], pd.NA),
    "bool": ([True, True, False], None),
    "boolean": ([True, True, False], pd.NA),
    "str": (["a", "", "\U0001f30d"], None),
    "string[python]": (["a", "", "b"], pd.NA),
    "category": (["a", "b", "c"], None),
    "object": ([1, "1", "a"], None),
    "datetime64[us]": (DAYS, pd.NaT),
}
NEVER_MISSING = {"int64", "bool"}
INDEXES: dict[str, Callable[[int], pd.Index]] = {
    "numbered": pd.RangeIndex,
    "from five": lambda rows: pd.RangeIndex(5, 5 + rows),
    "all the same": lambda rows: pd.Index([7] * rows),
    "texts": lambda rows: pd.Index([f"r{row}" for row in range(rows)]),
    "missing": lambda rows: pd.Index([None] * rows, dtype="float64"),
    "of two levels": lambda rows: pd.MultiIndex.from_arrays([[0] * rows, [row // 2 for row in range(rows)]]),
}


@dataclass(frozen=True)
class Case:
    """A column of cells, what a contract says of it, and one rule.

    Attributes:
        kind: Of column.
        cells: None for a missing one.
        keys: Of the column k beside it, by which groups are made.
        rule: Name of a rule below.
    """

    kind: str
    cells: list[Any]
    keys: list[Any]
    rule: str
    index: str = "numbered"
    nullable: bool = True
    unique: bool = False
    ignore_na: bool = True
    at_least_one: bool = True
    allow_empty: bool = False

    @property
    def good(self) -> list[Any]:
        """The cells that the rules want."""
        return COLUMNS[self.kind][0][:2]

    def frame(self) -> pd.DataFrame:
        missing = COLUMNS[self.kind][1]
        written = [missing if cell is None else cell for cell in self.cells]
        values = pd.Series(written, dtype=object if self.kind == "object" else self.kind)
        keys = pd.Series(self.keys, dtype=object)
        return pd.DataFrame({"n": values, "k": keys}).set_axis(INDEXES[self.index](len(self.cells)))

    def contract(self) -> pa.DataFrameSchema:
        check, about_frame, _ = RULES[self.rule]
        rule = check(self)
        metadata = {"at_least_one": self.at_least_one}
        return pa.DataFrameSchema(
            {
                "n": pa.Column(
                    checks=[] if about_frame else [rule],
                    nullable=self.nullable,
                    unique=self.unique,
                    metadata=metadata,
                ),
                "k": pa.Column(nullable=True),
            },
            checks=[rule] if about_frame else [],
            metadata={**metadata, "allow_empty": self.allow_empty},
        )


# -- the oracle -----------------------------------------------------------------------------------------------

UNSEEN, WHOLE = "saw no row", "said no to the whole"


@dataclass
class Said:
    """What the oracle says of a rule: the rows it fails, or why it fails without rows."""

    rows: set[int] | None = None
    why: str = ""


def expected(case: Case) -> tuple[bool, int | None, int]:
    """Passed, rows failed, rows seen."""
    rows = len(case.cells)
    if not rows and not case.allow_empty:
        return False, 0, 0
    failed: list[set[int]] = []
    missing = {row for row, cell in enumerate(case.cells) if cell is None}
    if not case.nullable and missing:
        failed.append(missing)
    often = Counter((type(cell), cell) for cell in case.cells)
    if case.unique and max(often.values(), default=0) > 1:
        failed.append({row for row, cell in enumerate(case.cells) if often[type(cell), cell] > 1})
    said = RULES[case.rule][2](case)
    if said.rows:
        failed.append(said.rows)
    if failed:
        return False, len(set().union(*failed)), rows
    return (False, None, rows) if said.why else (True, 0, rows)


def seen(case: Case) -> list[int]:
    """The rows that a rule about the column is asked about."""
    return [row for row, cell in enumerate(case.cells) if cell is not None or not case.ignore_na]


def asked(case: Case, rows: list[int]) -> bool:
    """Whether a rule of one's own may be asked about so many rows."""
    return bool(rows) or not case.at_least_one or not case.cells


def panderas(case: Case) -> Said:
    return Said({row for row in seen(case) if case.cells[row] not in case.good})


def by_row(case: Case) -> Said:
    rows = seen(case)
    return panderas(case) if asked(case, rows) else Said(why=UNSEEN)


def by_whole(case: Case) -> Said:
    rows = seen(case)
    if not asked(case, rows):
        return Said(why=UNSEEN)
    return Said(why="" if all(case.cells[row] in case.good for row in rows) else WHOLE)


def unanswered(case: Case) -> Said:
    """The rule answers nothing for a cell that is not good."""
    return by_row(case)


def short(case: Case) -> Said:
    """The rule leaves the last row out."""
    rows = seen(case)
    return Said(why="short") if rows or not asked(case, rows) else Said()


def odd(case: Case) -> Said:
    """The rule answers in numbers."""
    rows = seen(case)
    return Said(why="odd") if rows or not asked(case, rows) else Said()


def of_groups(case: Case) -> Said:
    rows = [row for row, key in enumerate(case.keys) if key is not None]
    if not asked(case, rows):
        return Said(why=UNSEEN)
    if len(rows) < len(case.cells):
        return Said(why="rows without a group")
    return Said(why="" if all(case.cells[row] in case.good for row in rows) else WHOLE)


def of_group_a(case: Case) -> Said:
    rows = [row for row, key in enumerate(case.keys) if key == "a"]
    if not rows:
        return Said(why="group a is missing")
    return Said(why="" if all(case.cells[row] in case.good for row in rows) else WHOLE)


def of_frame(case: Case) -> Said:
    """A row of nothing but missing cells need not be answered for."""
    rows = [
        row
        for row, (cell, key) in enumerate(zip(case.cells, case.keys, strict=True))
        if not case.ignore_na or cell is not None or key is not None
    ]
    if not asked(case, rows):
        return Said(why=UNSEEN)
    return Said({row for row in rows if case.cells[row] not in case.good})


def own(fn: Callable[[Case], Callable[[Any], Any]], **more: Any) -> Callable[[Case], pa.Check]:
    return lambda case: pa.Check(fn(case), name="ours", ignore_na=case.ignore_na, **more)


def goods(case: Case) -> Callable[[Any], Any]:
    """Where cells are good, whatever pandas takes for equal."""
    kinds = {(type(cell), cell) for cell in case.good}

    def good(values: Any) -> Any:
        return pd.Series([_key(cell) in kinds for cell in values], index=values.index, dtype=bool)

    return good


def _key(cell: Any) -> tuple[type, Any] | None:
    if cell is None or cell is pd.NA or cell is pd.NaT or cell != cell:
        return None
    if isinstance(cell, pd.Timestamp):
        cell = cell.to_pydatetime()
    cell = cell.item() if hasattr(cell, "item") else cell
    return type(cell), cell


def each_good(case: Case) -> Callable[[Any], Any]:
    kinds = {(type(cell), cell) for cell in case.good}
    return lambda cell: _key(cell) in kinds


# Name: the rule as pandera knows it, whether it is about the frame, what it must come to.
RULES: dict[str, tuple[Callable[[Case], pa.Check], bool, Callable[[Case], Said]]] = {
    "pandera's": (lambda case: pa.Check.isin(case.good, ignore_na=case.ignore_na), False, panderas),
    "rows": (own(goods), False, by_row),
    "nullable rows": (own(lambda case: lambda values: goods(case)(values).astype("boolean")), False, by_row),
    "arrow rows": (own(lambda case: lambda values: goods(case)(values).astype("bool[pyarrow]")), False, by_row),
    "object rows": (own(lambda case: lambda values: goods(case)(values).astype(object)), False, by_row),
    "unlabelled rows": (own(lambda case: lambda values: goods(case)(values).reset_index(drop=True)), False, by_row),
    "each": (own(each_good, element_wise=True), False, by_row),
    "whole": (own(lambda case: lambda values: bool(goods(case)(values).all())), False, by_whole),
    "numpy's whole": (own(lambda case: lambda values: goods(case)(values).all()), False, by_whole),
    "gaps": (
        own(lambda case: lambda values: goods(case)(values).astype("boolean").where(goods(case)(values))),
        False,
        unanswered,
    ),
    "short": (own(lambda case: lambda values: goods(case)(values).iloc[:-1]), False, short),
    "numbers": (own(lambda case: lambda values: goods(case)(values).astype(int)), False, odd),
    "groups": (
        own(lambda case: lambda groups: all(goods(case)(group).all() for group in groups.values()), groupby="k"),
        False,
        of_groups,
    ),
    "groups by row": (
        own(
            lambda case: lambda groups: pd.concat([pd.Series([], dtype=bool), *map(goods(case), groups.values())]),
            groupby="k",
        ),
        False,
        of_groups,
    ),
    "group a": (
        own(lambda case: lambda groups: all(goods(case)(g).all() for g in groups.values()), groupby="k", groups=["a"]),
        False,
        of_group_a,
    ),
    "frame": (own(lambda case: lambda frame: goods(case)(frame["n"])), True, of_frame),
    "each row": (own(lambda case: lambda row: each_good(case)(row["n"]), element_wise=True), True, of_frame),
}


@st.composite
def cases(draw: st.DrawFn) -> Case:
    kind = draw(st.sampled_from(sorted(COLUMNS)))
    cell = st.sampled_from(COLUMNS[kind][0])
    missing = st.nothing() if kind in NEVER_MISSING else st.none()
    nothing = st.lists(missing, max_size=0 if kind in NEVER_MISSING else 3)
    cells = draw(st.one_of(st.lists(cell | missing, max_size=5), nothing))
    keys = draw(st.lists(st.sampled_from(["a", "b", None]), min_size=len(cells), max_size=len(cells)))
    if draw(st.booleans()):
        keys = ["a" for _ in cells]
    return Case(
        kind,
        cells,
        keys,
        rule=draw(st.sampled_from(sorted(RULES))),
        index=draw(st.sampled_from(sorted(INDEXES))),
        nullable=draw(st.booleans()),
        unique=draw(st.booleans()),
        ignore_na=draw(st.booleans()),
        at_least_one=draw(st.booleans()),
        allow_empty=draw(st.booleans()),
    )


@EXAMPLES
@given(cases())
def test_verdict_and_counts_are_those_of_plain_python(case: Case) -> None:
    passed, failed, rows = expected(case)
    event(f"{case.rule} passed: {passed}")
    frame = case.frame()
    before = frame.copy()
    verdict = verdict_of(case.contract(), frame)
    assert (verdict.passed, verdict.rows_failed, verdict.rows_seen) == (passed, failed, rows), verdict.message
    pd.testing.assert_frame_equal(frame, before)


def test_the_oracle_tells_apart_what_it_must() -> None:
    plain = Case("int64", [0, -1], ["a", "a"], "rows")
    assert expected(plain) == (False, 1, 2)
    assert expected(replace(plain, cells=[0, 1])) == (True, 0, 2)
    assert expected(replace(plain, cells=[0, 0], unique=True)) == (False, 2, 2)
    assert expected(replace(plain, cells=[], keys=[])) == (False, 0, 0)
    assert expected(replace(plain, kind="Int64", cells=[None, None])) == (False, None, 2)
    assert expected(replace(plain, kind="Int64", cells=[None, None], at_least_one=False)) == (True, 0, 2)
    assert expected(replace(plain, cells=[0, 1], keys=["a", None], rule="groups")) == (False, None, 2)
