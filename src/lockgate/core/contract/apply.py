"""Making a value what will be staged: parsers, missing columns, defaults and coercion, each once and losing nothing."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.backends.base import ColumnInfo
from pandera.backends.pandas.array import ArraySchemaBackend
from pandera.backends.pandas.container import DataFrameSchemaBackend
from pandera.backends.pandas.parsers import PandasParserBackend
from pandera.errors import ParserError

from lockgate.core.calling import call_unforked, kind, where_raised
from lockgate.core.contract.definition import LOSSY, index_parts, is_panderas_type, says, schema_parts
from lockgate.core.contract.failure import Failure, Marks, example, label
from lockgate.core.contract.lossless import lost
from lockgate.core.contract.views import columns, level, levels, matching, names, private
from lockgate.core.contract.written import written
from lockgate.core.isolate import isolated


class NotApplied(Exception):
    """A value that its contract cannot be applied to.

    Args:
        failures: Why, at least one.
    """

    def __init__(self, *failures: Failure) -> None:
        super().__init__("; ".join(failure.reason for failure in failures))
        self.failures = failures


def alters(schema: pa.DataFrameSchema) -> bool:
    """Whether applying a schema can make another value of the one it is given."""
    return (
        schema.strict == "filter"
        or schema.add_missing_columns
        or bool(getattr(schema.index, "coerce", False))
        or any(
            part.coerce or part.parsers or getattr(part, "default", None) is not None for part in schema_parts(schema)
        )
    )


def applied(schema: pa.DataFrameSchema, frame: pd.DataFrame) -> pd.DataFrame:
    """The frame as its contract makes it; the one given is left alone.

    Raises:
        NotApplied: If a parser raised, or changed which rows there are; if a column cannot be coerced, or would lose
            by it.
    """
    made = frame.copy(deep=False)
    for parser in schema.parsers:
        made = _parsed(parser, made, "frame", isolated)
    made = _completed(schema, made)
    failures: list[Failure] = []
    for part, position in _to_make(schema, made):
        try:
            column: Any = _column(schema, part, made.iloc[:, position])
            made.isetitem(position, column)
        except NotApplied as error:
            failures += error.failures
    try:
        made.index = _index(schema, made)
    except NotApplied as error:
        failures += error.failures
    if failures:
        raise NotApplied(*failures)
    return made


def _parsed(parser: pa.Parser, given: Any, where: str, copy: Callable[[Any], Any]) -> Any:
    """What a parser makes of a frame or column: the same rows, by number and index."""
    name = label(parser.name)
    wanted: Any = pd.DataFrame if isinstance(given, pd.DataFrame) else pd.Series
    try:
        result: Any = call_unforked(PandasParserBackend(parser).apply, copy(given))
    except Exception as error:  # noqa: BLE001 - a parser that raises has made no value
        raise NotApplied(Failure(f"{where}: parser {name} {where_raised(error, written(parser._parser_fn))}")) from None
    if not isinstance(result, wanted):
        raise NotApplied(Failure(f"{where}: parser {name} returned a {kind(result)}, not a {wanted.__name__}"))
    if len(result) != len(given):
        raise NotApplied(Failure(f"{where}: parser {name} turned {len(given)} rows into {len(result)}"))
    if not result.index.equals(given.index):
        raise NotApplied(Failure(f"{where}: parser {name} replaced the index"))
    return result


def _completed(schema: pa.DataFrameSchema, frame: pd.DataFrame) -> pd.DataFrame:
    """With the columns that may be added, without those that are filtered out."""
    there = names(frame)
    absent = [name for name, part in schema.columns.items() if part.required and not part.regex and name not in there]
    if absent and schema.add_missing_columns:
        for name in absent:
            if pd.isna(schema.columns[name].default) and not schema.columns[name].nullable:
                raise NotApplied(Failure(f"column {label(name)} is missing and has no default"))
        frame = DataFrameSchemaBackend().add_missing_columns(frame, schema, ColumnInfo({}, frozenset(), [], absent, []))
    if schema.strict == "filter":
        known = set(schema.columns).union(*(matching(part, frame) for part in schema.columns.values() if part.regex))
        frame = frame.loc[:, [name in known for name in frame.columns]]
    return frame


def _to_make(schema: pa.DataFrameSchema, frame: pd.DataFrame) -> list[tuple[Any, int]]:
    """The columns the schema speaks of, and all others if it has one type for all."""
    named = list(columns(schema, frame))
    spoken_of = {position for _, position in named} if _coerces_all(schema) else set(range(frame.shape[1]))
    return named + [(pa.Column(), position) for position in range(frame.shape[1]) if position not in spoken_of]


def _column(schema: pa.DataFrameSchema, part: Any, values: "pd.Series[Any]") -> "pd.Series[Any]":
    where = f"column {label(values.name)}"
    if part.default is not None and not pd.isna(part.default):
        values = ArraySchemaBackend().set_default(values, part)  # type: ignore[no-untyped-call]
    for parser in part.parsers:
        values = _parsed(parser, values, where, private)
    if schema.dtype is not None:
        return _coerced(part, schema.dtype, values, where) if _coerces_all(schema) else values
    return _coerced(part, part.dtype, values, where) if part.coerce or schema.coerce else values


def _coerces_all(schema: pa.DataFrameSchema) -> bool:
    """Whether the schema's one type is given to every column of the frame."""
    return schema.dtype is not None and (schema.coerce or any(part.coerce for part in schema.columns.values()))


