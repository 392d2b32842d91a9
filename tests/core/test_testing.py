"""What a team's unit tests can do: run one asset or a chain in memory, and feed bad values."""

import pandas as pd
import pandera.pandas as pa
import pytest

from lockgate import Daily, Output, Team
from lockgate.core.asset import Asset
from lockgate.core.errors import DefinitionError, PartitionMismatch, UsageError
from lockgate.store import UnsupportedValue
from lockgate.testing import check_value, materialize, materialize_chain


class Readings(pa.DataFrameModel):
    value: float = pa.Field(ge=0)


team = Team("harbour")
DAYS = Daily("2026-01-01", "2026-12-31")


@team.asset(contract=Readings, partitions=DAYS, inputs={"raw": "weather/raw"})
def readings(raw: list[float], partition: str) -> pd.DataFrame:
    return pd.DataFrame({"value": raw}).assign(day=partition)


@team.check(readings, severity="warn")
def at_least_two(value: pd.DataFrame) -> bool:
    return len(value) >= 2


@team.asset(partitions=DAYS, inputs={"readings": readings})
def highest(readings: pd.DataFrame) -> float:
    readings["value"] *= 2  # its own copy
    return float(readings["value"].max())


@team.asset(inputs={"days": highest, "daily": readings})
def summary(days: dict[str, float], daily: dict[str, pd.DataFrame]) -> dict[str, object]:
    return {"days": days, "rows": {day: frame["value"].tolist() for day, frame in daily.items()}}


CHAIN = [summary, highest, readings]
DAY = "2026-01-05"


def test_failed_names_every_check_that_did_not_pass() -> None:
    assert check_value(readings, pd.DataFrame({"value": [-1.0]}), partition=DAY, raw=[]).failed == {
        "contract",
        "at_least_two",
    }
    assert materialize(readings, partition=DAY, raw=[1.0]).failed == {"at_least_two"}


def test_a_chain_runs_each_asset_on_what_those_before_it_published() -> None:
    """Each with a copy of its own; an unpartitioned asset reads partitions by name."""
    results = materialize_chain(CHAIN, partition=DAY, inputs={"weather/raw": [1.0, 3.0]})
    assert list(results) == ["harbour/readings", "harbour/highest", "harbour/summary"]
    assert {result.outcome for result in results.values()} == {"published"}
    assert results["harbour/summary"].value == {"days": {DAY: 6.0}, "rows": {DAY: [1.0, 3.0]}}


def test_whoever_reads_what_was_rejected_is_blocked_all_the_way_down() -> None:
    results = materialize_chain(CHAIN, partition=DAY, inputs={"weather/raw": [-1.0]})
    assert [result.outcome for result in results.values()] == ["rejected", "blocked", "blocked"]
    assert results["harbour/summary"].value is None


def test_part_of_a_chain_reads_the_rest_as_given() -> None:
    results = materialize_chain([highest], partition=DAY, inputs={"harbour/readings": pd.DataFrame({"value": [4.0]})})
    assert results["harbour/highest"].value == 8.0


@pytest.mark.parametrize("inputs", [{}, {"weather/raw": [1.0], "weather/unread": 1}])
def test_inputs_that_do_not_match_are_named(inputs: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="The chain reads weather/raw; weather/"):
        materialize_chain(CHAIN, partition=DAY, inputs=inputs)


def test_a_chain_refuses_a_partition_that_is_none() -> None:
    with pytest.raises(PartitionMismatch):
        materialize_chain(CHAIN, partition="2025-01-01", inputs={"weather/raw": [1.0]})


def test_what_the_store_would_refuse_is_refused_in_memory_too() -> None:
    """Unless a check rejects it, which is the better reason."""
    wide = pd.DataFrame([[1, 2]], columns=["value", "value"])
    with pytest.raises(UnsupportedValue, match="Two columns are named"):
        check_value(highest, wide, partition=DAY)
    assert check_value(readings, wide, partition=DAY, raw=[]).outcome == "rejected"


def _returning(value: object, *, effect: bool = False) -> Asset:
    def made() -> object:
        return value

    return Team("harbour").asset(effect=effect)(made)


@pytest.mark.parametrize("returned", [None, Output(None), Output(None, metadata={"rows": 0})], ids=repr)
def test_nothing_is_no_value(returned: object) -> None:
    with pytest.raises(DefinitionError, match=r"^harbour/made returned nothing\. Return a value, or declare effect"):
        materialize(_returning(returned))


def test_an_async_asset_that_returns_nothing_is_refused_too() -> None:
    async def silent() -> None: ...

    with pytest.raises(DefinitionError, match="harbour/silent returned nothing"):
        materialize(Team("harbour").asset()(silent))


@pytest.mark.parametrize("value", [0, "", [], {}, False, float("nan"), pd.DataFrame({"a": []})], ids=repr)
def test_what_is_empty_is_a_value(value: object) -> None:
    assert materialize(_returning(value)).outcome == "published"


def test_an_effect_returns_nothing() -> None:
    assert materialize(_returning(None, effect=True)).outcome == "published"
    with pytest.raises(DefinitionError, match="effect harbour/made returned a int"):
        materialize(_returning(1, effect=True))
