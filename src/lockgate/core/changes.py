"""What a deploy would change, as data: parts by name, before and after."""

import itertools
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


def narrowed(change: FieldChange) -> list[FieldChange]:
    """The smallest parts of a field that differ, named by their path: ``contract.columns.price.type``.

    Args:
        change: JSON-compatible on both sides. Lists of things with a ``name`` are told apart by it, others by place.

    Returns:
        At least one; the whole field where it is only in another order.
    """
    before, after = _by_name(change.before), _by_name(change.after)
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        before, after = dict(enumerate(before)), dict(enumerate(after))
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return [change]
    parts = [FieldChange(f"{change.name}.{part.name}", part.before, part.after) for part in _differences(before, after)]
    return [smaller for part in parts for smaller in narrowed(part)] or [change]


def _by_name(value: Any) -> Any:
    if not isinstance(value, list | tuple):
        return value
    items = list(value)
    names = [item.get("name") for item in items if isinstance(item, Mapping)]
    named = items and len(set(map(str, names))) == len(items) and all(isinstance(name, str) for name in names)
    return dict(zip(names, items, strict=True)) if named else items


def excerpts(before: str, after: str, most: int) -> tuple[str, str]:
    """Two texts that differ, each cut to ``most`` characters so that the first difference is seen.

    Args:
        before: One text.
        after: Another.
        most: At least 20.
    """
    if max(len(before), len(after)) <= most:
        return before, after
    # A third of what is shown is common to both, so that one can find the place.
    alike = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False)))
    start = max(0, alike - most // 3)
    return _cut(before, start, most), _cut(after, start, most)


def _cut(text: str, start: int, most: int) -> str:
    head = "..." if start else ""
    room = most - len(head)
    rest = text[start:]
    return head + (rest if len(rest) <= room else f"{rest[: room - 3]}...")
