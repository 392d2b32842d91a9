"""What a store can do. One conformance suite (``tests/store``) holds for every implementation."""

from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from lockgate.store.encoding import Encoded

Pickles: TypeAlias = Literal["none", "installed", "any"]
"""Which pickles a reader takes: none; those that name only what is installed here; or any, as of its own team."""


@dataclass(frozen=True)
class StoredValue:
    """Where a value was written.

    Attributes:
        location: Path within the store, to give back to ``read``.
        digest: SHA-256 of the stored bytes, hexadecimal.
        size: Number of bytes.
        rows: Number of rows of a frame, None for other values.
    """

    location: str
    digest: str
    size: int
    rows: int | None


class Store(Protocol):
    """A place for immutable values."""

    def write(self, folder: str, value: Any) -> StoredValue:
        """Write a value into the folder of an attempt, which writes one.

        Args:
            folder: ``<team>/<asset>/<partition>/<attempt>``.
            value: A pandas DataFrame (Parquet); plain values, arrays and models (a zip archive); else whatever can be
                pickled. The file's name tells which, see ``lockgate.core.formats``.

        Raises:
            UnsupportedValue: If it would not be read back as it is.
            AlreadyStored: If the folder has a value of the same kind.
            StoreUnavailable: If the store cannot be written.
        """
        ...

    def put(self, folder: str, encoded: Encoded) -> StoredValue:
        """Write a value that is encoded already; see ``write``."""
        ...

    def read(self, location: str, *, digest: str | None = None, pickles: Pickles = "none") -> Any:
        """Read a value as it was written. Of what is no pickle, no code runs.

        Args:
            location: From ``StoredValue``.
            digest: What the bytes must hash to.
            pickles: Which pickles to read; reading one runs code that whoever wrote it chose.

        Raises:
            UntrustedValue: If it is a pickle that is not to be read.
            ValueMissing: If nothing lies there.
            ValueDamaged: If the bytes are not those that were written.
            StoreUnavailable: If the store cannot be read.
        """
        ...

    def delete(self, location: str) -> None:
        """Remove a value; nothing happens if it is gone."""
        ...
