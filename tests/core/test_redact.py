"""What is shown of a value says how it looks, never what it is, and asking never fails."""

import string
import sys
import unicodedata
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from lockgate.core.redact import redact


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        (-12.5, "-99.9"),
        ("EWR", "xxx"),
        ("2013-01-05T06:00+01:00", "9999-99-99x99:99+99:99"),
        ("a_b", "xxx"),
        ("john_doe@example.com", "xxxxxxxx@xxxxxxx.xxx"),
        ("हिन्दी", "xxxxxx"),
        ("e\u0301te\u0301", "xxxxx"),
        ("ถนน ๑๒", "xxx 99"),
        ("Ⅷ½²", "999"),
        ("東京\u3000駅", "xx x"),
        ("😀€©", "xxx"),
        ("a\x00b\ud800c", "xxxxx"),
        ("a\u200bb\ufeff\u202e", "xxxxx"),
        ("a\tb\nc", "x x x"),
        ("«a»‿b", "«x»xx"),
        (b"\xffab", "x'\\xxxxx'"),
        (["a", 1, None], "['x', 9, xxxx]"),
        (None, "None"),
        (float("nan"), "nan"),
        (pd.NA, "<NA>"),
        (pd.NaT, "NaT"),
        (True, "True"),
        ("", ""),
    ],
)
def test_only_punctuation_and_spaces_stay(value: Any, shape: str) -> None:
    assert redact(value) == shape


def test_no_letter_mark_sign_or_number_of_any_script_is_kept() -> None:
    """Every character there is."""
    kept = {unicodedata.category(c) for c in map(chr, range(sys.maxunicode + 1)) if redact(c) == c and c not in "x9 "}
    assert kept - {"Pd", "Ps", "Pe", "Pi", "Pf", "Po"} == {"Sc", "Sk", "Sm"}
    signs = {c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c)[0] == "S" and redact(c) == c}
    assert signs <= set(string.punctuation)


@given(st.text(st.characters(), max_size=200))
def test_what_comes_can_be_stored_and_is_bounded(text: str) -> None:
    shape = redact(text)
    assert len(shape) == min(len(text), 80)
    assert "\x00" not in shape
    shape.encode()


class _Raises:
    def __init__(self, error: BaseException) -> None:
        self._error = error

    def __str__(self) -> str:
        raise self._error


class _Endless(list[int]):
    """Says all it holds."""

    def __str__(self) -> str:
        raise AssertionError("it was asked for all of it")


class _NoText:
    def __str__(self) -> str:
        return 7  # type: ignore[return-value]


class _Text(str):
    """A text that answers with another one."""

    def __str__(self) -> str:
        raise ValueError


@pytest.mark.parametrize(
    "value",
    [_Raises(ValueError("4711")), _Raises(SystemExit(0)), _Raises(KeyboardInterrupt()), _Raises(RecursionError()),
     _NoText(), {"a": _Raises(ValueError())}],
)  # fmt: skip
def test_a_value_that_cannot_say_what_it_is_raises_nothing(value: Any) -> None:
    assert "4711" not in redact(value)


def test_large_values_are_not_written_out() -> None:
    assert redact("a" * 10_000_000) == "x" * 80
    assert redact(b"a" * 10_000_000)[:2] == "x'"
    assert redact(10**1_000_000) == "9" * 79
    assert redact(-(10**5_000)) == "-" + "9" * 79
    assert redact(_Endless(range(1_000_000))) == "[9, 9, 9, 9, 9, 9, ...]"
    assert redact(_Text("secret")) == "xxxxxx"
    assert redact(np.arange(10_000_000)) == "[      9       9       9 ... 9999999 9999999 9999999]"
