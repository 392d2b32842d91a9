"""A digest of what a frame holds, to see whether it is still the same."""

import hashlib
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd


def fingerprint(frame: pd.DataFrame) -> str:
    """A digest of a frame's cells, labels and attrs; caches that pandas fills by the way do not count."""
    digest = hashlib.blake2b()
    for piece in _pieces(frame):
        digest.update(piece)
    return digest.hexdigest()


def _pieces(value: Any) -> Iterator[bytes | memoryview]:
    """What a value is made of, as bytes; an object that cannot be pickled counts only by its type."""
    yield type(value).__qualname__.encode(errors="replace")
    match value:
        case pd.DataFrame():
            columns = (value.iloc[:, position] for position in range(value.shape[1]))
            yield from _all(value.index, value.columns, value.attrs, *(column.array for column in columns))
        case pd.Series():
            yield from _all(value.index, value.name, value.array)
        case pd.Index():
            yield from _all(list(value.names))
            yield from _all(*(value.get_level_values(level).array for level in range(value.nlevels)))
        case pd.api.extensions.ExtensionArray() | np.ndarray():
            yield from _cells(value)
        case dict():
            yield from _all(*(part for item in value.items() for part in item))
        case list() | tuple():
            yield from _all(*value)
        case _:
            yield _pickled(value)


def _all(*values: Any) -> Iterator[bytes | memoryview]:
    yield str(len(values)).encode()
    for value in values:
        yield from _pieces(value)


def _cells(array: Any) -> Iterator[bytes | memoryview]:
    """An array's cells: bytes of plain ones, hashes where pandas packs them, one by one where they are objects."""
    yield str((array.dtype, np.shape(array))).encode(errors="replace")
    plain = isinstance(array.dtype, np.dtype) or isinstance(array, pd.arrays.NumpyExtensionArray)
    values = np.asarray(array) if plain else array
    if values.dtype == object:
        yield from _all(*values.ravel())
    elif plain:
        yield np.ascontiguousarray(values).reshape(-1).view(np.uint8).data
    else:
        yield _hashed(values)


def _hashed(values: Any) -> bytes:
    try:
        return pd.util.hash_array(values, categorize=False).tobytes()
    except Exception:  # noqa: BLE001 - pandas cannot hash every type
        return b"".join(_all(*values))


def _pickled(value: Any) -> bytes:
    try:
        return pickle.dumps(value, protocol=5)
    except Exception:  # noqa: BLE001 - a cell may be an object of any kind
        return b"?"
