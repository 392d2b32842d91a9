"""The gate, rule by rule, on the smallest platform that shows it."""

from dataclasses import replace
from itertools import pairwise

from lockgate.core.gate import Blocked, Head, Open, Pin, Snapshot, Unchanged, Waiting, decide, standing
from lockgate.core.graph import check_graph
from lockgate.core.partitions import Daily, Unpartitioned
from lockgate.core.spec import AssetSpec, InputSpec

DAY = "2013-01-05"
DAILY = Daily("2013-01-01")
A = AssetSpec("one/a", "c", DAILY, shared_with=("two",))
B = AssetSpec("two/b", "c", DAILY, inputs=(InputSpec("one/a", "a"),), shared_with=("three",))
C = AssetSpec("three/c", "c", DAILY, inputs=(InputSpec("two/b", "b"),))
ALL = AssetSpec("two/all", "c", Unpartitioned(), inputs=(InputSpec("one/a", "a"),))


def published(key: str, number: int, partition: str = DAY, **more: object) -> Head:
    head = Head(key, partition, judged="published", number=number, version_id=number * 10, code_version="c")
    return replace(head, **more)  # type: ignore[arg-type]


def rejected(key: str, number: int | None, partition: str = DAY) -> Head:
    head = Head(key, partition, judged="rejected", number=number, failed_checks=("contract",))
    return replace(head, version_id=None if number is None else number * 10)


def world(*heads: Head, assets: tuple[AssetSpec, ...] = (A, B, C, ALL)) -> Snapshot:
    return Snapshot({a.key: a for a in assets}, {(h.asset, h.partition): h for h in heads})


def test_a_published_shared_input_opens_the_gate_and_is_pinned() -> None:
    assert decide("two/b", DAY, world(published("one/a", 1))) == Open((Pin("one/a", DAY, 1, 10),))


def test_an_input_without_a_version_makes_the_run_wait() -> None:
    decision = decide("two/b", DAY, world())
    assert isinstance(decision, Waiting)
    assert str(decision.reasons[0]) == f"one/a [{DAY}] has no published version yet"


def test_a_rejected_input_blocks_although_a_good_version_exists_and_names_check_and_owner() -> None:
    decision = decide("two/b", DAY, world(rejected("one/a", 1)), force=True)
    assert isinstance(decision, Blocked)
    assert str(decision.reasons[0]) == f"one/a [{DAY}] stands rejected by contract; team one owns it"


def test_the_gate_looks_at_all_ancestors() -> None:
    """With A rejected, C does not run on an old B either, and is told that A is the cause."""
    snapshot = world(rejected("one/a", 1), published("two/b", 1))
    decision = decide("three/c", DAY, snapshot)
    assert isinstance(decision, Blocked)
    assert (decision.reasons[0].asset, decision.reasons[0].via) == ("one/a", "two/b")
    assert standing("two/b", DAY, snapshot) == "blocked"
    assert standing("one/a", DAY, snapshot) == "rejected"


def test_another_days_rejection_does_not_block() -> None:
    snapshot = world(published("one/a", 1), rejected("one/a", 1, "2013-01-06"))
    assert isinstance(decide("two/b", DAY, snapshot), Open)


def test_an_unpartitioned_dependent_pins_all_partitions_and_is_blocked_by_one() -> None:
    days = published("one/a", 1), published("one/a", 1, "2013-01-06")
    decision = decide("two/all", "", world(*days))
    assert isinstance(decision, Open)
    assert [pin.partition for pin in decision.pins] == [DAY, "2013-01-06"]
    assert isinstance(decide("two/all", "", world(*days, rejected("one/a", None, "2013-01-07"))), Blocked)


def test_a_partitioned_dependent_pins_the_one_partition_of_an_unpartitioned_input() -> None:
    planes = AssetSpec("one/planes", "c", shared_with=("*",))
    reader = AssetSpec("two/r", "c", DAILY, inputs=(InputSpec("one/planes", "planes"),))
    decision = decide("two/r", DAY, world(published("one/planes", 3, ""), assets=(planes, reader)))
    assert decision == Open((Pin("one/planes", "", 3, 30),))


