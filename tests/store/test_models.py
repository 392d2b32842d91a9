"""scikit-learn models: stored by skops where it can tell that reading is safe, pickled where it cannot."""

import importlib.util
import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.base import BaseEstimator
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC

from lockgate.core.formats import PICKLE, PLAIN
from lockgate.store import UnsupportedValue
from lockgate.store.encoding import decode, encode
from lockgate.store.same import same

RANDOM = np.random.default_rng(1)
X = pd.DataFrame(RANDOM.random((60, 3)), columns=["temp", "wind", "hour"])
Y = 3 * X["temp"] - X["wind"]
MODELS: list[Any] = [
    LinearRegression(), Ridge(alpha=0.5), LogisticRegression(), PCA(2), KMeans(3, n_init=1, random_state=0),
    GaussianNB(), SVC(), make_pipeline(StandardScaler(), Ridge(solver="sag", random_state=3)),
    make_pipeline(make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["hour"])), LogisticRegression()),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_a_fitted_model_is_stored_without_a_pickle_and_answers_as_before(model: Any) -> None:
    classes = hasattr(model, "predict_proba") or isinstance(model, SVC)
    model.fit(X, (Y > 1).astype(int) if classes else Y)
    file, content = encode({"model": model, "features": list(X), "error": np.float64(0.5)})
    assert file == PLAIN
    read = decode(file, content, any_class=False)
    assert (read["features"], type(read["error"])) == (list(X), np.float64)
    assert type(read["model"]) is type(model)
    ask = "predict" if hasattr(model, "predict") else "transform"
    assert (np.asarray(getattr(read["model"], ask)(X)) == np.asarray(getattr(model, ask)(X))).all()
    assert same(model.__dict__, read["model"].__dict__)


@pytest.mark.parametrize(
    "model", [RandomForestRegressor(3, random_state=0), MLPRegressor(hidden_layer_sizes=(2,), max_iter=5)]
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_model_of_which_skops_cannot_tell_whether_it_is_sound_is_pickled(model: Any) -> None:
    file, content = encode({"model": model.fit(X, Y)})
    assert file == PICKLE
    assert decode(file, content, any_class=False)["model"].predict(X).shape == (60,)


class Shifted(LinearRegression):
    """A team's own estimator."""


def test_an_estimator_of_a_teams_own_is_pickled_and_named() -> None:
    assert encode(Shifted())[0] == "data.tests.store.test_models.Shifted.pickle"


class Odd(BaseEstimator):
    """Holds what skops gives back as something else, or not at all."""


@pytest.mark.parametrize("attribute", [Odd, lambda: 1, np.array([Odd()], dtype=object)], ids=["class", "code", "array"])
def test_a_model_that_skops_would_not_keep_exactly_is_not_given_to_it(attribute: Any) -> None:
    model = LinearRegression()
    model.attribute = attribute
    try:
        file, _ = encode(model)
    except UnsupportedValue:
        return
    assert file != PLAIN


def test_where_skops_is_not_installed_models_are_pickled_and_reading_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, content = encode(LinearRegression())
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "skops" else found(name))
    assert encode(LinearRegression())[0] == PICKLE
    with pytest.raises(UnsupportedValue, match=r'Add "skops" to dependencies in the pyproject.toml of the team'):
        decode(PLAIN, content, any_class=False)


def _swapped(value: Any, part: str, content: bytes) -> bytes:
    """What was written of a value, one of its parts replaced."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(encode(value)[1])) as written, zipfile.ZipFile(buffer, "w") as forged:
        for name in written.namelist():
            forged.writestr(name, content if name == part else written.read(name))
    return buffer.getvalue()


def test_a_forged_model_is_not_made(tmp_path: Path) -> None:
    """Whoever can write to the store can write anything: reading it still runs nothing."""

    class Evil:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "ran",)

    forest = skops.io.dumps(RandomForestRegressor(n_estimators=1).fit(X, Y))
    objects = io.BytesIO()
    np.save(objects, np.array([Evil()], dtype=object), allow_pickle=True)
    for value, part, content in (
        (LinearRegression(), "0.skops", forest),
        (LinearRegression(), "0.skops", pickle.dumps(Evil())),
        (np.arange(3), "0.npy", objects.getvalue()),
        (np.arange(3), "0.npy", pickle.dumps(Evil())),
        ([pd.Series([1])], "0.parquet", pickle.dumps(Evil())),
    ):
        with pytest.raises(Exception, match=r".") as refused:
            decode(PLAIN, _swapped(value, part, content), any_class=False)
        assert not isinstance(refused.value, AssertionError)
    assert not (tmp_path / "ran").exists()
