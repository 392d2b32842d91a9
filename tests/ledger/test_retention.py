"""Retention gives up what nobody needs: never what is current, nor what a kept version or a live run was made from."""

from dataclasses import replace

import pytest

from lockgate.ledger import Forbidden, NotRegistered
from tests.ledger.mutants import proves
from tests.ledger.world import World, asset

SOURCE, USE, END = "weather/source", "flights/use", "delays/end"
HOUR = 3600.0


@pytest.fixture
def chain(world: World) -> World:
    """A source that keeps one version and has four, read by an asset that keeps two and has read the first two."""
    world.deploy(replace(asset(SOURCE), keep=1), replace(asset(USE, SOURCE), keep=2), asset(END, USE))
    for _ in range(2):
        world.publish(SOURCE)
        world.publish(USE)
    for _ in range(2):
        world.publish(SOURCE)
    age(world)
    return world


def age(world: World) -> None:
    """Let everything so far have happened two hours earlier."""
    world.superuser.execute("update versions set published_at = published_at - interval '2 hours'")
    world.superuser.execute("update attempts set settled_at = settled_at - interval '2 hours'")


def expendable(world: World) -> list[tuple[str, int]]:
    return [(found.asset, found.number) for found in world.operator.expendable(HOUR)]


@proves("keep_lineage")
def test_what_is_beyond_keep_goes_unless_a_kept_version_was_made_from_it(chain: World) -> None:
    assert expendable(chain) == [(SOURCE, 3)]
    chain.publish(USE)
    age(chain)
    assert expendable(chain) == [(USE, 1), (SOURCE, 1), (SOURCE, 3)]


@proves("keep_lineage")
def test_lineage_is_followed_all_the_way_up(chain: World) -> None:
    chain.publish(END)
    for _ in range(3):
        chain.publish(SOURCE)
        chain.publish(USE)
    age(chain)
    assert (USE, 2) not in expendable(chain)
    assert (SOURCE, 2) not in expendable(chain)
    assert (USE, 1) in expendable(chain)
    assert (SOURCE, 1) in expendable(chain)


def test_without_keep_everything_stays(world: World) -> None:
    world.deploy(asset(SOURCE))
    for _ in range(3):
        world.publish(SOURCE)
    age(world)
    assert expendable(world) == []


def test_the_current_version_stays_whatever_the_manifest_says(world: World) -> None:
    """And what was registered before such a number was refused keeps all of it: it ends nobody's retention."""
    world.deploy(replace(asset(SOURCE), keep=1))
    world.publish(SOURCE)
    world.publish(SOURCE)
    age(world)
    assert expendable(world) == [(SOURCE, 1)]
    for keep in ("-5", "0", "1.5", '"many"', "{}", "1e30"):
        change = "update assets set spec = jsonb_set(spec, '{keep}', %s::jsonb)"
        world.superuser.execute(change, [keep])
        assert expendable(world) == []


@proves("keep_pinned")
def test_what_a_run_under_way_reads_stays(chain: World) -> None:
    begun = chain.begin(USE)
    assert begun.outcome == "begun"
    chain.publish(SOURCE)
    age(chain)
    assert (SOURCE, 4) not in expendable(chain)
    chain.of(USE).fail(begun.attempt, begun.token, "x")
    assert (SOURCE, 4) in expendable(chain)


@proves("keep_grace")
def test_what_was_replaced_a_moment_ago_stays_for_gates_that_have_just_seen_it(chain: World) -> None:
    chain.publish(SOURCE)
    assert (SOURCE, 4) not in expendable(chain)
    age(chain)
    assert (SOURCE, 4) in expendable(chain)


@proves("keep_restored")
def test_the_data_that_a_rollback_restored_stays(world: World) -> None:
    world.deploy(replace(asset(SOURCE), keep=1))
    world.publish(SOURCE)
    world.publish(SOURCE)
    world.of(SOURCE).rollback(SOURCE, "", to_number=1, why="x")
    age(world)
    assert expendable(world) == [(SOURCE, 2)]