def test_an_input_may_opt_out_of_blocking() -> None:
    lenient = replace(B, inputs=(InputSpec("one/a", "a", "last_good"),))
    snapshot = world(rejected("one/a", 1), assets=(A, lenient, C))
    assert decide("two/b", DAY, snapshot) == Open((Pin("one/a", DAY, 1, 10),))


def test_an_input_no_longer_shared_blocks() -> None:
    decision = decide("two/b", DAY, world(published("one/a", 1), assets=(replace(A, shared_with=()), B)))
    assert isinstance(decision, Blocked)
    assert decision.reasons[0].kind == "unshared"


def test_an_input_no_longer_registered_blocks() -> None:
    decision = decide("two/b", DAY, world(published("one/a", 1), assets=(B,)))
    assert isinstance(decision, Blocked)
    assert decision.reasons[0].kind == "unknown"


def test_same_inputs_and_code_are_unchanged_unless_forced_or_new_code() -> None:
    own = published("two/b", 4, inputs={("one/a", DAY): 1})
    snapshot = world(published("one/a", 1), own)
    assert isinstance(decide("two/b", DAY, snapshot), Unchanged)
    assert isinstance(decide("two/b", DAY, snapshot, force=True), Open)
    changed = world(published("one/a", 1), own, assets=(A, replace(B, code_version="d")))
    assert isinstance(decide("two/b", DAY, changed), Open)


def test_unchanged_does_not_hide_a_rejection_of_its_own() -> None:
    """A rejection is cleared only by a publish or a rollback, never by confirming the version before it."""
    own = published("two/b", 4, inputs={("one/a", DAY): 1}, judged="rejected")
    assert isinstance(decide("two/b", DAY, world(published("one/a", 1), own)), Open)


def test_a_source_is_never_unchanged() -> None:
    assert decide("one/a", DAY, world(published("one/a", 1))) == Open(())


def test_wants_all_waits_until_every_input_is_newer_or_confirmed() -> None:
    a2 = AssetSpec("one/a2", "c", DAILY, shared_with=("*",))
    both = AssetSpec("two/both", "c", DAILY, inputs=(InputSpec("one/a", "a"), InputSpec("one/a2", "b")), wants="all")
    own = published("two/both", 1, inputs={("one/a", DAY): 1, ("one/a2", DAY): 1}, pinned_at=5)
    assets = (A, a2, both)
    half = world(published("one/a", 2), published("one/a2", 1), own, assets=assets)
    decision = decide("two/both", DAY, half)
    assert isinstance(decision, Waiting)
    assert [r.asset for r in decision.reasons] == ["one/a2"]
    full = world(published("one/a", 2), published("one/a2", 2), own, assets=assets)
    confirmed = world(published("one/a", 2), published("one/a2", 1, confirmed=6), own, assets=assets)
    assert isinstance(decide("two/both", DAY, full), Open)
    assert isinstance(decide("two/both", DAY, confirmed), Open)
    assert isinstance(decide("two/both", DAY, half, force=True), Open)


def test_wants_any_runs_when_one_input_is_newer() -> None:
    a2 = AssetSpec("one/a2", "c", DAILY, shared_with=("*",))
    either = AssetSpec("two/e", "c", DAILY, inputs=(InputSpec("one/a", "a"), InputSpec("one/a2", "b")))
    own = published("two/e", 1, inputs={("one/a", DAY): 1, ("one/a2", DAY): 1})
    snapshot = world(published("one/a", 2), published("one/a2", 1), own, assets=(A, a2, either))
    assert isinstance(decide("two/e", DAY, snapshot), Open)


def test_a_dropped_input_stays_in_what_was_made_from_it_until_that_is_made_without_it() -> None:
    """What is two steps below a rejection is no more open than what is one step below, whoever forgot to read what."""
    without = replace(B, inputs=())
    made_with = published("two/b", 4, inputs={("one/a", DAY): 1})
    snapshot = world(rejected("one/a", 1), made_with, assets=(A, without, C))
    assert standing("two/b", DAY, snapshot) == "blocked"
    decision = decide("three/c", DAY, snapshot)
    assert isinstance(decision, Blocked)
    assert (decision.reasons[0].asset, decision.reasons[0].via) == ("one/a", "two/b")

    assert isinstance(decide("two/b", DAY, snapshot), Open)
    made_without = world(rejected("one/a", 1), published("two/b", 5), assets=(A, without, C))
    assert isinstance(decide("three/c", DAY, made_without), Open)


