"""What a team can declare, and the one clear error for each mistake: file, asset, cure."""

import datetime
from collections.abc import Callable

import pandas as pd
import pandera.pandas as pa
import pytest

from lockgate import Asset, CheckResult, Cron, Daily, DefinitionError, Every, Input, Output, Static, Team
from lockgate.core.check import Verdict
from lockgate.core.contract import Contract, ContractCheck
from lockgate.core.errors import (
    DuplicateName,
    ForeignCheck,
    GraphCycle,
    InvalidContract,
    InvalidName,
    InvalidSchedule,
    NotShared,
    PartitionMismatch,
    UnknownInput,
)
from lockgate.core.graph import check_graph
from lockgate.core.partitions import Partitions, Unpartitioned
from lockgate.core.spec import AssetSpec, InputSpec, spec_from_json
from lockgate.testing import check_value, materialize


class Days(pa.DataFrameModel):
    day: str
    temp: float = pa.Field(ge=-60, le=60)


def verdict_of(contract: Contract, value: object) -> Verdict:
    check = ContractCheck(contract)
    return check.run(check.apply(value))


def weather() -> Team:
    return Team("weather", owners=["w@example.com"])


def test_an_asset_has_its_teams_key_its_inputs_by_name_and_its_checks() -> None:
    team = weather()

    @team.asset(contract=Days, partitions=Daily("2013-01-01"), shared_with=["delays"], schedule=Cron("0 6 * * *"))
    def days(partition: str) -> pd.DataFrame:
        """Each day."""
        return pd.DataFrame({"day": [partition], "temp": [1.0]})

    @team.asset(inputs={"all_days": days, "other": Input("flights/flights", on_rejected="last_good")})
    def summary(all_days: dict[str, pd.DataFrame], other: dict[str, pd.DataFrame]) -> int:
        return len(all_days)

    @team.check(summary, severity="warn")
    def some(value: int) -> bool:
        return value > 0

    spec = summary.spec("c")
    assert (days.key, days.description, days.owners) == ("weather/days", "Each day.", ("w@example.com",))
    assert [(i.key, i.param, i.on_rejected) for i in spec.inputs] == [
        ("weather/days", "all_days", "block"),
        ("flights/flights", "other", "last_good"),
    ]
    assert [(c.name, c.severity) for c in spec.checks] == [("some", "warn")]
    assert spec_from_json(spec.to_json()) == spec
    assert spec_from_json(days.spec("d").to_json()) == days.spec("d")


def test_the_function_is_called_directly_and_materialised_with_its_checks_in_memory() -> None:
    team = weather()

    @team.asset(contract=Days, partitions=Daily("2013-01-01"))
    def days(partition: str) -> Output:
        return Output(pd.DataFrame({"day": [partition], "temp": [1.0]}), metadata={"pages": 1})

    @team.check(days)
    def is_asked_day(value: pd.DataFrame, partition: str) -> CheckResult:
        wrong = int((value["day"] != partition).sum())
        value["temp"] = 99.0
        return CheckResult(wrong == 0, failed=wrong, seen=len(value), example="2013-01-09")

    assert days.fn("2013-01-05").metadata == {"pages": 1}
    good = materialize(days, partition="2013-01-05")
    assert (good.outcome, good.value["temp"].tolist()) == ("published", [1.0])
    bad = check_value(days, pd.DataFrame({"day": ["2013-01-06"], "temp": [-99.0]}), partition="2013-01-05")
    assert bad.outcome == "rejected"
    assert not bad.verdicts["contract"].passed
    assert (bad.verdicts["is_asked_day"].rows_failed, bad.verdicts["is_asked_day"].example) == (1, "9999-99-99")


def test_a_contract_cannot_be_switched_off_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANDERA_VALIDATION_ENABLED", "False")
    monkeypatch.setenv("PANDERA_VALIDATION_DEPTH", "SCHEMA_ONLY")
    assert not verdict_of(Days, pd.DataFrame({"day": ["a"], "temp": [99.0]})).passed


def test_an_empty_frame_fails_unless_the_contract_allows_it() -> None:
    frame = pd.DataFrame({"day": ["a"], "temp": [1.0]}).head(0)
    assert verdict_of(Days, frame).message == "the frame has no rows"
    lenient = pa.DataFrameSchema({"day": pa.Column(str)}, metadata={"allow_empty": True})
    assert verdict_of(lenient, frame[["day"]]).passed


def test_a_verdict_counts_all_rows_and_shows_no_value() -> None:
    frame = pd.DataFrame({"day": ["secret"] * 1000, "temp": [-777.25] * 999 + [1.0]})
    verdict = verdict_of(Days, frame)
    assert (verdict.rows_failed, verdict.rows_seen, verdict.example) == (999, 1000, "temp=-999.99")
    assert "777" not in str(verdict)


