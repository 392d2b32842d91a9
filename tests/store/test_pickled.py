"""Pickles: read only by those who take them, and never as something else of the same name."""

import io
import subprocess
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from textwrap import dedent
from typing import Any

import joblib
import numpy as np
import obstore
import pytest

from lockgate.core.formats import OLD_PICKLE, PICKLE
from lockgate.store import Store, UntrustedValue, ValueDamaged, open_store
from lockgate.store.encoding import decode, encode
from lockgate.store.pickled import is_installed
from tests.store.conftest import new_folder

LOOSE = {"share": Fraction(1, 3), "weights": np.array([None, "a"], dtype=object)}


@contextmanager
def team_module(name: str, code: str, folder: Path) -> Iterator[types.ModuleType]:
    """A module of a team's folder, which is first on the path while the block lasts."""
    (folder / f"{name}.py").write_text(dedent(code))
    sys.path.insert(0, str(folder))
    try:
        yield __import__(name)
    finally:
        sys.path.remove(str(folder))
        del sys.modules[name]


PRODUCER = """
from dataclasses import dataclass

@dataclass
class Forecast:
    low: float
    high: float
"""
# The same module and class in another team, its fields swapped.
READER = PRODUCER.replace("low", "x").replace("high", "low").replace("x", "high")


def test_a_pickle_is_given_to_nobody_who_does_not_ask_for_it(store: Store) -> None:
    stored = store.write(new_folder(), LOOSE)
    assert stored.location.endswith(f"/{PICKLE}")
    with pytest.raises(UntrustedValue, match="is a pickle"):
        store.read(stored.location, digest=stored.digest)
    for pickles in ("installed", "any"):
        assert repr(store.read(stored.location, digest=stored.digest, pickles=pickles)) == repr(LOOSE)


def test_the_file_of_something_of_the_teams_own_names_it(store: Store, tmp_path: Path) -> None:
    with team_module("forecasts", PRODUCER, tmp_path) as module:
        stored = store.write(new_folder(), {"all": [module.Forecast(1, 2)], "share": Fraction(1, 3)})
        assert stored.location.endswith("/data.forecasts.Forecast.pickle")
        assert store.read(stored.location, pickles="any")["all"] == [module.Forecast(1, 2)]


def test_another_teams_class_of_the_same_name_is_never_taken_for_it(tmp_path: Path) -> None:
    """Its fields may be swapped: low would be read as high."""
    places = tmp_path / "producer", tmp_path / "reader"
    for place in places:
        place.mkdir()
    with team_module("forecasts", PRODUCER, places[0]) as module:
        file, content = encode(module.Forecast(low=1, high=2))
    with (
        team_module("forecasts", READER, places[1]),
        pytest.raises(UntrustedValue, match=r"a pickle of forecasts\.Forecast, which is of no package installed here"),
    ):
        decode(file, content, any_class=False)


def test_a_module_that_the_reader_does_not_have_is_named_and_not_looked_for(tmp_path: Path) -> None:
    with team_module("forecasts", PRODUCER, tmp_path) as module:
        file, content = encode([module.Forecast(1, 2)])
    with pytest.raises(UntrustedValue, match=r"forecasts\.Forecast, which is of no package installed here"):
        decode(file, content, any_class=False)


def test_a_readers_own_module_is_not_even_imported(tmp_path: Path) -> None:
    with team_module("forecasts", PRODUCER, tmp_path) as module:
        file, content = encode(module.Forecast(1, 2))
    (tmp_path / "forecasts.py").write_text("raise SystemExit('imported')")
    sys.path.insert(0, str(tmp_path))
    try:
        with pytest.raises(UntrustedValue):
            decode(file, content, any_class=False)
    finally:
        sys.path.remove(str(tmp_path))


def test_functions_and_what_a_class_calls_when_it_is_read_count_as_well(tmp_path: Path) -> None:
    code = """
    class Handle:
        def __reduce__(self):
            return made, ()

    def made():
        return 1
    """
    with team_module("making", code, tmp_path) as module:
        assert encode([module.Handle()])[0] == "data.making.made.pickle"
        assert encode([module.made])[0] == "data.making.made.pickle"


def _old(store: Store, value: Any) -> str:
    """A value as an earlier release stored it."""
    buffer = io.BytesIO()
    joblib.dump(value, buffer, compress=("zlib", 3))
    location = f"{new_folder()}/{OLD_PICKLE}"
    obstore.put(store._objects, location, buffer.getvalue())  # type: ignore[attr-defined]
    return location


def test_what_an_earlier_release_pickled_is_read_by_its_own_team_alone(store: Store) -> None:
    location = _old(store, {"weights": np.arange(3), "name": "delays"})
    read = store.read(location, pickles="any")
    assert (read["weights"].tolist(), read["name"]) == ([0, 1, 2], "delays")
    with pytest.raises(UntrustedValue, match=r"an earlier release\. Let its team run the asset again"):
        store.read(location, pickles="installed")
    with pytest.raises(UntrustedValue):
        store.read(location)


@pytest.mark.parametrize("file", ["data", "data.pkl", "data.npy", "data.parquet.exe", "7"])
def test_a_file_of_no_format_is_damaged(store: Store, file: str) -> None:
    """Whatever a team's login told the ledger: only a name that says so is read as a pickle."""
    location = f"{new_folder()}/{file}"
    obstore.put(store._objects, location, encode(LOOSE)[1])  # type: ignore[attr-defined]
    with pytest.raises(ValueDamaged, match="is no format of lockgate's"):
        store.read(location, pickles="any")


@pytest.mark.parametrize("file", ["data.parquet", "data.zip"])
def test_a_pickle_under_the_name_of_a_safe_format_runs_nothing(tmp_path: Path, file: str) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "ran",)

    import pickle

    store = open_store((tmp_path / "store").as_uri())
    location = f"{new_folder()}/{file}"
    obstore.put(store._objects, location, pickle.dumps(Evil()))  # type: ignore[attr-defined]
    with pytest.raises(ValueDamaged):
        store.read(location, pickles="any")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "module", ["builtins", "decimal", "collections.abc", "numpy", "pandas.core.frame", "lockgate.core.spec"]
)
def test_python_and_installed_packages_are_no_teams_own(module: str) -> None:
    assert is_installed(module)


@pytest.mark.parametrize("module", ["__main__", "tests.store.test_pickled", "nothing_of_that_name", "assets"])
def test_all_else_is_a_teams_own(module: str) -> None:
    assert not is_installed(module)


def test_a_script_itself_is_a_teams_own(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from lockgate.store.encoding import encode\nclass Mine: pass\nprint(encode([Mine()])[0], encode([1j])[0])\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["data.__main__.Mine.pickle", PICKLE]


def test_installed_classes_are_read_by_whoever_trusts() -> None:
    file, content = encode([Decimal("1.10"), Fraction(1, 3)])
    assert file == PICKLE
    assert repr(decode(file, content, any_class=False)) == "[Decimal('1.10'), Fraction(1, 3)]"
