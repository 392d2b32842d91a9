"""The store on S3, over a real server: what it is chosen by is one setting, what holds is the same."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

from lockgate.store import AlreadyStored, Store, ValueMissing, open_store
from tests.s3 import bucket

FOLDER = "weather/observations/2013-01-05"


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with bucket() as url:
        yield open_store(url)


def test_a_frame_is_read_as_it_was_written(store: Store) -> None:
    frame = pd.DataFrame({"origin": ["JFK", None], "temp": [39.0, 41.5]})
    stored = store.write(f"{FOLDER}/1", frame)
    pd.testing.assert_frame_equal(store.read(stored.location, digest=stored.digest), frame)


def test_of_writers_that_race_for_one_place_exactly_one_wins(store: Store) -> None:
    """The bucket decides, by a conditional write: whoever lost reads what the winner wrote."""

    def write(number: int) -> int | None:
        try:
            store.write(f"{FOLDER}/2", {"writer": number})
        except AlreadyStored:
            return None
        return number

    with ThreadPoolExecutor(8) as pool:
        (winner,) = (number for number in pool.map(write, range(8)) if number is not None)
    assert store.read(f"{FOLDER}/2/data.joblib") == {"writer": winner}


def test_a_deleted_value_is_gone(store: Store) -> None:
    stored = store.write(f"{FOLDER}/3", "value")
    store.delete(stored.location)
    store.delete(stored.location)
    with pytest.raises(ValueMissing):
        store.read(stored.location)