def test_a_check_that_raises_has_failed_and_its_message_stays_private() -> None:
    team = weather()

    @team.asset()
    def number() -> int:
        return 1

    @team.check(number)
    def broken(value: int) -> bool:
        raise ValueError("secret 12345")

    verdict = materialize(number).verdicts["broken"]
    assert not verdict.passed
    assert "ValueError at test_definitions.py" in verdict.message
    assert "secret" not in verdict.message


def test_a_contract_that_coerces_is_applied_before_the_value_is_staged() -> None:
    coercing = pa.DataFrameSchema({"n": pa.Column(int, coerce=True)})
    assert ContractCheck(coercing).apply(pd.DataFrame({"n": ["1"]})).value["n"].tolist() == [1]


def _bad_name(team: Team) -> None:
    @team.asset()
    def Observations() -> int:
        return 1


def _twice(team: Team) -> None:
    for _ in range(2):

        @team.asset()
        def days() -> int:
            return 1


def _unbound(team: Team) -> None:
    @team.asset()
    def days(mystery: int) -> int:
        return mystery


def _no_parameter(team: Team) -> None:
    @team.asset(inputs={"days": "flights/flights"})
    def total() -> int:
        return 1


def _foreign_object(team: Team) -> None:
    other = Team("flights")

    @other.asset()
    def flights() -> int:
        return 1

    @team.asset(inputs={"flights": flights})
    def total(flights: int) -> int:
        return flights


def _foreign_check(team: Team) -> None:
    @team.check("flights/flights")
    def positive(value: int) -> bool:
        return value > 0


def _check_of_nothing(team: Team) -> None:
    @team.check("nothing")
    def positive(value: int) -> bool:
        return value > 0


def _check_twice(team: Team) -> None:
    @team.asset()
    def days() -> int:
        return 1

    for _ in range(2):

        @team.check(days)
        def positive(value: int) -> bool:
            return value > 0


def _bad_severity(team: Team) -> None:
    @team.asset()
    def days() -> int:
        return 1

    @team.check(days, severity="fatal")  # type: ignore[arg-type]
    def positive(value: int) -> bool:
        return value > 0


def _bad_cron(team: Team) -> None:
    @team.asset(schedule="every day")
    def days() -> int:
        return 1


def _bad_contract(team: Team) -> None:
    @team.asset(contract=dict)  # type: ignore[arg-type]
    def days() -> int:
        return 1


def _dropping_contract(team: Team) -> None:
    @team.asset(contract=pa.DataFrameSchema({"a": pa.Column(int)}, drop_invalid_rows=True))
    def days() -> pd.DataFrame:
        return pd.DataFrame()


def _bad_reader(team: Team) -> None:
    @team.asset(shared_with=["No Team"])
    def days() -> int:
        return 1


def _text_reader(team: Team) -> None:
    @team.asset(shared_with="delays")
    def days() -> int:
        return 1


def _input_named_partition(team: Team) -> None:
    @team.asset(inputs={"partition": "flights/flights"})
    def days(partition: object) -> int:
        return 1


def _effect_with_a_check_of_nothing(team: Team) -> None:
    @team.asset(effect=True)
    def mail() -> None: ...

    @team.check(mail)
    def sent() -> bool:
        return True


def _tag_of_ours(team: Team) -> None:
    @team.asset(tags=["source", "lockgate:repair-2"])
    def days() -> int:
        return 1


def _never(team: Team) -> None:
    @team.asset(schedule="0 0 30 2 *")
    def days() -> int:
        return 1


def _reserved_reader(team: Team) -> None:
    @team.asset(shared_with=["platform"])
    def days() -> int:
        return 1


MISTAKES: list[tuple[Callable[[Team], None], type[DefinitionError]]] = [
    (_bad_name, InvalidName),
    (_twice, DuplicateName),
    (_unbound, UnknownInput),
    (_no_parameter, UnknownInput),
    (_foreign_object, UnknownInput),
    (_foreign_check, ForeignCheck),
    (_check_of_nothing, UnknownInput),
    (_check_twice, DuplicateName),
    (_bad_severity, DefinitionError),
    (_bad_cron, InvalidSchedule),
    (_bad_contract, InvalidContract),
    (_dropping_contract, InvalidContract),
    (_bad_reader, InvalidName),
    (_text_reader, DefinitionError),
    (_input_named_partition, DefinitionError),
    (_effect_with_a_check_of_nothing, DefinitionError),
    (_tag_of_ours, DefinitionError),
    (_never, InvalidSchedule),
    (_reserved_reader, InvalidName),
]


@pytest.mark.parametrize(("mistake", "kind"), MISTAKES, ids=lambda x: getattr(x, "__name__", ""))
def test_every_mistake_names_file_asset_and_cure(mistake: Callable[[Team], None], kind: type[DefinitionError]) -> None:
    with pytest.raises(kind) as caught:
        mistake(weather())
    assert "test_definitions.py: " in str(caught.value)
    assert "\n" not in str(caught.value)


