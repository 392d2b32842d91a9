"""Whether a frame has the shape its contract says: columns, order, types, nulls, duplicates, index."""

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.engines.pandas_engine import Engine

from lockgate.core.calling import call_unforked, kind
from lockgate.core.contract.answers import worth
from lockgate.core.contract.definition import is_panderas_type
from lockgate.core.contract.failure import Failure, Marks, example, label
from lockgate.core.contract.views import columns, declared, level, levels, matching, names, private, runs

# Which of several equal rows are counted, in pandera's words and in pandas'.
_KEEP: dict[str, Literal["first", "last", False]] = {"all": False, "exclude_first": "first", "exclude_last": "last"}


def structure(schema: pa.DataFrameSchema, frame: pd.DataFrame) -> Iterator[Failure]:
    """What is wrong with a frame's shape."""
    yield from _names(schema, frame)
    for part, position in columns(schema, frame):
        values = frame.iloc[:, position]
        yield from _cells(part, schema.dtype or part.dtype, values, f"column {label(values.name)}")
    for key in _jointly_unique(schema.unique):
        yield from _duplicates(schema, key, frame)
    if schema.index is not None:
        yield from _index(schema, frame)


def unjudged(schema: pa.DataFrameSchema, frame: pd.DataFrame) -> Iterator[str]:
    """The parts of a schema for which a frame has nothing to judge, though it may be so."""
    there = names(frame)
    for name, part in declared(schema, frame).items():
        if not (matching(part, frame) if part.regex else name in there):
            yield f"column {label(name)} is not there"
    for part, position in columns(schema, frame):
        if part.nullable and len(frame) and frame.iloc[:, position].isna().all():
            yield f"column {label(frame.columns[position])} has no value"


def _names(schema: pa.DataFrameSchema, frame: pd.DataFrame) -> Iterator[Failure]:
    present: dict[Any, None] = {}
    there = names(frame)
    for name, part in declared(schema, frame).items():
        found = matching(part, frame) if part.regex else [name] if name in there else []
        present.update(dict.fromkeys(found))
        if part.required and not found:
            yield Failure(f"no column matches {label(name)}" if part.regex else f"column {label(name)} is missing")
    if schema.strict is True:
        for name in dict.fromkeys(frame.columns):
            if name not in present:
                yield Failure(f"column {label(name)} is unknown")
    if schema.ordered and [name for name in runs(frame.columns) if name in present] != list(present):
        yield Failure(f"the columns are not in the order {', '.join(map(label, present))}")
    if schema.unique_column_names and frame.columns.has_duplicates:
        yield Failure("several columns have the same name")


def _cells(part: Any, dtype: Any, values: "pd.Series[Any]", where: str) -> Iterator[Failure]:
    """What is wrong with single cells of a column or index level, whatever its rules."""
    missing = values.isna().to_numpy(dtype=bool)
    if not part.nullable and missing.any():
        yield _at(f"{where}: not_nullable", missing, values)
    if part.unique and not values.is_unique:
        twice = values.duplicated(keep=_KEEP[part.report_duplicates]).to_numpy(dtype=bool)
        yield _at(f"{where}: unique", twice, values)
    if dtype is not None:
        yield from _type(dtype, values, where)


def _type(dtype: Any, values: "pd.Series[Any]", where: str) -> Iterator[Failure]:
    wrong = f"{where} is {label(values.dtype)}, not {label(dtype)}"
    seen = values if is_panderas_type(dtype) else private(values)
    try:
        answer = call_unforked(dtype.check, Engine.dtype(values.dtype), seen)
    except Exception as error:  # noqa: BLE001 - pandera knows no such type, or a team's own type raised
        yield Failure(f"{wrong}: {kind(error)}")
        return
    if not isinstance(answer, bool | np.bool_ | pd.Series):
        answer = pd.Series(answer if isinstance(answer, np.ndarray) else list(answer))
    judged = worth(answer, values.index)
    if judged.fault:
        yield Failure(f"{wrong}: its type {judged.fault}")
    elif judged.rows is not None and judged.rows.any():
        yield _at(f"{where} is not {label(dtype)}", judged.rows, values)
    elif not judged.passed:
        yield Failure(wrong)


def _jointly_unique(unique: Any) -> list[list[Any]]:
    """The groups of columns that a schema wants to be unique together."""
    if not unique:
        return []
    return [list(unique)] if all(isinstance(name, str) for name in unique) else [list(key) for key in unique]


def _duplicates(schema: pa.DataFrameSchema, key: list[Any], frame: pd.DataFrame) -> Iterator[Failure]:
    optional = {name for name, part in schema.columns.items() if not part.required}
    labels = names(frame)
    there = [name for name in key if name in labels]
    for name in key:
        if name not in there and name not in optional:
            yield Failure(f"column {label(name)}, by which rows must be unique, is missing")
    if there:
        marks = frame.duplicated(there, keep=_KEEP[schema.report_duplicates]).to_numpy(dtype=bool)
        if marks.any():
            yield Failure(f"rows are duplicates by {', '.join(map(label, there))}", marks)


def _index(schema: pa.DataFrameSchema, frame: pd.DataFrame) -> Iterator[Failure]:
    if isinstance(schema.index, pa.MultiIndex):
        yield from _levels(schema.index, frame.index)
    elif frame.index.nlevels > 1:
        yield Failure(f"the index has {frame.index.nlevels} levels, not one")
    elif schema.index.name is not None and frame.index.name != schema.index.name:
        yield Failure(f"the index is not named {label(schema.index.name)}")
    for part, position in levels(schema, frame):
        yield from _cells(part, part.dtype, level(frame, position), level_name(schema, frame, position))


def level_name(schema: pa.DataFrameSchema, frame: pd.DataFrame, position: int) -> str:
    """An index level in a message."""
    several = isinstance(schema.index, pa.MultiIndex)
    return f"index level {label(frame.index.names[position] or position)}" if several else "index"


def _levels(schema: pa.MultiIndex, index: pd.Index) -> Iterator[Failure]:
    wanted, found = [part.name for part in schema.indexes], list(index.names)
    if schema.ordered and found[: len(wanted)] != wanted:
        yield Failure(f"the index levels are not {', '.join(map(label, wanted))}, in this order")
    for name in wanted:
        if not schema.ordered and name not in found:
            yield Failure(f"index level {label(name)} is missing")
    if schema.strict and len(found) != len(wanted):
        yield Failure(f"the index has {len(found)} levels, not {len(wanted)}")
    if schema.unique:
        yield from _duplicate_keys(schema.unique, index)


def _duplicate_keys(unique: Any, index: pd.Index) -> Iterator[Failure]:
    """By the whole index, or by the levels named (pandera makes a list of one name, and of ``True`` nothing)."""
    key = list(index.names) if unique is True else [unique] if isinstance(unique, str) else list(unique)
    if absent := [name for name in key if name not in index.names]:
        yield Failure(f"index level {label(absent[0])}, by which rows must be unique, is missing")
        return
    chosen = [index.get_level_values(position) for position, name in enumerate(index.names) if name in key]
    marks = pd.MultiIndex.from_arrays(chosen).duplicated(keep=False)
    if marks.any():
        yield Failure(f"rows are duplicates by index level {', '.join(map(label, key))}", marks)


def _at(reason: str, rows: Marks, values: "pd.Series[Any]") -> Failure:
    return Failure(reason, rows, example(values.name, values.iloc[int(rows.argmax())]))
