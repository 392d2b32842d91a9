"""Contracts: pandera schemas, applied so that nothing can switch them off or leak data through them."""

import copy
import inspect
from collections.abc import Iterator
from typing import Any, TypeAlias

import pandas as pd
import pandera.pandas as pa
from pandera.config import ValidationDepth, config_context
from pandera.errors import SchemaError, SchemaErrors

from lockgate.core.check import CONTRACT, MAX_MESSAGE, Verdict
from lockgate.core.errors import InvalidContract
from lockgate.core.redact import redact

Contract: TypeAlias = type[pa.DataFrameModel] | pa.DataFrameSchema
MAX_FAILURE_CASES = 100
MAX_REASONS = 3


class ContractCheck:
    """The check that an asset's value obeys its contract.

    At least one row is required unless the schema's metadata says ``{"allow_empty": True}``.

    Args:
        contract: A pandera ``DataFrameModel`` class or ``DataFrameSchema``.

    Raises:
        InvalidContract: If it is neither, or if it would drop rows (``drop_invalid_rows``).
    """

    name = CONTRACT
    severity = "error"

    def __init__(self, contract: Contract) -> None:
        self.source = contract
        self.schema = _as_schema(contract)
        self.alters = _alters(self.schema)

    def apply(self, value: Any) -> Any:
        """The value as it will be staged: coerced and completed where the contract says so.

        A value that cannot be coerced comes back as it was, for the check to reject.

        Raises:
            InvalidContract: If applying the contract changed the number of rows.
        """
        if not self.alters or not isinstance(value, pd.DataFrame):
            return value
        try:
            applied = self._validate(value)
        except (SchemaError, SchemaErrors):
            return value
        if len(applied) != len(value):
            raise InvalidContract(
                f"the contract turned {len(value)} rows into {len(applied)}; a contract may not drop rows.",
                cure="Filter in the asset's function instead.",
            )
        return applied

    def run(self, value: Any) -> Verdict:
        """Validate a value; it is never altered. Failure cases are counted in full and shown redacted."""
        if not isinstance(value, pd.DataFrame):
            return _failed(None, None, f"expected a pandas DataFrame, got {type(value).__name__}")
        if value.empty and len(value) == 0 and not _allows_empty(self.source, self.schema):
            return _failed(0, 0, "the frame has no rows")
        try:
            self._validate(value)
        except SchemaErrors as error:
            return _explain(error.schema_errors, value)
        except SchemaError as error:
            return _explain([error], value)
        except Exception as error:  # noqa: BLE001 - a contract that crashes has not been met
            return _failed(None, len(value), f"the contract itself raised {type(error).__name__}")
        return Verdict(CONTRACT, "error", passed=True, rows_failed=0, rows_seen=len(value))

    def _validate(self, frame: pd.DataFrame) -> pd.DataFrame:
        with config_context(validation_enabled=True, validation_depth=ValidationDepth.SCHEMA_AND_DATA):
            return self.schema.validate(self._private(frame), lazy=True, inplace=True)

    def _private(self, frame: pd.DataFrame) -> pd.DataFrame:
        """A frame that validation may alter.

        Pandas copies a column when it is written to, which is all that pandera does; functions of the team's own could
        write to the arrays beneath, so what they see is copied now.
        """
        if any(map(_runs_own_code, _around_columns(self.schema))):
            return frame.copy()
        private = frame.copy(deep=False)
        for position, name in enumerate(frame.columns):
            column = self.schema.columns.get(name)
            if column is not None and _runs_own_code(column):
                private.isetitem(position, frame.iloc[:, position].array.copy())
        return private


def _as_schema(contract: object) -> pa.DataFrameSchema:
    if inspect.isclass(contract) and issubclass(contract, pa.DataFrameModel):
        try:
            schema: pa.DataFrameSchema = copy.deepcopy(contract.to_schema())
        except Exception as error:
            raise InvalidContract(f"contract {contract.__name__} cannot be built: {error}") from error
    elif isinstance(contract, pa.DataFrameSchema):
        schema = copy.deepcopy(contract)
    else:
        raise InvalidContract(
            f"{contract!r} is no contract.",
            cure="Give a pandera DataFrameModel class or a DataFrameSchema (import pandera.pandas as pa).",
        )
    if any(getattr(part, "drop_invalid_rows", False) for part in schema_parts(schema)):
        raise InvalidContract(
            f"contract {schema.name} drops invalid rows.",
            cure="Remove drop_invalid_rows: bad rows must fail.",
        )
    for part in schema_parts(schema):
        for check in part.checks:
            check.n_failure_cases = MAX_FAILURE_CASES
    return schema


