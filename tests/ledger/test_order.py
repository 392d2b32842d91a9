"""Order: an attempt on older inputs than what was judged last never takes its place."""

import pytest

from lockgate.core.gate import Blocked
from lockgate.core.partitions import Daily
from lockgate.ledger import Published
from tests.ledger.mutants import proves
from tests.ledger.world import World, asset

SOURCE, USE = "weather/source", "flights/use"


@pytest.fixture
def pair(world: World) -> World:
    world.deploy(asset(SOURCE), asset(USE, SOURCE))
    world.publish(SOURCE)
    return world


def _publish(world: World, begun: object) -> Published:
    return world.of(USE).publish(begun.attempt, begun.token)  # type: ignore[attr-defined]


@proves("publish_order")
def test_older_inputs_than_those_of_the_current_version_are_superseded(pair: World) -> None:
    old = pair.prepare(USE, run="old")
    pair.publish(SOURCE)
    newer = pair.publish(USE, run="new")

    answer = _publish(pair, old)

    assert answer == Published("superseded", newer.number, newer.version_id)
    assert _publish(pair, old) == answer
    assert pair.of(USE).attempts(attempt=old.attempt)[0].outcome == "superseded"
    assert not pair.ask("select count(*) from claims")


def test_newer_inputs_that_merely_exist_do_not_matter(pair: World) -> None:
    slow = pair.prepare(USE)
    for _ in range(3):
        pair.publish(SOURCE)
    assert _publish(pair, slow).outcome == "published"


def test_of_two_attempts_on_the_same_inputs_the_later_stays(pair: World) -> None:
    old = pair.prepare(USE)
    pair.deploy(asset(USE, SOURCE, code="c2"))
    new = pair.prepare(USE)
    assert _publish(pair, new).outcome == "published"
    assert _publish(pair, old).outcome == "superseded"


def test_a_source_follows_the_order_of_its_attempts(pair: World) -> None:
    old = pair.prepare(SOURCE)
    pair.deploy(asset(SOURCE, code="c2"))
    new = pair.prepare(SOURCE)
    assert pair.of(SOURCE).publish(new.attempt, new.token).number == 2
    assert pair.of(SOURCE).publish(old.attempt, old.token).outcome == "superseded"


def test_a_publish_on_older_inputs_does_not_clear_a_rejection_of_newer_ones(pair: World) -> None:
    pair.deploy(asset("delays/end", USE))
    pair.publish(USE)
    old = pair.prepare(USE, forced=True)
    pair.publish(SOURCE)
    assert pair.reject(USE).outcome == "rejected"

    assert _publish(pair, old).outcome == "superseded"

    assert isinstance(pair.decide("delays/end"), Blocked)


@proves("reject_order")
def test_a_rejection_of_older_inputs_does_not_shut_what_newer_ones_opened(pair: World) -> None:
    pair.deploy(asset("delays/end", USE))
    old = pair.prepare(USE, "", "contract")
    pair.publish(SOURCE)
    pair.publish(USE)

    assert pair.of(USE).reject(old.attempt, old.token).outcome == "superseded"

    assert not isinstance(pair.decide("delays/end"), Blocked)


def test_a_rejection_of_a_source_is_in_order_too(pair: World) -> None:
    old = pair.prepare(SOURCE)
    pair.deploy(asset(SOURCE, code="c2"))
    pair.reject(SOURCE)
    assert pair.of(SOURCE).publish(old.attempt, old.token).outcome == "superseded"


def test_with_several_inputs_one_older_is_enough(world: World) -> None:
    days = Daily("2013-01-01")
    world.deploy(
        asset(SOURCE, partitions=days), asset("weather/whole"), asset(USE, SOURCE, "weather/whole", partitions=days)
    )
    world.publish(SOURCE, "2013-01-01")
    world.publish("weather/whole")
    old = world.prepare(USE, "2013-01-01")
    world.publish("weather/whole")
    world.publish(USE, "2013-01-01")
    assert _publish(world, old).outcome == "superseded"


def test_an_attempt_superseded_first_by_a_rejection_names_the_version_that_stands(pair: World) -> None:
    standing = pair.publish(USE)
    old = pair.prepare(USE, forced=True)
    pair.publish(SOURCE)
    pair.reject(USE)
    assert _publish(pair, old) == Published("superseded", standing.number, standing.version_id)