@proves("discard_collected")
def test_what_is_retired_is_deleted_once_and_its_record_stays(chain: World) -> None:
    assert chain.operator.retire(HOUR) == 1
    (leaving,) = chain.operator.leavings().items()
    everything = chain.superuser.execute("select array_agg(id) from versions").fetchone()
    assert everything
    chain.operator.discarded(everything[0])

    assert chain.operator.leavings() == {}
    assert chain.operator.retire(HOUR) == 0
    retired = chain.of(SOURCE).version(SOURCE, "", 3)
    current = chain.of(SOURCE).version(SOURCE, "")
    assert retired
    assert current
    assert (retired.version_id, retired.location, retired.collected_at is None) == (leaving[0], None, False)
    assert (current.location is None, current.collected_at) == (False, None)


@proves("restore_collected")
def test_a_version_whose_value_is_gone_cannot_be_restored(chain: World) -> None:
    chain.operator.retire(HOUR)
    with pytest.raises(NotRegistered, match="the value of version 3 was removed by retention"):
        chain.of(SOURCE).rollback(SOURCE, "", to_number=3, why="x")
    assert chain.of(SOURCE).rollback(SOURCE, "", to_number=2, why="x").number == 5


def test_old_attempts_that_led_to_nothing_go_with_their_verdicts_and_pins(chain: World) -> None:
    begun = chain.prepare(USE)
    chain.of(USE).fail(begun.attempt, begun.token, "x")
    chain.operator.collect(0)
    chain.operator.discarded(list(chain.operator.leavings()))
    chain.publish(SOURCE)
    assert chain.operator.expendable_attempts(HOUR) == 0
    age(chain)
    assert chain.operator.expendable_attempts(HOUR) == 1
    assert chain.operator.retire_attempts(HOUR) == 1
    assert chain.of(USE).attempts(attempt=begun.attempt) == []
    assert chain.ask("select count(*) from verdicts where attempt = %s", begun.attempt) == 0


@proves("attempt_with_version")
def test_an_attempt_whose_value_is_still_stored_stays(chain: World) -> None:
    begun = chain.prepare(USE)
    chain.of(USE).fail(begun.attempt, begun.token, "x")
    chain.publish(SOURCE)
    age(chain)
    assert chain.operator.expendable_attempts(HOUR) == 0


@proves("attempt_on_current_inputs")
def test_an_attempt_that_the_sweep_must_remember_stays(chain: World) -> None:
    begun = chain.begin(USE)
    chain.of(USE).fail(begun.attempt, begun.token, "x")
    age(chain)
    assert chain.operator.expendable_attempts(HOUR) == 0
    chain.publish(SOURCE)
    assert chain.operator.expendable_attempts(HOUR) == 1


@proves("attempt_that_judged")
def test_the_attempt_by_which_a_slice_stands_rejected_stays(world: World) -> None:
    world.deploy(asset(SOURCE))
    world.reject(SOURCE)
    world.superuser.execute("update versions set collected_at = now(), location = null")
    age(world)
    assert world.operator.expendable_attempts(HOUR) == 0
    world.publish(SOURCE)
    assert world.operator.expendable_attempts(HOUR) == 1


def test_what_was_a_duplicate_of_a_deleted_attempt_stays_readable(chain: World) -> None:
    first = chain.begin(USE, run="first")
    assert chain.begin(USE, run="second").outcome == "duplicate"
    chain.of(USE).fail(first.attempt, first.token, "x")
    chain.publish(SOURCE)
    chain.superuser.execute(
        "update attempts set settled_at = settled_at - interval '2 hours' where id = %s", [first.attempt]
    )
    assert chain.operator.retire_attempts(HOUR) == 1
    (duplicate,) = chain.of(USE).attempts(flow_run_id="second")
    assert (duplicate.outcome, duplicate.holder) == ("duplicate", None)


def test_only_the_platform_retires(chain: World) -> None:
    for call in ("expendable_versions(0)", "retire_versions(0)", "expendable_attempts(0)", "retire_attempts(0)"):
        with pytest.raises(Forbidden):
            chain.ledger("weather")._rows(f"select lockgate.{call}")
