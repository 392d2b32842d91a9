"""The function a team wrote behind one that pandera made of it."""

import inspect
from collections.abc import Callable
from typing import Any

from lockgate.core.calling import definition


def written(fn: Callable[..., Any]) -> Callable[..., Any]:
    """For a rule or parser of a model the method itself, for any other function that function."""
    found = definition(fn)
    if found is None or not found.__module__.startswith("pandera."):
        return fn
    return rule_of(inspect.getclosurevars(found).nonlocals.get("self")) or fn


def rule_of(info: Any) -> Any:
    """The method behind what pandera notes of a rule or parser of a model; None for anything else."""
    return getattr(info, "check_fn", None) or getattr(info, "parser_fn", None)
