"""What a deploy would change, as data: parts by name, before and after."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Part: TypeAlias = Literal["pool", "asset", "deployment", "trigger"]
Action: TypeAlias = Literal["created", "changed", "removed"]
Fields: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class FieldChange:
    """One field that is not what it will be; a side is None where the field is not there."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Change:
    """One thing that a deploy creates, changes or removes.

    Attributes:
        part: What it is: a work pool, a registered asset, a deployment, or the automation that starts one.
        name: Its name.
        action: What happens to it.
        fields: Those that differ; all of a created or removed thing.
    """

    part: Part
    name: str
    action: Action
    fields: tuple[FieldChange, ...]


def compare(part: Part, before: Mapping[str, Fields], after: Mapping[str, Fields]) -> Iterator[Change]:
    """The changes that lead from some things to others, by name.

    Args:
        part: What they are.
        before: Their fields now, by name.
        after: Their fields afterwards, JSON-compatible as those now.
    """
    for name in sorted(before.keys() | after.keys()):
        fields = tuple(_differences(before.get(name, {}), after.get(name, {})))
        if name not in before:
            yield Change(part, name, "created", fields)
        elif name not in after:
            yield Change(part, name, "removed", fields)
        elif fields:
            yield Change(part, name, "changed", fields)


def _differences(before: Fields, after: Fields) -> Iterator[FieldChange]:
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield FieldChange(name, before.get(name), after.get(name))
