"""Short words for the tests of contracts."""

from typing import Any

import pandas as pd
import pandera.pandas as pa

from lockgate import Team
from lockgate.core.check import Verdict
from lockgate.core.contract import ContractCheck
from lockgate.testing import Materialized, check_value


def came(contract: Any, value: Any) -> Materialized:
    """What comes of a value of an asset with this contract."""
    team = Team("alpha")

    @team.asset(contract=contract)
    def made() -> Any:
        return value

    return check_value(made, value)


def verdict_of(contract: Any, value: Any) -> Verdict:
    """The verdict that the contract alone comes to; it decides what comes of the value."""
    ended = came(contract, value)
    verdict = ended.verdicts["contract"]
    assert ended.outcome == ("published" if verdict.passed else "rejected")
    assert verdict == ContractCheck(contract).run(ContractCheck(contract).apply(value))
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