def test_a_dropped_input_that_is_deployed_no_more_still_blocks_what_was_made_from_it() -> None:
    made_with = published("two/b", 4, inputs={("one/a", DAY): 1})
    snapshot = world(rejected("one/a", 1), made_with, assets=(replace(B, inputs=()), C))
    assert isinstance(decide("three/c", DAY, snapshot), Blocked)


def test_an_input_that_opted_out_since_blocks_no_more_though_it_made_the_version() -> None:
    lenient = replace(B, inputs=(InputSpec("one/a", "a", "last_good"),))
    made_with = published("two/b", 4, inputs={("one/a", DAY): 1})
    assert isinstance(decide("three/c", DAY, world(rejected("one/a", 1), made_with, assets=(A, lenient, C))), Open)


def test_an_asset_that_has_partitions_now_is_read_by_these_and_not_by_what_it_was_before() -> None:
    whole, days = published("one/a", 7, ""), (published("one/a", 1), published("one/a", 2, "2013-01-06"))
    decision = decide("two/all", "", world(whole, *days))
    assert isinstance(decision, Open)
    assert [pin.partition for pin in decision.pins] == [DAY, "2013-01-06"]
    assert isinstance(decide("two/all", "", world(whole)), Waiting)


def test_a_partition_that_was_cut_off_neither_blocks_nor_is_delivered() -> None:
    """Its owner took it away: it can be neither run nor rolled back nor waived any more."""
    narrowed = replace(A, partitions=Daily("2013-01-05"))
    old, bad, good = published("one/a", 3, "2013-01-01"), rejected("one/a", 1, "2013-01-02"), published("one/a", 1)
    assert decide("two/all", "", world(old, bad, good, assets=(narrowed, ALL))) == Open((Pin("one/a", DAY, 1, 10),))
    made = published("two/all", 1, "", inputs={("one/a", "2013-01-02"): 1, ("one/a", DAY): 1})
    reader = AssetSpec("three/r", "c", inputs=(InputSpec("two/all", "all"),))
    shared = replace(ALL, shared_with=("three",))
    assert isinstance(decide("three/r", "", world(bad, good, made, assets=(narrowed, shared, reader))), Open)


def test_the_gate_walks_a_chain_of_twenty_thousand_assets() -> None:
    chain = [AssetSpec("one/a0", "c", DAILY)]
    chain += [AssetSpec(f"one/a{n}", "c", DAILY, inputs=(InputSpec(f"one/a{n - 1}", "a"),)) for n in range(1, 20_000)]
    good = [published(spec.key, 1, inputs={(given.key, DAY): 1 for given in spec.inputs}) for spec in chain]
    assert isinstance(decide("one/a19999", DAY, world(*good, assets=tuple(chain)), force=True), Open)
    decision = decide("one/a19999", DAY, world(rejected("one/a0", 1), *good[1:], assets=tuple(chain)))
    assert isinstance(decision, Blocked)
    assert [reason.asset for reason in decision.reasons] == ["one/a0"]
    check_graph(chain, {})


def test_the_gate_walks_a_lattice_of_two_thousand_by_ten() -> None:
    """Each of ten reads all ten before: every one is looked at once."""
    layers = [[f"one/a{layer}_{place}" for place in range(10)] for layer in range(2_000)]
    specs = [AssetSpec(key, "c", DAILY) for key in layers[0]]
    for before, layer in pairwise(layers):
        inputs = tuple(InputSpec(key, f"p{place}") for place, key in enumerate(before))
        specs += [AssetSpec(key, "c", DAILY, inputs=inputs) for key in layer]
    heads = [published(spec.key, 1) for spec in specs]
    assert standing(layers[-1][0], DAY, world(*heads, assets=tuple(specs))) == "good"
    heads[3] = rejected(layers[0][3], 1)
    assert standing(layers[-1][0], DAY, world(*heads, assets=tuple(specs))) == "blocked"
    check_graph(specs, {})