def schema_parts(schema: pa.DataFrameSchema) -> Iterator[Any]:
    """The schema itself, its columns, and the levels of its index."""
    yield schema
    yield from schema.columns.values()
    if schema.index is not None:
        yield from getattr(schema.index, "indexes", [schema.index])


def _around_columns(schema: pa.DataFrameSchema) -> Iterator[Any]:
    """The parts of a schema that see the whole frame, its index, or columns of no fixed name."""
    yield schema
    if schema.index is not None:
        yield from getattr(schema.index, "indexes", [schema.index])
    yield from (column for column in schema.columns.values() if column.regex)


def _runs_own_code(part: Any) -> bool:
    """Whether a part of a schema calls functions that are not pandera's."""
    return bool(part.parsers) or not all(pa.Check.is_builtin_check(str(check.name)) for check in part.checks)


def _alters(schema: pa.DataFrameSchema) -> bool:
    """Whether validating with this schema can return something else than it was given."""
    return (
        schema.strict == "filter"
        or schema.add_missing_columns
        or any(
            part.coerce or part.parsers or getattr(part, "default", None) is not None for part in schema_parts(schema)
        )
    )


def _allows_empty(contract: Contract, schema: pa.DataFrameSchema) -> bool:
    config = getattr(contract, "Config", None)
    metadata = schema.metadata or getattr(config, "metadata", None) or {}
    return bool(metadata.get("allow_empty"))


def _failed(rows_failed: int | None, rows_seen: int | None, message: str, example: str = "") -> Verdict:
    return Verdict(CONTRACT, "error", False, rows_failed, rows_seen, message[:MAX_MESSAGE], example)


def _explain(errors: list[SchemaError], frame: pd.DataFrame) -> Verdict:
    reasons = [_reason(error) for error in errors]
    shown = "; ".join(reasons[:MAX_REASONS])
    if len(reasons) > MAX_REASONS:
        shown += f"; and {len(reasons) - MAX_REASONS} more"
    return _failed(_count_rows(errors, frame), len(frame), shown, _example(errors))


def _reason(error: SchemaError) -> str:
    """One failure in words: the column and the rule, never the data."""
    column = getattr(error.schema, "name", None)
    reason = error.reason_code.name if error.reason_code else ""
    if reason in {"COLUMN_NOT_IN_DATAFRAME", "COLUMN_NOT_IN_SCHEMA"}:
        return f"column {error.failure_cases} is {'missing' if reason.endswith('DATAFRAME') else 'unknown'}"
    if reason in {"WRONG_DATATYPE", "DATATYPE_COERCION"}:
        # Of a column that cannot be coerced, pandera gives the values in place of the type.
        found = f"is {error.failure_cases}, not" if isinstance(error.failure_cases, str) else "cannot be read as"
        return f"column {column} {found} {getattr(error.schema, 'dtype', '')}"
    if reason == "DUPLICATES":
        return f"rows are duplicates by {', '.join(map(str, error.schema.unique or ()))}"
    rule = getattr(error.check, "error", None) or getattr(error.check, "name", None) or error.check
    return f"column {column}: {rule}"


def _count_rows(errors: list[SchemaError], frame: pd.DataFrame) -> int | None:
    """Distinct rows with at least one failure; None if only the frame's shape is at fault."""
    bad = pd.Series(False, index=frame.index)
    counted = False
    for error in errors:
        marks = _marks(error, frame)
        if marks is not None:
            bad |= marks
            counted = True
    return int(bad.sum()) if counted else None


def _marks(error: SchemaError, frame: pd.DataFrame) -> "pd.Series[bool] | None":
    output = error.check_output
    if isinstance(output, pd.DataFrame):
        output = output.all(axis=1)
    if isinstance(output, pd.Series) and len(output) == len(frame):
        return pd.Series(~output.to_numpy(dtype=bool), index=frame.index)
    cases = error.failure_cases
    if isinstance(cases, pd.DataFrame) and "index" in cases and cases["index"].notna().all():
        return pd.Series(frame.index.isin(cases["index"]), index=frame.index)
    return None


def _example(errors: list[SchemaError]) -> str:
    for error in errors:
        cases = error.failure_cases
        if isinstance(cases, pd.DataFrame) and len(cases) and "failure_case" in cases:
            column = cases["column"].iloc[0] if "column" in cases else getattr(error.schema, "name", None)
            return f"{column}={redact(cases['failure_case'].iloc[0])}"
    return ""
