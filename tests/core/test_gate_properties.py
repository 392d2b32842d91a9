"""The gate over random registries and histories."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.core.gate import Blocked, Head, Open, Slice, Snapshot, Unchanged, Waiting, decide, read_slices, standing
from lockgate.core.spec import AssetSpec, InputSpec
from tests.core.worlds import worlds

many = settings(max_examples=200, deadline=None, derandomize=True)


def ancestors(spec: AssetSpec, partition: str, world: Snapshot) -> set[Slice]:
    """All slices above one, following only inputs that block: written apart from the gate, to judge it."""
    found: set[Slice] = set()
    todo: list[tuple[AssetSpec, str]] = [(spec, partition)]
    while todo:
        asset, part = todo.pop()
        for given_input in asset.inputs:
            if given_input.on_rejected == "last_good":
                continue
            for where in read_slices(asset, given_input, part, world):
                if where not in found:
                    found.add(where)
                    todo.append((world.assets[where[0]], where[1]))
    return found


@many
@given(worlds(), st.booleans())
def test_never_open_when_an_ancestor_does_not_stand_good(world: tuple[Snapshot, str, str], force: bool) -> None:
    snapshot, key, partition = world
    decision = decide(key, partition, snapshot, force=force)
    above = ancestors(snapshot.assets[key], partition, snapshot)
    if any(snapshot.head(*where).judged == "rejected" for where in above):
        assert isinstance(decision, Blocked)
        assert all(standing(*where, snapshot) in {"good", "blocked", "rejected"} for where in above)


@many
@given(worlds(), st.booleans())
def test_blocked_names_a_rejected_ancestor_or_a_missing_share(world: tuple[Snapshot, str, str], force: bool) -> None:
    snapshot, key, partition = world
    decision = decide(key, partition, snapshot, force=force)
    if isinstance(decision, Blocked):
        for reason in decision.reasons:
            if reason.kind == "rejected":
                head = snapshot.head(reason.asset, reason.partition)
                assert head.judged == "rejected"
                assert reason.checks == head.failed_checks
            else:
                assert reason.kind == "unshared"
                assert not snapshot.assets[reason.asset].readable_by(snapshot.assets[key].team)


@many
@given(worlds(), st.booleans())
def test_never_open_on_an_unshared_input(world: tuple[Snapshot, str, str], force: bool) -> None:
    snapshot, key, partition = world
    spec = snapshot.assets[key]
    if any(not snapshot.assets[i.key].readable_by(spec.team) for i in spec.inputs):
        assert isinstance(decide(key, partition, snapshot, force=force), Blocked)


@many
@given(worlds())
def test_always_open_when_all_inputs_are_published_good_shared_and_new(world: tuple[Snapshot, str, str]) -> None:
    snapshot, key, partition = world
    spec = snapshot.assets[key]
    heads: dict[Slice, Head] = {}
    for (asset, part), head in snapshot.heads.items():
        heads[(asset, part)] = replace(head, judged="published", number=9, version_id=head.version_id or 77)
    for given_input in spec.inputs:
        for where in read_slices(spec, given_input, partition, snapshot) or [(given_input.key, "2013-01-01")]:
            heads[where] = Head(*where, judged="published", number=9, version_id=77)
    own = snapshot.head(key, partition)
    heads[(key, partition)] = replace(own, judged="published", number=1, version_id=1)
    assets = {name: replace(a, shared_with=("*",)) for name, a in snapshot.assets.items()}
    decision = decide(key, partition, Snapshot(assets, heads))
    assert isinstance(decision, Open)
    assert {pin.asset for pin in decision.pins} == {i.key for i in spec.inputs}
    assert all(pin.number == 9 for pin in decision.pins)


@many
@given(worlds(), st.booleans())
def test_open_pins_exactly_the_current_versions_of_all_declared_inputs(
    world: tuple[Snapshot, str, str], force: bool
) -> None:
    snapshot, key, partition = world
    decision = decide(key, partition, snapshot, force=force)
    if isinstance(decision, Open | Unchanged):
        assert {pin.asset for pin in decision.pins} == {i.key for i in snapshot.assets[key].inputs}
        for pin in decision.pins:
            head = snapshot.head(pin.asset, pin.partition)
            assert (pin.number, pin.version_id) == (head.number, head.version_id)


@many
@given(worlds(), st.booleans())
def test_unchanged_is_never_for_a_source_never_forced_and_only_for_same_inputs_and_code(
    world: tuple[Snapshot, str, str], force: bool
) -> None:
    snapshot, key, partition = world
    decision = decide(key, partition, snapshot, force=force)
    if isinstance(decision, Unchanged):
        head = snapshot.head(key, partition)
        assert snapshot.assets[key].inputs
        assert not force
        assert head.judged == "published"
        assert head.code_version == snapshot.assets[key].code_version
        assert {(p.asset, p.partition): p.number for p in decision.pins} == dict(head.inputs)


@many
@given(worlds())
def test_waiting_names_an_input_without_a_version_or_not_renewed(world: tuple[Snapshot, str, str]) -> None:
    snapshot, key, partition = world
    decision = decide(key, partition, snapshot)
    if isinstance(decision, Waiting):
        assert decision.reasons
        if any(reason.kind == "not_fresh" for reason in decision.reasons):
            assert snapshot.assets[key].wants == "all"
            assert not isinstance(decide(key, partition, snapshot, force=True), Waiting)


@many
@given(worlds())
def test_a_rejection_shuts_the_gate_of_every_descendant_that_does_not_opt_out(
    world: tuple[Snapshot, str, str],
) -> None:
    """Reject any one ancestor of an open asset and it is open no more."""
    snapshot, key, partition = world
    if not isinstance(decide(key, partition, snapshot, force=True), Open):
        return
    for where in ancestors(snapshot.assets[key], partition, snapshot):
        rejected = replace(snapshot.head(*where), judged="rejected")
        after = Snapshot(snapshot.assets, {**snapshot.heads, where: rejected})
        assert isinstance(decide(key, partition, after, force=True), Blocked)


@many
@given(worlds())
def test_an_input_that_opts_out_never_blocks_by_rejection(world: tuple[Snapshot, str, str]) -> None:
    snapshot, key, partition = world
    spec = snapshot.assets[key]
    lenient = replace(spec, inputs=tuple(InputSpec(i.key, i.param, "last_good") for i in spec.inputs))
    decision = decide(key, partition, Snapshot({**snapshot.assets, key: lenient}, snapshot.heads))
    if isinstance(decision, Blocked):
        assert {reason.kind for reason in decision.reasons} == {"unshared"}
