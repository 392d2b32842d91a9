"""Pickles of other teams: what gate, deploy and readers learn from the ledger, and what each of them may read."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from lockgate import reading
from lockgate.core.errors import DefinitionError
from lockgate.core.formats import Trust
from lockgate.core.gate import Blocked, Open
from lockgate.core.partitions import Daily
from lockgate.core.spec import InputSpec
from lockgate.orchestration.validate import TeamPlan, check_pickles
from lockgate.store import UntrustedValue, open_store
from tests.ledger.world import World, asset

SOURCE, USE = "weather/model", "flights/use"
SAFE, LOOSE = {"mean": 1.5}, Fraction(1, 3)
READING_IT = "is a pickle, and reading it would run code of team weather"


class Mine:
    """Of no installed package."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mine)

    __hash__ = None  # type: ignore[assignment]


Publish = Callable[..., None]


@pytest.fixture
def publish(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Publish:
    """Publish a value of an asset for good: in the store, and in the ledger."""
    url = (tmp_path / "store").as_uri()
    monkeypatch.setenv("LOCKGATE_STORE_URL", url)
    monkeypatch.setattr(reading, "_in_run", False)

    def publish(key: str, value: Any, partition: str = "") -> None:
        begun = world.begin(key, partition)
        stored = open_store(url).write(f"{key}/{partition or '_'}/{begun.attempt}", value)
        world.stage(key, begun, partition, digest=stored.digest, location=stored.location)
        world.judge(key, begun)
        world.of(key).publish(begun.attempt, begun.token)

    return publish


@pytest.fixture
def load(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """``lockgate.load`` with a login."""

    def load(login: str, *arguments: Any, **options: Any) -> Any:
        monkeypatch.setenv("LOCKGATE_LEDGER_URL", world.url(login))
        return reading.load(*arguments, **options)

    return load


def reader(trust: Trust = None) -> InputSpec:
    return InputSpec(SOURCE, "model", trust=trust)


@pytest.mark.parametrize("login", ["weather", "flights", "platform"])
def test_a_value_in_a_safe_format_is_anybodys(world: World, publish: Publish, load: Any, login: str) -> None:
    world.deploy(asset(SOURCE))
    publish(SOURCE, SAFE)
    assert load(login, SOURCE) == SAFE


def test_a_pickle_is_read_by_its_own_team_without_a_word_and_by_others_with_one(
    world: World, publish: Publish, load: Any
) -> None:
    world.deploy(asset(SOURCE))
    publish(SOURCE, LOOSE)
    assert load("weather", SOURCE) == LOOSE
    for login in ("flights", "platform"):
        with pytest.raises(UntrustedValue) as refused:
            load(login, SOURCE)
        assert str(refused.value) == (
            f'{SOURCE} {READING_IT}. Trust that team by lockgate.load("{SOURCE}", trust="pickle"),'
            " or let team weather publish a frame, plain values or arrays."
        )
        assert load(login, SOURCE, trust="pickle") == LOOSE


@pytest.mark.parametrize("login", ["flights", "platform"])
def test_what_only_its_team_has_is_named_and_read_by_nobody_else(
    world: World, publish: Publish, load: Any, login: str
) -> None:
    world.deploy(asset(SOURCE))
    publish(SOURCE, [Mine()])
    assert load("weather", SOURCE) == [Mine()]
    for trust in (None, "pickle"):
        with pytest.raises(UntrustedValue) as refused:
            load(login, SOURCE, trust=trust)
        assert str(refused.value) == (
            f"{SOURCE} is a pickle of tests.ledger.test_trust.Mine, which only team weather has."
            " Let team weather publish a frame, plain values or arrays."
        )


@pytest.mark.parametrize(("trust", "opens"), [(None, False), ("pickle", True)])
def test_gate_and_sweep_see_the_format_of_what_is_current(
    world: World, publish: Publish, trust: Trust, opens: bool
) -> None:
    world.deploy(asset(SOURCE), asset(USE, reader(trust)))
    publish(SOURCE, SAFE)
    assert isinstance(world.decide(USE), Open)
    publish(SOURCE, LOOSE)
    assert isinstance(world.decide(USE), Open if opens else Blocked)
    seen = [world.operator.snapshot_all(), world.of(USE).snapshot(USE, ""), world.of(USE).snapshot_all()]
    assert [snapshot.head(SOURCE, "").file for snapshot in seen] == ["data.pickle"] * 3
    world.of(SOURCE).rollback(SOURCE, "", to_number=1, why="no pickles")
    assert isinstance(world.decide(USE), Open)


def test_an_effect_has_no_file(world: World) -> None:
    world.deploy(asset(SOURCE, effect=True))
    world.publish(SOURCE)
    assert world.of(SOURCE).snapshot(SOURCE, "").head(SOURCE, "").file == ""


@pytest.mark.parametrize(
    ("value", "trust", "refusal"),
    [
        (SAFE, None, ""),
        (LOOSE, "pickle", ""),
        (LOOSE, None, f'{READING_IT}. Trust that team by Input("{SOURCE}", trust="pickle"), or let team weather publish'
         " a frame, plain values or arrays."),
        ([Mine()], "pickle", "is a pickle of tests.ledger.test_trust.Mine, which only team weather has."
         " Let team weather publish a frame, plain values or arrays."),
    ],
)  # fmt: skip
def test_a_deploy_is_refused_for_what_it_could_not_read(
    world: World, publish: Publish, value: Any, trust: Trust, refusal: str
) -> None:
    world.deploy(asset(SOURCE, partitions=Daily("2013-01-01")))
    publish(SOURCE, SAFE, "2013-01-05")
    publish(SOURCE, value, "2013-01-04")
    plan = TeamPlan("flights", Path("teams/flights"), {}, (asset(USE, reader(trust)),))
    for login in ("flights", "platform"):
        if not refusal:
            check_pickles(plan, world.ledger(login))
            continue
        with pytest.raises(DefinitionError) as refused:
            check_pickles(plan, world.ledger(login))
        assert str(refused.value) == (f"teams/flights/assets.py: {USE} reads {SOURCE} [2013-01-04], which {refusal}")


def test_a_deploy_asks_nothing_of_own_pickles_or_of_what_is_not_published(world: World, publish: Publish) -> None:
    world.deploy(asset(SOURCE), asset("weather/use", reader()))
    publish(SOURCE, LOOSE)
    check_pickles(TeamPlan("weather", Path("w"), {}, (asset("weather/use", reader()),)), world.ledger("weather"))
    world.deploy(asset("weather/other"))
    other = InputSpec("weather/other", "other")
    check_pickles(TeamPlan("flights", Path("f"), {}, (asset(USE, other),)), world.ledger("flights"))


def test_a_login_knows_its_team(world: World) -> None:
    assert [world.ledger(login).team() for login in ("weather", "platform")] == ["weather", None]
