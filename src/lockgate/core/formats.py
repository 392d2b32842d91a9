"""How a version's value is stored, told by the name of its file alone: what gate, deploy and readers know unseen.

    data.parquet             a frame
    data.zip                 plain values, arrays, frames within them, scikit-learn models
    data.pickle              a pickle: reading it runs code that whoever wrote it chose
    data.MODULE.NAME.pickle  the same, of something that only the team that wrote it has
    data.joblib              a pickle of an earlier release

A team's login could write any name, but a file is only ever read as what its name says.
"""

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

FRAME = "data.parquet"
PLAIN = "data.zip"
PICKLE = "data.pickle"
OLD_PICKLE = "data.joblib"

Trust: TypeAlias = Literal["pickle"] | None
"""What a reader takes from another team beyond safe formats."""

_OWN = re.compile(r"data\.([A-Za-z0-9_.]+)\.pickle")
_LONGEST = 100


@dataclass(frozen=True)
class Barrier:
    """Why a team may not read another team's value.

    Attributes:
        why: The end of a sentence that begins with the value's name.
        cure: What to do about it.
    """

    why: str
    cure: str


def file_of(location: str | None) -> str:
    """The name of the file at a location in the store; "" for an effect, which has none."""
    return (location or "").rpartition("/")[2]


def is_pickle(file: str) -> bool:
    """Whether reading a file of this name runs code of whoever wrote it."""
    return file.endswith(".pickle") or file == OLD_PICKLE


def pickle_file(own: str | None) -> str:
    """The file for a pickle.

    Args:
        own: The first class or function in it that belongs to no installed package, as ``module.name``.
    """
    return PICKLE if own is None else f"data.{re.sub(r'[^A-Za-z0-9_.]', '_', own)[:_LONGEST]}.pickle"


def barrier(file: str, owner: str, *, trusted: bool, word: str) -> Barrier | None:
    """What keeps another team from reading a value, None if nothing does.

    Args:
        file: Name of the value's file.
        owner: The team that made it.
        trusted: Whether the reader takes pickles of that team.
        word: What the reader writes to say so.
    """
    if not is_pickle(file):
        return None
    plain = f"let team {owner} publish a frame, plain values or arrays"
    if own := _OWN.fullmatch(file):
        return Barrier(f"is a pickle of {own[1]}, which only team {owner} has", f"{plain[0].upper()}{plain[1:]}.")
    if file == OLD_PICKLE and trusted:
        return Barrier(
            "is a pickle of an earlier release, which does not say whose classes it holds",
            f"Let team {owner} run it again.",
        )
    if not trusted:
        return Barrier(
            f"is a pickle, and reading it would run code of team {owner}",
            f"Trust that team by {word}, or {plain}.",
        )
    return None
