"""Redaction: show the shape of a value without the value."""

import reprlib
import string
import unicodedata
from itertools import islice
from typing import Any

MAX_EXAMPLE = 80
_READABLE = frozenset({"None", "NaN", "nan", "NaT", "<NA>", "True", "False", ""})
# Part of names, as letters are.
_KEPT = frozenset(string.punctuation) - {"_"}
_NO_TEXT = "?"
_CONTAINERS: tuple[Any, ...] = (list, tuple, set, frozenset)
_brief = reprlib.Repr()
_brief.maxstring = _brief.maxother = MAX_EXAMPLE


def redact(value: Any) -> str:
    """The shape of ``value``: only punctuation and spaces stay as they are; missing values stay readable.

    Numbers of every script become ``9``, and all else ``x``: letters, marks, signs, what is invisible or no character
    at all. ``-12.5`` becomes ``-99.9``, ``EWR`` becomes ``xxx``; at most 80 characters.

    Never raises: what cannot say what it is becomes ``?``.
    """
    try:
        text = _text(value)
    except BaseException:  # noqa: BLE001 whatever a value's own code does, the check that failed is still recorded
        return _NO_TEXT
    return text if text in _READABLE else "".join(map(_shape, text))


def _text(value: Any) -> str:
    """At most 80 characters, without making more of them where the value is large."""
    if isinstance(value, str):
        return str.__getitem__(value, slice(MAX_EXAMPLE))
    if isinstance(value, bytes | bytearray):
        return str(bytes(value[:MAX_EXAMPLE]))[:MAX_EXAMPLE]
    if isinstance(value, int) and abs(int(value)) >= 10**MAX_EXAMPLE:
        return ("-" if value < 0 else "") + "9" * (MAX_EXAMPLE - 1)
    return str.__getitem__(_container(value) or str(value), slice(MAX_EXAMPLE))


def _container(value: Any) -> str:
    """The beginning of a container, of which no more is looked at than tells that there is more; "" of others."""
    enough = _brief.maxlist + 1
    for kind in _CONTAINERS:
        if isinstance(value, kind):
            return _brief.repr(kind(islice(kind.__iter__(value), enough)))
    return _brief.repr(dict(islice(dict.items(value), enough))) if isinstance(value, dict) else ""


def _shape(character: str) -> str:
    if character in _KEPT:
        return character
    if character.isspace():
        return " "
    match unicodedata.category(character):
        case "Pd" | "Ps" | "Pe" | "Pi" | "Pf" | "Po":
            return character
        case "Nd" | "Nl" | "No":
            return "9"
    return "x"
