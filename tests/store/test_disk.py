"""A local folder that is full, forbidden or no folder: said in one sentence, and nothing half written stays."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lockgate.store import Store, StoreUnavailable, open_store
from tests.store.conftest import new_folder

SMALL = pd.DataFrame({"x": [1]})
LARGE = pd.DataFrame({"x": np.random.default_rng(1).random(100_000)})
NOBODY = 65534


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 KiB."""
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", tmp_path], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


@contextmanager
def _nobody() -> Iterator[None]:
    """As a user without rights: root may read and write everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_full_disk_is_named_and_keeps_nothing_half_written(small_disk: Path) -> None:
    store = open_store(small_disk.as_uri())
    for value in (LARGE, bytes(LARGE["x"].to_numpy())):
        with pytest.raises(StoreUnavailable) as refused:
            store.write(new_folder(), value)
        assert "No space left on device" in str(refused.value)
        assert "\n" not in str(refused.value)
    assert [path for path in small_disk.rglob("*") if path.is_file()] == []
    stored = store.write(new_folder(), SMALL)
    assert len(store.read(stored.location)) == 1


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[tuple[Store, str]]:
    """A store whose folder may be neither read nor written, and the location of a value in it."""
    folder = tmp_path / "store"
    store = open_store(folder.as_uri())
    location = store.write(new_folder(), SMALL).location
    folder.chmod(0o000)
    with _nobody():
        yield store, location
    folder.chmod(0o700)


def test_a_forbidden_folder_is_named(locked: tuple[Store, str]) -> None:
    store, location = locked
    for act in (lambda: store.read(location), lambda: store.write(new_folder(), SMALL), lambda: store.delete(location)):
        with pytest.raises(StoreUnavailable) as refused:
            act()
        assert "ermission denied" in str(refused.value)
        assert "\n" not in str(refused.value)


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("no folder")
    with pytest.raises(StoreUnavailable, match=r"cannot be used as a store: .*Set LOCKGATE_STORE_URL"):
        open_store((tmp_path / "store").as_uri())


@pytest.mark.parametrize("url", ["", "nonsense", "ftp://host/x", "s3://", "file:relative"])
def test_an_address_that_is_none_is_named(url: str) -> None:
    with pytest.raises(StoreUnavailable, match="cannot be used as a store"):
        open_store(url)