def _coerced(part: Any, dtype: Any, values: "pd.Series[Any]", where: str) -> "pd.Series[Any]":
    """Values of a type, if each is still the same."""
    if dtype is None:
        return values
    given = values.reset_index(drop=True)
    try:
        with np.errstate(all="ignore"):  # what overflows is found below
            result: Any = call_unforked(dtype.try_coerce, given if is_panderas_type(dtype) else private(given))
    except ParserError as error:
        rows = _positions(error.failure_cases, len(given))
        raise NotApplied(_at(f"{where} cannot be read as {label(dtype)}", rows, given)) from None
    if not isinstance(result, pd.Series) or len(result) != len(given):
        raise NotApplied(Failure(f"{where}: type {label(dtype)} made a {kind(result)} of another length"))
    if not says(part, LOSSY) and (marks := lost(given, result)).any():
        raise NotApplied(_at(f"{where} loses values if read as {label(dtype)}", marks, given))
    return result.set_axis(values.index)


def _positions(cases: Any, rows: int) -> Marks | None:
    """The rows that pandera found at fault; None if it does not tell."""
    if not isinstance(cases, pd.DataFrame) or "index" not in cases or not len(cases):
        return None
    return pd.RangeIndex(rows).isin(cases["index"])


def _at(reason: str, rows: Marks | None, values: "pd.Series[Any]") -> Failure:
    shown = "" if rows is None or not rows.any() else example(values.name, values.iloc[int(rows.argmax())])
    return Failure(reason, rows, shown)


def _index(schema: pa.DataFrameSchema, frame: pd.DataFrame) -> pd.Index:
    """The frame's index, its levels parsed and coerced where the schema says so."""
    coerces_all = schema.coerce or bool(getattr(schema.index, "_coerce", False))
    made: dict[int, Any] = {}
    for part, position in levels(schema, frame):
        values, where = level(frame, position), _level_name(schema, part, position)
        for parser in part.parsers:
            values = _parsed(parser, values, where, private)
        if part.coerce or coerces_all:
            values = _coerced(part, part.dtype, values, where)
        made[position] = pd.Index(values.array, dtype=values.dtype, name=values.name)
    if not made:
        return frame.index
    if not isinstance(frame.index, pd.MultiIndex):
        only: pd.Index = made[0]
        return only
    whole = [made.get(position, frame.index.get_level_values(position)) for position in range(frame.index.nlevels)]
    return pd.MultiIndex.from_arrays(whole, names=frame.index.names)


def _level_name(schema: pa.DataFrameSchema, part: Any, position: int) -> str:
    return "index" if len(index_parts(schema.index)) == 1 else f"index level {label(part.name or position)}"
