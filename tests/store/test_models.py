"""scikit-learn models: stored by skops where it can tell that reading is safe, pickled where it cannot."""

import importlib.util
from typing import Any

import numpy as np
import pandas as pd
import pytest
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