RESERVED = ["platform", "lockgate", "prefect"]
SETTINGS_OF_OTHERS = ["a__b", "a_", "a_b_", "a___b"]


@pytest.mark.parametrize(
    "name",
    ["Weather", "we ather", "weather/x", "wetter.de", "", "wétter", "a;drop table", "9x", "_", "a\n", "__init__",
     *RESERVED, *SETTINGS_OF_OTHERS],
)  # fmt: skip
def test_team_names_that_are_not_allowed(name: str) -> None:
    with pytest.raises(InvalidName):
        Team(name)


def test_schedules_and_partitions_that_cannot_be() -> None:
    never = ("0 0 30 2 *", "0 0 31 2,4,6,9,11 *", "0 0 30,31 2 *", "0 0 31 FEB *")
    random = ("R R * * *", "r 0 * * *", "R(0-5) * * * *", "0 R/2 * * *", "H 0 * * *")
    for wrong in ("every day", "61 * * * *", "* * * *", "", "0 0 * * 1#6", "@hourly", *never, *random):
        with pytest.raises(InvalidSchedule):
            Cron(wrong)
    for right in ("0 0 29 2 *", "0 0 L 2 *", "0 0 ? * THU", "0 0 * MAR FRI", "0 0 * * 1#5", "*/7 1-5 1,15 * *"):
        assert Cron(right).line == right
    for zone in ("Mars/Olympus", "localtime", "Factory", "", "../etc/passwd", None):
        with pytest.raises(InvalidSchedule):
            Cron("0 6 * * *", timezone=zone)  # type: ignore[arg-type]
    for interval in (datetime.timedelta.max, datetime.timedelta(days=4000)):
        with pytest.raises(InvalidSchedule):
            Every(interval)
    with pytest.raises(InvalidSchedule):
        Every(datetime.timedelta(0))
    for start in ("2013-02-30", datetime.date(2013, 1, 1), 20130101, "20130101"):
        with pytest.raises(PartitionMismatch):
            Daily(start)  # type: ignore[arg-type]
    with pytest.raises(PartitionMismatch):
        Daily("2013-02-03", "2013-02-01")
    with pytest.raises(PartitionMismatch):
        Static()
    with pytest.raises(InvalidName):
        Static("a/b")
    for wrong in ("2013-13-01", "20130105", "../etc", "", "2014-01-01"):
        with pytest.raises(PartitionMismatch):
            Daily("2013-01-01", "2013-12-31").validate(wrong)


HOSTILE = [
    "2013-01-05'; drop table heads; --", "../2013-01-05", "2013-01-05/..", "2013/01/05", "2013-01-05\n", " 2013-01-05",
    "2013-01-0\uff15", "2013-01-0\u0665", "größe", "\0", "north ", "NORTH", "north/south", "%s", "$HOME",
]  # fmt: skip


@pytest.mark.parametrize("partition", HOSTILE)
@pytest.mark.parametrize("partitions", [Unpartitioned(), Daily("2013-01-01"), Static("north", "south")])
def test_a_partition_that_an_asset_does_not_have_is_refused_in_one_line(partitions: Partitions, partition: str) -> None:
    with pytest.raises(PartitionMismatch) as refused:
        partitions.validate(partition)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../a", "a\\b", "größe", "a b", "a'b", "a\0", "a\n", "x" * 101])
def test_a_static_partition_of_a_name_that_is_no_file_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidName):
        Static(name)


def spec(key: str, *inputs: str, shared: tuple[str, ...] = ("*",), **more: object) -> AssetSpec:
    given = tuple(InputSpec(k, f"p{i}") for i, k in enumerate(inputs))
    return AssetSpec(key, inputs=given, shared_with=shared, **more)  # type: ignore[arg-type]


def test_the_graph_refuses_unknown_unshared_and_unfitting_inputs_and_cycles() -> None:
    flights = {"flights/flights": spec("flights/flights", shared=("delays",))}
    with pytest.raises(UnknownInput, match="flights/flihts"):
        check_graph([spec("delays/d", "flights/flihts")], flights)
    with pytest.raises(NotShared, match='add "weather" to shared_with of flights'):
        check_graph([spec("weather/w", "flights/flights")], flights)
    with pytest.raises(PartitionMismatch):
        check_graph(
            [spec("d/a", partitions=Static("x")), spec("d/b", "d/a", partitions=Static("y"))],
            {},
        )
    with pytest.raises(GraphCycle, match="a/x -> b/y -> a/x"):
        check_graph([spec("a/x", "b/y")], {"b/y": spec("b/y", "a/x")})
    with pytest.raises(GraphCycle, match="a/x -> a/x"):
        check_graph([spec("a/x", "a/x")], {})
    check_graph([spec("delays/d", "flights/flights")], flights)


def test_an_asset_is_hashable_and_two_with_one_name_differ() -> None:
    team = weather()

    @team.asset()
    def days() -> int:
        return 1

    assert isinstance(days, Asset)
    assert len({days, days}) == 1
