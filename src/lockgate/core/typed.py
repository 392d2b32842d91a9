"""Whether data that came from outside has the types that a dataclass says."""

import math
import types
from dataclasses import fields, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints


def mistyped(value: Any, kind: Any, where: str = "it") -> str | None:
    """The first part of a value that is not of its declared type; None if all is.

    Args:
        value: Of a dataclass, or of ``str``, ``int``, ``bool``, ``float``, ``None``, a ``Literal``, a union or a tuple
            of one kind; of any other type only that type itself.
        kind: The declared type.
        where: How to name the value.
    """
    origin, choices = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        fitting = any(mistyped(value, choice, where) is None for choice in choices)
    elif origin is Literal:
        fitting = any(type(value) is type(choice) and value == choice for choice in choices)
    elif origin is tuple:
        if not isinstance(value, tuple):
            return where
        return next((found for each in value if (found := mistyped(each, choices[0], where))), None)
    elif is_dataclass(kind):
        return _mistyped_field(value, kind, where)
    elif kind is float:
        fitting = type(value) in (int, float) and math.isfinite(value)
    else:
        fitting = type(value) is (type(None) if kind is None else kind)
    return None if fitting else where


def _mistyped_field(value: Any, kind: Any, where: str) -> str | None:
    if not isinstance(value, kind):
        return where
    hints = get_type_hints(kind)
    found = (mistyped(getattr(value, each.name), hints[each.name], each.name) for each in fields(kind))
    return next((each for each in found if each), None)
