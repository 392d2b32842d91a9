"""The store: written, read, deleted, and never written over."""

import uuid
from collections.abc import Iterator
from pathlib import Path

from lockgate.platform.doctor.finding import Finding, fail, ok
from lockgate.settings import all_teams, has_store, store_url
from lockgate.store import AlreadyStored, open_store

FOLDER = "doctor"


def store(root: Path) -> Iterator[Finding]:
    """Whether a value comes back as it was, cannot be written over, and can be deleted."""
    if not has_store():
        yield ok("store", "this process touches none; each team's own does.")
        return
    url = store_url(root)
    # Within a team's folder: its container may write nowhere else.
    place = "/".join([*all_teams(root)[:1], FOLDER, str(uuid.uuid4())])
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
