"""Redaction: show the shape of a value without the value."""

import re
from typing import Any

MAX_EXAMPLE = 80
_LETTER = re.compile(r"[^\W\d_]")
_DIGIT = re.compile(r"\d")


def redact(value: Any) -> str:
    """The shape of ``value``: letters become ``x``, digits ``9``; missing values stay readable.

    ``-12.5`` becomes ``-99.9``, ``EWR`` becomes ``xxx``; at most 80 characters.
    """
    text = str(value)
    if text in {"None", "NaN", "nan", "NaT", "<NA>", "True", "False", ""}:
        return text
    return _DIGIT.sub("9", _LETTER.sub("x", text[:MAX_EXAMPLE]))
