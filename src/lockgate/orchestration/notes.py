"""What the platform's rounds find, item by item: one that breaks is noted and keeps no other from its turn."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

BROKE = "could not be looked at"


@dataclass(frozen=True)
class Note:
    """What a round did about a slice, or why it did nothing.

    Attributes:
        asset: The asset; for others than assets the deployment's full name, or "".
        partition: Its partition.
        what: ``started``, or what else was found.
    """

    asset: str
    partition: str
    what: str


@contextmanager
def by_itself(notes: list[Note], asset: str, partition: str = "") -> Iterator[None]:
    """Note whatever is raised in the block as found of this item, by its kind alone: its message may be data."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - whatever one item breaks on, the others have their turn
        notes.append(Note(asset, partition, f"{BROKE}: {type(error).__name__}"))
