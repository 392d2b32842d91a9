"""What `why`, `evidence` and `show` ask of the ledger."""

import pytest

from lockgate.core.partitions import Static
from lockgate.core.sweep import Progress
from lockgate.orchestration.explained import explain_all, explain_one
from tests.ledger.world import World, asset

PLACES = Static("north", "south")


@pytest.fixture
def chain(world: World) -> World:
    """weather/days, read by flights/use: north published through, then rejected above."""
    world.deploy(
        asset("weather/days", partitions=PLACES),
        asset("flights/use", "weather/days", partitions=PLACES, shared_with=()),
        asset("delays/all", "weather/days"),
    )
    world.publish("weather/days", "north")
    world.publish("flights/use", "north")
    world.reject("weather/days", "north")
    return world


def test_the_cause_is_dated_by_the_attempt_that_judged(chain: World) -> None:
    with_platform = chain.ledger("platform")
    found = explain_one(with_platform, "flights/use", "north")
    assert (found.state, found.version) == ("blocked", 1)
    (cause,) = found.causes
    (rejected, *_) = with_platform.attempts(key="weather/days", partition="north")
    assert (cause.state, cause.checks, cause.since) == ("rejected", ("contract",), rejected.finished_at)


def test_all_partitions_are_explained_at_once(chain: World) -> None:
    chain.publish("weather/days", "south")
    ledger = chain.ledger("platform")
    states = {each.partition: each.state for each in explain_all(ledger, ledger.registry()["flights/use"])}
    assert states == {"north": "blocked", "south": "due"}
    (whole,) = explain_all(ledger, ledger.registry()["delays/all"])
    assert [(cause.partition, cause.state) for cause in whole.causes] == [("north", "rejected")]


def test_a_team_asks_with_its_own_login(chain: World) -> None:
    """What the sweep knows is the platform's alone; the gate's answer is everybody's."""
    found = explain_one(chain.ledger("flights"), "flights/use", "north")
    assert [cause.state for cause in found.causes] == ["rejected"]


def test_an_error_is_told_to_its_own_team_and_to_the_platform(world: World) -> None:
    world.deploy(asset("weather/days"))
    begun = world.begin("weather/days")
    world.of("weather/days").fail(begun.attempt, begun.token, "ValueError")
    told = {
        login: explain_one(world.ledger(login), "weather/days", "").why for login in ("weather", "platform", "flights")
    }
    assert told == {"weather": "ValueError", "platform": "ValueError", "flights": ""}


def test_a_run_under_way_is_seen_by_its_claim(world: World) -> None:
    world.deploy(asset("weather/days"))
    begun = world.begin("weather/days")
    ledger = world.ledger("platform")
    assert explain_one(ledger, "weather/days", "").running_since == ledger.attempts(attempt=begun.attempt)[0].started_at
    world.expire(begun)
    assert explain_one(ledger, "weather/days", "").running_since is None


def test_the_last_judged_attempt_is_found_for_a_slice_and_for_the_asset(chain: World) -> None:
    ledger = chain.ledger("platform")
    assert ledger.judged_attempt("weather/days", "south") is None
    chain.publish("weather/days", "south")
    newest, rejected, *_ = ledger.attempts(key="weather/days")
    assert ledger.judged_attempt("weather/days") == newest.attempt
    assert ledger.judged_attempt("weather/days", "north") == rejected.attempt
    staged = ledger.staged(rejected.attempt)
    assert staged
    assert staged.location.startswith(f"weather/days/north/{rejected.attempt}")


def test_versions_are_listed_latest_first_with_what_a_rollback_did(world: World) -> None:
    world.deploy(asset("weather/days"))
    world.publish("weather/days")
    world.publish("weather/days")
    world.of("weather/days").rollback("weather/days", "", to_number=1, why="wrong sensor")
    found = world.ledger("platform").versions("weather/days")
    assert [(v.number, v.restores, v.why, v.withdrawn_at is not None) for v in found] == [
        (3, 1, "wrong sensor", False),
        (2, None, None, True),
        (1, None, None, False),
    ]


def test_what_a_rollback_declined_is_told_apart_from_what_is_due(chain: World) -> None:
    chain.publish("weather/days", "north")
    chain.publish("flights/use", "north")
    chain.of("flights/use").rollback("flights/use", "north", to_number=1, why="wrong")
    ledger = chain.ledger("platform")
    assert ledger.progress() != Progress()
    assert explain_one(ledger, "flights/use", "north").state == "declined"
