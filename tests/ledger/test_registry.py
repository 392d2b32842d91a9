"""Registering: a team's assets as a whole, checked once more against everybody's."""

import pytest

from lockgate.core.errors import LedgerError
from lockgate.core.gate import Blocked
from lockgate.core.partitions import Daily, Static
from lockgate.core.spec import CheckSpec, InputSpec
from lockgate.ledger import Forbidden, NotRegistered, Registered, RegistrationRefused
from tests.ledger.mutants import proves
from tests.ledger.world import World, asset

SOURCE, USE = "weather/source", "flights/use"


def test_it_says_what_changed(world: World) -> None:
    weather = world.ledger("weather")
    first = {"team": "weather", "assets": [asset("weather/a").to_json(), asset("weather/b").to_json()]}
    second = {"team": "weather", "assets": [asset("weather/a", code="c2").to_json(), asset("weather/c").to_json()]}
    assert weather.register(first) == Registered(("weather/a", "weather/b"), (), (), ())
    assert weather.register(first) == Registered((), (), (), ("weather/a", "weather/b"))
    assert weather.register(second) == Registered(("weather/c",), ("weather/a",), ("weather/b",), ())
    assert sorted(weather.registry()) == ["weather/a", "weather/c"]


def test_what_is_registered_reads_back_as_it_was(world: World) -> None:
    spec = asset(SOURCE, partitions=Daily("2013-01-01", "2013-12-31"), checks=("a", CheckSpec("b", "warn")))
    world.deploy(spec)
    assert world.ledger("flights").registry() == {SOURCE: spec}


def test_a_removed_asset_keeps_its_history_and_comes_back(world: World) -> None:
    world.deploy(asset(SOURCE), asset(USE, SOURCE))
    world.publish(SOURCE)
    world.remove(SOURCE)
    decision = world.decide(USE)
    assert isinstance(decision, Blocked)
    assert [reason.kind for reason in decision.reasons] == ["unknown"]
    world.deploy(asset(SOURCE))
    assert world.publish(SOURCE).number == 2


def test_an_asset_renamed_while_it_runs_is_published_under_neither_name(world: World) -> None:
    world.deploy(asset(SOURCE))
    begun = world.prepare(SOURCE)
    world.remove(SOURCE)
    world.deploy(asset("weather/renamed"))
    with pytest.raises(NotRegistered, match=r"weather/source is no longer deployed\."):
        world.ledger("weather").publish(begun.attempt, begun.token)
    assert world.ledger("weather").version(SOURCE, "") is None
    assert world.ledger("weather").version("weather/renamed", "") is None
    assert world.publish("weather/renamed").number == 1


def test_unsharing_is_allowed_and_shuts_the_consumers_gate(world: World) -> None:
    world.deploy(asset(SOURCE), asset(USE, SOURCE))
    world.publish(SOURCE)
    world.deploy(asset(SOURCE, shared_with=("delays",)))
    decision = world.decide(USE)
    assert isinstance(decision, Blocked)
    assert [reason.kind for reason in decision.reasons] == ["unshared"]


@proves("own_namespace")
@pytest.mark.parametrize("key", ["flights/mine", "weather2/x", "weather", "weather/x/y"])
def test_a_team_registers_in_its_own_namespace_only(world: World, key: str) -> None:
    stolen = {**asset("weather/mine").to_json(), "key": key}
    with pytest.raises(LedgerError) as refused:
        world.ledger("weather").register({"team": "weather", "assets": [stolen]})
    assert isinstance(refused.value, Forbidden)
    assert "cannot register" in str(refused.value)


def test_a_team_registers_for_itself_only(world: World) -> None:
    with pytest.raises(Forbidden, match="Team weather cannot register for team flights"):
        world.ledger("weather").register({"team": "flights", "assets": [asset("flights/x").to_json()]})


@pytest.mark.parametrize(
    ("specs", "message"),
    [
        pytest.param(
            [asset("weather/a", "weather/never")],
            "weather/a reads weather/never, which is not registered",
            marks=proves("known_input"),
        ),
        pytest.param(
            [asset("weather/a", "flights/private")],
            "weather/a reads flights/private, which is not shared",
            marks=proves("shared_input"),
        ),
        ([asset("weather/a", "weather/b"), asset("weather/b", "weather/a")], "depends on itself"),
        pytest.param([asset("weather/a", "weather/a")], "weather/a depends on itself", marks=proves("no_cycle")),
        pytest.param(
            [asset("weather/a"), asset("weather/a")], "weather/a is in the manifest twice", marks=proves("asset_once")
        ),
        pytest.param(
            [asset("weather/a", "flights/daily", partitions=Static("n", "s"))],
            "is partitioned otherwise than its input",
            marks=proves("fitting_input"),
        ),
        ([asset("weather/a", checks=("x", "x"))], "asset_checks_pkey"),
        ([asset("weather/Bad")], "assets_name"),
        ([asset("weather/a", checks=("Bad",))], "asset_checks_name"),
        ([asset("weather/a", InputSpec("flights/daily", "p"), InputSpec("flights/open", "p"))], "asset_inputs_param"),
        ([asset("weather/a", "flights/open", "flights/open")], "asset_inputs_pkey"),
    ],
)
def test_what_does_not_fit_is_refused_as_a_whole(world: World, specs: list, message: str) -> None:  # type: ignore[type-arg]
    world.deploy(asset("flights/private", shared_with=("delays",)), asset("flights/open"))
    world.deploy(asset("flights/daily", partitions=Daily("2013-01-01")), asset("weather/before"))
    manifest = {"team": "weather", "assets": [asset("weather/new").to_json(), *(spec.to_json() for spec in specs)]}
    with pytest.raises(LedgerError) as refused:
        world.ledger("weather").register(manifest)
    assert isinstance(refused.value, RegistrationRefused)
    assert message in str(refused.value)
    assert [key for key in world.ledger("weather").registry() if key.startswith("weather")] == ["weather/before"]


def test_a_cycle_through_another_team_is_found(world: World) -> None:
    world.deploy(asset("weather/a"), asset("flights/b", "weather/a"), asset("delays/c", "flights/b"))
    with pytest.raises(RegistrationRefused, match="weather/a depends on itself"):
        world.deploy(asset("weather/a", "delays/c"))


def test_partitions_that_fit(world: World) -> None:
    world.deploy(asset("weather/daily", partitions=Daily("2013-01-01")), asset("weather/whole"))
    world.deploy(asset("weather/static", partitions=Static("n", "s")))
    world.deploy(
        asset("flights/days", "weather/daily", "weather/whole", partitions=Daily("2014-01-01", "2014-12-31")),
        asset("flights/all", "weather/daily", "weather/static", "weather/whole"),
        asset("flights/sides", "weather/static", partitions=Static("n", "s")),
    )
    with pytest.raises(RegistrationRefused, match="partitioned otherwise"):
        world.deploy(asset("flights/sides", "weather/static", partitions=Static("n")))


def test_sharing_with_one_team_is_not_sharing_with_another(world: World) -> None:
    world.deploy(asset(SOURCE, shared_with=("delays",)), asset("delays/use", SOURCE))
    with pytest.raises(RegistrationRefused, match="not shared with team flights"):
        world.deploy(asset(USE, SOURCE))
