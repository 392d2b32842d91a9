"""Names made from others: no two things share one, and no name takes what is another's."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.core.keys import slug
from lockgate.platform.workers import own_settings

LIKE_EACH_OTHER = [
    "eu_west",
    "eu-west",
    "eu.west",
    "EU_west",
    "Eu-West",
    "eu--west",
    "eu-west-",
    "a/b_c",
    "a_b/c",
    "a-b-c",
    "---",
    "",
]


@pytest.mark.parametrize(("one", "other"), list(combinations(LIKE_EACH_OTHER, 2)))
def test_like_texts_have_slugs_that_differ(one: str, other: str) -> None:
    assert slug(one) != slug(other)


@given(st.text(max_size=300))
def test_a_slug_is_what_prefect_accepts(text: str) -> None:
    made = slug(text)
    assert 0 < len(made) <= 100
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert not made.startswith("-")
    assert "--" not in made


def test_a_teams_settings_are_its_own_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No team's name can have two underscores in a row or one at its end, so each variable is one team's."""
    for name in ("A__TOKEN", "A_B__TOKEN", "B__TOKEN"):
        monkeypatch.setenv(name, f"of {name}")
    assert own_settings("a")["TOKEN"] == "of A__TOKEN"
    assert own_settings("a_b") == {"TOKEN": "of A_B__TOKEN"}
    assert own_settings("b") == {"TOKEN": "of B__TOKEN"}
