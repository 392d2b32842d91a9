"""Another team's pickle is read only where the reader's own input says so; every other value needs no word."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate import DefinitionError, Input, Team
from lockgate.core.explain import explain
from lockgate.core.explain_text import next_step, sentence
from lockgate.core.formats import Trust, file_of, is_pickle, pickle_file
from lockgate.core.gate import Blocked, Open, Pin, Snapshot, Waiting, decide, read_slices
from lockgate.core.spec import InputSpec, spec_from_json
from lockgate.core.sweep import Progress, missing_runs
from tests.core.test_gate import ALL, DAY, A, B, published, rejected, world
from tests.core.test_gate_properties import many
from tests.core.worlds import worlds

OWN_CLASS = "data.contracts.Model.pickle"
OLD = "data.joblib"
FILES = ("", "data.parquet", "data.zip", "data.pickle", OWN_CLASS, OLD)


def trusting(trust: Trust = "pickle", **more: object) -> InputSpec:
    return replace(InputSpec("one/a", "a", trust=trust), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("file", "trust", "why"),
    [
        ("", None, None),
        ("data.parquet", None, None),
        ("data.zip", None, None),
        ("data.zip", "pickle", None),
        ("data.pickle", "pickle", None),
        (
            "data.pickle",
            None,
            "is a pickle, and reading it would run code of team one. Trust that team by"
            ' Input("one/a", trust="pickle"), or let team one publish a frame, plain values or arrays',
        ),
        *((OWN_CLASS, trust, "is a pickle of contracts.Model, which only team one has. Let team one publish a frame,"
           " plain values or arrays") for trust in (None, "pickle")),
        (OLD, None, "is a pickle, and reading it would run code of team one. Trust that team by"
         ' Input("one/a", trust="pickle"), or let team one publish a frame, plain values or arrays'),
        (OLD, "pickle", "is a pickle of an earlier release, which does not say whose classes it holds."
         " Let team one run it again"),
        ("x; drop\n.pickle", None, "is a pickle, and reading it would run code of team one. Trust that team by"
         ' Input("one/a", trust="pickle"), or let team one publish a frame, plain values or arrays'),
    ],
)  # fmt: skip
def test_the_gate_tells_by_the_files_name_what_a_reader_may_have(file: str, trust: Trust, why: str | None) -> None:
    reader = replace(B, inputs=(trusting(trust),))
    snapshot = world(published("one/a", 1, file=file), assets=(A, reader))
    decision = decide("two/b", DAY, snapshot, force=True)
    if why is None:
        assert decision == Open((Pin("one/a", DAY, 1, 10, trusted=trust == "pickle"),))
        return
    assert isinstance(decision, Blocked)
    assert [(reason.kind, str(reason)) for reason in decision.reasons] == [("pickled", f"one/a [{DAY}] {why}")]
    assert list(missing_runs(snapshot, Progress())) == []

    (cause,) = explain("two/b", DAY, snapshot, {}, Progress()).causes
    assert (cause.asset, cause.state, sentence(cause), next_step(cause)) == ("one/a", "pickled", why, "")


@pytest.mark.parametrize("file", FILES)
def test_a_teams_own_values_need_no_word(file: str) -> None:
    own = replace(B, key="one/b")
    decision = decide("one/b", DAY, world(published("one/a", 1, file=file), assets=(A, own)))
    assert isinstance(decision, Open)


def test_reading_the_last_good_version_is_no_trust() -> None:
    lenient = replace(B, inputs=(trusting(None, on_rejected="last_good"),))
    head = replace(rejected("one/a", 1), file="data.pickle")
    assert isinstance(decide("two/b", DAY, world(head, assets=(A, lenient))), Blocked)


def test_one_pickled_partition_of_many_blocks_and_is_named() -> None:
    days = published("one/a", 1, file="data.zip"), published("one/a", 1, "2013-01-06", file="data.pickle")
    decision = decide("two/all", "", world(*days, assets=(A, ALL)))
    assert isinstance(decision, Blocked)
    assert [reason.partition for reason in decision.reasons] == ["2013-01-06"]


def test_an_input_without_a_version_is_waited_for_as_before() -> None:
    assert isinstance(decide("two/b", DAY, world(assets=(A, B))), Waiting)


@many
@given(worlds(), st.data(), st.booleans())
def test_never_open_on_a_pickle_that_the_reader_did_not_trust(
    random: tuple[Snapshot, str, str], data: st.DataObject, force: bool
) -> None:
    snapshot, key, partition = random
    files = {where: data.draw(st.sampled_from(FILES)) for where in snapshot.heads}
    heads = {where: replace(head, file=files[where]) for where, head in snapshot.heads.items()}
    spec = snapshot.assets[key]
    inputs = tuple(replace(one, trust=data.draw(st.sampled_from([None, "pickle"]))) for one in spec.inputs)
    spec = replace(spec, inputs=inputs)
    snapshot = Snapshot({**snapshot.assets, key: spec}, heads)
    decision = decide(key, partition, snapshot, force=force)
    if isinstance(decision, Blocked):
        return
    for given_input in inputs:
        for where in read_slices(spec, given_input, partition, snapshot):
            file = files.get(where, "")
            foreign = where[0].partition("/")[0] != spec.team
            assert not foreign or not is_pickle(file) or (given_input.trust and file == "data.pickle")


def test_an_input_says_whom_it_trusts_and_only_of_another_team() -> None:
    team = Team("two")

    @team.asset(inputs={"a": Input("one/a", trust="pickle"), "b": "one/b"})
    def reader(a: object, b: object) -> int:
        return 1

    spec = reader.spec("c")
    assert [given.trust for given in spec.inputs] == ["pickle", None]
    assert spec_from_json(spec.to_json()) == spec
    old = spec.to_json()
    for given_input in old["inputs"]:
        del given_input["trust"]
    assert [given.trust for given in spec_from_json(old).inputs] == [None, None]


@pytest.mark.parametrize(
    ("key", "trust", "message"),
    [
        ("two/own", "pickle", r"two/own is this team's own, which needs no trust\. Leave trust out\."),
        ("one/a", True, "trust must be 'pickle', not True"),
        ("one/a", "pickles", "trust must be 'pickle', not 'pickles'"),
        ("one/a", ["pickle"], "trust must be 'pickle', not "),
    ],
)
def test_other_trust_is_refused_at_definition(key: str, trust: Trust, message: str) -> None:
    team = Team("two")
    with pytest.raises(DefinitionError, match=message):

        @team.asset(inputs={"a": Input(key, trust=trust)})
        def reader(a: object) -> int:
            return 1


@pytest.mark.parametrize(
    ("own", "file"),
    [
        (None, "data.pickle"),
        ("contracts.Model", OWN_CLASS),
        ("a/../b.C", "data.a_.._b.C.pickle"),
        ("wärme.Größe", "data.w_rme.Gr__e.pickle"),
        ("m." + "x" * 500, f"data.m.{'x' * 98}.pickle"),
    ],
)
def test_the_name_of_a_file_is_safe_whatever_a_class_is_called(own: str | None, file: str) -> None:
    assert pickle_file(own) == file
    assert is_pickle(file)
    assert file_of(f"one/a/_/1/{file}") == file
