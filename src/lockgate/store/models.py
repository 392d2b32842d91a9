"""scikit-learn models through skops, which runs no code of theirs, where a team has installed it."""

import importlib.util
import sys
from typing import Any

from lockgate.store.errors import UnsupportedValue
from lockgate.store.same import same


def is_model(value: Any) -> bool:
    """Whether it is a scikit-learn estimator. One cannot be there before ``sklearn.base`` was imported."""
    base = sys.modules.get("sklearn.base")
    return base is not None and isinstance(value, base.BaseEstimator)


def encode_model(value: Any) -> bytes:
    """The model as skops writes it.

    Raises:
        UnsupportedValue: If skops is not installed, if it would not read it back without being told to trust more
            than it does by itself (trees are such: it cannot tell whether their nodes are sound), or if the model
            would come back otherwise.
    """
    if importlib.util.find_spec("skops") is None:
        raise UnsupportedValue(_MISSING, cure=_INSTALL)
    import skops.io

    name = type(value).__name__
    try:
        content: bytes = skops.io.dumps(value)
        exact = same(value.__dict__, decode_model(content).__dict__)
    except Exception as error:  # noqa: BLE001 - whatever it raises may quote data, so it is not the cause
        raise UnsupportedValue(f"skops does not keep a {name}: {type(error).__name__}.") from None
    if not exact:
        raise UnsupportedValue(f"A {name} would come back from skops otherwise than it was checked.")
    return content


def decode_model(content: bytes) -> Any:
    """The model that ``encode_model`` wrote.

    Raises:
        UnsupportedValue: If skops is not installed.
        Exception: Whatever skops raises of what it does not trust.
    """
    if importlib.util.find_spec("skops") is None:
        raise UnsupportedValue(_MISSING, cure=_INSTALL)
    import skops.io

    return skops.io.loads(content)


_MISSING = "A scikit-learn model is stored and read without a pickle only where skops is installed."
_INSTALL = 'Add "skops" to dependencies in the pyproject.toml of the team.'
