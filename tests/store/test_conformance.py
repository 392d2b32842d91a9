"""What every store does, wherever its bytes lie: written once, read as written, damage seen, deleted for good."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import obstore
import pandas as pd
import pytest

from lockgate.store import AlreadyStored, Store, UnsupportedValue, ValueDamaged, ValueMissing
from tests.store.conftest import new_folder

FRAME = pd.DataFrame({"day": ["a", None, ""], "count": pd.array([1, None, 3], dtype="Int64")})
MODEL = {"weights": [1.0, 2.5], "name": "delays"}


def _bytes(store: Store, location: str) -> bytes:
    return bytes(obstore.get(store._objects, location).bytes())  # type: ignore[attr-defined]


def _replace(store: Store, location: str, content: bytes) -> None:
    obstore.put(store._objects, location, content)  # type: ignore[attr-defined]


def test_a_frame_is_read_as_it_was_written(store: Store) -> None:
    folder = new_folder()
    stored = store.write(folder, FRAME)
    assert (stored.location, stored.rows) == (f"{folder}/data.parquet", 3)
    pd.testing.assert_frame_equal(store.read(stored.location, digest=stored.digest), FRAME, check_exact=True)


def test_another_value_is_read_as_it_was_written(store: Store) -> None:
    stored = store.write(new_folder(), MODEL)
    assert stored.rows is None
    assert store.read(stored.location, digest=stored.digest) == MODEL


@pytest.mark.parametrize("value", [FRAME, MODEL])
def test_size_and_digest_are_those_of_the_stored_bytes(store: Store, value: Any) -> None:
    stored = store.write(new_folder(), value)
    content = _bytes(store, stored.location)
    assert (stored.size, stored.digest) == (len(content), hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize("value", [FRAME, MODEL])
def test_a_second_write_is_refused_and_the_first_value_stays(store: Store, value: Any) -> None:
    folder = new_folder()
    stored = store.write(folder, value)
    before = _bytes(store, stored.location)
    with pytest.raises(AlreadyStored, match=r"is written already\. Values are immutable: run again\."):
        store.write(folder, value.iloc[:1] if isinstance(value, pd.DataFrame) else "other")
    assert _bytes(store, stored.location) == before


def test_of_writers_that_race_for_one_place_exactly_one_wins(store: Store) -> None:
    """The store decides, by a conditional write: whoever lost reads what the winner wrote."""
    folder = new_folder()

    def write(number: int) -> int | None:
        try:
            store.write(folder, {"writer": number})
        except AlreadyStored:
            return None
        return number

    with ThreadPoolExecutor(8) as pool:
        (winner,) = (number for number in pool.map(write, range(8)) if number is not None)
    assert store.read(f"{folder}/data.zip") == {"writer": winner}


@pytest.mark.parametrize("value", [FRAME, MODEL])
def test_a_truncated_value_is_refused(store: Store, value: Any) -> None:
    stored = store.write(new_folder(), value)
    for length in (0, 1, stored.size // 2, stored.size - 1):
        _replace(store, stored.location, _bytes(store, stored.location)[:length])
        for digest in (stored.digest, None):
            with pytest.raises(ValueDamaged) as refused:
                store.read(stored.location, digest=digest)
            assert "\n" not in str(refused.value)


@pytest.mark.parametrize("value", [FRAME, MODEL])
def test_a_changed_byte_anywhere_is_seen(store: Store, value: Any) -> None:
    stored = store.write(new_folder(), value)
    whole = _bytes(store, stored.location)
    for position in range(0, stored.size, 37):
        _replace(store, stored.location, whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        with pytest.raises(ValueDamaged, match="is not what was written"):
            store.read(stored.location, digest=stored.digest)


def test_a_value_swapped_for_another_good_one_is_seen(store: Store) -> None:
    one, other = store.write(new_folder(), FRAME), store.write(new_folder(), FRAME.iloc[:1])
    _replace(store, one.location, _bytes(store, other.location))
    with pytest.raises(ValueDamaged):
        store.read(one.location, digest=one.digest)


def test_what_was_never_written_is_missing(store: Store) -> None:
    with pytest.raises(ValueMissing, match="Run the asset again"):
        store.read(f"{new_folder()}/data.parquet")


def test_deleting_is_idempotent(store: Store) -> None:
    stored, kept = store.write(new_folder(), FRAME), store.write(new_folder(), FRAME)
    for _ in range(2):
        store.delete(stored.location)
    with pytest.raises(ValueMissing):
        store.read(stored.location)
    assert len(store.read(kept.location)) == 3


def test_a_refused_value_leaves_nothing(store: Store) -> None:
    folder = new_folder()
    for value in (FRAME.set_index(["day", "count"]), lambda: None):
        with pytest.raises(UnsupportedValue):
            store.write(folder, value)
    assert store.write(folder, FRAME).rows == 3
