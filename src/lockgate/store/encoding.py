"""Which format a value is stored in: the safe ones first, a pickle where nothing else fits."""

from typing import Any, NamedTuple

import pandas as pd

from lockgate.core.formats import FRAME, PLAIN, is_pickle
from lockgate.store.errors import UnsupportedValue
from lockgate.store.frames import decode_frame, encode_frame, rows_of
from lockgate.store.pickled import decode_object, encode_object
from lockgate.store.plain import decode_plain, encode_plain


class Encoded(NamedTuple):
    """A value as it is stored: the name of its file, which tells its format, and the bytes."""

    file: str
    content: bytes

    @property
    def rows(self) -> int | None:
        """Rows of a frame, None for other values."""
        return rows_of(self.content) if self.file == FRAME else None

    def decoded(self) -> Any:
        """The value as its own team reads it: a new one each time, that shares nothing with what was encoded."""
        return decode(self.file, self.content, any_class=True)


def encode(value: Any) -> Encoded:
    """A value as it is stored.

    Raises:
        UnsupportedValue: If it would not be read back as it is.
    """
    if isinstance(value, pd.DataFrame):
        return Encoded(FRAME, encode_frame(value))
    try:
        return Encoded(PLAIN, encode_plain(value))
    except UnsupportedValue:
        return Encoded(*encode_object(value))


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
