"""What is read from outside is of the declared types, or of no use."""

from dataclasses import dataclass
from typing import Literal

import pytest

from lockgate.core.typed import mistyped


@dataclass(frozen=True)
class Inner:
    number: int
    texts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outer:
    inner: Inner | None
    kind: Literal["a", "b"]
    seconds: float | None
    many: tuple[Inner, ...]
    on: bool = True


SOUND = Outer(Inner(1, ("x",)), "a", 1, (Inner(2),))


def test_what_is_of_its_types_is_let_pass() -> None:
    assert mistyped(SOUND, Outer) is None
    assert mistyped(Outer(None, "b", None, ()), Outer) is None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (Outer(Inner("1"), "a", 1, ()), "inner"),  # type: ignore[arg-type]
        (Outer(Inner(True), "a", 1, ()), "inner"),
        (Outer(Inner(1, ("x", 2)), "a", 1, ()), "inner"),  # type: ignore[arg-type]
        (Outer(None, "c", 1, ()), "kind"),  # type: ignore[arg-type]
        (Outer(None, "a", float("nan"), ()), "seconds"),
        (Outer(None, "a", "1", ()), "seconds"),  # type: ignore[arg-type]
        (Outer(None, "a", True, ()), "seconds"),
        (Outer(None, "a", 1, [Inner(1)]), "many"),  # type: ignore[arg-type]
        (Outer(None, "a", 1, (Inner(None),)), "number"),  # type: ignore[arg-type]
        (Outer(None, "a", 1, (), 1), "on"),  # type: ignore[arg-type]
        ("no Outer", "it"),
    ],
)
def test_the_first_part_that_is_not_is_named(wrong: object, said: str) -> None:
    assert mistyped(wrong, Outer) == said
