"""The page of guarantees names tests; they are there."""

import re

from tests.running import REPOSITORY

PAGE = REPOSITORY / "docs" / "guarantees.md"
NAMED = re.compile(r"(tests/(?:\w+/)+test_\w+\.py)(?:::(test_\w+))?")


def test_every_test_that_a_guarantee_names_is_there() -> None:
    named = NAMED.findall(PAGE.read_text(encoding="utf-8"))
    assert len(named) > 20
    for file, test in named:
        text = (REPOSITORY / file).read_text(encoding="utf-8")
        assert f"def {test}(" in text if test else True, f"{file} has no {test}"


def test_no_test_is_named_in_another_way() -> None:
    lines = NAMED.sub("", PAGE.read_text(encoding="utf-8")).splitlines()
    assert [line for line in lines if "test_" in line] == []
