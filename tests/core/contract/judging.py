"""Short words for the tests of contracts."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import pandera.pandas as pa

from lockgate.core.check import Verdict
from lockgate.core.contract import ContractCheck


@dataclass(frozen=True)
class Came:
    """What comes of a value by its contract alone, whether or not the store could keep it."""

    outcome: str
    value: Any
    verdict: Verdict


def came(contract: Any, value: Any) -> Came:
    """What comes of a value of an asset with this contract."""
    check = ContractCheck(contract)
    applied = check.apply(value)
    verdict = check.run(applied)
    return Came("rejected" if verdict.blocks else "published", applied.value, verdict)


def verdict_of(contract: Any, value: Any) -> Verdict:
    """The verdict that the contract comes to, twice: judging a value leaves nothing behind."""
    verdict = came(contract, value).verdict
    assert came(contract, value).verdict == verdict
    return verdict


def ruled(*rules: pa.Check, column: pa.Column | None = None, **more: Any) -> pa.DataFrameSchema:
    """A contract with one column n of these rules, and a column k."""
    n = column or pa.Column(nullable=True)
    n.checks = list(rules)
    return pa.DataFrameSchema({"n": n, "k": pa.Column(nullable=True)}, **more)


def numbers(*cells: Any, k: Any = "a", dtype: Any = None, index: Any = None) -> pd.DataFrame:
    """A frame of these numbers."""
    frame = pd.DataFrame({"n": pd.Series(list(cells), dtype=dtype), "k": k})
    return frame if index is None else frame.set_axis(index)
