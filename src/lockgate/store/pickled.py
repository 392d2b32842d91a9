"""Values that are no frames, through joblib. Reading one runs code of the team that wrote it."""

import io
from typing import Any

import joblib

from lockgate.store.errors import UnsupportedValue

FILE = "data.joblib"
COMPRESS = ("zlib", 3)


def encode_object(value: Any) -> bytes:
    """The value as joblib writes it.

    Raises:
        UnsupportedValue: If it cannot be pickled, or cannot be read back.
    """
    buffer = io.BytesIO()
    try:
        joblib.dump(value, buffer, compress=COMPRESS)
        decode_object(buffer.getvalue())
    except Exception as error:  # noqa: BLE001 - whatever pickle or the value's own code raised
        raise UnsupportedValue(
            f"A {type(value).__name__} cannot be stored: {type(error).__name__}.",
            cure="Return a frame, or an object that pickle can write and read.",
        ) from None
    return buffer.getvalue()


def decode_object(content: bytes) -> Any:
    """The value that ``encode_object`` wrote."""
    return joblib.load(io.BytesIO(content))
