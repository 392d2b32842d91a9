"""What a plan says: exactly what leads from what is there to what is wanted."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lockgate.core.changes import Change, FieldChange, compare
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
