"""Objects: an obstore store over a bucket or a folder."""

from dataclasses import dataclass
from typing import ClassVar

from obstore.exceptions import BaseError
from obstore.store import ObjectStore, from_url

from lockgate.connections.base import Connection, declare


@dataclass(frozen=True)
class ObjectsConnection(Connection):
    """See ``objects``."""

    kind: ClassVar[str] = "objects"

    def store(self) -> ObjectStore:
        """The store at the address.

        Raises:
            UsageError: If the connection is not configured, or obstore does not know its kind.
        """
        try:
            return from_url(self.address)
        except (BaseError, ValueError) as error:
            raise self.unusable(f"obstore does not take its address ({type(error).__name__})") from None


def objects(name: str) -> ObjectsConnection:
    """Declare an object store.

    Args:
        name: Its name; the address is in the environment variable ``<NAME>_URL``: ``s3://bucket/prefix``, ``gs://``,
            ``az://``, ``file:///folder``. Keys and region come from the usual variables of each (``AWS_...``).

    Raises:
        InvalidName: If the name is not allowed.
        DuplicateName: If it is declared otherwise already.
    """
    return declare(ObjectsConnection(name))
