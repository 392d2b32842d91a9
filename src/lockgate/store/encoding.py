"""Which format a value is stored in: the safe ones first, a pickle where nothing else fits."""

from typing import Any

import pandas as pd

from lockgate.core.formats import FRAME, PLAIN, is_pickle
from lockgate.store.errors import UnsupportedValue
from lockgate.store.frames import decode_frame, encode_frame
from lockgate.store.pickled import decode_object, encode_object
from lockgate.store.plain import decode_plain, encode_plain


def encode(value: Any) -> tuple[str, bytes]:
    """The name of a value's file, and its content.

    Raises:
        UnsupportedValue: If it would not be read back as it is.
    """
    if isinstance(value, pd.DataFrame):
        return FRAME, encode_frame(value)
    try:
        return PLAIN, encode_plain(value)
    except UnsupportedValue:
        return encode_object(value)


def decode(file: str, content: bytes, *, any_class: bool) -> Any:
    """The value that ``encode`` wrote.

    Args:
        file: The name of its file.
        content: Its content.
        any_class: Whether a pickle may name what no installed package has.

    Raises:
        ValueError: If no value is stored in a file of that name.
        Exception: Whatever its format raises if the content is not what was written.
    """
    if file == FRAME:
        return decode_frame(content)
    if file == PLAIN:
        return decode_plain(content)
    if is_pickle(file):
        return decode_object(file, content, any_class=any_class)
    raise ValueError(f"{file} is no format of lockgate's")
