"""Values made of plain parts, as a zip archive: reading one runs no code.

``value.json`` holds the tree; arrays, frames, bytes and models lie beside it, each in a file of its own format.

In the tree, numbers, texts, booleans and null stand for themselves. All else is an object whose first key says what it
is: ``{"list": [...]}``, ``{"dict": [[key, value], ...]}``, ``{"array": "3.npy"}``. ``{"same": 5}`` is what was met as
the sixth of these: a value that occurs twice is one value again.
"""

import datetime
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from lockgate.store.errors import UnsupportedValue
from lockgate.store.frames import decode_frame, encode_frame
from lockgate.store.models import decode_model, encode_model, is_model

_TREE = "value.json"
_DEEPEST = 100
_SMALL = 2**63
# Built once all that is in them is there, unlike lists and dicts, which may hold themselves.
_SEQUENCES: dict[type, str] = {tuple: "tuple", set: "set", frozenset: "frozenset"}
_SCALARS = "biufcmM"
_VALUES = "values"


def encode_plain(value: Any) -> bytes:
    """The value as a zip archive.

    Kept exactly are None, booleans, numbers, texts, bytes, dates and naive or UTC times; lists, tuples, sets and dicts
    of these; numpy's arrays and numbers; pandas' frames, series and indexes; scikit-learn's models as far as skops
    trusts them. Types must be these exactly: an enumeration or a subclass is none of them.

    Raises:
        UnsupportedValue: If anything else is in it, or it is nested deeper than 100 levels.
    """
    writer = _Writer()
    tree = json.dumps(writer.node(value, 0), ensure_ascii=False, separators=(",", ":"))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        # Lone surrogates are no UTF-8, and a text of Python's all the same.
        for name, content in {_TREE: tree.encode("utf-8", "surrogatepass"), **writer.parts}.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def decode_plain(content: bytes) -> Any:
    """The value that ``encode_plain`` wrote."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        tree = json.loads(archive.read(_TREE).decode("utf-8", "surrogatepass"))
        return _Reader(archive).value(tree)


class _Writer:
    """Turns a value into its tree; what has a format of its own is put beside it."""

    def __init__(self) -> None:
        self.parts: dict[str, bytes] = {}
        self._numbers: dict[int, int] = {}
        self._unfinished: set[int] = set()

    def node(self, value: Any, depth: int) -> Any:
        """The tree of a value."""
        kind = type(value)
        if value is None or kind in (bool, float, str):
            return value
        if kind is int:
            return value if -_SMALL < value < _SMALL else {"int": hex(value)}
        if (number := self._numbers.get(id(value))) is not None:
            if number in self._unfinished:
                raise UnsupportedValue(f"A {kind.__name__} holds itself.")
            return {"same": number}
        if depth > _DEEPEST:
            raise UnsupportedValue(f"A value is nested deeper than {_DEEPEST} levels.")
        number = self._numbers[id(value)] = len(self._numbers)
        return self._container(value, kind, number, depth + 1) or self._leaf(value, kind)

    def _container(self, value: Any, kind: type, number: int, depth: int) -> Any:
        if kind is list:
            return {"list": [self.node(each, depth) for each in value]}
        if kind is dict:
            return {"dict": [[self.node(key, depth), self.node(each, depth)] for key, each in value.items()]}
        if name := _SEQUENCES.get(kind):
            self._unfinished.add(number)
            nodes = [self.node(each, depth) for each in value]
            self._unfinished.remove(number)
            return {name: nodes}
        return None

    def _leaf(self, value: Any, kind: type) -> Any:
        if kind is bytes:
            return self._part("bytes", "bin", value)
        if kind is datetime.date or (kind is datetime.datetime and not value.fold and _is_plain_zone(value.tzinfo)):
            return {kind.__name__: value.isoformat()}
        if isinstance(value, np.generic) and kind is value.dtype.type and value.dtype.kind in _SCALARS:
            return {"scalar": [value.dtype.str, value.tobytes().hex()]}
        if kind is np.ndarray:
            return self._part("array", "npy", _encode_array(value))
        if isinstance(value, pd.DataFrame):
            return self._part("frame", "parquet", encode_frame(value))
        if kind is pd.Series and not value.attrs and value.flags.allows_duplicate_labels:
            return {**self._part("series", "parquet", encode_frame(value.to_frame(_VALUES))), "name": _name(value)}
        if isinstance(value, pd.Index):
            return self._part("index", "parquet", encode_frame(pd.DataFrame({_VALUES: False}, index=value)))
        if is_model(value):
            return self._part("model", "skops", encode_model(value))
        raise UnsupportedValue(f"A {kind.__name__} is no plain value.")

    def _part(self, kind: str, ending: str, content: bytes) -> dict[str, Any]:
        file = f"{len(self.parts)}.{ending}"
        self.parts[file] = content
        return {kind: file}


class _Reader:
    """Makes the value of a tree. Values are numbered in the order in which the writer met them."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._met: list[Any] = []

    def value(self, node: Any) -> Any:
        """The value of a tree."""
        if not isinstance(node, dict):
            return node
        (kind, given), *more = node.items()
        if kind == "int":
            return int(given, 16)
        if kind == "same":
            return self._met[given]
        number = len(self._met)
        self._met.append(None)
        if kind == "list":
            items: list[Any] = []
            self._met[number] = items
            items.extend(map(self.value, given))
        elif kind == "dict":
            entries: dict[Any, Any] = {}
            self._met[number] = entries
            entries.update((self.value(key), self.value(each)) for key, each in given)
        else:
            self._met[number] = self._made(kind, given, more)
        return self._met[number]

    def _made(self, kind: str, given: Any, more: list[tuple[str, Any]]) -> Any:
        if kind in _BUILT:
            return _BUILT[kind](map(self.value, given))
        if kind in _TEXTS:
            return _TEXTS[kind](given)
        if kind == "scalar":
            dtype, content = given
            return np.frombuffer(bytes.fromhex(content), np.dtype(dtype))[0]
        content = self._archive.read(given)
        if kind == "series":
            return decode_frame(content)[_VALUES].rename(dict(more)["name"])
        return _PARTS[kind](content)


