"""The store: written, read, deleted, and never written over."""

import uuid
from collections.abc import Iterator
from pathlib import Path

from lockgate.platform.doctor.finding import Finding, fail, ok
from lockgate.settings import store_url
from lockgate.store import AlreadyStored, open_store

FOLDER = "doctor"


def store(root: Path) -> Iterator[Finding]:
    """Whether a value comes back as it was, cannot be written over, and can be deleted."""
    url = store_url(root)
    place = f"{FOLDER}/{uuid.uuid4()}"
    store = open_store(url)
    written = store.write(place, "value")
    try:
        if store.read(written.location, digest=written.digest) != "value":
            yield fail("store", f"{url} gives back another value than was written.", "Use another store.")
        store.write(place, "another")
        yield fail("store", f"{url} lets a value be written over.", "Use a store that creates atomically.")
    except AlreadyStored:
        yield ok("store", f"{url} writes, reads, deletes, and lets nothing be written over.")
    finally:
        store.delete(written.location)
