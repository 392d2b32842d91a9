"""A store over obstore: a local folder, memory, or a bucket, behind one interface."""

import functools
import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError
from obstore.store import LocalStore, MemoryStore, ObjectStore, from_url

from lockgate.core.errors import StoreError
from lockgate.core.formats import file_of, is_pickle
from lockgate.store.encoding import Encoded, decode, encode
from lockgate.store.errors import (
    AlreadyStored,
    StoreUnavailable,
    UntrustedValue,
    ValueDamaged,
    ValueMissing,
)
from lockgate.store.protocol import Pickles, Store, StoredValue


class ValueStore:
    """Values in an object store.

    Args:
        objects: Where the bytes go.
        name: The store's URL, for messages.
    """

    def __init__(self, objects: ObjectStore, name: str) -> None:
        self._objects = objects
        self._name = name

    def write(self, folder: str, value: Any) -> StoredValue:
        """See ``Store.write``."""
        return self.put(folder, encode(value))

    def put(self, folder: str, encoded: Encoded) -> StoredValue:
        """See ``Store.put``. On a local disk the file appears at once and whole, or not at all."""
        location, content = f"{folder}/{encoded.file}", encoded.content
        try:
            obstore.put(self._objects, location, content, mode="create", use_multipart=False)
        except AlreadyExistsError as error:
            raise AlreadyStored(f"{location} is written already.", cure="Values are immutable: run again.") from error
        except (BaseError, OSError) as error:
            raise self._unavailable("written", location, error) from error
        return StoredValue(location, hashlib.sha256(content).hexdigest(), len(content), encoded.rows)

    def read(self, location: str, *, digest: str | None = None, pickles: Pickles = "none") -> Any:
        """See ``Store.read``."""
        file = file_of(location)
        if is_pickle(file) and pickles == "none":
            raise UntrustedValue(f"{location} is a pickle.", cure="Read it where whoever wrote it is trusted.")
        try:
            content = obstore.get(self._objects, location).bytes().to_bytes()
        except (NotFoundError, FileNotFoundError) as error:
            raise ValueMissing(f"{self._name} has no {location}.", cure="Run the asset again.") from error
        except (BaseError, OSError) as error:
            raise self._unavailable("read", location, error) from error
        if digest is not None and hashlib.sha256(content).hexdigest() != digest:
            raise ValueDamaged(f"{location} in {self._name} is not what was written.", cure="Run the asset again.")
        try:
            return decode(file, content, any_class=pickles == "any")
        except StoreError as error:
            raise type(error)(f"{location} cannot be read. {error.message}", cure=error.cure) from error
        except Exception as error:
            raise ValueDamaged(
                f"{location} in {self._name} cannot be decoded: {_reason(error)}.",
                cure="Install what the value was made with, or run the asset again.",
            ) from error

    def delete(self, location: str) -> None:
        """See ``Store.delete``."""
        try:
            obstore.delete(self._objects, location)
        except (NotFoundError, FileNotFoundError):
            return
        except (BaseError, OSError) as error:
            raise self._unavailable("deleted", location, error) from error

    def _unavailable(self, done: str, location: str, error: Exception) -> StoreUnavailable:
        return StoreUnavailable(
            f"{location} cannot be {done} in {self._name}: {_reason(error)}.", cure="Check space, rights and address."
        )


def open_store(url: str) -> Store:
    """Open a store by URL.

    Args:
        url: ``file:///folder`` (made if missing), ``memory://`` (one per process), or what obstore knows:
            ``s3://bucket/prefix``, ``gs://``, ``az://``, configured by their usual environment variables.

    Raises:
        StoreUnavailable: If the URL cannot be used.
    """
    return ValueStore(_objects(url), url)


@functools.cache
def _objects(url: str) -> ObjectStore:
    parts = urlsplit(url)
    try:
        if parts.scheme == "memory":
            return MemoryStore()
        if parts.scheme == "file":
            folder = Path(unquote(parts.path))
            if not folder.is_absolute():
                raise ValueError("its folder is not absolute")
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return LocalStore(folder)
        return from_url(url)
    except (BaseError, OSError, ValueError) as error:
        raise StoreUnavailable(
            f"{url} cannot be used as a store: {_reason(error)}.", cure="Set LOCKGATE_STORE_URL to file:///folder."
        ) from error


def _reason(error: Exception) -> str:
    """The first line of what it says."""
    return str(error).splitlines()[0][:200].rstrip(".") if str(error) else type(error).__name__