_BUILT: dict[str, Callable[[Any], Any]] = {name: kind for kind, name in _SEQUENCES.items()}
_TEXTS: dict[str, Callable[[str], Any]] = {
    "date": datetime.date.fromisoformat,
    "datetime": datetime.datetime.fromisoformat,
}
_PARTS: dict[str, Callable[[bytes], Any]] = {
    "bytes": bytes,
    "array": lambda content: np.load(io.BytesIO(content), allow_pickle=False),
    "frame": decode_frame,
    "index": lambda content: decode_frame(content).index,
    "model": decode_model,
}


def _is_plain_zone(zone: datetime.tzinfo | None) -> bool:
    # Equal to it is also one of the same offset by another name.
    return zone is None or zone is datetime.UTC


def _name(series: "pd.Series[Any]") -> str | None:
    if series.name is not None and type(series.name) is not str:
        raise UnsupportedValue("The series' name is no text.", cure="Rename it.")
    return series.name


def _encode_array(array: "np.ndarray[Any, Any]") -> bytes:
    """The array as ``numpy.save`` writes it, without pickles.

    Raises:
        UnsupportedValue: If it holds objects, or its type would come back otherwise.
    """
    if array.dtype.hasobject or array.dtype.metadata:
        raise UnsupportedValue("An array of objects is no plain value.", cure="Give it a type of numbers or texts.")
    buffer = io.BytesIO()
    try:
        np.lib.format.write_array(buffer, array, version=(3, 0), allow_pickle=False)
        read = np.load(io.BytesIO(buffer.getvalue()), allow_pickle=False)
    except (TypeError, ValueError) as error:
        raise UnsupportedValue(f"An array of {array.dtype} cannot be written: {type(error).__name__}.") from error
    if read.dtype != array.dtype or read.shape != array.shape:
        raise UnsupportedValue(f"An array of {array.dtype} would come back otherwise than it was checked.")
    return buffer.getvalue()
