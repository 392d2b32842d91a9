"""What an asset's function says beside its value, as the ledger keeps it: JSON, with the kinds that people use.

    None, pandas.NA and NaT      null
    bool, int, text              as they are, numpy's too; an int of at most 64 bits
    float                        as it is; NaN and the infinities as the texts NaN, Infinity, -Infinity
    date, time, datetime         ISO 8601 text, pandas' and numpy's too
    timedelta                    seconds, pandas' and numpy's too
    Decimal, UUID, Path          text
    Enum                         its value
    list, tuple, numpy array     a list
    dict                         with texts for keys

Anything else is refused by its key.
"""

import datetime as dt
import decimal
import enum
import json
import math
import pathlib
import sys
import uuid
from collections.abc import Mapping
from typing import Any, TypeAlias

from lockgate.core.calling import kind
from lockgate.core.clean import one_line
from lockgate.core.errors import DefinitionError

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
MAX_BYTES = 64_000
MAX_DEPTH = 10
MAX_TEXT = 4_000
_AS_TEXT = (decimal.Decimal, uuid.UUID, pathlib.PurePath)


def kept_metadata(metadata: Mapping[str, Any], asset: str) -> dict[str, Json]:
    """Metadata as JSON.

    Args:
        metadata: As the asset's function gave it.
        asset: Its key, for messages.

    Raises:
        DefinitionError: If it is no mapping, or something in it has no such form; the message names its key.
    """
    if not isinstance(metadata, Mapping):
        raise _refused(asset, f"is a {kind(metadata)}", "Give a dict: Output(value, metadata={...}).")
    found = _mapping(metadata, asset, "", MAX_DEPTH)
    if (size := len(json.dumps(found))) > MAX_BYTES:
        largest = max(found, key=lambda name: len(json.dumps(found[name])))
        raise _refused(
            asset, f"takes {size} bytes, most of it {largest!r}", f"Keep it below {MAX_BYTES}: publish it as the value."
        )
    return found


def _mapping(given: Mapping[Any, Any], asset: str, where: str, depth: int) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for key, value in given.items():
        if not isinstance(key, str):
            raise _refused(asset, f"has a {kind(key)} for a key{where and f' in {where}'}", "Make its keys texts.")
        name = one_line(key, MAX_TEXT)
        found[name] = _json(value, asset, f"{where}.{name}" if where else name, depth - 1)
    return found


def _json(value: Any, asset: str, where: str, depth: int) -> Json:
    if depth < 0:
        raise _refused(asset, f"is nested too deeply in {where!r}", f"Keep it to {MAX_DEPTH} levels.")
    if isinstance(value, Mapping):
        return _mapping(value, asset, where, depth)
    if isinstance(value, list | tuple):
        return [_json(each, asset, f"{where}[{number}]", depth - 1) for number, each in enumerate(value)]
    plain = _plain(value)
    if plain is not value:
        return _json(plain, asset, where, depth - 1)
    if plain is None or type(plain) is bool:
        return plain
    if type(plain) is int and -(2**63) <= plain < 2**63:
        return plain
    if type(plain) is float:
        return plain if math.isfinite(plain) else {math.inf: "Infinity", -math.inf: "-Infinity"}.get(plain, "NaN")
    if type(plain) is str:
        return one_line(plain, MAX_TEXT)
    what = "an int of more than 64 bits" if type(plain) is int else f"a {kind(plain)}"
    raise _refused(asset, f"holds {what} in {where!r}", "Make it a number, a text, a date, or a list or dict of these.")


def _plain(value: Any) -> Any:
    """A value one step nearer to JSON; the value itself if there is none."""
    if isinstance(value, enum.Enum):
        return value.value
    if _is_missing(value):
        return None
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, _AS_TEXT):
        return str(value)
    if numpy := sys.modules.get("numpy"):
        if isinstance(value, numpy.datetime64):
            return str(value)
        if isinstance(value, numpy.timedelta64):
            return float(value / numpy.timedelta64(1, "s"))
        if isinstance(value, numpy.generic | numpy.ndarray) and value.dtype.kind in "biufUO":
            return value.tolist()
    for plain in (int, float, str):
        if isinstance(value, plain) and type(value) not in (plain, bool):
            return plain(value)
    return value


def _is_missing(value: Any) -> bool:
    pandas = sys.modules.get("pandas")
    numpy = sys.modules.get("numpy")
    if pandas is not None and (value is pandas.NA or value is pandas.NaT):
        return True
    return numpy is not None and isinstance(value, numpy.datetime64 | numpy.timedelta64) and bool(numpy.isnat(value))


def _refused(asset: str, what: str, cure: str) -> DefinitionError:
    return DefinitionError(f"the metadata of {asset} {what}.", cure=cure, asset=asset)
