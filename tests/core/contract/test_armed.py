"""No setting of pandera's changes a verdict."""

import dataclasses
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.config
import pandera.pandas as pa
import pytest

from lockgate.core.contract.check import ARMED
from tests.core.contract.judging import numbers, ruled, verdict_of

VERDICTS = """
import json
import pandas as pd, pandera.pandas as pa

early = pa.DataFrameSchema({"n": pa.Column(int, pa.Check.ge(0))})  # before pandera has registered what it means

from lockgate.core.contract import ContractCheck

class Other(pa.DataFrameModel):
    n: int = pa.Field(ge=0)

def passes(schema, **columns):
    contract = ContractCheck(schema)
    return contract.run(contract.apply(pd.DataFrame(columns))).passed

n = lambda *rules, **more: pa.DataFrameSchema({"n": pa.Column(int, list(rules), **more)})
print(json.dumps([
    passes(Other, n=[1]), passes(Other, n=[-1]), passes(Other, m=[1]), passes(Other, n=["x"]),
    passes(n(unique=True), n=[1, 1]), passes(n(), n=[1]), passes(n(coerce=True), n=["1"]),
    passes(n(coerce=True), n=["1.5"]), passes(n(pa.Check(lambda values: values > 1)), n=[1]),
    passes(n(pa.Check(lambda values: values > 1)), n=[2]),
    passes(early, n=[1]), passes(early, n=[-1]),
    passes(pa.DataFrameSchema({"n.*": pa.Column(int, pa.Check.ge(0), regex=True)}), n1=[-1]),
]))
"""
EXPECTED = [True, False, False, False, False, True, True, False, False, True, True, False, False]

SETTINGS = {
    "PANDERA_VALIDATION_ENABLED": ["False", "true"],
    "PANDERA_VALIDATION_DEPTH": ["SCHEMA_ONLY", "DATA_ONLY"],
    "PANDERA_CACHE_DATAFRAME": ["True"],
    "PANDERA_KEEP_CACHED_DATAFRAME": ["True"],
    "PANDERA_USE_NARWHALS_BACKEND": ["True"],
    "SILENCE_WARNING_PYDANTIC_MODEL": ["True"],
    "DISABLE_PANDERA_IMPORT_WARNING": ["True"],
}


def verdicts(environment: dict[str, str]) -> list[bool]:
    command = [sys.executable, "-W", "ignore", "-c", VERDICTS]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=True)
    passed: list[bool] = json.loads(done.stdout.splitlines()[-1])
    return passed


@pytest.mark.parametrize(
    "environment",
    [
        {},
        *({name: value} for name, values in SETTINGS.items() for value in values),
        {name: values[0] for name, values in SETTINGS.items()},
    ],
    ids=lambda environment: ",".join(f"{name}={value}" for name, value in environment.items())[:60] or "none",
)
def test_no_environment_changes_a_verdict(environment: dict[str, str]) -> None:
    assert verdicts(environment) == EXPECTED


def test_every_setting_of_the_installed_pandera_is_fixed() -> None:
    assert {field.name for field in dataclasses.fields(pandera.config.PanderaConfig)} == set(ARMED)


def test_every_environment_variable_of_the_installed_pandera_is_tried() -> None:
    package = Path(pandera.config.__file__).parent
    read = r"""environ(?:\.get\(|\[)\s*["'](\w+)["']"""
    named = {name for file in package.rglob("*.py") for name in re.findall(read, file.read_text(encoding="utf-8"))}
    assert {name for name in named if "PANDERA" in name} <= set(SETTINGS)
    assert set(SETTINGS) - named <= {"SILENCE_WARNING_PYDANTIC_MODEL"}


def test_no_setting_made_by_a_teams_code_changes_a_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"validation_enabled": False, "validation_depth": None, "use_narwhals_backend": True}.items():
        monkeypatch.setattr(pandera.config.CONFIG, name, value)
        monkeypatch.setattr(pandera.config._CONTEXT_CONFIG.get(), name, value)
    assert not verdict_of(ruled(pa.Check.ge(0)), numbers(-1)).passed
    assert verdict_of(ruled(pa.Check.ge(0)), numbers(1)).passed


def test_no_backend_that_a_team_registers_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (pa.DataFrameSchema, pa.Column, pa.Check):
        monkeypatch.setattr(kind, "BACKEND_REGISTRY", {(kind, pd.DataFrame): Yes, (kind, pd.Series): Yes})
    assert not verdict_of(ruled(pa.Check.ge(0)), numbers(-1)).passed
    assert not verdict_of(pa.DataFrameSchema({"n": pa.Column(str)}), numbers(1)).passed


class Yes:
    """Passes whatever it is given."""

    def __init__(self, *_: Any) -> None: ...

    def validate(self, given: Any, *_: Any, **__: Any) -> Any:
        return given

    def __call__(self, *_: Any) -> Any:
        return True


def test_what_a_rule_calls_of_pandera_is_armed_too() -> None:
    inner = pa.DataFrameSchema({"n": pa.Column(int, pa.Check.ge(0))})

    def by_another(frame: pd.DataFrame) -> bool:
        return len(inner.validate(frame)) > 0

    with pandera.config.config_context(validation_enabled=False):
        assert not verdict_of(pa.DataFrameSchema(checks=pa.Check(by_another)), numbers(-1)).passed
        assert verdict_of(pa.DataFrameSchema(checks=pa.Check(by_another)), numbers(1)).passed
        assert not verdict_of(ruled(pa.Check.ge(0)), numbers(-1)).passed
