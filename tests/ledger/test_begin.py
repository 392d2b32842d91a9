"""What an attempt may begin on: deployed code, a partition that exists, and inputs that stand good and are shared."""

import pytest

from lockgate.core.errors import LedgerError
from lockgate.core.gate import Pin
from lockgate.core.partitions import Daily, Static
from lockgate.core.spec import InputSpec
from lockgate.ledger import (
    CodeDiffers,
    InputsMoved,
    InputsRefused,
    NotRegistered,
)
from tests.ledger.mutants import proves
from tests.ledger.world import World, asset

SOURCE, USE = "weather/source", "flights/use"
DAYS = Daily("2013-01-01")


@proves("code")
def test_begin_refuses_other_code_than_is_deployed(pair: World) -> None:
    with pytest.raises(CodeDiffers, match=r"differs from what is deployed\. Run: lockgate deploy weather"):
        pair.begin(SOURCE, code="c2")


@proves("active", "active_still")
def test_begin_refuses_what_is_no_longer_deployed_and_publish_too(pair: World) -> None:
    begun = pair.prepare(SOURCE)
    pair.remove(SOURCE)
    with pytest.raises(NotRegistered, match="no longer deployed"):
        pair.of(SOURCE).publish(begun.attempt, begun.token)
    with pytest.raises(NotRegistered, match="no longer deployed"):
        pair.begin(SOURCE, code="c1", pins=())


@proves("registered")
def test_what_was_never_deployed_is_refused_by_that_name(pair: World) -> None:
    with pytest.raises(LedgerError) as refused:
        pair.ledger("weather").begin(
            "weather/never", "", code_version="c", flow_run_id="r", pins=(), forced=False, lease_seconds=1
        )
    assert isinstance(refused.value, NotRegistered)
    assert str(refused.value) == "weather/never is not deployed. Run: lockgate deploy weather"


@proves("partition")
@pytest.mark.parametrize(
    ("partitions", "good", "bad"),
    [
        (Daily("2013-01-01", "2013-12-31"), "2013-02-28", ["", "2013-02-29", "2012-12-31", "2014-01-01", "today"]),
        (DAYS, "2016-02-29", ["2013-13-01", "0000-01-01", "2013-1-1", "99999-01-01", "2013-01-01'; drop table heads"]),
        (
            DAYS,
            "2016-02-29",
            ["../2013-01-01", "2013-01-01/..", "2013-01-01\n", " 2013-01-01", "2013-01-0\uff11", "%s"],
        ),
        (Static("north", "south"), "south", ["", "east", "NORTH", "north/..", "north ", "nörth", "north' or true --"]),
    ],
)
def test_begin_refuses_partitions_that_the_asset_does_not_have(
    world: World, partitions: Daily | Static, good: str, bad: list[str]
) -> None:
    world.deploy(asset(SOURCE, partitions=partitions))
    assert world.begin(SOURCE, good).outcome == "begun"
    for partition in bad:
        with pytest.raises(NotRegistered, match="has no partition"):
            world.begin(SOURCE, partition)


@proves("exact_pins")
def test_begin_refuses_pins_that_are_not_the_registered_inputs(world: World) -> None:
    world.deploy(asset(SOURCE), asset("weather/other"), asset(USE, SOURCE))
    world.publish(SOURCE)
    world.publish("weather/other")
    (right,) = world.pins(USE)
    (other,) = world.pins_of("weather/other")
    for wrong in ([], [other], [right, other]):
        with pytest.raises(InputsRefused, match="pins and its registered inputs differ"):
            world.begin(USE, pins=wrong)
    with pytest.raises(LedgerError, match="inputs_pkey"):
        world.begin(USE, pins=[right, right])


@proves("published_input")
def test_begin_refuses_a_pin_on_what_is_only_staged_or_of_another_slice(world: World) -> None:
    world.deploy(asset(SOURCE), asset("weather/other"), asset(USE, SOURCE))
    world.publish(SOURCE)
    world.publish("weather/other")
    staged = world.prepare(SOURCE)
    (right,) = world.pins(USE)
    (other,) = world.pins_of("weather/other")
    invisible = world.ask("select id from versions where attempt = %s", staged.attempt)
    for version in (other.version_id, invisible, 10**9):
        with pytest.raises(InputsRefused, match="is not published"):
            world.begin(USE, pins=[Pin(SOURCE, "", right.number, version)])


@proves("unshared_input")
def test_unsharing_shuts_begin_and_publish_at_once(pair: World) -> None:
    pair.publish(SOURCE)
    pins = pair.pins(USE)
    begun = pair.prepare(USE)
    pair.deploy(asset(SOURCE, shared_with=()))
    with pytest.raises(InputsRefused, match="not shared with team flights"):
        pair.of(USE).publish(begun.attempt, begun.token)
    pair.of(USE).fail(begun.attempt, begun.token, "x")
    with pytest.raises(InputsRefused, match="not shared with team flights"):
        pair.begin(USE, pins=pins)


@proves("withdrawn_input")
def test_a_withdrawn_input_is_refused_at_publish_and_sends_begin_back_to_the_gate(pair: World) -> None:
    pair.publish(SOURCE)
    pair.publish(SOURCE)
    pins = pair.pins(USE)
    begun = pair.prepare(USE)
    pair.of(SOURCE).rollback(SOURCE, "", to_number=1, why="wrong unit")
    with pytest.raises(InputsRefused, match="number 2 was withdrawn"):
        pair.of(USE).publish(begun.attempt, begun.token)
    pair.of(USE).fail(begun.attempt, begun.token, "x")
    with pytest.raises(InputsMoved):
        pair.begin(USE, pins=pins)


@proves("same_inputs", "not_a_source", "not_rejected")
def test_confirming_needs_the_same_inputs_and_code_and_is_not_for_sources(pair: World) -> None:
    pair.publish(SOURCE)
    pair.publish(USE)
    pins = pair.pins(USE)

    def confirm(key: str, pins: tuple[Pin, ...], code: str = "c1") -> str:
        work = {"code_version": code, "flow_run_id": "r", "pins": pins}
        return pair.of(key).confirm(key, "", **work).outcome

    before = pair.ask("select confirmed from heads where asset = %s", USE)
    assert confirm(USE, pins) == "unchanged"
    assert pair.ask("select confirmed from heads where asset = %s", USE) > before
    with pytest.raises(InputsMoved, match="never unchanged"):
        confirm(SOURCE, ())
    with pytest.raises(InputsMoved, match="has changed"):
        confirm(USE, pins, "c2")
    pair.publish(SOURCE)
    with pytest.raises(InputsMoved, match="has changed"):
        confirm(USE, pair.pins(USE))
    pair.reject(USE, pins=pair.pins(USE))
    with pytest.raises(InputsMoved, match="stands rejected"):
        confirm(USE, pins)


def test_on_last_good_an_input_that_stands_rejected_may_be_pinned(world: World) -> None:
    world.deploy(asset(SOURCE), asset(USE, InputSpec(SOURCE, "s", "last_good")))
    world.publish(SOURCE)
    world.reject(SOURCE)
    assert world.publish(USE).number == 1
