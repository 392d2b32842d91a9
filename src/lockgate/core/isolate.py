"""Private copies of a value, so that a check cannot change what is published."""

import pickle
from typing import Any

from lockgate.core.errors import UncopyableValue


def isolated(value: Any) -> Any:
    """A copy of ``value`` that shares nothing mutable with it, however deep it lies.

    It is pickled and read back in memory: pandas' and numpy's own deep copies share the cells of object columns, of
    indexes and of categories. The data of arrays and of plain columns goes past the pickle, so one copy costs no more
    memory than the value; functions, classes and modules are named, not copied.

    Raises:
        UncopyableValue: If it holds what cannot be copied: an open file, a lock, a generator, a lambda. The store
            could not keep it either.
    """
    buffers: list[pickle.PickleBuffer] = []
    try:
        pickled = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
        return pickle.loads(pickled, buffers=[bytearray(buffer.raw()) for buffer in buffers])  # noqa: S301 it is ours
    except Exception as error:  # noqa: BLE001 - whatever it raises may quote data, so it is not the cause
        raise UncopyableValue(
            f"A {type(value).__name__} cannot be copied for its checks: {type(error).__name__}.",
            cure="Return a frame, or an object that pickle can write and read.",
        ) from None
