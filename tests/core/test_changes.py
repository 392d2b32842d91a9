"""What a plan says: exactly what leads from what is there to what is wanted."""

from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from lockgate.core.changes import Change, FieldChange, compare, excerpts, narrowed
from tests.core.test_gate_properties import many

names = st.sampled_from(["a", "b", "c", "d"])
values = st.one_of(st.integers(0, 3), st.lists(st.integers(0, 2), max_size=2), st.just({"cron": "0 6 * * *"}))
things = st.dictionaries(names, st.dictionaries(st.sampled_from(["x", "y", "z"]), values, max_size=3), max_size=4)


def carried_out(before: dict[str, dict[str, Any]], changes: list[Change]) -> dict[str, dict[str, Any]]:
    found = {name: dict(fields) for name, fields in before.items()}
    for change in changes:
        if change.action == "removed":
            del found[change.name]
            continue
        fields = found.setdefault(change.name, {})
        for field in change.fields:
            assert fields.get(field.name) == field.before
            fields.pop(field.name, None)
            if field.after is not None:
                fields[field.name] = field.after
    return found


def test_created_changed_and_removed_are_told_apart_with_their_fields() -> None:
    before = {"kept": {"x": 1}, "changed": {"x": 1, "y": 1}, "gone": {"x": 1}}
    after = {"kept": {"x": 1}, "changed": {"x": 1, "y": 2}, "new": {"x": 1}}
    assert list(compare("asset", before, after)) == [
        Change("asset", "changed", "changed", (FieldChange("y", 1, 2),)),
        Change("asset", "gone", "removed", (FieldChange("x", 1, None),)),
        Change("asset", "new", "created", (FieldChange("x", None, 1),)),
    ]


@many
@given(things, things)
def test_carrying_the_changes_out_leads_to_what_is_wanted(
    before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]
) -> None:
    assert carried_out(before, list(compare("deployment", before, after))) == after


@many
@given(things)
def test_there_is_nothing_to_do_where_nothing_differs(same: dict[str, dict[str, Any]]) -> None:
    assert list(compare("trigger", same, same)) == []


def test_of_a_changed_contract_the_column_that_changed_is_told() -> None:
    columns = [{"name": name, "type": "int64", "checks": ["positive"]} for name in ("number", "price", "unit")]
    dearer = [*columns[:1], {**columns[1], "type": "float64"}, columns[2]]
    change = FieldChange("contract", {"version": 1, "columns": columns}, {"version": 1, "columns": dearer})
    assert narrowed(change) == [FieldChange("contract.columns.price.type", "int64", "float64")]


def test_a_column_that_came_or_went_is_told_with_what_it_is() -> None:
    kept, new = {"name": "a", "type": "int64"}, {"name": "b", "type": "str"}
    assert narrowed(FieldChange("columns", [kept], [kept, new])) == [FieldChange("columns.b", None, new)]
    assert narrowed(FieldChange("columns", [kept, new], [kept])) == [FieldChange("columns.b", new, None)]


def test_what_has_no_name_is_told_by_its_place_or_whole() -> None:
    assert narrowed(FieldChange("tags", ["x", "y"], ["x", "z"])) == [FieldChange("tags.1", "y", "z")]
    assert narrowed(FieldChange("tags", ["x"], ["x", "z"])) == [FieldChange("tags", ["x"], ["x", "z"])]
    swapped = ([{"name": "a"}, {"name": "b"}], [{"name": "b"}, {"name": "a"}])
    assert narrowed(FieldChange("columns", *swapped)) == [FieldChange("columns", *swapped)]
    twice = [{"name": "a", "x": 1}, {"name": "a", "x": 1}]
    assert narrowed(FieldChange("c", twice, twice[:1])) == [FieldChange("c", twice, twice[:1])]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["a", "b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "x", "y"]), inner, max_size=3),
    max_leaves=12,
)


@many
@given(json_values, json_values)
def test_whatever_differs_is_told_and_nothing_that_does_not(before: Any, after: Any) -> None:
    assume(before != after)
    parts = narrowed(FieldChange("f", before, after))
    assert parts
    assert all(part.before != part.after and part.name.startswith("f") for part in parts)


@many
@given(st.text("ab", max_size=200), st.text("ab", max_size=200), st.text("ab", max_size=200))
def test_two_texts_that_differ_are_never_shown_as_the_same(common: str, before: str, after: str) -> None:
    left, right = excerpts(common + before, common + after, 60)
    assert (left != right) == (before != after)
    assert len(left) <= 60
    assert len(right) <= 60
