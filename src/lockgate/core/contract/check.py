"""The check that an asset's value obeys its contract."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandera.config import ValidationDepth, config_context

from lockgate.core.calling import call, kind
from lockgate.core.check import CONTRACT, MAX_MESSAGE, Verdict
from lockgate.core.clean import one_line
from lockgate.core.contract.apply import NotApplied, alters, applied
from lockgate.core.contract.definition import ALLOW_EMPTY, Contract, runs_own_code, says, schema_of
from lockgate.core.contract.failure import MAX_REASONS, Failure, rejected
from lockgate.core.contract.fingerprint import fingerprint
from lockgate.core.contract.rules import Vacuous, rules, run
from lockgate.core.contract.structure import structure, unjudged

# Every setting pandera has, for whatever of it a rule of the team's own calls.
ARMED: dict[str, Any] = {
    "validation_enabled": True,
    "validation_depth": ValidationDepth.SCHEMA_AND_DATA,
    "cache_dataframe": False,
    "keep_cached_dataframe": False,
    "use_narwhals_backend": False,
    "silenced_warnings": [],
}


@dataclass(frozen=True, eq=False)
class Applied:
    """A value as its contract makes it, once.

    Attributes:
        value: What will be staged and judged; as it was given if the contract could not be applied.
        refused: The verdict on a value that the contract could not be applied to.
    """

    value: Any
    refused: Verdict | None = None


class ContractCheck:
    """A contract of an asset: applied to its value before that is staged, then the first check of what is staged.

    Metadata of the schema or of a column may say ``allow_empty`` (the frame may have no row), ``lossy`` (coercion of
    this column may lose) and ``at_least_one=False`` (its own rules may judge nothing).

    Args:
        contract: A pandera ``DataFrameModel`` class or ``DataFrameSchema``.

    Raises:
        InvalidContract: If it is neither, or would let a value pass unjudged.
    """

    name = CONTRACT
    severity = "error"

    def __init__(self, contract: Contract) -> None:
        self.source = contract
        self.schema = schema_of(contract)

    def apply(self, value: Any) -> Applied:
        """The value as it will be staged: parsed, completed and coerced where the contract says so, losing nothing."""
        if not isinstance(value, pd.DataFrame) or not alters(self.schema):
            return Applied(value)
        try:
            with _armed():
                return Applied(call(applied, self.schema, value))
        except NotApplied as error:
            return Applied(value, rejected(error.failures, len(value)))
        except Exception as error:  # noqa: BLE001 - a contract that crashes has not been met
            return Applied(value, rejected([_crashed(error)], _rows(value)))

    def run(self, given: Applied) -> Verdict:
        """Judge a value as it was applied; it is never altered. Whatever it is, it comes to a verdict."""
        if given.refused is not None:
            return given.refused
        value = given.value
        if not isinstance(value, pd.DataFrame):
            return rejected([Failure(f"expected a pandas DataFrame, got {kind(value)}")], None)
        try:
            with _armed():
                verdict: Verdict = call(self._judge, value)
                return verdict
        except Exception as error:  # noqa: BLE001 - a contract that crashes has not been met
            return rejected([_crashed(error)], _rows(value))

    def _judge(self, frame: pd.DataFrame) -> Verdict:
        if not len(frame) and not says(self.schema, ALLOW_EMPTY):
            return rejected([Failure("the frame has no rows", rows=np.zeros(0, dtype=bool))], 0)
        before = fingerprint(frame) if runs_own_code(self.schema) else ""
        failures = list(structure(self.schema, frame))
        nothing = list(unjudged(self.schema, frame))
        for rule in rules(self.schema, frame):
            said = run(rule, frame)
            if isinstance(said, Failure):
                failures.append(said)
            elif isinstance(said, Vacuous) and not any(rule.where in each for each in nothing):
                nothing.append(said)
        if before and fingerprint(frame) != before:
            failures.append(Failure("the frame was changed while it was judged"))
        if failures:
            return rejected(failures, len(frame))
        return Verdict(CONTRACT, "error", True, rows_failed=0, rows_seen=len(frame), message=_noted(nothing))


def _armed() -> AbstractContextManager[None]:
    return config_context(**ARMED)


def _crashed(error: Exception) -> Failure:
    return Failure(f"the contract itself raised {kind(error)}")


def _rows(value: pd.DataFrame) -> int | None:
    try:
        return len(value)
    except Exception:  # noqa: BLE001 - a subclass may raise whatever is asked of it
        return None


def _noted(nothing: list[str]) -> str:
    """What a passed verdict says of parts that judged nothing: how many, and the first of them."""
    if not nothing:
        return ""
    more = f"; and {len(nothing) - MAX_REASONS} more" if len(nothing) > MAX_REASONS else ""
    return one_line(f"nothing to judge in {len(nothing)}: {'; '.join(nothing[:MAX_REASONS])}{more}", MAX_MESSAGE)
