"""Partitions: which slices an asset has, and how a dependent's slices meet its input's."""

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from lockgate.core.errors import InvalidName, PartitionMismatch

UNPARTITIONED = ""
_STATIC_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


def _day(text: object, what: str) -> datetime.date:
    try:
        day = datetime.date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise PartitionMismatch(f"{what} {text!r} is not a day.", cure="Write days as 2013-01-05.")
    return day


@dataclass(frozen=True)
class Unpartitioned:
    """An asset that is one piece; its only partition is ``""``."""

    def validate(self, partition: str) -> None:
        """Raise PartitionMismatch unless ``partition`` is ``""``."""
        if partition != UNPARTITIONED:
            raise PartitionMismatch(f"there is no partition {partition!r}: the asset is unpartitioned.")

    def to_json(self) -> dict[str, Any]:
        """The manifest's form."""
        return {"kind": "none"}


@dataclass(frozen=True)
class Daily:
    """One partition per calendar day, named ``2013-01-05``.

    Args:
        start: First day.
        end: Last day, inclusive; None for no end.
    """

    start: str
    end: str | None = None

    def __post_init__(self) -> None:
        start = _day(self.start, "start")
        if self.end is not None and _day(self.end, "end") < start:
            raise PartitionMismatch(f"partitions end on {self.end}, before they start on {self.start}.")

    def validate(self, partition: str) -> None:
        """Raise PartitionMismatch unless ``partition`` is a day within the bounds."""
        _day(partition, "partition")
        if partition < self.start or (self.end is not None and partition > self.end):
            raise PartitionMismatch(
                f"partition {partition} lies outside {self.start} to {self.end or 'today'}.",
                cure="Choose a day within the asset's partitions, or widen Daily(...) and deploy.",
            )

    def to_json(self) -> dict[str, Any]:
        """The manifest's form."""
        return {"kind": "daily", "start": self.start, "end": self.end}


@dataclass(frozen=True)
class Static:
    """A fixed list of partitions.

    Args:
        names: Letters, digits, ``_``, ``.`` and ``-``; at least one, none twice.
    """

    names: tuple[str, ...]

    def __init__(self, *names: str) -> None:
        if not names or len(set(names)) != len(names):
            raise PartitionMismatch("Static(...) needs at least one partition and none twice.")
        for name in names:
            if not isinstance(name, str) or not _STATIC_NAME.fullmatch(name):
                raise InvalidName(
                    f"partition name {name!r} is not allowed.",
                    cure="Use letters, digits, '_', '.' and '-', at most 100 characters.",
                )
        object.__setattr__(self, "names", names)

    def validate(self, partition: str) -> None:
        """Raise PartitionMismatch unless ``partition`` is one of the names."""
        if partition not in self.names:
            raise PartitionMismatch(
                f"there is no partition {partition!r}.", cure=f"Choose one of: {', '.join(self.names)}."
            )

    def to_json(self) -> dict[str, Any]:
        """The manifest's form."""
        return {"kind": "static", "names": list(self.names)}


Partitions: TypeAlias = Unpartitioned | Daily | Static


def partitions_from_json(data: Mapping[str, Any]) -> Partitions:
    """The partitions a manifest describes.

    Raises:
        PartitionMismatch: If they are of a kind that this release does not know.
    """
    if data["kind"] == "daily":
        return Daily(data["start"], data.get("end"))
    if data["kind"] == "static" and isinstance(data["names"], list):
        return Static(*data["names"])
    if data["kind"] == "none":
        return Unpartitioned()
    raise PartitionMismatch(f"there are no partitions of kind {data['kind']!r}.")


def is_fan_in(dependent: Partitions, source: Partitions) -> bool:
    """Whether the dependent sees all published partitions of the input at once."""
    return isinstance(dependent, Unpartitioned) and not isinstance(source, Unpartitioned)


def fit(dependent: Partitions, source: Partitions) -> bool:
    """Whether a dependent with these partitions can read an input with those.

    Daily fits daily whatever the bounds, a static list only the same list; an unpartitioned side fits anything.
    """
    if isinstance(dependent, Unpartitioned) or isinstance(source, Unpartitioned):
        return True
    if isinstance(dependent, Daily) and isinstance(source, Daily):
        return True
    return dependent == source


def input_partition(source: Partitions, partition: str) -> str:
    """The one partition of an input that partition ``partition`` of its dependent reads (not for fan-in)."""
    return UNPARTITIONED if isinstance(source, Unpartitioned) else partition
