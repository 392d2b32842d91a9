"""A contract in words, for people who read what is registered."""

from typing import Any

import pandera.pandas as pa

from lockgate.core.contract import ContractCheck, schema_parts
from lockgate.core.spec import ColumnSpec, ContractSpec

MAX_RULE = 120


def contract_spec(contract: ContractCheck) -> ContractSpec:
    """What is registered of a contract: columns, types and rules."""
    whole, *columns = schema_parts(contract.schema)
    rules = [_rule(check) for check in whole.checks]
    if whole.unique:
        rules.append(f"unique({', '.join(map(str, whole.unique))})")
    if whole.strict:
        rules.append("no other columns")
    return ContractSpec(str(whole.name), tuple(map(_column, columns)), tuple(rules))


def _column(part: Any) -> ColumnSpec:
    return ColumnSpec(
        name=str(part.name),
        dtype="any" if part.dtype is None else str(part.dtype),
        nullable=bool(part.nullable),
        unique=bool(part.unique),
        rules=tuple(_rule(check) for check in part.checks),
    )


def _rule(check: pa.Check) -> str:
    bounds = ", ".join(f"{name}={_stable(value)}" for name, value in (check.statistics or {}).items())
    text = f"{check.name}({bounds})" if bounds else str(check.error or check.name)
    return text if len(text) <= MAX_RULE else f"{text[: MAX_RULE - 3]}..."


def _stable(value: Any) -> str:
    if isinstance(value, dict):
        return repr({key: _stable(item) for key, item in value.items()})
    if isinstance(value, set | frozenset):
        return repr(sorted(map(repr, value)))
    return repr(value)
